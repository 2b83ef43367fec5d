package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// project is a session whose group events is a directory of files.
type project struct {
	*session
	dir string
}

func newProject(t *testing.T, c *testcluster.Cluster) *project {
	t.Helper()
	p := &project{session: newSession(t, c), dir: t.TempDir()}
	text, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	p.session.write(fmt.Sprintf("%s\ngroups:\n  - {name: events, dir: %q, storage_sets: [events]}\n", text, p.dir))
	return p
}

// file writes a migration.
func (p *project) file(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) remove(name string) {
	p.t.Helper()
	if err := os.Remove(filepath.Join(p.dir, name)); err != nil {
		p.t.Fatal(err)
	}
}

// sqlFile joins blocks, each for every local node, to a file.
func sqlFile(up, down []string) string {
	var b strings.Builder
	for _, section := range []struct {
		marker string
		blocks []string
	}{{"-- skein:up", up}, {"-- skein:down", down}} {
		b.WriteString(section.marker + "\n")
		for _, sql := range section.blocks {
			fmt.Fprintf(&b, "-- @stmt target=local scope=every-node\n%s\n", sql)
		}
	}
	return b.String()
}

func createFile(table, columns string) string {
	return sqlFile([]string{"CREATE TABLE {db}." + table + " {on_cluster} (" + columns + ") ENGINE = {replicated:MergeTree} ORDER BY id"},
		[]string{"DROP TABLE {db}." + table + " {on_cluster}"})
}

// An edited file is modified, migrate refuses it, and repair accepts it: shown, asked
// for, one row, and nothing run. The way back is then that of the edited file.
func TestAnEditedFileIsModifiedUntilRepair(t *testing.T) {
	t.Parallel()
	p := newProject(t, servers.modern.Cluster(t))
	n := p.servers.Nodes[0]
	p.file("0001_a.sql", createFile("a", "id UInt64"))
	p.must(0, "migrate")
	p.file("0001_a.sql", "-- a comment is no edit\n"+strings.ReplaceAll(createFile("a", "id   UInt64"), "\n-- @stmt", "\n\n-- @stmt"))
	if strings.Contains(p.must(0, "list").stdout, "modified") {
		t.Error("comments and white space are an edit")
	}
	p.file("0001_a.sql", strings.ReplaceAll(createFile("a", "id UInt64, x String"), "DROP TABLE", "DROP TABLE IF EXISTS"))
	p.file("0002_b.sql", createFile("b", "id UInt64"))
	says(t, p.must(0, "list").stdout, "0001_a", "modified")
	says(t, p.must(3, "migrate").stderr, "events/0001_a is modified", "skein repair --group events", "--allow-dirty")
	says(t, p.must(3, "migrate", "--dry-run").stderr, "events/0001_a is modified")
	says(t, p.must(3, "run", "--group", "events", "--migration-id", "0002_b").stderr, "events/0001_a is modified")
	plan := p.must(0, "plan")
	says(t, plan.stdout, "events/0002_b")
	says(t, plan.stderr, "warning: events/0001_a is modified")

	before := query(t, n, "SELECT count() FROM migrations_local")
	shown := p.must(3, "repair") // no terminal to ask on
	says(t, shown.stdout, "events/0001_a", "-CREATE TABLE {db}.a {on_cluster} (id UInt64)", "+CREATE TABLE {db}.a {on_cluster} (id UInt64, x String)",
		"-DROP TABLE {db}.a", "+DROP TABLE IF EXISTS {db}.a")
	says(t, shown.stderr, "--yes")
	if after := query(t, n, "SELECT count() FROM migrations_local"); !slices.Equal(after[0], before[0]) || p.tables(n)[0] != "a" {
		t.Errorf("to look has written %v rows, there were %v", after, before)
	}
	p.must(0, "migrate", "--allow-dirty")
	says(t, p.must(0, "repair", "--yes").stdout, "1 migration accepted, nothing was run: events/0001_a")
	if columns := query(t, n, "SELECT name FROM system.columns WHERE table = 'a' AND database = currentDatabase()"); len(columns) != 1 {
		t.Errorf("repair ran something: %v", columns)
	}
	if strings.Contains(p.must(0, "list").stdout, "modified") {
		t.Error("it is still modified")
	}
	says(t, p.must(0, "repair").stdout, "Nothing to accept")
	says(t, p.must(0, "show", "events", "0001").stdout, "repair")
	says(t, p.must(0, "history").stdout, "marked completed: events/0001_a")
	p.must(0, "migrate")
	says(t, p.must(0, "rollback", "2", "--group", "events", "--force", "-v").stderr, "DROP TABLE IF EXISTS")
}

