// Package integration proves skein on real servers: a cluster of two shards
// with two replicas each (ClickHouse 18.16 and ZooKeeper) and a single node of
// ClickHouse 26.7.
package integration

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// servers are started by the first test that asks, and cleaned between tests. Most
// tests spend their time with waiting: two of them at once take little more than one.
var servers = struct{ cluster, modern testcluster.Pool }{
	cluster: testcluster.Pool{Size: 3, Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	modern:  testcluster.Pool{Size: 1, Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1}},
}

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m, &servers.cluster, &servers.modern)) }

// session runs skein as a user would, over one set of servers.
type session struct {
	t       *testing.T
	servers *testcluster.Cluster
	config  string
	groups  []migration.Group
	stop    chan struct{}
	// on calls a function, once, when skein prints a text on stderr, before
	// skein goes on. With -v a statement is printed when it is about to be sent.
	on map[string]func()
	// die, once closed, ends a run as a second signal does.
	die chan struct{}
}

// trigger is stderr that acts on what is printed.
type trigger struct {
	bytes.Buffer
	on map[string]func()
}

func (w *trigger) Write(text []byte) (int, error) {
	for key, act := range w.on {
		if bytes.Contains(text, []byte(key)) {
			delete(w.on, key)
			act()
		}
	}
	return w.Buffer.Write(text)
}

type result struct {
	code           int
	stdout, stderr string
}

// limits keep a test that waits for a dead node short.
const limits = "    limits: {ddl: 3s, wait: 8s}\n    connect: {retries: 0, interval: 100ms, timeout: 3s}\n"

func newSession(t *testing.T, c *testcluster.Cluster, groups ...migration.Group) *session {
	t.Helper()
	s := &session{t: t, servers: c, groups: groups, config: filepath.Join(t.TempDir(), "skein.yaml")}
	text, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	s.write(strings.Replace(string(text), "    storage_sets:", limits+"    storage_sets:", 1))
	return s
}

func (s *session) write(text string) {
	s.t.Helper()
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// edit replaces text in the configuration, which has to be there.
func (s *session) edit(old, replacement string) {
	s.t.Helper()
	text, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		s.t.Fatalf("skein.yaml has no %q:\n%s", old, text)
	}
	s.write(strings.Replace(string(text), old, replacement, 1))
}

func (s *session) run(args ...string) result {
	s.t.Helper()
	var stdout bytes.Buffer
	stderr := trigger{on: s.on}
	ctx, cancel := context.WithTimeout(s.t.Context(), 4*time.Minute)
	defer cancel()
	if die := s.die; die != nil {
		go func() {
			select {
			case <-die:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	program := cli.Program{
		Groups: s.groups, Args: append([]string{"--config", s.config}, args...),
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Stop: s.stop,
	}
	code := program.Run(ctx)
	s.t.Logf("$ skein %s\n%s%s(exit %d)", strings.Join(args, " "), stdout.String(), stderr.String(), code)
	return result{code, stdout.String(), stderr.String()}
}

// must runs a command that has to end with a code: once more where the library that
// 26.7 is here has died by itself meanwhile.
func (s *session) must(code int, args ...string) result {
	s.t.Helper()
	r := s.run(args...)
	if r.code != code {
		revived, err := s.servers.Revive(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if len(revived) > 0 {
			s.t.Logf("%s had died, and is started again", revived[0].Name)
			r = s.run(args...)
		}
	}
	if r.code != code {
		s.t.Fatalf("skein %s: exit %d, want %d", strings.Join(args, " "), r.code, code)
	}
	return r
}

// says checks that a text names all of some parts.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

func query(t *testing.T, n *testcluster.Node, sql string) [][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	rows, err := n.Query(ctx, sql)
	if err != nil {
		t.Fatalf("%s: %s: %v", n.Name, sql, err)
	}
	return rows
}

func exec(t *testing.T, n *testcluster.Node, format string, args ...any) {
	t.Helper()
	query(t, n, fmt.Sprintf(format, args...))
}

// tables lists the tables of the cluster's database on a node, skein's own left out.
func (s *session) tables(n *testcluster.Node) []string {
	s.t.Helper()
	var names []string
	for _, row := range query(s.t, n, "SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name") {
		if !strings.HasPrefix(row[0], "migration") {
			names = append(names, row[0])
		}
	}
	return names
}

// everywhere checks that a query has one answer on all nodes, and returns it.
func (s *session) everywhere(sql string) [][]string {
	s.t.Helper()
	want := query(s.t, s.servers.Nodes[0], sql)
	for _, n := range s.servers.Nodes[1:] {
		if diff := cmp.Diff(want, query(s.t, n, sql)); diff != "" {
			s.t.Errorf("%s: %s differs from %s (-%s +%s):\n%s", sql, n.Name, s.servers.Nodes[0].Name,
				s.servers.Nodes[0].Name, n.Name, diff)
		}
	}
	return want
}

// zookeeperPaths lists what is below /clickhouse/tables for some storage sets.
func (s *session) zookeeperPaths(sets ...string) []string {
	s.t.Helper()
	var found []string
	var walk func(path string)
	walk = func(path string) {
		for _, row := range query(s.t, s.servers.Nodes[0], "SELECT name FROM system.zookeeper WHERE path = '"+path+"'") {
			child := path + "/" + row[0]
			if strings.Count(child, "/") == 6 { // /clickhouse/tables/<set>/<shard>/<database>/<table>
				found = append(found, child)
				continue
			}
			walk(child)
		}
	}
	for _, row := range query(s.t, s.servers.Nodes[0], "SELECT name FROM system.zookeeper WHERE path = '/clickhouse/tables'") {
		if slices.Contains(sets, row[0]) {
			walk("/clickhouse/tables/" + row[0])
		}
	}
	return found
}

// group makes a group of one storage set, events.
func group(name string, migrations ...migration.Migration) migration.Group {
	return migration.Group{Name: name, Migrations: migrations}
}

func local(name string) ops.Table { return ops.LocalTable("events", name) }

func createTable(name string, columns ...ops.Column) ops.CreateTable {
	return ops.CreateTable{
		Table: local(name), Columns: append([]ops.Column{{Name: "id", Type: "UInt64"}}, columns...),
		Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
	}
}

// do is a Go function as an operation, without a way back.
func do(name string, f func(context.Context, ops.DB) error) ops.RunGo {
	nothing := func(context.Context, ops.DB) error { return nil }
	return ops.RunGo{
		Place: local("").Place, Name: name, Version: 1, Func: f,
		Undo: &ops.RunGo{Name: "undo_" + name, Version: 1, Func: nothing},
	}
}
