package importer

import "testing"

const users = "-- migrator:up\n-- @stmt\nCREATE TABLE users (id UInt64) ENGINE = MergeTree ORDER BY id\n\n-- migrator:down\n-- @stmt\nDROP TABLE users\n"

func TestPyClickHouseMigratorFilesAreTakenAsTheyAre(t *testing.T) {
	have := read(t, PyClickHouseMigrator(), dir("20260421140000_users.sql", users, "readme.md", "x"))
	check(t, users, string(have[0].Text))
	check(t, "20260421140000_users.sql", have[0].File)
	check(t, []string{"DROP TABLE users"}, sql(have[0].Backward))
	check(t, "old/20260421140000.sql: the file's name is no <id>_<name>: begin it with a number or a timestamp, such as 0001_create_events.sql, "+
		"and use letters, digits, and _ . -", refused(t, PyClickHouseMigrator(), "20260421140000.sql", users))
}

func TestRowsOfPyClickHouseMigrator(t *testing.T) {
	const up = "-- @stmt\nCREATE TABLE users (id UInt64) ENGINE = MergeTree ORDER BY id"
	const down = "-- @stmt\nDROP TABLE users"
	files := read(t, PyClickHouseMigrator(), dir("20260421140000_users.sql", users, "20260421150000_b.sql", users, "20260421160000_c.sql", users,
		"20260421170000_d.sql", users, "20260421180000_e.sql", users))
	have, notes, err := PyClickHouseMigrator().Mark(files, [][]string{
		{"20260421140000_users.sql", up, down, unix(100), "migration"},
		{"20260421150000.sql", up, "", unix(110), "migration"}, // renamed since
		{"20260421160000_c.sql", "CREATE TABLE users; ", down, unix(120), "migration"},
		{"20260421170000_d.sql", "", "", unix(130), "baseline"},
	})
	if err != nil {
		t.Fatal(err)
	}
	check(t, []string{"20260421140000_users 100", "20260421150000_b 110", "20260421160000_c 120", "20260421170000_d 130"}, marks(have))
	check(t, []string{
		"20260421150000_b: the file was changed after it was applied. It is taken as it is now",
		"20260421160000_c: what was applied is kept in a form that cannot be compared with the file",
		"20260421170000_d was a baseline: the other tool never ran it",
	}, notes)
	_, _, err = PyClickHouseMigrator().Mark(files, [][]string{{"20250101000000_old.sql", up, down, unix(100), "migration"}})
	wants(t, err, "20250101000000_old.sql is applied, and is not here: give --dir where all files are")
	check(t, "SELECT name, up, rollback, toString(toUnixTimestamp(dt)), toString(kind) FROM t ORDER BY dt, name",
		PyClickHouseMigrator().Query("t", []string{"name", "kind"}))
}
