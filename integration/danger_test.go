package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// endangered is a session over a table of 40,000 rows on each shard, to which
// more migrations are to come.
func endangered(t *testing.T, c *testcluster.Cluster, operations ...ops.Operation) *session {
	t.Helper()
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_d", Forward: []ops.Operation{createTable("d_local",
			ops.Column{Name: "v", Type: "UInt64"}, ops.Column{Name: "e", Type: "Enum8('a' = 1)"}, ops.Column{Name: "day", Type: "Date"},
		)}},
		migration.Migration{ID: "0002_danger", Forward: operations, Irreversible: "a test"},
	))
	s.Must(0, "migrate", "--group", "events", "0001")
	for _, n := range c.Nodes {
		if n.Replica == 1 {
			exec(t, n, "INSERT INTO d_local SELECT number, number, 'a', toDate('2026-01-01') + intDiv(number, 20000) * 31 FROM system.numbers LIMIT 40000")
		}
	}
	return s
}

func modify(column ops.Column) ops.ModifyColumn {
	return ops.ModifyColumn{Table: local("d_local"), Column: column}
}

// engines runs a test on both servers.
func engines(t *testing.T, test func(t *testing.T, c *testcluster.Cluster, sets int)) {
	t.Run("2x2", func(t *testing.T) { test(t, servers.cluster.Cluster(t), 2) })
	t.Run("26.7", func(t *testing.T) { test(t, servers.modern.Cluster(t), 1) })
}

// A plan compares types with those of the nodes, and counts the rows of each
// replica set once.
func TestPlanSaysWhatItDoesToRows(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, c *testcluster.Cluster, sets int) {
		s := endangered(t, c,
			modify(ops.Column{Name: "v", Type: "UInt32"}),
			modify(ops.Column{Name: "e", Type: "Enum8('a' = 1, 'b' = 2)"}),
			modify(ops.Column{Name: "day", Type: "Date", Expression: "toDate('2020-01-01')"}),
			createTable("new_local"), ops.DropTable{Table: local("new_local")},
			ops.RunSQL{
				Place: local("").Place, SQL: "ALTER TABLE {db}.d_local DROP PARTITION tuple()", Scope: ops.RunOnePerReplicaSet,
				Writes: []ops.Table{{Name: "d_local"}}, DropsData: true,
			},
			ops.DropTable{Table: local("d_local")},
		)
		rows := fmt.Sprintf("%d,000 rows, ", 40*sets)
		text := s.Must(0, "plan").Stdout
		running.Says(t, text, "rewrites data: "+rows, "narrows UInt64 to UInt32: values that do not fit become others",
			"drops data: no rows now", "drops data: "+rows)
		if said := strings.Contains(text, "on 2 replica sets"); said != (sets == 2) {
			t.Errorf("replica sets are named: %v, of %d", said, sets)
		}
		classes := map[string]int{}
		for _, step := range planned(t, s.Must(0, "migrate", "--dry-run", "--output", "json").Stdout) {
			classes[step.Risk]++
			if step.Risk != "metadata only" && step.Amount.Rows != uint64(40_000*sets) && step.Amount.Rows != 0 {
				t.Errorf("%s: %d rows, want %d or none", step.Summary, step.Amount.Rows, 40_000*sets)
			}
		}
		if classes["metadata only"] != 3 || classes["rewrites data"] != 1 || classes["drops data"] != 3 {
			t.Errorf("classes %v, want 3 of metadata, 1 of rewriting, 3 of dropping", classes)
		}
	})
}

type plannedStep struct {
	Summary, Risk string
	Amount        struct{ Rows, Bytes uint64 }
}

func planned(t *testing.T, text string) []plannedStep {
	t.Helper()
	var out struct {
		Migrations []struct{ Steps []plannedStep }
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	var steps []plannedStep
	for _, m := range out.Migrations {
		steps = append(steps, m.Steps...)
	}
	return steps
}

// A refusal changes nothing, whatever the command; metadata may change.
func TestCheckDangerousStopsARewriteAndLetsMetadataPass(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, c *testcluster.Cluster, _ int) {
		s := endangered(t, c, modify(ops.Column{Name: "v", Type: "UInt32"}))
		refused := s.Must(3, "migrate", "--check-dangerous")
		running.Says(t, refused.Stderr, "events/0002_danger step 1", "rewrites data: ", "narrows UInt64 to UInt32", "without --check-dangerous")
		if rows := s.everywhere("SELECT type FROM system.columns WHERE table = 'd_local' AND name = 'v'"); rows[0][0] != "UInt64" {
			t.Errorf("v is %s after a refusal", rows[0][0])
		}
		running.Says(t, s.Must(0, "list").Stdout, "[ ] 0002_danger")
		dry := s.Must(3, "migrate", "--dry-run", "--check-dangerous")
		running.Says(t, dry.Stdout, "-- rewrites data: ")

		// The way back of 0001 drops the table.
		back := s.Must(3, "rollback", "--group", "events", "--force", "--check-dangerous")
		running.Says(t, back.Stderr, "events/0001_d step 1, DROP TABLE d_local: drops data: ")

		s.Groups[0].Migrations[1].Forward = []ops.Operation{modify(ops.Column{Name: "e", Type: "Enum8('a' = 1, 'b' = 2)"})}
		s.Must(0, "migrate", "--check-dangerous")
	})
}

