package integration

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// differences are what verify says as JSON, in one line each.
func (s *session) differences(code int, args ...string) []string {
	s.T.Helper()
	var out struct{ Clusters []compare.Report }
	text := s.Must(code, append([]string{"verify", "--output", "json"}, args...)...).Stdout
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		s.T.Fatal(err)
	}
	var found []string
	for _, report := range out.Clusters {
		for _, d := range report.Differences {
			at := slices.IndexFunc(s.Servers.Nodes, func(n *testcluster.Node) bool { return n.Addr() == d.Node })
			if at < 0 {
				s.T.Fatalf("there is no node %s", d.Node)
			}
			found = append(found, strings.Join([]string{s.Servers.Nodes[at].Name, d.Table, d.What, d.Has, d.Most}, "|"))
		}
	}
	return found
}

func (s *session) differ(code int, want []string, args ...string) {
	s.T.Helper()
	if have := s.differences(code, args...); !slices.Equal(have, want) {
		s.T.Errorf("differences:\n%s\nwant:\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

// The main job of verify: nothing after the examples, and then everything that
// a hand has changed on one of four nodes.
func TestVerifyFindsWhatAHandHasChanged(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := examples(t, c)
	// Nothing is there yet, which is no difference.
	running.Says(t, s.Must(0, "verify").Stdout, "0 tables on 4 nodes, no difference")
	s.Must(0, "migrate", "--force")
	for _, n := range c.Nodes {
		exec(t, n, "CREATE TABLE by_hand (id UInt64, d Date DEFAULT today()) ENGINE = MergeTree ORDER BY id")
		exec(t, n, "CREATE VIEW v_by_hand AS SELECT id FROM by_hand")
	}
	running.Says(t, s.Must(0, "verify").Stdout, "14 tables on 4 nodes, no difference")
	s.differ(0, nil, "--storage-set", "events")

	exec(t, c.Nodes[1], "ALTER TABLE events_dist ADD COLUMN extra String DEFAULT 'x'")
	exec(t, c.Nodes[2], "ALTER TABLE by_hand ADD COLUMN more UInt8")
	exec(t, c.Nodes[3], "DROP TABLE v_by_hand")
	exec(t, c.Nodes[3], "CREATE VIEW v_by_hand AS SELECT id + 1 AS id FROM by_hand")
	name := func(i int) string { return c.Nodes[i].Name }
	inEvents := name(1) + "|events_dist|column extra|String DEFAULT 'x'|"
	s.differ(6, []string{
		name(2) + "|by_hand|column more|UInt8|", inEvents,
		name(3) + "|v_by_hand|query|SELECT id + 1 AS id FROM default.by_hand|SELECT id FROM default.by_hand",
	})
	// Only what migrations name on the set.
	s.differ(6, []string{inEvents}, "--storage-set", "events")
	s.differ(0, nil, "--storage-set", "transactions")
	s.Must(2, "verify", "--storage-set", "nowhere")

	text := s.Must(6, "verify").Stdout
	running.Says(t, text, c.Nodes[1].Addr()+"  column extra: String DEFAULT 'x'; not there on the others", "3 of 14 tables differ between 4 nodes")
	exec(t, c.Nodes[1], "ALTER TABLE events_dist DROP COLUMN extra")
	s.differ(0, nil, "--storage-set", "events")
}

// A replicated column lands on both replicas of a shard, and on no other.
func TestVerifyFindsAShardThatDiffers(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	s.Must(0, "migrate")
	exec(t, c.Nodes[0], "ALTER TABLE a_local ADD COLUMN extra UInt8")
	eventually(t, func() bool { return len(query(t, c.Nodes[1], "DESCRIBE TABLE a_local")) == 2 })
	s.differ(6, []string{c.Nodes[2].Name + "|a_local|column extra||UInt8", c.Nodes[3].Name + "|a_local|column extra||UInt8"})
}

// Paths in ZooKeeper, written out by hand, are no difference; others are.
func TestVerifyKnowsTheMacrosOfTheNodes(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	s.Must(0, "migrate")
	for i, n := range c.Nodes {
		path, replica := "/clickhouse/tables/hand/{shard}/x", "{replica}"
		if i == 2 {
			macros := map[string]string{}
			for _, row := range query(t, n, "SELECT macro, substitution FROM system.macros") {
				macros[row[0]] = row[1]
			}
			path, replica = strings.ReplaceAll(path, "{shard}", macros["shard"]), macros["replica"]
		}
		exec(t, n, "CREATE TABLE r (id UInt64) ENGINE = ReplicatedMergeTree('%s', '%s') ORDER BY id", path, replica)
	}
	s.differ(0, nil)
	exec(t, c.Nodes[3], "DROP TABLE r")
	s.differ(6, []string{c.Nodes[3].Name + "|r|table||ReplicatedMergeTree"})
	exec(t, c.Nodes[3], "CREATE TABLE r (id UInt64) ENGINE = ReplicatedMergeTree('/clickhouse/tables/elsewhere/{shard}/x', '{replica}') ORDER BY id")
	s.differ(6, []string{
		c.Nodes[3].Name + "|r|ZooKeeper path|/clickhouse/tables/elsewhere/{shard}/x|/clickhouse/tables/hand/{shard}/x",
	})
}

// A node that dies in the middle of a migration: not known while it is down,
// found when it is back.
func TestVerifyFindsANodeThatWasDownDuringAMigration(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	victim := c.Nodes[3]
	t.Cleanup(func() { restart(t, victim) })
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
		createTable("a_local"),
		do("kill", func(ctx context.Context, _ ops.DB) error { return victim.Kill(ctx) }),
		createTable("b_local"),
	}}))
	s.Must(5, "migrate", "--ddl", "direct")
	down := s.Must(3, "verify")
	running.Says(t, down.Stdout, victim.Addr()+"  does not answer", "on 3 nodes, no difference")
	running.Says(t, down.Stderr, "1 of 4 nodes could not be read")
	back(s, victim)
	s.differ(6, []string{victim.Name + "|b_local|table||ReplicatedMergeTree"})
	s.Must(0, "reverse-in-progress")
	s.differ(0, nil)
}

