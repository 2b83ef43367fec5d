package cluster

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// ddlQueue reads the distributed DDL queue through system.zookeeper, which
// every server with coordination has, and 18.16 has nothing else.
type ddlQueue struct {
	cluster *Cluster
	path    string
}

func (c *Cluster) queue() *ddlQueue { return &ddlQueue{cluster: c, path: c.options.DDLQueue} }

// entries lists the names of the entries, oldest first.
func (q *ddlQueue) entries(ctx context.Context, node string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	rows, err := q.cluster.Query(ctx, node, "SELECT name FROM system.zookeeper WHERE path = "+
		ops.String(q.path)+" ORDER BY name")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row[0]
	}
	return names, nil
}

// added finds the entry that an initiator made for nodes since known was read,
// or returns "". It is told by its hosts and by the initiator's port: the entry
// names the initiator by whatever the machine calls itself (seen on 18.16).
func (q *ddlQueue) added(ctx context.Context, known []string, initiator journal.Node, nodes []journal.Node) string {
	for _, node := range q.cluster.All() {
		names, err := q.entries(ctx, node.Name())
		if err != nil {
			continue
		}
		for _, name := range slices.Backward(names) {
			if slices.Contains(known, name) || !strings.HasPrefix(name, "query-") {
				continue
			}
			rows, err := q.cluster.Query(ctx, node.Name(), "SELECT value FROM system.zookeeper WHERE path = "+
				ops.String(q.path)+" AND name = "+ops.String(name))
			if err == nil && len(rows) == 1 && entryIsFor(rows[0][0], initiator, nodes) {
				return q.path + "/" + name
			}
		}
		return ""
	}
	return ""
}

// entryIsFor reads the text of an entry: lines of "key: value".
func entryIsFor(text string, initiator journal.Node, nodes []journal.Node) bool {
	ours := false
	hosts := 0
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "initiator":
			ours = strings.HasSuffix(value, fmt.Sprintf(":%d", initiator.Port))
		case "hosts":
			for _, node := range nodes {
				if strings.Contains(value, "'"+escapeHost(node.Name())+"'") {
					hosts++
				}
			}
			if strings.Count(value, "',") != len(nodes)-1 {
				return false
			}
		}
	}
	return ours && hosts == len(nodes)
}

// escapeHost writes host:port as ClickHouse does in ZooKeeper, all but letters,
// digits and _ of the host as %XX: 127%2E0%2E0%2E1:9000.
func escapeHost(name string) string {
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		return name
	}
	var b strings.Builder
	for i := range len(host) {
		switch c := host[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String() + ":" + port
}

// hostOf reads what escapeHost writes.
func hostOf(escaped string) (string, bool) {
	at := strings.LastIndex(escaped, ":")
	if at < 0 {
		return "", false
	}
	host, err := url.PathUnescape(escaped[:at])
	return net.JoinHostPort(host, escaped[at+1:]), err == nil
}

// finished reads which hosts have finished an entry, and with what.
func (q *ddlQueue) finished(ctx context.Context, node, entry string) (map[string]answer, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	rows, err := q.cluster.Query(ctx, node, "SELECT name, value FROM system.zookeeper WHERE path = "+
		ops.String(entry+"/finished"))
	if err != nil {
		return nil, err
	}
	out := make(map[string]answer, len(rows))
	for _, row := range rows {
		host, ok := hostOf(row[0])
		if !ok {
			continue
		}
		status, text, _ := strings.Cut(row[1], "\n")
		out[host] = statusAnswer(strings.TrimSpace(status), text)
	}
	return out, nil
}

// watchEntry waits until the silent hosts have finished an entry, or the limit
// is reached. A missing entry is unknown, not finished.
func (s *sending) watchEntry(ctx context.Context, queue *ddlQueue, entry string, silent []string) error {
	began, delay, reported := time.Now(), 100*time.Millisecond, ""
	for {
		for _, node := range s.cluster.All() {
			finished, err := queue.finished(ctx, node.Name(), entry)
			if err != nil {
				continue
			}
			for _, name := range silent {
				if a, ok := finished[name]; ok {
					s.record(name, a)
				}
			}
			break
		}
		silent = slices.DeleteFunc(silent, func(name string) bool { return s.answered(name) })
		waited := time.Since(began)
		if len(silent) == 0 || waited > s.cluster.options.WaitLimit || ctx.Err() != nil {
			return ctx.Err()
		}
		reason := "distributed DDL " + entryName(entry) + " unfinished on " + strings.Join(silent, ", ")
		if reason != reported {
			reported = reason
			s.waiting(reason, waited)
		}
		if err := sleep(ctx, delay); err != nil {
			return err
		}
		delay = min(2*delay, time.Second)
	}
}

func entryName(entry string) string { return entry[strings.LastIndex(entry, "/")+1:] }

func (s *sending) answered(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.answers[name]
	return ok && (a.outcome != journal.Unknown || a.code != 0)
}
