package integration

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// snubaColumns are as Snuba's own migration has them.
const snubaColumns = "(`group` String, migration_id String, timestamp DateTime, " +
	"status Enum('completed' = 0, 'in_progress' = 1, 'not_started' = 2), version UInt64 DEFAULT 1)"

// snubaRows are of three groups; one migration was taken back.
const snubaRows = "('system', '0001_migrations', '2024-05-06 07:08:09', 'completed', 1), " +
	"('events', '0001_events_initial', '2024-05-06 07:08:10', 'in_progress', 1), " +
	"('events', '0001_events_initial', '2024-05-06 07:08:11', 'completed', 2), " +
	"('events', '0002_more', '2024-05-06 07:08:12', 'completed', 2), " +
	"('events', '0002_more', '2024-05-06 07:08:13', 'not_started', 4)"

// The layout is that of Snuba's sources; Snuba itself was not run.
func TestImportAdoptsTheTableOfSnuba(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	n := c.Nodes[0]
	exec(t, n, "CREATE TABLE migrations_local %s ENGINE = ReplacingMergeTree(version) ORDER BY (`group`, migration_id)", snubaColumns)
	adoptFromSnuba(t, c)
}

func TestImportAdoptsTheTablesOfSnubaOnACluster(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	for _, n := range c.Nodes {
		exec(t, n, "CREATE TABLE migrations_local %s ENGINE = ReplicatedReplacingMergeTree("+
			"'/clickhouse/tables/migrations/{shard}/%s/migrations_local', '{replica}', version) ORDER BY (`group`, migration_id)",
			strings.ReplaceAll(snubaColumns, "Enum(", "Enum8("), c.Database)
		exec(t, n, "CREATE TABLE migrations_dist %s ENGINE = Distributed('skein_local', '%s', 'migrations_local', cityHash64(`group`))",
			strings.ReplaceAll(snubaColumns, "Enum(", "Enum8("), c.Database)
	}
	adoptFromSnuba(t, c)
}

func adoptFromSnuba(t *testing.T, c *testcluster.Cluster) {
	t.Helper()
	for _, part := range strings.SplitAfter(snubaRows, "), ") {
		exec(t, c.Nodes[0], "INSERT INTO migrations_local (`group`, migration_id, timestamp, status, version) VALUES %s", strings.TrimSuffix(part, ", "))
	}
	s := newSession(t, c, group("later", migration.Migration{ID: "0001_later", Forward: []ops.Operation{createTable("later")}}))
	running.Says(t, s.Must(3, "list").Stderr, "is another tool's")
	shown := s.Must(0, "import", "snuba")
	running.Says(t, shown.Stdout, "2 migrations completed: events 1, system 1", "ADD COLUMN `step_hash` String", "which skein does not read", "skein import snuba --yes")
	running.Says(t, s.Must(3, "list").Stderr, "is another tool's") // nothing was done

	// In progress is for Snuba to end.
	exec(t, c.Nodes[0], "INSERT INTO migrations_local (`group`, migration_id, timestamp, status, version) VALUES ('events', '0003_x', now(), 'in_progress', 1)")
	running.Says(t, s.Must(3, "import", "snuba", "--yes").Stderr, "events/0003_x in progress")
	exec(t, c.Nodes[0], "INSERT INTO migrations_local (`group`, migration_id, timestamp, status, version) VALUES ('events', '0003_x', now(), 'not_started', 2)")

	s.Must(0, "import", "snuba", "--yes")
	for _, n := range c.Nodes {
		if have := query(t, n, "SELECT count() FROM system.columns WHERE database = currentDatabase() AND table = 'migrations_local'")[0][0]; have != "18" {
			t.Errorf("%s: migrations_local has %s columns", n.Name, have)
		}
		query(t, n, "SELECT count() FROM migration_steps_local")
	}
	running.Says(t, s.Must(0, "import", "snuba", "--yes").Stdout, "Nothing to do.")
	listed := s.Must(0, "list").Stdout
	running.Says(t, listed, "[X] 0001_migrations", "[ ] 0001_later", "not in this program", "[X] 0001_events_initial", "2024-05-06 07:08:11")
	if strings.Contains(listed, "0002_more") {
		t.Errorf("what Snuba took back is listed:\n%s", listed)
	}
	running.Says(t, s.Must(0, "migrate").Stdout, "1 migration completed")
	running.Says(t, s.Must(0, "migrate").Stdout, "Nothing to do.")
	running.Says(t, s.Must(0, "history").Stdout, "migrate")
	table := "migrations_local"
	if len(c.Nodes) > 1 {
		table = "migrations_dist"
	}
	have := query(t, c.Nodes[0], "SELECT migration_id FROM "+table+" FINAL WHERE `group` = 'later' AND status = 'completed'")
	if len(have) != 1 || have[0][0] != "0001_later" {
		t.Errorf("what users of Snuba query has %v", have)
	}
}
