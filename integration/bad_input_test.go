package integration

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// row is a row of the state that a person, or another program, wrote.
func row(id, status string, version uint64, more string) string {
	return fmt.Sprintf("INSERT INTO migrations_local (`group`, migration_id, timestamp, status, version, epoch, direction, run_id, "+
		"applied_by, step, steps, note) SELECT 'events', '%s', now(), '%s', toUInt64(%d), toUInt64(%d), 'forward', "+
		"'RUN', 'deploy@ci', toUInt32(1), toUInt32(1), '{\"direction\":\"forward\"}'%s", id, status, version, version>>32, more)
}

const someEpoch = uint64(90) << 32

// begun is a session with 0001_a completed and 0002_b pending, and a row there.
func begun(t *testing.T, c *testcluster.Cluster) *session {
	t.Helper()
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}},
		migration.Migration{ID: "0002_b", Forward: []ops.Operation{createTable("b_local")}},
	))
	s.Must(0, "migrate", "--group", "system")
	s.Must(0, "run", "--group", "events", "--migration-id", "0001_a")
	return s
}

// onAll sends a statement to the first replica of each shard, or to each node.
func onAll(t *testing.T, nodes []*testcluster.Node, format string, args ...any) {
	t.Helper()
	for _, n := range nodes {
		exec(t, n, format, args...)
	}
}

const ownColumns = "(`group` String, migration_id String, timestamp DateTime, status Enum8('completed' = 0, 'in_progress' = 1, 'not_started' = 2), " +
	"version UInt64, direction String, run_id String, epoch UInt64, step UInt32, steps UInt32, step_hash String, pending_nodes Array(String), " +
	"note String, checksum String, applied_by String, error String, duration_ms UInt64, backward String) "

// A state table that is not as skein made it is refused, by every command that
// reads it, with the node, what is wrong, and what mends it.
func TestCorruptStateTableIsRefused(t *testing.T) {
	t.Parallel()
	replace := func(on int, engine string) func(*testing.T, *testcluster.Cluster) {
		return func(t *testing.T, c *testcluster.Cluster) {
			exec(t, c.Nodes[on], "DROP TABLE migrations_local")
			exec(t, c.Nodes[on], "CREATE TABLE migrations_local %sENGINE = %s", ownColumns, engine)
		}
	}
	for _, test := range []struct {
		name string
		spin func(t *testing.T, c *testcluster.Cluster)
		says []string
		mend func(t *testing.T, c *testcluster.Cluster) // as the message says
		list int
	}{
		{
			name: "a column of skein's is gone",
			spin: func(t *testing.T, c *testcluster.Cluster) {
				exec(t, c.Nodes[0], "ALTER TABLE migrations_local DROP COLUMN note")
			},
			says: []string{
				"NODE0  column note is missing: ALTER TABLE default.migrations_local ADD COLUMN `note` String",
				"NODE1  column note is missing", "nothing was changed",
			},
			mend: func(t *testing.T, c *testcluster.Cluster) {
				exec(t, c.Nodes[0], "ALTER TABLE default.migrations_local ADD COLUMN `note` String")
			},
			list: 3,
		},
		{
			name: "a column has another type",
			spin: func(t *testing.T, c *testcluster.Cluster) {
				exec(t, c.Nodes[2], "ALTER TABLE migrations_local MODIFY COLUMN duration_ms UInt8")
			},
			says: []string{"NODE2  column duration_ms is UInt8: ALTER TABLE default.migrations_local MODIFY COLUMN `duration_ms` UInt64", "NODE3"},
			mend: func(t *testing.T, c *testcluster.Cluster) {
				exec(t, c.Nodes[2], "ALTER TABLE default.migrations_local MODIFY COLUMN `duration_ms` UInt64")
			},
			list: 3,
		},
		{
			name: "one node's is not replicated", spin: replace(1, "ReplacingMergeTree(version) ORDER BY (`group`, migration_id)"),
			says: []string{"NODE1  its engine is ReplacingMergeTree", "ReplicatedReplacingMergeTree", "SHOW CREATE TABLE"}, list: 3,
		},
		{
			name: "one node's replaces nothing", spin: replace(3, "MergeTree ORDER BY (`group`, migration_id)"),
			says: []string{"NODE3  its engine is MergeTree"}, list: 3,
		},
		{
			name: "one node's replaces too much",
			spin: replace(3, "ReplicatedReplacingMergeTree('/clickhouse/tables/elsewhere', 'x', version) ORDER BY `group`"),
			says: []string{"NODE3", "ORDER BY (group, migration_id)", "forgets rows"}, list: 3,
		},
		{
			name: "one node's is at another path",
			spin: replace(3, "ReplicatedReplacingMergeTree('/clickhouse/tables/elsewhere', 'x', version) ORDER BY (`group`, migration_id)"),
			says: []string{"NODE3  is of shard 2", "/clickhouse/tables/elsewhere", "<macros>"}, list: 3,
		},
		{
			name: "one node has none",
			spin: func(t *testing.T, c *testcluster.Cluster) { exec(t, c.Nodes[2], "DROP TABLE migrations_local") },
			says: []string{"NODE2", "missing", "skein add-node NODE2"}, list: 3,
			mend: func(t *testing.T, c *testcluster.Cluster) { newSession(t, c).Must(0, "add-node", c.Nodes[2].Addr()) },
		},
		{
			name: "migrations_dist is gone on one node",
			spin: func(t *testing.T, c *testcluster.Cluster) { exec(t, c.Nodes[1], "DROP TABLE migrations_dist") },
			says: []string{"NODE1  has none", "CREATE TABLE default.migrations_dist AS default.migrations_local ENGINE = Distributed('skein_local', 'default', 'migrations_local', cityHash64(`group`))"},
			mend: func(t *testing.T, c *testcluster.Cluster) {
				exec(t, c.Nodes[1], "CREATE TABLE default.migrations_dist AS default.migrations_local ENGINE = Distributed('skein_local', 'default', 'migrations_local', cityHash64(`group`))")
			},
		},
		{
			name: "migrations_dist shows another table",
			spin: func(t *testing.T, c *testcluster.Cluster) {
				exec(t, c.Nodes[1], "DROP TABLE migrations_dist")
				exec(t, c.Nodes[1], "CREATE TABLE migrations_dist AS migrations_local ENGINE = Distributed(skein_local, other, migrations_local)")
			},
			says: []string{"NODE1  has Distributed", "other", "DROP TABLE IF EXISTS default.migrations_dist"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := servers.cluster.Cluster(t)
			s := begun(t, c)
			test.spin(t, c)
			s.saysOf(s.refuse(3, "migrate").Stderr, test.says...)
			s.refuse(test.list, "list")
			if test.mend != nil {
				test.mend(t, c)
				s.Must(0, "migrate")
			}
		})
	}
}

