package integration

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// byHand is a schema with a bit of all, as a team has it that has no migrations: what
// no typed operation can say is among it.
func byHand() []string {
	return []string{
		"CREATE FUNCTION dump_linear AS (x, k) -> x * k + 1",
		"CREATE TABLE zz_events (id UInt64 CODEC(Delta, ZSTD(1)), `odd ``name` String DEFAULT 'it''s' COMMENT 'said: \\'x\\'', d Date, " +
			"v UInt32 MATERIALIZED id % 7, e UInt8 EPHEMERAL 3, al UInt64 ALIAS id + 1, old String TTL d + INTERVAL 1 MONTH, n Nested(k Int8, s String), " +
			"INDEX i1 v TYPE minmax GRANULARITY 2, INDEX i2 (id, v) TYPE set(10), PROJECTION p (SELECT d, count() GROUP BY d), CONSTRAINT c CHECK id > 0, CONSTRAINT a ASSUME v < 7) " +
			"ENGINE = ReplacingMergeTree(id) PARTITION BY toYYYYMM(d) PRIMARY KEY id ORDER BY (id, d) SAMPLE BY id TTL d + INTERVAL 2 YEAR " +
			"SETTINGS index_granularity = 1024, ttl_only_drop_parts = true, deduplicate_merge_projection_mode = 'drop', storage_policy = 'default' COMMENT 'events; ''all'' of them'",
		"CREATE TABLE stats (id UInt64, s String STATISTICS(uniq), big String SETTINGS (max_compress_block_size = 65536)) ENGINE = MergeTree ORDER BY tuple()",
		"CREATE TABLE sums (d Date, n UInt64) ENGINE = SummingMergeTree ORDER BY d",
		"CREATE TABLE buffered (id UInt64) ENGINE = Buffer(currentDatabase(), 'stats', 1, 10, 100, 10, 100, 10, 100)",
		"CREATE TABLE joined (id UInt64, s String) ENGINE = Join(ANY, LEFT, id)",
		"CREATE TABLE logged (id UInt64) ENGINE = Log",
		"CREATE TABLE a_numbers AS numbers(10)",
		// By the names the views come first, and out of order.
		"CREATE VIEW m_base AS SELECT id, dump_linear(id, 2) AS l FROM zz_events WHERE d > '2026-01-01'",
		"CREATE VIEW a_top AS SELECT l, count() AS c FROM m_base GROUP BY l",
		"CREATE VIEW a_said (c UInt64) AS SELECT c FROM a_top COMMENT 'a view''s'",
		"CREATE VIEW a_param AS SELECT id FROM zz_events WHERE id = {wanted:UInt64} AND `odd ``name` = '{}'",
		"CREATE MATERIALIZED VIEW b_into TO sums AS SELECT d, count() AS n FROM zz_events GROUP BY d",
		"CREATE MATERIALIZED VIEW b_own ENGINE = AggregatingMergeTree ORDER BY d AS SELECT d, uniqState(id) AS u FROM zz_events GROUP BY d",
		"CREATE MATERIALIZED VIEW b_timed REFRESH EVERY 1 YEAR OFFSET 1 MONTH APPEND TO sums AS SELECT d, count() AS n FROM zz_events GROUP BY d",
		"CREATE DICTIONARY a_names (id UInt64, s String DEFAULT 'none') PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'stats' USER 'u' PASSWORD 'hunter2')) " +
			"LIFETIME(MIN 0 MAX 100) LAYOUT(HASHED(SHARDS 2)) COMMENT 'names'",
		"CREATE VIEW a_asks AS SELECT dictGet('{db}.a_names', 's', id) AS name FROM zz_events",
		"CREATE TABLE a_remote (id UInt64) ENGINE = MySQL('127.0.0.1:1', 'd', 't', 'u', 'hunter2')",
	}
}

