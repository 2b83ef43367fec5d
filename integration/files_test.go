package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
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
	text, err := os.ReadFile(p.Config)
	if err != nil {
		t.Fatal(err)
	}
	p.session.Write(fmt.Sprintf("%s\ngroups:\n  - {name: events, dir: %q, storage_sets: [events]}\n", text, p.dir))
	return p
}

// file writes a migration.
func (p *project) file(name, text string) {
	p.T.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.T.Fatal(err)
	}
}

func (p *project) remove(name string) {
	p.T.Helper()
	if err := os.Remove(filepath.Join(p.dir, name)); err != nil {
		p.T.Fatal(err)
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
	n := p.Servers.Nodes[0]
	p.file("0001_a.sql", createFile("a", "id UInt64"))
	p.Must(0, "migrate")
	p.file("0001_a.sql", "-- a comment is no edit\n"+strings.ReplaceAll(createFile("a", "id   UInt64"), "\n-- @stmt", "\n\n-- @stmt"))
	if strings.Contains(p.Must(0, "list").Stdout, "modified") {
		t.Error("comments and white space are an edit")
	}
	p.file("0001_a.sql", strings.ReplaceAll(createFile("a", "id UInt64, x String"), "DROP TABLE", "DROP TABLE IF EXISTS"))
	p.file("0002_b.sql", createFile("b", "id UInt64"))
	running.Says(t, p.Must(0, "list").Stdout, "0001_a", "modified")
	running.Says(t, p.Must(3, "migrate").Stderr, "events/0001_a is modified", "skein repair --group events", "--allow-dirty")
	running.Says(t, p.Must(3, "migrate", "--dry-run").Stderr, "events/0001_a is modified")
	running.Says(t, p.Must(3, "run", "--group", "events", "--migration-id", "0002_b").Stderr, "events/0001_a is modified")
	plan := p.Must(0, "plan")
	running.Says(t, plan.Stdout, "events/0002_b")
	running.Says(t, plan.Stderr, "warning: events/0001_a is modified")

	before := query(t, n, "SELECT count() FROM migrations_local")
	shown := p.Must(3, "repair") // no terminal to ask on
	running.Says(t, shown.Stdout, "events/0001_a", "-CREATE TABLE {db}.a {on_cluster} (id UInt64)", "+CREATE TABLE {db}.a {on_cluster} (id UInt64, x String)",
		"-DROP TABLE {db}.a", "+DROP TABLE IF EXISTS {db}.a")
	running.Says(t, shown.Stderr, "--yes")
	if after := query(t, n, "SELECT count() FROM migrations_local"); !slices.Equal(after[0], before[0]) || p.tables(n)[0] != "a" {
		t.Errorf("to look has written %v rows, there were %v", after, before)
	}
	p.Must(0, "migrate", "--allow-dirty")
	running.Says(t, p.Must(0, "repair", "--yes").Stdout, "1 migration accepted, nothing was run: events/0001_a")
	if columns := query(t, n, "SELECT name FROM system.columns WHERE table = 'a' AND database = currentDatabase()"); len(columns) != 1 {
		t.Errorf("repair ran something: %v", columns)
	}
	if strings.Contains(p.Must(0, "list").Stdout, "modified") {
		t.Error("it is still modified")
	}
	running.Says(t, p.Must(0, "repair").Stdout, "Nothing to accept")
	running.Says(t, p.Must(0, "show", "events", "0001").Stdout, "repair")
	running.Says(t, p.Must(0, "history").Stdout, "marked completed: events/0001_a")
	p.Must(0, "migrate")
	running.Says(t, p.Must(0, "rollback", "2", "--group", "events", "--force", "-v").Stderr, "DROP TABLE IF EXISTS")
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
				n := p.Servers.Nodes[0]
				p.file("0001_a.sql", createFile("a", "id UInt64"))
				p.file("0002_b.sql", createFile("b", "id UInt64"))
				p.Must(0, "migrate")
				end(p)
				running.Says(t, p.Must(0, append(verb, "--dry-run")...).Stdout, "DROP TABLE", ".b", "as stored when it was applied")
				p.Must(0, append(verb, "--force")...)
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
	p.Must(0, "migrate")
	p.remove("0002_b.yaml")
	running.Says(t, p.Must(0, "list").Stdout, "0002_b", "missing")
	running.Says(t, p.Must(3, "migrate").Stderr, "events/0002_b is missing", "--allow-dirty")
	running.Says(t, p.Must(0, "migrate", "--allow-dirty").Stdout, "Nothing to do")
	running.Says(t, p.Must(0, "repair", "--yes").Stdout, "events/0002_b  left as it is: it is missing")
	p.file("0003_c.sql", createFile("c", "id UInt64"))
	p.Must(0, "migrate", "--allow-dirty")
	p.Must(0, "rollback", "2", "--group", "events", "--force")
	if columns := query(t, p.Servers.Nodes[0], "SELECT name FROM system.columns WHERE table = 'a' AND database = currentDatabase()"); len(columns) != 1 {
		t.Errorf("the column is still there: %v", columns)
	}
}

// What no server can parse is refused before anything runs, two statements in a
// block above all, in what is pending and in its ways back.
func TestNothingRunsBeforeAllIsParsed(t *testing.T) {
	t.Parallel()
	p := newProject(t, servers.modern.Cluster(t))
	n := p.Servers.Nodes[0]
	p.file("0001_a.sql", createFile("a", "id UInt64"))
	p.file("0002_b.sql", sqlFile([]string{
		"ALTER TABLE {db}.a ADD COLUMN x UInt8",
		"ALTER TABLE {db}.a ADD COLUMN y UInt8; ALTER TABLE {db}.a ADD COLUMN z UInt8;",
	}, []string{"ALTER TABLE {db}.a DROP COLUMN x"}))
	p.file("0003_c.sql", sqlFile([]string{"INSERT INTO {db}.a (id) VALUES (1), (2);"}, []string{"ALTER TABLE {db}.a DELET WHERE id < 3"}))
	for _, args := range [][]string{{"migrate"}, {"plan"}, {"migrate", "--dry-run"}} {
		r := p.Must(3, args...)
		running.Says(t, r.Stderr, "events/0002_b step 2 of 2: Syntax error (Multi-statements are not allowed)", "ADD COLUMN z UInt8",
			"events/0003_c backward, statement 1: Syntax error", "DELET", "--no-validate")
		if strings.Contains(r.Stderr, "events/0003_c step") || strings.Contains(r.Stderr, "events/0001_a") {
			t.Error("what can be parsed is refused")
		}
	}
	if left := p.tables(n); len(left) > 0 {
		t.Errorf("it ran: %v", left)
	}
	running.Says(t, p.Must(5, "migrate", "--no-validate").Stderr, "events/0002_b stopped at step 2 of 2")
	running.Says(t, p.Must(0, "list").Stdout, "[X] 0001_a", "[-] 0002_b")
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
	return p.Servers.Nodes[0]
}

// baseline --verify compares what is there with the end of all migrations, runs
// nothing on it, and records what is then neither compared nor taken back.
func TestBaselineAdoptsWhatIsThere(t *testing.T) {
	t.Parallel()
	p := newProject(t, servers.modern.Cluster(t))
	n := adopted(p)
	running.Says(t, p.Must(6, "baseline", "events", "--verify").Stdout, "not there", "table skein.events", "Nothing was recorded")
	exec(t, n, "CREATE TABLE events (id UInt64, name LowCardinality(String) DEFAULT 'x', at DateTime DEFAULT now(), "+
		"INDEX i name TYPE bloom_filter GRANULARITY 1) ENGINE = MergeTree ORDER BY id TTL at + toIntervalDay(1)")
	exec(t, n, "CREATE TABLE sink (id UInt64) ENGINE = Null")
	exec(t, n, "CREATE MATERIALIZED VIEW mv TO sink AS SELECT id FROM events")
	exec(t, n, "CREATE TABLE kafka (id UInt64) ENGINE = Memory")
	exec(t, n, "CREATE TABLE typed (id UInt64, x String) ENGINE = MergeTree ORDER BY id")
	exec(t, n, "CREATE VIEW v AS SELECT id + 1 AS id FROM typed")
	r := p.Must(6, "baseline", "events", "--verify")
	running.Says(t, r.Stdout, "column x", "String; the migrations: Nullable(String)", "view", "kafka", "Memory", "3 of ")
	for _, same := range []string{"table skein.events", "table skein.sink"} {
		if strings.Contains(r.Stdout, same+"\n") || strings.Contains(r.Stdout, same+",") && !strings.Contains(r.Stdout, "compared by") {
			t.Errorf("%s differs", same)
		}
	}
	if rows := query(t, n, "SELECT count() FROM events"); rows[0][0] != "0" {
		t.Errorf("the INSERT ran: %v", rows)
	}
	running.Says(t, p.Must(0, "list").Stdout, "[ ] 0001_create")

	exec(t, n, "ALTER TABLE typed MODIFY COLUMN x Nullable(String)")
	exec(t, n, "DROP TABLE kafka SYNC")
	exec(t, n, "CREATE TABLE kafka (id UInt64) ENGINE = Kafka('127.0.0.1:1', 't', 'g', 'CSV')")
	running.Says(t, p.Must(0, "baseline", "events", "0002", "--verify").Stdout, "2 migrations recorded, none was run", "compared by their engines alone")
	for _, row := range query(t, n, "SELECT name FROM system.databases") {
		if strings.HasPrefix(row[0], "skein_baseline") {
			t.Errorf("%s was left behind", row[0])
		}
	}
	if rows := query(t, n, "SELECT count() FROM events"); rows[0][0] != "0" {
		t.Errorf("the INSERT ran: %v", rows)
	}
	running.Says(t, p.Must(0, "list").Stdout, "baseline", "[ ] 0003_typed")
	running.Says(t, p.Must(3, "baseline", "events").Stderr, "has rows already")
	running.Says(t, p.Must(2, "rollback", "--group", "events", "--force").Stderr, "what baseline recorded")
	running.Says(t, p.Must(3, "reverse", "--group", "events", "--migration-id", "0002_more", "--force").Stderr, "recorded by baseline")
	p.file("0001_create.sql", createFile("events", "id UInt64")) // its checksum is not compared
	exec(t, n, "DROP TABLE typed")
	exec(t, n, "DROP VIEW v")
	p.Must(0, "migrate")
	p.Must(0, "rollback", "3", "--group", "events", "--force")
	if left := p.tables(n); !slices.Equal(left, []string{"events", "kafka", "mv", "sink"}) {
		t.Errorf("left: %v", left)
	}
	running.Says(t, p.Must(0, "show", "events", "0001").Stdout, "was there before")
	p.Must(0, "revert", "--group", "events", "--fake", "--force")
	running.Says(t, p.Must(0, "list").Stdout, "[ ] 0001_create")
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
	p.Must(0, "migrate")
	p.Must(0, "revert", "--group", "events", "--fake", "--force")
	paths := p.zookeeperPaths("events")
	running.Says(t, p.Must(0, "baseline", "events", "--verify").Stdout, "2 migrations recorded")
	if after := p.zookeeperPaths("events"); !slices.Equal(paths, after) {
		t.Errorf("ZooKeeper had %v, and has %v", paths, after)
	}
	p.Must(0, "revert", "--group", "events", "--fake", "--force")
	second := p.Servers.Nodes[2]
	exec(t, second, "ALTER TABLE a DROP COLUMN y")
	exec(t, p.Servers.Nodes[3], "DROP TABLE a_dist")
	r := p.Must(6, "baseline", "events", "--verify")
	running.Says(t, r.Stdout, second.Addr()+"  not there; the migrations: UInt8", p.Servers.Nodes[3].Addr(), "a_dist")
	if strings.Contains(r.Stdout, p.Servers.Nodes[0].Addr()) {
		t.Error("a node is named that is as it should be")
	}
}

// The way back that was stored has the placeholders of its file, and goes to all nodes.
func TestAStoredWayBackOnACluster(t *testing.T) {
	t.Parallel()
	p := newProject(t, servers.cluster.Cluster(t))
	p.file("0001_a.sql", createFile("a", "id UInt64"))
	p.file("0002_b.sql", createFile("b", "id UInt64"))
	p.Must(0, "migrate")
	p.remove("0002_b.sql")
	running.Says(t, p.Must(3, "migrate").Stderr, "events/0002_b is missing")
	p.Must(0, "rollback", "--group", "events", "--force")
	if names := p.everywhere("SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN ('a', 'b')"); len(names) != 1 || names[0][0] != "a" {
		t.Errorf("left: %v", names)
	}
}