// The same on a server of today, of which there is one.
func TestCorruptStateTableOfASingleNodeIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		spin []string
		says []string
	}{
		{[]string{"ALTER TABLE migrations_local DROP COLUMN note"}, []string{"column note is missing: ALTER TABLE skein.migrations_local ADD COLUMN `note` String"}},
		{
			[]string{"ALTER TABLE migrations_local MODIFY COLUMN status Enum8('completed' = 0, 'in_progress' = 1, 'not_started' = 2, 'paused' = 3)", row("0002_b", "paused", someEpoch, "")},
			[]string{`events/0002_b: its status is "paused"`},
		},
		{[]string{"DROP TABLE migrations_local", "CREATE TABLE migrations_local " + ownColumns + "ENGINE = MergeTree ORDER BY version"}, []string{"engine is MergeTree", "ReplacingMergeTree(version)"}},
		{
			[]string{"SYSTEM STOP MERGES migrations_local", row("0001_a", "completed", someEpoch, ""), row("0001_a", "in_progress", someEpoch, "")},
			[]string{"events/0001_a: 2 rows have version", "status completed", "status in_progress"},
		},
		{[]string{row("", "completed", someEpoch, "")}, []string{"no group or no migration_id", "DELETE WHERE"}},
	} {
		t.Run(test.says[0], func(t *testing.T) {
			c := servers.modern.Cluster(t)
			s := begun(t, c)
			for _, statement := range test.spin {
				exec(t, c.Nodes[0], "%s", statement)
			}
			s.saysOf(s.refuse(3, "migrate").Stderr, append(test.says, "NODE0", "nothing was changed")...)
			s.refuse(3, "list")
		})
	}
}