// definitions are the CREATE texts of a node, by name, without UUIDs.
func (s *session) definitions(n *testcluster.Node) map[string]string {
	s.T.Helper()
	out := map[string]string{}
	for _, row := range query(s.T, n, "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()") {
		if !strings.HasPrefix(row[0], "migration") && !strings.HasPrefix(row[0], ".inner") && !strings.HasPrefix(row[0], "_tmp_") {
			out[row[0]] = regexp.MustCompile(`(TO INNER )?UUID '[0-9a-f-]+' ?`).ReplaceAllString(row[1], "")
		}
	}
	return out
}

// dropAll drops all tables of the cluster's database, skein's own among them.
func (s *session) dropAll(n *testcluster.Node) {
	s.T.Helper()
	for range 4 { // what others depend on goes after them
		for _, row := range query(s.T, n, "SELECT name, engine, create_table_query FROM system.tables WHERE database = currentDatabase() AND name NOT LIKE '.inner%'") {
			kind := "TABLE"
			if strings.HasPrefix(row[2], "CREATE DICTIONARY") {
				kind = "DICTIONARY"
			}
			_, _ = n.Query(context.WithoutCancel(s.T.Context()), "DROP "+kind+" IF EXISTS `"+row[0]+"`")
		}
	}
	if left := query(s.T, n, "SELECT name FROM system.tables WHERE database = currentDatabase() AND name NOT LIKE '.inner%'"); len(left) > 0 {
		s.T.Fatalf("%s still has %v", n.Name, left)
	}
}

// dumpInto adds a group with files to the configuration.
func (s *session) dumpInto(set string, more ...string) string {
	s.T.Helper()
	dir := filepath.Join(s.T.TempDir(), "files")
	text, err := os.ReadFile(s.Config)
	if err != nil {
		s.T.Fatal(err)
	}
	s.Write(string(text) + "groups:\n  - {name: dumped, dir: " + dir + ", storage_sets: [" + set + "]}\n" + strings.Join(more, "\n"))
	return dir
}

func (s *session) filesOf(dir string) map[string]string {
	s.T.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.T.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			s.T.Fatal(err)
		}
		files[entry.Name()] = string(text)
	}
	return files
}

func TestDumpThenMigrateGivesTheSameTables(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	n := c.Nodes[0]
	s := newSession(t, c)
	database := query(t, n, "SELECT currentDatabase()")[0][0]
	t.Cleanup(func() {
		s.dropAll(n)
		exec(t, n, "DROP FUNCTION IF EXISTS dump_linear")
		exec(t, n, "DROP DATABASE IF EXISTS dump_other")
	})
	for _, sql := range byHand() {
		exec(t, n, "%s", strings.ReplaceAll(sql, "{db}", database))
	}
	exec(t, n, "CREATE DATABASE IF NOT EXISTS dump_other ENGINE = Atomic")
	exec(t, n, "CREATE TABLE dump_other.t (id UInt64) ENGINE = Log")
	before := s.definitions(n)
	dir := s.dumpInto("events", "secrets: {a_names_password: x, a_remote_secret: y}")
	said := s.Must(0, "dump", "--storage-set", "events", "--group", "dumped")
	files := s.filesOf(dir)
	t.Log(said.Stderr)
	for name, text := range files {
		t.Logf("%s\n%s", name, text)
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s has a password", name)
		}
	}
	if want := len(before) + 1; len(files) != want {
		t.Errorf("%d files, want %d", len(files), want)
	}
	running.Says(t, said.Stderr, "LEFT OUT  users, roles", "LEFT OUT  other databases: dump_other", "a_names_password", "skein baseline dumped", "create_stats: no typed operation says all of it")
	running.Says(t, s.Must(2, "dump", "--storage-set", "events", "--group", "dumped").Stderr, "has migrations already")

	// The files are what the node has, says who compares them.
	s.Must(0, "baseline", "dumped", "--verify")
	s.dropAll(n)
	exec(t, n, "DROP FUNCTION dump_linear")
	s.Must(0, "plan")
	s.Must(0, "migrate", "--force")
	if diff := cmp.Diff(before, s.definitions(n)); diff != "" {
		t.Errorf("after dump and migrate (-was +is):\n%s", diff)
	}
	if have := query(t, n, "SELECT create_query FROM system.functions WHERE origin = 'SQLUserDefined'"); len(have) != 1 {
		t.Errorf("functions: %v", have)
	}
	// What was made of a dump is dumped as it was; and all of it has a way back.
	again := filepath.Join(t.TempDir(), "again")
	s.Must(0, "dump", "--storage-set", "events", "--dir", again)
	if diff := cmp.Diff(files, s.filesOf(again)); diff != "" {
		t.Errorf("the dump of a dump (-was +is):\n%s", diff)
	}
	s.Must(0, "rollback", "--group", "dumped", "100", "--force")
	if left := s.definitions(n); len(left) > 0 {
		t.Errorf("after rollback there are still %v", left)
	}
}