// Distributed tables are on two of four nodes here, which is right, and missing on
// one of the two, which is not.
func TestVerifyKnowsWhichNodesShouldHaveATable(t *testing.T) {
	t.Parallel()
	c := testcluster.Own(t, testcluster.Options{QueryNodes: 2})
	s := examples(t, c)
	s.Must(0, "migrate", "--force")
	s.differ(0, nil)
	exec(t, c.Nodes[1], "DROP TABLE events_dist")
	exec(t, c.Nodes[2], "DROP TABLE events_hourly_mv")
	s.differ(6, []string{
		c.Nodes[1].Name + "|events_dist|table||Distributed", c.Nodes[2].Name + "|events_hourly_mv|table||MaterializedView",
	})
}

func TestVerifyHasNothingToCompareOnASingleNode(t *testing.T) {
	t.Parallel()
	s := examples(t, servers.modern.Cluster(t))
	s.Must(0, "migrate", "--force")
	running.Says(t, s.Must(0, "verify").Stdout, "one node, nothing to compare it with")
	s.differ(0, nil, "--storage-set", "events")
}

// Each part of a definition that servers of today have, changed on one of three.
func TestVerifyNamesThePartThatDiffers(t *testing.T) {
	t.Parallel()
	c := testcluster.Own(t, testcluster.Options{Engine: testcluster.EngineModern, Nodes: 3})
	s := newSession(t, c)
	for _, n := range c.Nodes {
		exec(t, n, "CREATE TABLE t (id UInt64, d Date, x UInt8 TTL d + INTERVAL 1 YEAR, s String COMMENT 'it''s' CODEC(ZSTD(1)), INDEX i s TYPE bloom_filter, "+
			"PROJECTION p (SELECT d, count() GROUP BY d), CONSTRAINT c CHECK id > 0) ENGINE = MergeTree PARTITION BY d PRIMARY KEY id ORDER BY (id, d) "+
			"TTL d + INTERVAL 2 YEAR SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1 COMMENT 'rows'")
		// Its inner table bears a UUID that is another one on each node.
		exec(t, n, "CREATE MATERIALIZED VIEW mv ENGINE = SummingMergeTree ORDER BY d AS SELECT d, count() AS n FROM t GROUP BY d")
		exec(t, n, "CREATE DICTIONARY dict (id UInt64, s String DEFAULT '') PRIMARY KEY id "+
			"SOURCE(CLICKHOUSE(TABLE 't' PASSWORD 'hunter2')) LIFETIME(MIN 0 MAX 100) LAYOUT(FLAT())")
	}
	s.differ(0, nil)
	odd := c.Nodes[1]
	for _, statement := range []string{
		"ALTER TABLE t MODIFY COLUMN s String CODEC(ZSTD(3))", "ALTER TABLE t MODIFY COLUMN x UInt8 TTL d + INTERVAL 3 YEAR",
		"ALTER TABLE t DROP INDEX i", "ALTER TABLE t DROP PROJECTION p", "ALTER TABLE t DROP CONSTRAINT c",
		"ALTER TABLE t MODIFY TTL d + INTERVAL 4 YEAR", "ALTER TABLE t MODIFY SETTING ttl_only_drop_parts = 0",
		"ALTER TABLE t MODIFY COMMENT 'others'",
		"CREATE OR REPLACE DICTIONARY dict (id UInt64, s String DEFAULT '') PRIMARY KEY id " +
			"SOURCE(CLICKHOUSE(TABLE 't' PASSWORD 'hunter2')) LIFETIME(MIN 0 MAX 200) LAYOUT(FLAT())",
		"DROP VIEW mv SYNC", "CREATE MATERIALIZED VIEW mv ENGINE = SummingMergeTree ORDER BY d AS SELECT d, count() + 1 AS n FROM t GROUP BY d",
	} {
		exec(t, odd, "%s", statement)
	}
	var what []string
	for _, line := range s.differences(6) {
		parts := strings.Split(line, "|")
		if parts[0] != odd.Name || strings.Contains(line, "hunter2") {
			t.Errorf("%s: it is %s that differs, and a password is not to be shown", line, odd.Name)
		}
		what = append(what, parts[1]+" "+parts[2])
	}
	want := []string{
		"dict definition", "mv query", "t column s", "t column x", "t COMMENT", "t TTL",
		"t constraint c", "t index i", "t projection p", "t setting ttl_only_drop_parts",
	}
	if !slices.Equal(what, want) {
		t.Errorf("differs:\n%s\nwant:\n%s", strings.Join(what, "\n"), strings.Join(want, "\n"))
	}
}