// What is reversed is what was applied: by reverse, rollback and revert, of a file
// that was edited since and of one that is gone.
func TestTheWayBackIsThatOfTheDayItWasApplied(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*project){
		"edited": func(p *project) { p.file("0002_b.sql", createFile("other", "id UInt64")) },
		"gone":   func(p *project) { p.remove("0002_b.sql") },
	} {
		for _, verb := range [][]string{
			{"reverse", "--group", "events", "--migration-id", "0002_b"}, {"rollback", "--group", "events"}, {"revert", "--group", "events", "0002"},
		} {
			t.Run(verb[0]+" "+name, func(t *testing.T) {
				p := newProject(t, servers.modern.Cluster(t))
				n := p.servers.Nodes[0]
				p.file("0001_a.sql", createFile("a", "id UInt64"))
				p.file("0002_b.sql", createFile("b", "id UInt64"))
				p.must(0, "migrate")
				end(p)
				says(t, p.must(0, append(verb, "--force", "--dry-run")...).stdout, "DROP TABLE", ".b", "as stored when it was applied")
				p.must(0, append(verb, "--force")...)
				if left := p.tables(n); !slices.Equal(left, []string{"a"}) {
					t.Errorf("left: %v", left)
				}
			})
		}
	}
}

// A file that is gone is missing: migrate refuses, repair has nothing to accept, and
// the other groups work.
func TestAFileThatIsGoneIsMissing(t *testing.T) {
	t.Parallel()
	p := newProject(t, servers.modern.Cluster(t))
	p.file("0001_a.sql", createFile("a", "id UInt64"))
	p.file("0002_b.yaml", "target: local\nforward:\n  - add_column: {table: a, column: {name: x, type: UInt8}}\n")
	p.must(0, "migrate")
	p.remove("0002_b.yaml")
	says(t, p.must(0, "list").stdout, "0002_b", "missing")
	says(t, p.must(3, "migrate").stderr, "events/0002_b is missing", "--allow-dirty")
	says(t, p.must(0, "migrate", "--allow-dirty").stdout, "Nothing to do")
	says(t, p.must(0, "repair", "--yes").stdout, "events/0002_b  left as it is: it is missing")
	p.file("0003_c.sql", createFile("c", "id UInt64"))
	p.must(0, "migrate", "--allow-dirty")
	p.must(0, "rollback", "2", "--group", "events", "--force")
	if columns := query(t, p.servers.Nodes[0], "SELECT name FROM system.columns WHERE table = 'a' AND database = currentDatabase()"); len(columns) != 1 {
		t.Errorf("the column is still there: %v", columns)
	}
}

// What no server can parse is refused before anything runs, two statements in a
// block above all, in what is pending and in its ways back.
func TestNothingRunsBeforeAllIsParsed(t *testing.T) {
	t.Parallel()
	p := newProject(t, servers.modern.Cluster(t))
	n := p.servers.Nodes[0]
	p.file("0001_a.sql", createFile("a", "id UInt64"))
	p.file("0002_b.sql", sqlFile([]string{
		"ALTER TABLE {db}.a ADD COLUMN x UInt8",
		"ALTER TABLE {db}.a ADD COLUMN y UInt8; ALTER TABLE {db}.a ADD COLUMN z UInt8;",
	}, []string{"ALTER TABLE {db}.a DROP COLUMN x"}))
	p.file("0003_c.sql", sqlFile([]string{"INSERT INTO {db}.a (id) VALUES (1), (2);"}, []string{"ALTER TABLE {db}.a DELET WHERE id < 3"}))
	for _, args := range [][]string{{"migrate"}, {"plan"}, {"migrate", "--dry-run"}} {
		r := p.must(3, args...)
		says(t, r.stderr, "events/0002_b step 2 of 2: Syntax error (Multi-statements are not allowed)", "ADD COLUMN z UInt8",
			"events/0003_c backward, statement 1: Syntax error", "DELET", "--no-validate")
		if strings.Contains(r.stderr, "events/0003_c step") || strings.Contains(r.stderr, "events/0001_a") {
			t.Error("what can be parsed is refused")
		}
	}
	if left := p.tables(n); len(left) > 0 {
		t.Errorf("it ran: %v", left)
	}
	says(t, p.must(5, "migrate", "--no-validate").stderr, "events/0002_b stopped at step 2 of 2")
	says(t, p.must(0, "list").stdout, "[X] 0001_a", "[-] 0002_b")
}