// The examples, and tables by hand: at paths of their own, not replicated, unsharded;
// a dump, everything dropped, and the dump applied, on two shards with two replicas.
func TestDumpOfACluster(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := examples(t, c)
	s.Must(0, "migrate", "--force")
	for _, n := range c.Nodes {
		exec(t, n, "CREATE TABLE by_hand (id UInt64, d Date DEFAULT today()) ENGINE = ReplicatedMergeTree('/clickhouse/tables/hand/{shard}/x', '{replica}') ORDER BY id")
		exec(t, n, "CREATE TABLE alone (id UInt64) ENGINE = MergeTree ORDER BY id")
		exec(t, n, "CREATE TABLE old_syntax (d Date, id UInt64) ENGINE = MergeTree(d, id, 8192)")
		exec(t, n, "CREATE TABLE by_hand_dist (id UInt64, d Date DEFAULT today()) ENGINE = Distributed(skein_local, currentDatabase(), by_hand, rand())")
		exec(t, n, "CREATE VIEW a_view AS SELECT id FROM by_hand_dist")
		exec(t, n, "CREATE TABLE paid (id UInt64) ENGINE = MySQL('127.0.0.1:1', 'd', 't', 'u', 'hunter2')")
	}
	s.Groups = nil
	dir := s.dumpInto("events")
	// A node that differs: nothing is written.
	exec(t, c.Nodes[1], "CREATE TABLE odd (id UInt64) ENGINE = Log")
	refused := s.Must(6, "dump", "--storage-set", "events", "--group", "dumped")
	running.Says(t, refused.Stderr, "odd", "Nothing was written", "--node")
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory is there")
	}
	one := filepath.Join(t.TempDir(), "one")
	s.Must(0, "dump", "--storage-set", "events", "--dir", one, "--node", c.Nodes[1].Addr())
	if !slices.ContainsFunc(slices.Collect(maps.Keys(s.filesOf(one))), func(name string) bool { return strings.HasSuffix(name, "create_odd.yaml") }) {
		t.Error("what the node has is not in its dump")
	}
	exec(t, c.Nodes[1], "DROP TABLE odd")

	said := s.Must(0, "dump", "--storage-set", "events", "--group", "dumped")
	running.Says(t, said.Stderr, "LEFT OUT  paid: MySQL may have been given a password", "its path in ZooKeeper is not the one", "plain-merge-tree")
	before := map[string]map[string]string{}
	for _, n := range c.Nodes {
		exec(t, n, "DROP TABLE paid")
		before[n.Name] = s.definitions(n)
	}
	for name, text := range s.filesOf(dir) {
		t.Logf("%s\n%s", name, text)
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s has a password", name)
		}
		if strings.Contains(text, "run_sql") {
			t.Errorf("%s: could have been typed", name)
		}
	}
	for _, n := range c.Nodes {
		s.dropAll(n)
	}
	s.Must(0, "migrate", "--force")
	for _, n := range c.Nodes {
		if diff := cmp.Diff(before[n.Name], s.definitions(n)); diff != "" {
			t.Errorf("%s after dump and migrate (-was +is):\n%s", n.Name, diff)
		}
	}
	s.Must(0, "verify")
	s.Must(0, "rollback", "--group", "dumped", "100", "--force")
}
