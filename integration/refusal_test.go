package integration

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// What is refused names the key or the node, and has changed nothing.
func TestRefusalsNameTheirReasonAndChangeNothing(t *testing.T) {
	t.Parallel()
	one := func(operations ...ops.Operation) []migration.Group {
		return []migration.Group{group("events", migration.Migration{ID: "0001_a", Forward: operations, Irreversible: "a test"})}
	}
	elsewhere := createTable("a_local")
	elsewhere.Table.StorageSet = storageset.Key("nowhere")
	untargeted := createTable("a_local")
	untargeted.Table.Target = ""
	for _, test := range []struct {
		name   string
		groups []migration.Group
		edit   [2]string
		before func(t *testing.T, c *testcluster.Cluster)
		after  func(t *testing.T, c *testcluster.Cluster)
		code   int
		says   []string
	}{
		{
			name: "unknown cluster name", groups: one(createTable("a_local")),
			edit: [2]string{"cluster_name: skein_local", "cluster_name: skein_locl"},
			code: 2, says: []string{"skein.yaml:", "cluster_name", "skein_locl", "skein_local"},
		},
		{
			name: "unknown distributed cluster name", groups: one(createTable("a_local")),
			edit: [2]string{"distributed_cluster_name: skein_dist", "distributed_cluster_name: nope"},
			code: 2, says: []string{"distributed_cluster_name", "nope"},
		},
		{
			name: "storage set on no cluster", groups: one(elsewhere),
			code: 2, says: []string{"nowhere", "storage_sets"},
		},
		{
			name: "operation without target", groups: one(untargeted),
			code: 2, says: []string{"events/0001_a", "no target"},
		},
		{
			name: "two migrations with one ID", groups: []migration.Group{group("events",
				migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}},
				migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("b_local")}},
			)},
			code: 2, says: []string{"two migrations have the ID events/0001_a"},
		},
		{
			name: "a node that is down", groups: one(createTable("a_local")),
			before: func(t *testing.T, c *testcluster.Cluster) { stop(t, c.Nodes[2]) },
			after:  func(t *testing.T, c *testcluster.Cluster) { restart(t, c.Nodes[2]) },
			code:   3, says: []string{"NODE2"},
		},
		{
			name: "an inactive replica", groups: one(createTable("a_local")),
			before: func(t *testing.T, c *testcluster.Cluster) {
				for _, n := range c.Nodes[:2] {
					exec(t, n, "CREATE TABLE r (id UInt64) ENGINE = ReplicatedMergeTree('/clickhouse/tables/r/{shard}', '{replica}') ORDER BY id")
				}
				// The replica is gone without a word to ZooKeeper.
				exec(t, c.Nodes[1], "DETACH TABLE r")
			},
			after: func(t *testing.T, c *testcluster.Cluster) { exec(t, c.Nodes[1], "ATTACH TABLE r") },
			code:  3, says: []string{"default.r  1 of 2 active"},
		},
		{
			name: "another tool's migrations_local", groups: one(createTable("a_local")),
			before: func(t *testing.T, c *testcluster.Cluster) {
				exec(t, c.Nodes[1], "CREATE TABLE migrations_local (version UInt64) ENGINE = Log")
			},
			after: func(t *testing.T, c *testcluster.Cluster) { exec(t, c.Nodes[1], "DROP TABLE migrations_local") },
			code:  3, says: []string{"NODE1", "migrations_local", "another tool's"},
		},
		{
			name: "a table in the place of the audit trail's", groups: one(createTable("a_local")),
			before: func(t *testing.T, c *testcluster.Cluster) {
				exec(t, c.Nodes[2], "CREATE TABLE migration_steps_local (id UInt64) ENGINE = Log")
			},
			after: func(t *testing.T, c *testcluster.Cluster) {
				exec(t, c.Nodes[2], "DROP TABLE migration_steps_local")
			},
			code: 3, says: []string{"NODE2", "migration_steps_local", "engine Log"},
		},
		{
			name:   "an ALTER of a table that is nowhere",
			groups: one(ops.AddColumn{Table: local("nowhere"), Column: ops.Column{Name: "n", Type: "UInt8"}}),
			code:   3, says: []string{"events/0001_a", "default.nowhere", "no node"},
		},
		{
			name: "a RENAME to a name that is taken", groups: one(ops.RenameTable{From: local("origin"), To: "taken"}),
			before: func(t *testing.T, c *testcluster.Cluster) {
				for _, n := range c.Nodes {
					exec(t, n, "CREATE TABLE origin (id UInt64) ENGINE = Log")
				}
				exec(t, c.Nodes[3], "CREATE TABLE taken (id UInt64) ENGINE = Log")
			},
			after: func(t *testing.T, c *testcluster.Cluster) {
				for _, n := range c.Nodes {
					exec(t, n, "DROP TABLE origin")
				}
				exec(t, c.Nodes[3], "DROP TABLE taken")
			},
			code: 3, says: []string{"default.taken is there already", "NODE3"},
		},
		{
			name: "an operation that the server is too old for",
			groups: one(createTable("a_local"), ops.AddIndex{Table: local("a_local"), Index: ops.Index{
				Name: "i", Expression: "id", Type: "minmax",
			}}),
			code: 3, says: []string{"data-skipping indexes", "NODE0", "18.16.1"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := servers.cluster.Cluster(t)
			s := newSession(t, c, test.groups...)
			if test.edit[0] != "" {
				s.Edit("    "+test.edit[0], "    "+test.edit[1])
			}
			if test.before != nil {
				test.before(t, c)
			}
			found := s.Must(test.code, "migrate")
			for _, part := range test.says {
				for i, n := range c.Nodes {
					part = strings.ReplaceAll(part, "NODE"+string(rune('0'+i)), n.Addr())
				}
				running.Says(t, found.Stderr, part)
			}
			if test.after != nil {
				test.after(t, c)
			}
			for _, n := range c.Nodes {
				for _, row := range query(t, n, "SELECT name FROM system.tables WHERE database = 'default'") {
					if row[0] != "r" {
						t.Errorf("%s has a table %s now", n.Name, row[0])
					}
				}
			}
		})
	}
}

// An unsharded table needs replica names that are unique over all shards; the
// setting that mends it does.
func TestUnshardedTableNeedsUniqueReplicaNames(t *testing.T) {
	t.Parallel()
	c := twins(t)
	table := createTable("u_local")
	table.Engine.Unsharded = true
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_u", Forward: []ops.Operation{table}}))
	s.Must(0, "migrate", "--group", "system")
	running.Says(t, s.Must(3, "migrate").Stderr, c.Nodes[0].Addr(), c.Nodes[2].Addr(), `unsharded_replica: "{shard}-{replica}"`)
	s.Edit("    single_node: false", "    single_node: false\n    unsharded_replica: \"{shard}-{replica}\"")
	s.Must(0, "migrate")
	exec(t, c.Nodes[0], "INSERT INTO u_local SELECT 1")
	eventually(t, func() bool { return query(t, c.Nodes[3], "SELECT count() FROM u_local")[0][0] == "1" })
}

func twins(t *testing.T) *testcluster.Cluster {
	t.Helper()
	return testcluster.Own(t, testcluster.Options{SameReplicaNames: true})
}

func stop(t *testing.T, n *testcluster.Node) {
	t.Helper()
	if err := n.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}