func adopted(p *project) *testcluster.Node {
	p.file("0001_create.sql", sqlFile([]string{
		"CREATE TABLE {db}.events {on_cluster} (id UInt64, at DateTime DEFAULT now(), old INT)\nENGINE = {replicated:MergeTree} ORDER BY id TTL at + INTERVAL 1 DAY",
		"CREATE TABLE {db}.sink {on_cluster} (id UInt64) ENGINE = Null",
		"CREATE MATERIALIZED VIEW {db}.mv {on_cluster} TO {db}.sink AS SELECT id FROM {db}.events",
		"CREATE TABLE kafka (id UInt64) ENGINE = Kafka('127.0.0.1:1', 't', 'g', 'CSV')",
	}, nil))
	p.file("0002_more.sql", sqlFile([]string{
		"ALTER TABLE {db}.events DROP COLUMN old, ADD COLUMN name LowCardinality(String) DEFAULT 'x' AFTER id",
		"INSERT INTO {db}.events (id) VALUES (1)",
		"ALTER TABLE events ADD INDEX i name TYPE bloom_filter GRANULARITY 1",
	}, nil))
	p.file("0003_typed.yaml", `target: local
forward:
  - create_table: {table: typed, columns: [{name: id, type: UInt64}], engine: {kind: MergeTree, order_by: id}}
  - add_column: {table: typed, column: {name: x, type: Nullable(String)}}
  - create_view: {table: v, query: "SELECT id FROM typed"}
`)
	return p.servers.Nodes[0]
}

// baseline --verify compares what is there with the end of all migrations, runs
// nothing on it, and records what is then neither compared nor taken back.
func TestBaselineAdoptsWhatIsThere(t *testing.T) {
	t.Parallel()
	p := newProject(t, servers.modern.Cluster(t))
	n := adopted(p)
	says(t, p.must(6, "baseline", "events", "--verify").stdout, "not there", "table skein.events", "Nothing was recorded")
	exec(t, n, "CREATE TABLE events (id UInt64, name LowCardinality(String) DEFAULT 'x', at DateTime DEFAULT now(), "+
		"INDEX i name TYPE bloom_filter GRANULARITY 1) ENGINE = MergeTree ORDER BY id TTL at + toIntervalDay(1)")
	exec(t, n, "CREATE TABLE sink (id UInt64) ENGINE = Null")
	exec(t, n, "CREATE MATERIALIZED VIEW mv TO sink AS SELECT id FROM events")
	exec(t, n, "CREATE TABLE kafka (id UInt64) ENGINE = Memory")
	exec(t, n, "CREATE TABLE typed (id UInt64, x String) ENGINE = MergeTree ORDER BY id")
	exec(t, n, "CREATE VIEW v AS SELECT id + 1 AS id FROM typed")
	r := p.must(6, "baseline", "events", "--verify")
	says(t, r.stdout, "column x", "String; the migrations: Nullable(String)", "view", "kafka", "Memory", "3 of ")
	for _, same := range []string{"table skein.events", "table skein.sink"} {
		if strings.Contains(r.stdout, same+"\n") || strings.Contains(r.stdout, same+",") && !strings.Contains(r.stdout, "compared by") {
			t.Errorf("%s differs", same)
		}
	}
	if rows := query(t, n, "SELECT count() FROM events"); rows[0][0] != "0" {
		t.Errorf("the INSERT ran: %v", rows)
	}
	says(t, p.must(0, "list").stdout, "[ ] 0001_create")

	exec(t, n, "ALTER TABLE typed MODIFY COLUMN x Nullable(String)")
	exec(t, n, "DROP TABLE kafka SYNC")
	exec(t, n, "CREATE TABLE kafka (id UInt64) ENGINE = Kafka('127.0.0.1:1', 't', 'g', 'CSV')")
	says(t, p.must(0, "baseline", "events", "0002", "--verify").stdout, "2 migrations recorded, none was run", "compared by their engines alone")
	for _, row := range query(t, n, "SELECT name FROM system.databases") {
		if strings.HasPrefix(row[0], "skein_baseline") {
			t.Errorf("%s was left behind", row[0])
		}
	}
	if rows := query(t, n, "SELECT count() FROM events"); rows[0][0] != "0" {
		t.Errorf("the INSERT ran: %v", rows)
	}
	says(t, p.must(0, "list").stdout, "baseline", "[ ] 0003_typed")
	says(t, p.must(3, "baseline", "events").stderr, "has rows already")
	says(t, p.must(2, "rollback", "--group", "events", "--force").stderr, "what baseline recorded")
	says(t, p.must(3, "reverse", "--group", "events", "--migration-id", "0002_more", "--force").stderr, "recorded by baseline")
	p.file("0001_create.sql", createFile("events", "id UInt64")) // its checksum is not compared
	exec(t, n, "DROP TABLE typed")
	exec(t, n, "DROP VIEW v")
	p.must(0, "migrate")
	p.must(0, "rollback", "3", "--group", "events", "--force")
	if left := p.tables(n); !slices.Equal(left, []string{"events", "kafka", "mv", "sink"}) {
		t.Errorf("left: %v", left)
	}
	says(t, p.must(0, "show", "events", "0001").stdout, "was there before")
	p.must(0, "revert", "--group", "events", "--fake", "--force")
	says(t, p.must(0, "list").stdout, "[ ] 0001_create")
}

