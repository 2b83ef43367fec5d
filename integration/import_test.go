package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// taking is a session with a group "old" of files, which is still empty.
type taking struct {
	*session
	theirs string // the other tool's directory
	ours   string // the group's
	before [][]string
}

func newTaking(t *testing.T, c *testcluster.Cluster, files map[string]string) *taking {
	t.Helper()
	s := &taking{session: newSession(t, c), theirs: filepath.Join(t.TempDir(), "theirs")}
	s.ours = filepath.Join(t.TempDir(), "ours")
	text, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	s.Write(string(text) + fmt.Sprintf("\ngroups:\n  - {name: old, dir: %s, storage_sets: [events]}\n", s.ours))
	if err := os.MkdirAll(s.theirs, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(s.theirs, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// schema is every table on the node but skein's own, as the server shows them.
func (s *taking) schema() [][]string {
	s.T.Helper()
	return query(s.T, s.Servers.Nodes[0], "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() "+
		"AND name NOT LIKE 'migration%' ORDER BY name")
}

// unchanged checks that no table but skein's own is another one than it was.
func (s *taking) unchanged() {
	s.T.Helper()
	if diff := cmp.Diff(s.before, s.schema()); diff != "" {
		s.T.Errorf("the schema is not what it was (-before +after):\n%s", diff)
	}
}

// own counts skein's tables.
func (s *taking) own() int {
	s.T.Helper()
	return len(query(s.T, s.Servers.Nodes[0], "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'migration%'"))
}

// times is what list shows of the completed migrations of the group: ID and time.
func (s *taking) times() []string {
	s.T.Helper()
	var out []string
	_, listed, _ := strings.Cut(s.Must(0, "list").Stdout, "\nold ")
	for _, match := range regexp.MustCompile(`\[X\] (\S+) .*(\d{4}-\S+ \S+)`).FindAllStringSubmatch(listed, -1) {
		out = append(out, match[1]+" "+match[2])
	}
	return out
}

func (s *taking) wantTimes(sql string, ids ...string) {
	s.T.Helper()
	rows := query(s.T, s.Servers.Nodes[0], sql)
	var want []string
	for i, id := range ids {
		if i < len(rows) {
			want = append(want, id+" "+rows[i][0])
		}
	}
	if diff := cmp.Diff(want, s.times()); diff != "" || len(ids) != len(rows) {
		s.T.Errorf("list shows other times than %s (-theirs +list):\n%s", sql, diff)
	}
}

func (s *taking) address() string {
	n := s.Servers.Nodes[0]
	return fmt.Sprintf("clickhouse://%s:%d/%s", n.Host, n.Port, s.Servers.Database)
}

const gooseEvents = `-- +goose Up
CREATE TABLE old_events (
    id UInt64, -- the project; always there
    word String DEFAULT '{word};'
) ENGINE = MergeTree ORDER BY id; -- done

-- +goose StatementBegin
INSERT INTO old_events (id)
SELECT number
FROM numbers(3);
-- +goose StatementEnd

-- +goose Down
DROP TABLE old_events;
`

// What the real goose applied is completed for skein, at goose's times, after
// nothing but skein's own tables was made; its next migration and its ways back are
// run by skein.
func TestImportFromGoose(t *testing.T) {
	t.Setenv("OLD_COLUMN", "added")
	s := newTaking(t, servers.modern.Cluster(t), map[string]string{
		"00001_events.sql": gooseEvents,
		"00002_add.sql": "-- +goose NO TRANSACTION\n-- +goose ENVSUB ON\n-- +goose Up\nALTER TABLE old_events ADD COLUMN ${OLD_COLUMN} UInt8;\n" +
			"-- +goose Down\nALTER TABLE old_events DROP COLUMN ${OLD_COLUMN};\n",
		"00003_more.sql": "-- +goose Up\nCREATE TABLE old_more (id UInt64) ENGINE = MergeTree ORDER BY id;\n-- +goose Down\nDROP TABLE old_more;\n",
	})
	g := func(command ...string) string {
		return goose().run(t, append([]string{"-dir", s.theirs, "clickhouse", s.address()}, command...)...)
	}
	g("up")
	g("down") // 3
	exec(t, s.Servers.Nodes[0], "ALTER TABLE goose_db_version UPDATE tstamp = tstamp - 1000 * version_id WHERE 1 SETTINGS mutations_sync = 2")
	s.before = s.schema()

	dry := s.Must(0, "import", "goose", "--dir", s.theirs, "--dry-run")
	running.Says(t, dry.Stdout, "[X] 00002_add", "[ ] 00003_more", "3 files to write into", "2 migrations to record as completed, 1 pending", "Nothing was changed.")
	if _, err := os.Stat(s.ours); err == nil || s.own() > 0 {
		t.Errorf("a dry run made %s (%v), or %d tables", s.ours, err, s.own())
	}
	running.Says(t, s.Must(0, "import", "goose", "--dir", s.theirs).Stdout, "3 files were written, 2 migrations recorded as completed")
	s.unchanged()
	s.wantTimes("SELECT toString(tstamp, 'UTC') FROM goose_db_version WHERE version_id > 0 ORDER BY version_id", "00001_events", "00002_add")
	running.Says(t, s.Must(3, "import", "goose", "--dir", s.theirs).Stderr, "has rows already")

	running.Says(t, s.Must(0, "migrate").Stdout, "1 migration completed")
	running.Says(t, s.Must(0, "migrate").Stdout, "Nothing to do.")
	s.Must(0, "rollback", "3", "--group", "old", "--force")
	if left := s.tables(s.Servers.Nodes[0]); strings.Join(left, " ") != "goose_db_version" {
		t.Errorf("the converted ways back left %v", left)
	}
	s.Must(0, "migrate")
	if diff := cmp.Diff([][]string{{"3", "{word};"}}, query(t, s.Servers.Nodes[0], "SELECT toString(count()), any(word) FROM old_events")); diff != "" {
		t.Errorf("the converted files made something else:\n%s", diff)
	}
}

// A completed group of goose's leaves skein nothing to do.
func TestAfterAnImportFromGooseThereIsNothingToDo(t *testing.T) {
	t.Parallel()
	s := newTaking(t, servers.modern.Cluster(t), map[string]string{"00001_events.sql": gooseEvents})
	goose().run(t, "-dir", s.theirs, "-table", "versions", "clickhouse", s.address(), "up")
	running.Says(t, s.Must(3, "import", "goose", "--dir", s.theirs).Stderr, "has table "+s.Servers.Database+".goose_db_version", "--table")
	s.Must(0, "import", "goose", "--dir", s.theirs, "--table", "versions")
	running.Says(t, s.Must(0, "migrate").Stdout, "Nothing to do.")
	running.Says(t, s.Must(0, "show", "old", "00001_events").Stdout, "goose, imported by")
}

// As for goose; golang-migrate tells the current version alone, and times only in
// the rows that its driver leaves behind.
func TestImportFromGolangMigrate(t *testing.T) {
	t.Parallel()
	s := newTaking(t, servers.modern.Cluster(t), map[string]string{
		"000001_events.up.sql": "-- two statements\nCREATE TABLE old_events (id UInt64, word String DEFAULT 'x') ENGINE = MergeTree ORDER BY id;\n" +
			"INSERT INTO old_events (id) SELECT number FROM numbers(2);\n",
		"000001_events.down.sql": "DROP TABLE old_events",
		"000002_more.up.sql":     "CREATE TABLE old_more (id UInt64) ENGINE = MergeTree ORDER BY id",
		"000002_more.down.sql":   "DROP TABLE old_more;",
		"000003_last.up.sql":     "ALTER TABLE old_more ADD COLUMN last UInt8;",
		"000003_last.down.sql":   "ALTER TABLE old_more DROP COLUMN last",
	})
	n := s.Servers.Nodes[0]
	address := fmt.Sprintf("clickhouse://%s:%d?username=default&database=%s&x-multi-statement=true", n.Host, n.Port, s.Servers.Database)
	for _, engine := range []string{"", "&x-migrations-table-engine=MergeTree&x-migrations-table=versions"} {
		m := func(command ...string) string {
			return golangMigrate().run(t, append([]string{"-path", s.theirs, "-database", address + engine}, command...)...)
		}
		m("up")
		m("down", "1") // 3
		table := "schema_migrations"
		if engine != "" {
			table = "versions"
		}
		s.before = s.schema()
		time.Sleep(1100 * time.Millisecond) // so that the time of the import is another one
		running.Says(t, s.Must(0, "import", "golang-migrate", "--dir", s.theirs, "--table", table).Stdout, "3 files were written, 2 migrations recorded as completed")
		s.unchanged()
		s.wantTimes("SELECT toString(toDateTime(intDiv(min(sequence), 1000000000), 'UTC')) FROM "+table+
			" WHERE dirty = 0 AND version IN (1, 2) GROUP BY version ORDER BY version", "000001_events", "000002_more")
		running.Says(t, s.Must(0, "migrate").Stdout, "1 migration completed")
		running.Says(t, s.Must(0, "migrate").Stdout, "Nothing to do.")
		s.Must(0, "rollback", "3", "--group", "old", "--force")
		if left := s.tables(n); strings.Join(left, " ") != table {
			t.Errorf("the converted ways back left %v", left)
		}
		s.Must(0, "revert", "--force", "--include-system")
		exec(t, n, "DROP TABLE %s", table)
		if err := os.RemoveAll(s.ours); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADirtyVersionOfGolangMigrateIsRefused(t *testing.T) {
	t.Parallel()
	s := newTaking(t, servers.modern.Cluster(t), map[string]string{"1_bad.up.sql": "SELECT nothing_of_that_name"})
	n := s.Servers.Nodes[0]
	address := fmt.Sprintf("clickhouse://%s:%d?username=default&database=%s", n.Host, n.Port, s.Servers.Database)
	if out, err := golangMigrate().try(t, "-path", s.theirs, "-database", address, "up"); err == nil {
		t.Fatalf("it worked:\n%s", out)
	}
	running.Says(t, s.Must(3, "import", "golang-migrate", "--dir", s.theirs).Stderr, "version 1 is dirty", "migrate force")
	if s.own() > 0 {
		t.Error("a refused import made tables")
	}
}

// The layout is that of the tool's documentation and sources; the tool itself was
// not run.
func TestImportFromPyClickHouseMigrator(t *testing.T) {
	t.Parallel()
	const file = "-- migrator:up\n-- @stmt\nCREATE TABLE old_users (id UInt64) ENGINE = MergeTree ORDER BY id\n\n-- migrator:down\n-- @stmt\nDROP TABLE old_users\n"
	s := newTaking(t, servers.modern.Cluster(t), map[string]string{"20260421140000_users.sql": file, "20260421150000_b.sql": strings.ReplaceAll(file, "old_users", "old_b")})
	n := s.Servers.Nodes[0]
	exec(t, n, "CREATE TABLE db_migrations (name String, up String, rollback String, dt DateTime64 DEFAULT now(), checksum String DEFAULT '') ENGINE = MergeTree() ORDER BY dt")
	exec(t, n, "CREATE TABLE old_users (id UInt64) ENGINE = MergeTree ORDER BY id")
	exec(t, n, "INSERT INTO db_migrations (name, up, rollback, dt) VALUES ('20260421140000_users.sql', "+
		"'-- @stmt\nCREATE TABLE old_users (id UInt64) ENGINE = MergeTree ORDER BY id', '-- @stmt\nDROP TABLE old_users', '2026-04-21 14:00:05.123')")
	s.before = s.schema()
	imported := s.Must(0, "import", "pyclickhousemigrator", "--dir", s.theirs)
	if strings.Contains(imported.Stdout, "note:") {
		t.Errorf("a file that is as it was applied is noted:\n%s", imported.Stdout)
	}
	s.unchanged()
	s.wantTimes("SELECT formatDateTime(dt, '%F %T', 'UTC') FROM db_migrations", "20260421140000_users")
	running.Says(t, s.Must(0, "migrate").Stdout, "1 migration completed")
	running.Says(t, s.Must(0, "migrate").Stdout, "Nothing to do.")
}

// Files that are in the group's directory already stay there.
func TestImportOfPyClickHouseMigratorInPlace(t *testing.T) {
	t.Parallel()
	s := newTaking(t, servers.modern.Cluster(t), nil)
	if err := os.MkdirAll(s.ours, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.ours, "1_users.sql")
	if err := os.WriteFile(file, []byte("-- migrator:up\n-- @stmt\nSELECT 1\n-- migrator:down\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := s.Servers.Nodes[0]
	exec(t, n, "CREATE TABLE db_migrations (name String, up String, rollback String, dt DateTime64, checksum String, kind String) ENGINE = MergeTree() ORDER BY dt")
	exec(t, n, "INSERT INTO db_migrations VALUES ('1_users.sql', '', '', '2026-04-21 14:00:05', '', 'baseline')")
	running.Says(t, s.Must(0, "import", "pyclickhousemigrator").Stdout, "note: 1_users was a baseline", "0 files were written, 1 migration recorded as completed")
	running.Says(t, s.Must(0, "migrate").Stdout, "Nothing to do.")
}
