package rig

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// Query is what the log of a node with Options.QueryLog has of queries that differ in
// their literals alone.
type Query struct {
	Count, Milliseconds, Kind, Text string
}

// Forget empties a node's query log.
func Forget(ctx context.Context, n *testcluster.Node) error {
	for _, sql := range []string{"SYSTEM FLUSH LOGS", "TRUNCATE TABLE IF EXISTS system.query_log"} {
		if _, err := n.Query(ctx, sql); err != nil {
			return fmt.Errorf("forget the query log: %w", err)
		}
	}
	return nil
}

// Queries are those of the client skein since Forget, those that took longest first.
func Queries(ctx context.Context, n *testcluster.Node) ([]Query, error) {
	if _, err := n.Query(ctx, "SYSTEM FLUSH LOGS"); err != nil {
		return nil, fmt.Errorf("flush the query log: %w", err)
	}
	rows, err := n.Query(ctx, "SELECT toString(count()), toString(round(sum(query_duration_ms))), any(query_kind), any(query) "+
		"FROM system.query_log WHERE type != 'QueryStart' AND is_initial_query AND client_name LIKE '%skein%' "+
		"GROUP BY replaceRegexpAll(normalizeQuery(query), '[0-9]+', '') ORDER BY sum(query_duration_ms) DESC, count() DESC")
	if err != nil {
		return nil, fmt.Errorf("read the query log: %w", err)
	}
	var out []Query
	for _, row := range rows {
		out = append(out, Query{row[0], row[1], row[2], row[3]})
	}
	return out, nil
}

// WriteQueries writes what a node was asked to NAME.queries.txt: what skein waited for
// is in no CPU profile.
func (r *Rig) WriteQueries(ctx context.Context, name string, n *testcluster.Node) error {
	queries, err := Queries(ctx, n)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("count  ms in all, as the server counts  one of these queries\n")
	for _, q := range queries {
		const longest = 300
		text := strings.Join(strings.Fields(q.Text), " ")
		if len(text) > longest {
			text = strings.ToValidUTF8(text[:longest], "") + "…"
		}
		fmt.Fprintf(&b, "%5s  %6s  %s\n", q.Count, q.Milliseconds, text)
	}
	path := filepath.Join(r.Results, name+".queries.txt")
	r.Logf("  queries: %s", path)
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
