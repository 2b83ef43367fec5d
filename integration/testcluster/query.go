package testcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Query runs one statement on this node over its HTTP interface, in the cluster's
// database, and returns the rows as text; NULL is "NULL". It shares no code with
// what it is used to test. The statement must not have a FORMAT clause.
func (n *Node) Query(ctx context.Context, sql string) ([][]string, error) {
	return n.query(ctx, sql, url.Values{"database": {n.database}})
}

func (n *Node) query(ctx context.Context, sql string, params url.Values) ([][]string, error) {
	// Without this an error after the first rows is a 200 with the error among them.
	params.Set("wait_end_of_query", "1")
	body, err := n.post(ctx, sql, params)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", n.Name, err)
	}
	return parseTabSeparated(body), nil
}

func (n *Node) post(ctx context.Context, sql string, params url.Values) (string, error) {
	target := fmt.Sprintf("http://%s:%d/?%s", n.Host, n.HTTPPort, params.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	resp, err := n.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", errors.New(strings.TrimSpace(string(body)))
	}
	return string(body), nil
}

// parseTabSeparated reads the format that a server answers in unless told otherwise.
func parseTabSeparated(body string) [][]string {
	if body == "" {
		return nil
	}
	// Go's replacer scans once, so the backslash of `\\n` is not read twice.
	unescape := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r",
		`\b`, "\b", `\f`, "\f", `\0`, "\x00", `\'`, `'`)
	var rows [][]string
	for line := range strings.SplitSeq(strings.TrimSuffix(body, "\n"), "\n") {
		row := strings.Split(line, "\t")
		for i, field := range row {
			if field == `\N` {
				row[i] = "NULL"
				continue
			}
			row[i] = unescape.Replace(field)
		}
		rows = append(rows, row)
	}
	return rows
}

// answers says whether the node serves queries; a paused one is silent for ever.
func (n *Node) answers(ctx context.Context) error {
	_, err := n.probe(ctx, "SELECT 1")
	return err
}

// answersOnCluster says whether ON CLUSTER may be sent to the node. 18.16 dies of a
// null pointer (SIGSEGV in zkutil::ZooKeeper::createImpl) when such a statement
// comes before its DDL worker has its first ZooKeeper session; the worker's first
// act there is to create the queue's path.
func (n *Node) answersOnCluster(ctx context.Context) error {
	rows, err := n.probe(ctx, "SELECT count() FROM system.events WHERE event = 'ZooKeeperCreate' AND value > 0")
	if err != nil {
		return err
	}
	if rows[0][0] == "0" {
		return fmt.Errorf("%s has not reached ZooKeeper since it started", n.Name)
	}
	return nil
}

func (n *Node) probe(ctx context.Context, sql string) ([][]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return n.query(ctx, sql, url.Values{})
}
