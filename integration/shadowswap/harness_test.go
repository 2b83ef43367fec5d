// Package shadowswap_test runs the example of docs/shadow-table-swap.md on real
// servers while rows are being written: on two shards of two replicas of ClickHouse
// 18.16, which has no EXCHANGE, and on one node of 26.7.
package shadowswap_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-migrate/skein/examples/shadowswap"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

var update = flag.Bool("update", false, "write the plans into docs/shadow-table-swap.md")

var servers = struct{ cluster, modern testcluster.Shared }{
	cluster: testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	modern:  testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1}},
}

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m, &servers.cluster, &servers.modern)) }

// session runs skein with the example on one set of servers.
type session struct{ *running.Skein }

func newSession(t *testing.T, c *testcluster.Cluster) *session {
	t.Helper()
	return &session{running.New(t, c, "", shadowswap.Group())}
}

// done runs a command that has to end with exit code 0, and returns its stdout.
func (s *session) done(args ...string) string {
	s.T.Helper()
	return s.Must(0, args...).Stdout
}

func query(t *testing.T, n *testcluster.Node, sql string) [][]string {
	t.Helper()
	return running.Query(t, n, sql)
}

// writer inserts rows, one after the other, into events_local on each node in turn,
// and each of them until a server has taken it.
type writer struct {
	stop    context.CancelFunc
	done    chan struct{}
	written atomic.Int64
	refused atomic.Int64 // answers other than yes
}

// write starts a writer with the rows from first on.
func (s *session) write(first int) *writer {
	ctx, cancel := context.WithCancel(context.Background())
	w := &writer{stop: cancel, done: make(chan struct{})}
	s.T.Cleanup(cancel)
	go func() {
		defer close(w.done)
		for row := first; ctx.Err() == nil; row++ {
			node := s.Servers.Nodes[row%len(s.Servers.Nodes)]
			// A row that is being written is written to its end.
			for {
				if _, err := node.Query(context.WithoutCancel(ctx), insert(row)); err == nil {
					break
				}
				if w.refused.Add(1) > 10_000 {
					return
				}
			}
			w.written.Add(1)
		}
	}()
	return w
}

// reach waits until the writer has written so many rows.
func (w *writer) reach(rows int64) {
	for w.written.Load() < rows {
		select {
		case <-w.done:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// end stops the writer and says how many rows it wrote.
func (w *writer) end() int {
	w.stop()
	<-w.done
	return int(w.written.Load())
}

func insert(rows ...int) string {
	text := "INSERT INTO events_local (project_id, event_id, timestamp, message, received) VALUES "
	for _, row := range rows {
		text += fmt.Sprintf("(%d, '00000000-0000-0000-0000-%012x', '2026-11-%02d 10:00:00', 'row %d', 1) ", row%7, row, 1+row%28, row)
	}
	return text
}

// old puts rows into each shard that are there before anything begins, always the
// same, so that the plan always says the same of them.
func (s *session) old() int {
	s.T.Helper()
	const each = 20
	next := 0
	for _, n := range s.Servers.Nodes {
		if n.Replica != 1 {
			continue
		}
		rows := make([]int, each)
		for i := range rows {
			rows[i], next = next, next+1
		}
		query(s.T, n, insert(rows...))
	}
	s.rows("events_local") // and on every replica
	return next
}

// rows counts the events of a table, over all shards, when every replica has what
// its neighbours have.
func (s *session) rows(table string) int {
	s.T.Helper()
	total := 0
	for _, n := range s.Servers.Nodes {
		if len(s.Servers.Nodes) > 1 {
			query(s.T, n, "SYSTEM SYNC REPLICA "+table)
		}
		if n.Replica != 1 {
			continue
		}
		var count int
		have := query(s.T, n, "SELECT uniqExact(event_id) FROM "+table)[0][0]
		if _, err := fmt.Sscan(have, &count); err != nil {
			s.T.Fatalf("%s: %q: %v", n.Name, have, err)
		}
		total += count
	}
	return total
}

// plan replaces what differs between two runs: addresses, and the test's database.
func (s *session) plan() string {
	text := s.done("plan", "--group", "events")
	for _, n := range s.Servers.Nodes {
		text = strings.ReplaceAll(text, n.Addr(), fmt.Sprintf("ch-%d%c:9000", n.Shard, 'a'+n.Replica-1))
	}
	return strings.ReplaceAll(text, "`"+s.Servers.Database+"`", "`default`")
}

// inPage compares a text with that of its place in the page.
func inPage(t *testing.T, place, text string) {
	t.Helper()
	const name = "../../docs/shadow-table-swap.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)(<!-- plan: " + regexp.QuoteMeta(place) + " -->\n```\n)(.*?)(```\n)")
	found := block.FindSubmatch(page)
	if found == nil {
		t.Fatalf("%s has no place for the plan of %s", name, place)
	}
	if string(found[2]) == text {
		return
	}
	if !*update {
		t.Fatalf("%s, plan of %s: -update writes it\n%s", name, place, text)
	}
	written := bytes.Replace(page, found[0], []byte(string(found[1])+text+string(found[3])), 1)
	if err := os.WriteFile(name, written, 0o644); err != nil {
		t.Fatal(err)
	}
}