// On a cluster too: every node is compared, and no replica is made for it.
func TestBaselineVerifyOnACluster(t *testing.T) {
	t.Parallel()
	p := newProject(t, servers.cluster.Cluster(t))
	p.file("0001_a.sql", createFile("a", "id UInt64, x String"))
	p.file("0002_b.yaml", `target: local
forward:
  - add_column: {table: a, column: {name: y, type: UInt8}}
  - create_table: {table: a_dist, target: distributed, columns: [{name: id, type: UInt64}], engine: {kind: Distributed, local_table: a}}
`)
	p.must(0, "migrate")
	p.must(0, "revert", "--group", "events", "--fake", "--force")
	paths := p.zookeeperPaths("events")
	says(t, p.must(0, "baseline", "events", "--verify").stdout, "2 migrations recorded")
	if after := p.zookeeperPaths("events"); !slices.Equal(paths, after) {
		t.Errorf("ZooKeeper had %v, and has %v", paths, after)
	}
	p.must(0, "revert", "--group", "events", "--fake", "--force")
	second := p.servers.Nodes[2]
	exec(t, second, "ALTER TABLE a DROP COLUMN y")
	exec(t, p.servers.Nodes[3], "DROP TABLE a_dist")
	r := p.must(6, "baseline", "events", "--verify")
	says(t, r.stdout, second.Addr()+"  not there; the migrations: UInt8", p.servers.Nodes[3].Addr(), "a_dist")
	if strings.Contains(r.stdout, p.servers.Nodes[0].Addr()) {
		t.Error("a node is named that is as it should be")
	}
}

// The way back that was stored has the placeholders of its file, and goes to all nodes.
func TestAStoredWayBackOnACluster(t *testing.T) {
	t.Parallel()
	p := newProject(t, servers.cluster.Cluster(t))
	p.file("0001_a.sql", createFile("a", "id UInt64"))
	p.file("0002_b.sql", createFile("b", "id UInt64"))
	p.must(0, "migrate")
	p.remove("0002_b.sql")
	says(t, p.must(3, "migrate").stderr, "events/0002_b is missing")
	p.must(0, "rollback", "--group", "events", "--force")
	if names := p.everywhere("SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN ('a', 'b')"); len(names) != 1 || names[0][0] != "a" {
		t.Errorf("left: %v", names)
	}
}