// A column's TTL takes values away by itself: no metadata only.
func TestColumnTTLIsSaidToDropAndDrops(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	s := endangered(t, c, modify(ops.Column{Name: "v", TTL: "day + INTERVAL 1 DAY"}))
	running.Says(t, s.Must(0, "plan").Stdout, "drops data: 40,000 rows", "values past the column's TTL go")
	s.Must(0, "migrate")
	exec(t, c.Nodes[0], "OPTIMIZE TABLE d_local FINAL")
	if rows := query(t, c.Nodes[0], "SELECT countIf(v > 0) FROM d_local"); rows[0][0] == "39999" {
		t.Error("no value is gone with the next merge")
	}
}

// Nodes that disagree on what a column is are named.
func TestPlanNamesNodesWhoseColumnsDiffer(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := endangered(t, c, modify(ops.Column{Name: "v", Type: "UInt64"}))
	for _, n := range c.Nodes {
		if n.Shard == 2 && n.Replica == 1 {
			exec(t, n, "ALTER TABLE d_local MODIFY COLUMN v UInt32")
		}
	}
	text := s.Must(0, "plan").Stdout
	running.Says(t, text, "rewrites data: 80,000 rows")
	_, narrow, _ := strings.Cut(text, "nodes differ: column v is UInt32 on ")
	narrow, wide, _ := strings.Cut(narrow, "; UInt64 on ")
	running.Says(t, narrow, c.Nodes[2].Addr())
	running.Says(t, wide, c.Nodes[0].Addr(), c.Nodes[1].Addr())
}

// A drop that the server would refuse half-way is refused before anything is done.
func TestDropThatIsTooLargeIsRefusedWhilePlanning(t *testing.T) {
	t.Parallel()
	c := testcluster.Own(t, testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1, MaxSizeToDrop: 1000, NoZooKeeper: true})
	drop := func(sql string, settings ...ops.Setting) ops.RunSQL {
		return ops.RunSQL{
			Place: local("").Place, SQL: sql, Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{{Name: "d_local"}},
			DropsData: true, Settings: settings,
		}
	}
	s := endangered(t, c, ops.AddColumn{Table: local("d_local"), Column: ops.Column{Name: "n", Type: "UInt8"}})
	first := s.Groups[0].Migrations[1].Forward[0]
	for name, test := range map[string]struct {
		operation ops.Operation
		setting   string
	}{
		"DROP TABLE":       {ops.DropTable{Table: local("d_local")}, "max_table_size_to_drop"},
		"TRUNCATE TABLE":   {ops.TruncateTable{Table: local("d_local")}, "max_table_size_to_drop"},
		"DROP PARTITION":   {drop("ALTER TABLE {db}.d_local DROP PARTITION ID 'all'"), "max_partition_size_to_drop"},
		"DETACH PARTITION": {drop("ALTER TABLE {db}.d_local DETACH PARTITION tuple()"), "max_partition_size_to_drop"},
	} {
		s.Groups[0].Migrations[1].Forward = []ops.Operation{first, test.operation}
		for _, command := range []string{"migrate", "plan"} {
			refused := s.Must(3, command)
			running.Says(t, refused.Stderr, "events/0002_danger step 2", "skein.d_local holds", c.Nodes[0].Addr(), test.setting, "(1000 B)")
		}
		if rows := query(t, c.Nodes[0], "SELECT count() FROM system.columns WHERE table = 'd_local' AND name = 'n'"); rows[0][0] != "0" {
			t.Fatalf("%s: step 1 was run", name)
		}
	}
	exec(t, c.Nodes[0], "CREATE DATABASE other ENGINE = Atomic")
	exec(t, c.Nodes[0], "CREATE TABLE other.x ENGINE = MergeTree ORDER BY id AS SELECT * FROM d_local")
	s.Groups[0].Migrations[1].Forward = []ops.Operation{ops.DropDatabase{Place: local("").Place, Name: "other"}}
	running.Says(t, s.Must(3, "migrate").Stderr, "other.x holds", "max_table_size_to_drop")

	// The server agrees, and a statement's own setting lifts it.
	if _, err := c.Nodes[0].Query(t.Context(), "DROP TABLE d_local"); err == nil || !strings.Contains(err.Error(), "359") {
		t.Errorf("the server drops what skein refuses: %v", err)
	}
	s.Groups[0].Migrations[1].Forward = []ops.Operation{
		drop("DROP TABLE {db}.d_local", ops.Setting{Name: "max_table_size_to_drop", Value: "0"}),
	}
	s.Must(0, "migrate")
	if left := s.tables(c.Nodes[0]); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
