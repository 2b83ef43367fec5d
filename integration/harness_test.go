// Package integration proves skein on real servers: a cluster of two shards
// with two replicas each (ClickHouse 18.16 and ZooKeeper) and a single node of
// ClickHouse 26.7.
package integration

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// servers are started by the first test that asks, and cleaned between tests. Most
// tests spend their time with waiting: two of them at once take little more than one.
var servers = struct{ cluster, modern testcluster.Pool }{
	cluster: testcluster.Pool{Size: 3, Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	modern:  testcluster.Pool{Size: 1, Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1, QueryLog: true}},
}

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m, &servers.cluster, &servers.modern)) }

// session runs skein as a user would, over one set of servers.
type session struct{ *running.Skein }

type result = running.Result

func newSession(t *testing.T, c *testcluster.Cluster, groups ...migration.Group) *session {
	t.Helper()
	return &session{running.New(t, c, running.Limits, groups...)}
}

func query(t *testing.T, n *testcluster.Node, sql string) [][]string {
	t.Helper()
	return running.Query(t, n, sql)
}

func exec(t *testing.T, n *testcluster.Node, format string, args ...any) {
	t.Helper()
	query(t, n, fmt.Sprintf(format, args...))
}

// tables lists the tables of the cluster's database on a node, skein's own left out.
func (s *session) tables(n *testcluster.Node) []string {
	s.T.Helper()
	var names []string
	for _, row := range query(s.T, n, "SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name") {
		if !strings.HasPrefix(row[0], "migration") {
			names = append(names, row[0])
		}
	}
	return names
}

// everywhere checks that a query has one answer on all nodes, and returns it.
func (s *session) everywhere(sql string) [][]string {
	s.T.Helper()
	want := query(s.T, s.Servers.Nodes[0], sql)
	for _, n := range s.Servers.Nodes[1:] {
		if diff := cmp.Diff(want, query(s.T, n, sql)); diff != "" {
			s.T.Errorf("%s: %s differs from %s (-%s +%s):\n%s", sql, n.Name, s.Servers.Nodes[0].Name,
				s.Servers.Nodes[0].Name, n.Name, diff)
		}
	}
	return want
}

// zookeeperPaths lists what is below /clickhouse/tables for some storage sets.
func (s *session) zookeeperPaths(sets ...string) []string {
	s.T.Helper()
	var found []string
	var walk func(path string)
	walk = func(path string) {
		for _, row := range query(s.T, s.Servers.Nodes[0], "SELECT name FROM system.zookeeper WHERE path = '"+path+"'") {
			child := path + "/" + row[0]
			if strings.Count(child, "/") == 6 { // /clickhouse/tables/<set>/<shard>/<database>/<table>
				found = append(found, child)
				continue
			}
			walk(child)
		}
	}
	for _, row := range query(s.T, s.Servers.Nodes[0], "SELECT name FROM system.zookeeper WHERE path = '/clickhouse/tables'") {
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