// Rows that no skein writes, or a newer one, are refused, and named.
func TestRowsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		rows func(c *testcluster.Cluster) map[int][]string // by node
		says []string
		list int
		also []string // commands that go by it
	}{
		{
			name: "a status that this skein does not know",
			rows: func(*testcluster.Cluster) map[int][]string {
				return map[int][]string{2: {
					"ALTER TABLE migrations_local MODIFY COLUMN status Enum8('completed' = 0, 'in_progress' = 1, 'not_started' = 2, 'paused' = 3)",
					row("0002_b", "paused", someEpoch, ""),
				}}
			},
			says: []string{"events/0002_b", `its status is "paused"`, "a newer one", "ORDER BY version DESC"}, list: 3,
		},
		{
			name: "no ID",
			rows: func(*testcluster.Cluster) map[int][]string {
				return map[int][]string{0: {row("", "completed", someEpoch, "")}}
			},
			says: []string{"no group or no migration_id", "DELETE WHERE"}, list: 3,
		},
		{
			name: "an epoch that is not its version's",
			rows: func(*testcluster.Cluster) map[int][]string {
				return map[int][]string{0: {strings.Replace(row("0002_b", "completed", someEpoch, ""), "toUInt64(90)", "toUInt64(7)", 1)}}
			},
			says: []string{"events/0002_b", "epoch is 7", "of epoch 90"}, list: 3,
		},
		{
			name: "a step that is none",
			rows: func(*testcluster.Cluster) map[int][]string {
				return map[int][]string{0: {strings.Replace(row("0002_b", "in_progress", someEpoch, ""), "toUInt32(1)", "toUInt32(9)", 1)}}
			},
			says: []string{"events/0002_b", "step 9 of 1"}, list: 3, also: []string{"resume", "reverse-in-progress"},
		},
		{
			name: "a direction that is none",
			rows: func(*testcluster.Cluster) map[int][]string {
				return map[int][]string{0: {strings.Replace(row("0002_b", "in_progress", someEpoch, ""), "'forward'", "'sideways'", 1)}}
			},
			says: []string{"events/0002_b", "sideways"}, list: 3, also: []string{"resume", "reverse-in-progress"},
		},
		{
			name: "a note that cannot be read",
			rows: func(*testcluster.Cluster) map[int][]string {
				return map[int][]string{0: {strings.Replace(row("0002_b", "in_progress", someEpoch, ""), `{"direction":"forward"}`, "{", 1)}}
			},
			says: []string{"events/0002_b", "its note cannot be read"}, also: []string{"resume", "reverse-in-progress"},
		},
		{
			name: "a note of a newer skein",
			rows: func(*testcluster.Cluster) map[int][]string {
				return map[int][]string{0: {strings.Replace(row("0002_b", "in_progress", someEpoch, ""), `{"direction":"forward"}`, `{"splines":[1]}`, 1)}}
			},
			says: []string{"events/0002_b", "splines", "newer skein"}, also: []string{"resume", "reverse-in-progress"},
		},
		{
			name: "two rows of one version on two shards",
			rows: func(*testcluster.Cluster) map[int][]string {
				return map[int][]string{0: {row("0002_b", "completed", someEpoch, "")}, 2: {row("0002_b", "in_progress", someEpoch, "")}}
			},
			says: []string{"2 rows have version 386547056640", "NODE0", "NODE2", "status completed", "status in_progress", "version + 1"}, list: 3,
		},
		{
			name: "two rows of one version on one node",
			rows: func(*testcluster.Cluster) map[int][]string {
				return map[int][]string{1: {"SYSTEM STOP MERGES"}, 0: {"SYSTEM STOP MERGES", row("0002_b", "completed", someEpoch, ""), row("0002_b", "in_progress", someEpoch, "")}}
			},
			says: []string{"2 rows have version 386547056640", "status completed", "status in_progress"}, list: 3,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := servers.cluster.Cluster(t)
			s := begun(t, c)
			rows := test.rows(c)
			for _, node := range slices.Backward(slices.Sorted(maps.Keys(rows))) {
				for _, statement := range rows[node] {
					exec(t, c.Nodes[node], "%s", statement)
				}
			}
			t.Cleanup(func() { onAll(t, c.Nodes, "SYSTEM START MERGES") })
			for _, command := range append(test.also, "migrate") {
				s.saysOf(s.refuse(3, command).Stderr, append(test.says, "nothing was changed")...)
			}
			s.refuse(test.list, "list")
		})
	}
}

// The command that the message gives takes the contradiction away; a row that
// is on several shards as it is was none.
func TestTheRowThatIsChosenEndsTheContradiction(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := begun(t, c)
	for _, n := range []int{0, 2} {
		exec(t, c.Nodes[n], "%s", strings.Replace(row("0000_old", "completed", someEpoch, ""), "now()", "toDateTime(1000000000)", 1))
	}
	s.Must(0, "list")
	exec(t, c.Nodes[0], "%s", row("0000_old", "completed", someEpoch+1, ""))
	exec(t, c.Nodes[2], "%s", row("0000_old", "not_started", someEpoch+1, ""))
	text := s.refuse(3, "migrate").Stderr
	_, command, _ := strings.Cut(text, "INSERT INTO")
	command, _, found := strings.Cut(command, "\n")
	if !found {
		t.Fatal("no command")
	}
	for _, n := range []int{0, 2} { // the row is on one of them
		exec(t, c.Nodes[n], "%s", "INSERT INTO"+command)
	}
	s.Must(0, "migrate", "--allow-dirty") // the program does not have it
}

