package addnode_test

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

const ownTables = "SELECT name FROM system.tables WHERE database IN ('default', 'side') ORDER BY name"

// TestAFifthNodeGetsTheNextMigration starts a third replica of shard 2, brings it to
// the schema, though killed half-way, and migrates on; and then a first node of a
// third shard.
func TestAFifthNodeGetsTheNextMigration(t *testing.T) {
	c := testcluster.Own(t, testcluster.Options{Shards: 2, Replicas: 2})
	s := newSession(t, c)
	s.Must(0, "migrate", "--group", "events", "0002")
	for _, n := range c.Nodes {
		// A view of the view that comes after it by name, in a database of its own.
		for _, sql := range []string{
			"CREATE DATABASE side",
			"CREATE VIEW side.z AS SELECT event_id, project_id FROM default.events_dist",
			"CREATE VIEW side.a AS SELECT project_id FROM side.z",
			"CREATE MATERIALIZED VIEW side.m ENGINE = SummingMergeTree ORDER BY project_id AS SELECT project_id, count() AS n FROM default.events_local GROUP BY project_id",
		} {
			query(t, n, "%s", sql)
		}
	}
	query(t, c.Nodes[2], "INSERT INTO events_local (project_id, event_id, timestamp) VALUES (7, '61f0c404-5cb3-11e7-907b-a6006ad3dba0', '2026-01-01 00:00:00')")

	s.Must(3, "add-node", "127.0.0.1:1")
	fifth, err := c.AddNode(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	s = newSession(t, c)
	running.Says(t, s.Must(3, "list").Stderr, "a new node", "skein add-node "+fifth.Addr())

	dry := s.Must(0, "add-node", fifth.Addr(), "--dry-run")
	running.Says(t, dry.Stdout, "CREATE DATABASE `side` ENGINE = Ordinary", "ReplicatedReplacingMergeTree('/clickhouse/tables/events/{shard}/default/events_local', '{replica}'", "Nothing was run.")
	if rows := query(t, fifth, ownTables); len(rows) > 0 {
		t.Fatalf("--dry-run made %v", rows)
	}

	t.Run("another table of that name is refused", func(t *testing.T) {
		query(t, fifth, "CREATE TABLE events_local (id UInt8) ENGINE = Memory")
		running.Says(t, s.Must(3, "add-node", fifth.Addr()).Stderr, "default.events_local is there already", "nothing was changed")
		if rows := query(t, fifth, ownTables); len(rows) != 1 {
			t.Errorf("it made %v", rows)
		}
		query(t, fifth, "DROP TABLE events_local")
	})

	t.Run("killed half-way, and no migration beside it", func(t *testing.T) {
		other := newSession(t, c)
		s.Die = make(chan struct{})
		s.On = map[string]func(){"CREATE TABLE default.migration_steps_dist": func() {
			running.Says(t, other.Must(4, "migrate").Stderr, "another run holds the lock", "add-node")
			close(s.Die)
		}}
		s.Must(130, "add-node", fifth.Addr())
		s.Die, s.On = nil, nil
		if rows := query(t, fifth, ownTables); len(rows) == 0 || len(rows) > 6 {
			t.Errorf("after half of it there are %v", rows)
		}
	})

	running.Says(t, s.Must(0, "add-node", fifth.Addr(), "--lock-wait", "30s").Stdout, "there already", "no difference")
	like(t, c.Nodes[3], fifth)
	if path := first(t, fifth, "SELECT zookeeper_path FROM system.replicas WHERE table = 'events_local'"); path != "/clickhouse/tables/events/2/default/events_local" {
		t.Errorf("events_local is at %s", path)
	}
	eventually(t, fifth, "SELECT toString(count()) FROM events_local", "1")
	running.Says(t, s.Must(0, "add-node", fifth.Addr()).Stdout, " 0 made,", "no difference")
	s.Must(0, "verify")

	running.Says(t, s.Must(0, "migrate", "--force").Stderr, "events/0003_rollup", "5 nodes")
	s.Must(0, "verify")
	like(t, c.Nodes[0], fifth)
	running.Says(t, s.Must(0, "list").Stdout, "0 in progress, 0 pending")

	t.Run("the first node of a third shard, with a migration in progress", func(t *testing.T) {
		s.Must(0, "rollback", "--group", "transactions", "--force", "--yes")
		s.Die = make(chan struct{})
		s.On = map[string]func(){"1/2 ALTER TABLE transactions_local": func() { close(s.Die) }}
		s.Must(5, "migrate", "--force")
		s.Die, s.On = nil, nil
		sixth, err := c.AddNode(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		s := newSession(t, c)
		host, port, _ := strings.Cut(sixth.Addr(), ":")
		running.Says(t, s.Must(2, "add-node", host).Stderr, "6 nodes on 127.0.0.1", "name one")
		s.Must(0, "add-node", host+":"+port, "--lock-wait", "30s")
		like(t, c.Nodes[0], sixth)
		if path := first(t, sixth, "SELECT zookeeper_path FROM system.replicas WHERE table = 'events_local'"); path != "/clickhouse/tables/events/3/default/events_local" {
			t.Errorf("events_local is at %s", path)
		}
		eventually(t, sixth, "SELECT toString(count()) FROM currencies", "4") // one table for all shards
		running.Says(t, s.Must(0, "list").Stdout, "1 in progress, 0 pending")
		running.Says(t, s.Must(0, "resume", "--lock-wait", "30s").Stderr, "6 nodes")
		s.Must(0, "verify")
		running.Says(t, first(t, sixth, "SELECT type FROM system.columns WHERE table = 'transactions_local' AND name = 'duration_ms'"), "UInt64")
	})
}

// like checks that two nodes have the same tables.
func like(t *testing.T, a, b *testcluster.Node) {
	t.Helper()
	names := func(n *testcluster.Node) string {
		var list []string
		for _, row := range query(t, n, ownTables) {
			list = append(list, row[0])
		}
		return strings.Join(list, " ")
	}
	if names(a) != names(b) {
		t.Errorf("%s has %s\n%s has %s", a.Name, names(a), b.Name, names(b))
	}
}
