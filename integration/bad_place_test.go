package integration

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/journal"
	lockzk "github.com/skein-migrate/skein/lock/zk"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// Macros that a node lacks, or has as its neighbour has them, are refused while
// planning. What needs no macros goes on.
func TestMacrosThatAreMissingOrTheSame(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := begun(t, c)
	set := func(i int, change func(map[string]string)) {
		own, err := c.Nodes[i].Macros(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		changed := maps.Clone(own)
		change(changed)
		t.Cleanup(func() {
			if err := c.Nodes[i].SetMacros(context.WithoutCancel(t.Context()), own); err != nil {
				t.Error(err)
			}
		})
		if err := c.Nodes[i].SetMacros(t.Context(), changed); err != nil {
			t.Fatal(err)
		}
	}
	first, err := c.Nodes[0].Macros(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set(1, func(m map[string]string) { m["replica"] = first["replica"] })
	s.saysOf(s.refuse(3, "migrate").Stderr, "events/0002_b", "default.b_local", "NODE0 and NODE1", `"`+first["replica"]+`"`, "<replica>", "<macros>")
	set(1, func(m map[string]string) { delete(m, "replica") })
	set(2, func(m map[string]string) { delete(m, "shard"); delete(m, "replica") })
	for _, command := range []string{"plan", "migrate"} {
		s.saysOf(s.refuse(3, command).Stderr, "events/0002_b", "NODE1  {replica}", "NODE2  {shard}, {replica}", "<macros>", "system.macros")
	}
	s.Groups[0].Migrations[1] = migration.Migration{ID: "0002_c", Forward: []ops.Operation{
		ops.AddColumn{Table: local("a_local"), Column: ops.Column{Name: "n", Type: "UInt8"}},
	}}
	s.Must(0, "migrate")
}

func TestADatabaseThatIsNotThereIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	s.Edit("database: "+c.Database, "database: nowhere")
	for _, command := range []string{"migrate", "list", "check-inactive-replicas"} {
		r := s.Must(3, command)
		running.Says(t, r.Stderr, c.Nodes[0].Addr(), "Database nowhere doesn't exist", "Create it on every node, or mend database")
		if strings.Contains(r.Stderr, "no host answers") {
			t.Error("a host did answer")
		}
	}
}

// The first migration of all needs the macros for the tables of the state itself.
func TestStateTablesNeedMacros(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	n := c.Nodes[3]
	own, err := n.Macros(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.SetMacros(context.WithoutCancel(t.Context()), own); err != nil {
			t.Error(err)
		}
	})
	if err := n.SetMacros(t.Context(), map[string]string{"replica": own["replica"]}); err != nil {
		t.Fatal(err)
	}
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	s.saysOf(s.refuse(3, "migrate").Stderr, "default.migrations_local", "NODE3  {shard}")
}

// A lock of the same name that is another cluster's is not waited for, shown or
// ended, whether it is held or not.
func TestLockPathOfAnotherProject(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	other := lockzk.New(lockzk.Options{
		Servers: []string{c.ZooKeeperAddr}, Owner: lockzk.Owner{Cluster: "west", Database: "default", Nodes: []string{"ch-9:9000"}},
	})
	held, err := other.Acquire(t.Context(), "/clickhouse/tables/migrations/default/migrations_local", journal.Holder{RunID: "OTHER"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	words := []string{"another project's", "cluster west, database default (ch-9:9000)", "cluster skein_local", "NODE0", "coordination.root", "skein.yaml", "zkCli.sh"}
	for _, args := range [][]string{{"migrate", "--lock-wait", "1m"}, {"lock", "status"}, {"lock", "release"}, {"lock", "release", "--force"}} {
		s.saysOf(s.refuse(3, args...).Stderr, words...)
	}
	if err := held.Confirm(t.Context()); err != nil {
		t.Errorf("the other project's run: %v", err)
	}
	if err := held.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.saysOf(s.refuse(3, "migrate").Stderr, words...)
	s.Edit("root: /skein", "root: /skein2")
	s.Must(0, "migrate")
}

// Two projects with databases of their own share servers, ZooKeeper and root.
func TestTwoProjectsShareARoot(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	onAll(t, c.Nodes, "CREATE DATABASE other")
	for _, database := range []string{"default", "other"} {
		s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
		s.Edit("database: default", "database: "+database)
		s.Must(0, "migrate")
		running.Says(t, s.Must(0, "list").Stdout, "2 completed, 0 in progress, 0 pending")
	}
}

// Replicas in ZooKeeper that no node of the cluster serves are another cluster's,
// or a lost table's: to make a table there would join them, or fail half-way.
func TestPathsThatOthersHaveAreRefused(t *testing.T) {
	t.Parallel()
	foreign := func(t *testing.T, c *testcluster.Cluster, set, table, replica string) {
		t.Helper()
		n := c.Nodes[2]
		exec(t, n, "CREATE DATABASE IF NOT EXISTS elsewhere")
		exec(t, n, "CREATE TABLE elsewhere.%[2]s (id UInt64) ENGINE = ReplicatedMergeTree('/clickhouse/tables/%[1]s/2/default/%[2]s', '%[3]s') ORDER BY id", set, table, replica)
		exec(t, n, "DETACH TABLE elsewhere.%s", table) // as if it were a node of no cluster of ours
		t.Cleanup(func() {
			exec(t, n, "ATTACH TABLE elsewhere.%s", table)
			exec(t, n, "DROP TABLE elsewhere.%s", table)
		})
	}
	t.Run("of the state", func(t *testing.T) {
		c := servers.cluster.Cluster(t)
		s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
		foreign(t, c, "migrations", "migrations_local", "ch-9")
		s.saysOf(s.refuse(3, "migrate").Stderr, "/clickhouse/tables/migrations/2/default/migrations_local  ch-9: elsewhere.migrations_local of NODE2",
			"nothing was changed", "paths in clusters[dev]", "SYSTEM DROP REPLICA")
	})
	for name, replica := range map[string]string{"of another cluster": "ch-9", "of a lost table": "s2r1"} {
		t.Run(name, func(t *testing.T) {
			c := servers.cluster.Cluster(t)
			s := begun(t, c)
			foreign(t, c, "events", "b_local", replica)
			for _, command := range []string{"plan", "migrate"} {
				s.saysOf(s.refuse(3, command).Stderr, "/clickhouse/tables/events/2/default/b_local  "+replica+": elsewhere.b_local of NODE2")
			}
			s.Edit("    single_node: false", "    single_node: false\n    paths: {default.b_local: \"/clickhouse/tables/mine/{shard}/b\"}")
			s.Must(0, "migrate")
		})
	}
	t.Run("of a table that was renamed", func(t *testing.T) {
		c := servers.cluster.Cluster(t)
		s := begun(t, c)
		for _, n := range c.Nodes {
			exec(t, n, "CREATE TABLE b_local (id UInt64) ENGINE = ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/b_local', '{replica}') ORDER BY id")
			exec(t, n, "RENAME TABLE b_local TO b_old")
		}
		s.saysOf(s.refuse(3, "migrate").Stderr, "default.b_old of NODE0, which keeps the path that it was made with")
		s.Groups[0].Migrations[1].Forward = append([]ops.Operation{ops.DropTable{Table: local("b_old")}}, s.Groups[0].Migrations[1].Forward...)
		s.Groups[0].Migrations[1].Irreversible = "a test"
		s.Must(0, "migrate")
	})
}