// Rows from the future, or from before their predecessors, are no trouble: not
// clocks but versions decide, and no duration is negative.
func TestClocksDecideNothing(t *testing.T) {
	t.Parallel()
	for name, shared := range map[string]*testcluster.Pool{"cluster": &servers.cluster, "single node": &servers.modern} {
		t.Run(name, func(t *testing.T) {
			s := begun(t, shared.Cluster(t))
			n := s.Servers.Nodes[0]
			at := func(statement, when string) string {
				return strings.Replace(statement, "now()", "toDateTime("+when+")", 1)
			}
			// 0002_b was begun in 2100, and taken back in 1999, as clocks have it.
			exec(t, n, "%s", at(row("0002_b", "in_progress", someEpoch, ""), "4102444800"))
			running.Says(t, s.Must(0, "list").Stdout, "2100-01-01", "IN PROGRESS")
			exec(t, n, "%s", at(row("0002_b", "not_started", someEpoch+1, ""), "946684000"))
			running.Says(t, s.Must(0, "list").Stdout, "[ ] 0002_b")
			s.Must(0, "migrate")
			running.Says(t, s.Must(0, "list").Stdout, "[X] 0002_b")
			out := s.Must(0, "list", "--output", "json").Stdout
			if strings.Contains(out, "2100") || strings.Contains(out, "1999") {
				t.Errorf("an older row is shown:\n%s", out)
			}
			for _, row := range query(t, n, "SELECT toString(max(duration_ms)) FROM migrations_local") {
				if len(row[0]) > 7 {
					t.Errorf("a duration of %s ms", row[0])
				}
			}
		})
	}
}

// A completed migration that the program does not have is shown, and stops migrate
// unless that is meant; it is taken back as it was stored, before what it came after,
// and nothing is put before it.
func TestMigrationThatTheProgramDoesNotHave(t *testing.T) {
	t.Parallel()
	s := begun(t, servers.cluster.Cluster(t))
	s.Must(0, "migrate")
	all := s.Groups
	s.Groups = []migration.Group{group("events", all[0].Migrations[0])}
	running.Says(t, s.Must(0, "list").Stdout, "0002_b", "missing")
	running.Says(t, s.refuse(3, "migrate").Stderr, "events/0002_b is missing", "--allow-dirty")
	r := s.refuse(0, "migrate", "--allow-dirty")
	running.Says(t, r.Stderr, "events/0002_b is completed, and this program does not have it", "skein list")
	running.Says(t, r.Stdout, "Nothing to do")
	running.Says(t, s.refuse(3, "reverse", "--group", "events", "--migration-id", "0001_a", "--force").Stderr, "events/0002_b is completed after events/0001_a")
	for _, args := range [][]string{{"rollback", "--group", "events"}, {"revert", "--group", "events", "0002"}} {
		running.Says(t, s.refuse(0, append(args, "--force", "--dry-run")...).Stdout, "events/0002_b  (backward)", "as stored when it was applied")
	}
	s.Groups = []migration.Group{group("events", all[0].Migrations[0],
		migration.Migration{ID: "0001_between", Forward: []ops.Operation{createTable("c_local")}})}
	running.Says(t, s.refuse(3, "migrate", "--allow-dirty").Stderr, "events/0002_b is completed, but before it events/0001_between is missing")
	// A group that is not there any more keeps no other from its work.
	s.Groups = []migration.Group{group("orders", migration.Migration{ID: "0001_o", Forward: []ops.Operation{createTable("o_local")}})}
	running.Says(t, s.Must(0, "list").Stdout, "events       not in this program", "0002_b")
	s.Must(0, "migrate")
	exec(t, s.Servers.Nodes[0], "%s", row("0003_half", "in_progress", someEpoch, ""))
	running.Says(t, s.Must(0, "list").Stdout, "[-] 0003_half", "with the program that has")
	for _, command := range []string{"resume", "reverse-in-progress"} {
		running.Says(t, s.refuse(3, command).Stderr, "events/0003_half is in progress, and this program does not have it", "run RUN, deploy@ci")
	}
}
