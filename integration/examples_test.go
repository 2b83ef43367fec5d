package integration

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/examples/groups"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

var exampleTables = []string{
	"currencies", "events_dist", "events_hourly_dist", "events_hourly_local", "events_hourly_mv", "events_local",
	"transactions_dist", "transactions_local",
}

func examples(t *testing.T, c *testcluster.Cluster) *session {
	t.Helper()
	return newSession(t, c, groups.Events(), groups.Transactions())
}

// The main job: both groups on all four nodes, equal everywhere, and back
// without a trace.
func TestExamplesMigrateAndRevertOnTheCluster(t *testing.T) {
	t.Parallel()
	for _, ddl := range []string{"on_cluster", "direct"} {
		t.Run(ddl, func(t *testing.T) {
			s := examples(t, servers.cluster.Cluster(t))
			planned := s.Must(0, "plan", "--ddl", ddl)
			running.Says(t, planned.Stdout, "Nothing was run.", "transactions/0003_widen_duration", "blocking")
			if got := strings.Contains(planned.Stdout, "ON CLUSTER 'skein_local'"); got != (ddl == "on_cluster") {
				t.Errorf("plan with ddl %s: ON CLUSTER is there: %v", ddl, got)
			}
			if names := s.tables(s.Servers.Nodes[0]); len(names) > 0 {
				t.Fatalf("plan made tables: %v", names)
			}
			// 18.16 has no indexes, and that is said.
			running.Says(t, s.Must(0, "migrate", "--force", "--ddl", ddl).Stderr, "AddIndex events_local, … skipped: its nodes need nothing")
			for _, n := range s.Servers.Nodes {
				if got := strings.Join(s.tables(n), " "); got != strings.Join(exampleTables, " ") {
					t.Errorf("%s has %s", n.Name, got)
				}
			}
			for _, name := range exampleTables {
				s.everywhere("DESCRIBE TABLE " + name)
			}
			if rows := s.everywhere("SELECT code FROM currencies ORDER BY code"); len(rows) != 4 {
				t.Errorf("currencies has %d rows, want the 4 that RunGo put there", len(rows))
			}
			running.Says(t, s.Must(0, "migrate", "--force", "--ddl", ddl).Stdout, "Nothing to do.")
			s.Must(3, "revert")
			s.Must(0, "revert", "--force", "--ddl", ddl)
			for _, n := range s.Servers.Nodes {
				if names := s.tables(n); len(names) > 0 {
					t.Errorf("%s still has %v", n.Name, names)
				}
			}
			if paths := s.zookeeperPaths("events", "transactions"); len(paths) > 0 {
				t.Errorf("ZooKeeper still has %v", paths)
			}
			s.Must(0, "revert", "--force", "--include-system")
			if rows := query(t, s.Servers.Nodes[3], "SELECT name FROM system.tables WHERE database = 'default'"); len(rows) > 0 {
				t.Errorf("after --include-system there is still %v", rows)
			}
		})
	}
}

// What Snuba's users query has to work, and what list shows has to be there.
func TestStateRowsReadLikeSnubas(t *testing.T) {
	t.Parallel()
	s := examples(t, servers.cluster.Cluster(t))
	s.Must(0, "migrate", "--group", "events")
	rows := query(t, s.Servers.Nodes[3],
		"SELECT group, migration_id, status FROM migrations_dist FINAL ORDER BY group, migration_id")
	want := [][]string{
		{"events", "0001_create_events", "completed"},
		{"events", "0002_add_trace_id", "completed"},
		{"events", "0003_rollup", "completed"},
		{"events", "0004_index_trace_id", "completed"},
		{"system", "0001_migrations", "completed"},
	}
	if len(rows) != len(want) {
		t.Fatalf("rows: %v", rows)
	}
	for i := range want {
		if strings.Join(rows[i], " ") != strings.Join(want[i], " ") {
			t.Errorf("row %d: %v, want %v", i, rows[i], want[i])
		}
	}
	trail := query(t, s.Servers.Nodes[0], "SELECT count() FROM migration_steps_dist WHERE group = 'events' AND outcome = 'done'")
	if trail[0][0] == "0" {
		t.Error("the audit trail has no row of the group")
	}
	var listed struct {
		Groups []struct {
			Name       string
			Migrations []struct{ ID, Status string }
		}
	}
	out := s.Must(0, "list", "--output", "json").Stdout
	if err := json.Unmarshal([]byte(out), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed.Groups) != 3 || listed.Groups[1].Migrations[0].Status != "completed" ||
		listed.Groups[2].Migrations[0].Status != "not_started" {
		t.Errorf("list --output json: %+v", listed)
	}
}

func TestExamplesOnASingleNodeOfToday(t *testing.T) {
	t.Parallel()
	for _, lock := range []string{"zookeeper", "lease", "none"} {
		t.Run("lock "+lock, func(t *testing.T) {
			s := examples(t, servers.modern.Cluster(t))
			s.Edit("root: /skein", "lock: "+lock)
			migrated := s.Must(0, "migrate", "--force")
			if got := strings.Contains(migrated.Stderr, "nothing keeps another run out"); got != (lock == "none") {
				t.Errorf("the warning about lock: none is there: %v", got)
			}
			n := s.Servers.Nodes[0]
			if got := strings.Join(s.tables(n), " "); got != "currencies events_hourly_local events_hourly_mv events_local transactions_local" {
				t.Errorf("tables: %s", got)
			}
			indexes := query(t, n, "SELECT name FROM system.data_skipping_indices WHERE table = 'events_local' AND database = currentDatabase()")
			if len(indexes) != 1 {
				t.Errorf("indexes: %v", indexes)
			}
			s.Must(0, "revert", "--force")
			if names := s.tables(n); len(names) > 0 {
				t.Errorf("still there: %v", names)
			}
		})
	}
}

// --fake writes status alone, on a cluster that has nothing yet too.
func TestFakeWritesStatusAlone(t *testing.T) {
	t.Parallel()
	s := examples(t, servers.modern.Cluster(t))
	running.Says(t, s.Must(0, "migrate", "--fake").Stderr, "events/0001_create_events", "nothing was run")
	if names := s.tables(s.Servers.Nodes[0]); len(names) > 0 {
		t.Errorf("it made %v", names)
	}
	running.Says(t, s.Must(0, "list").Stdout, "[X] 0003_widen_duration", "fake", "8 completed")
	s.Must(0, "revert", "--fake", "--force")
	running.Says(t, s.Must(0, "list").Stdout, "1 completed, 0 in progress, 7 pending")
}

// A first run, and a last one, that were cut short are finished by the next.
func TestStateTablesOnSomeNodesOnlyAreFinished(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c)
	s.Must(0, "migrate")
	for _, n := range c.Nodes[2:] {
		exec(t, n, "DROP TABLE migrations_local")
		exec(t, n, "DROP TABLE migration_steps_dist")
	}
	running.Says(t, s.Must(0, "list").Stdout, "[ ] 0001_migrations")
	s.Must(0, "migrate")
	s.everywhere("DESCRIBE TABLE migrations_local")
	s.everywhere("DESCRIBE TABLE migration_steps_dist")
}
