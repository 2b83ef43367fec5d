package importer

import (
	"fmt"
	"testing"
)

func TestGolangMigrateFilesAreConverted(t *testing.T) {
	have := read(t, GolangMigrate(), dir(
		"000001_events.up.sql", "-- one; two\nCREATE TABLE events (id UInt64) ENGINE = MergeTree ORDER BY id;\n\nINSERT INTO events VALUES (1), (2);\n",
		"000001_events.down.sql", "DROP TABLE events",
		"20260101120000_word.up.sql", "ALTER TABLE events ADD COLUMN word String DEFAULT ';{word}'",
		"20260101120000_word.down.sql", "",
		"20260101120001_more.up.sql", "SELECT 1",
		"notes.sql", "no migration", "1_x.sql", "no migration",
	))
	ids := []string{}
	for _, m := range have {
		ids = append(ids, m.ID)
	}
	check(t, []string{"000001_events", "20260101120000_word", "20260101120001_more"}, ids)
	check(t, []string{"old/000001_events.up.sql", "old/000001_events.down.sql"}, have[0].From)
	check(t, []string{"CREATE TABLE events (id UInt64) ENGINE = MergeTree ORDER BY id", "INSERT INTO events VALUES (1), (2)"}, sql(have[0].Forward))
	check(t, []string{"DROP TABLE events"}, sql(have[0].Backward))
	check(t, []string{"ALTER TABLE events ADD COLUMN word String DEFAULT ';{{word}}'"}, sql(have[1].Forward))
	check(t, []string{}, sql(have[1].Backward))
	check(t, "", have[1].Irreversible)
	check(t, "golang-migrate has no 20260101120001_more.down.sql", have[2].Irreversible)
}

func TestGolangMigrateFilesThatCannotBeConverted(t *testing.T) {
	check(t, "old/1_a.down.sql:1:1: there is no 1_a.up.sql beside it", refused(t, GolangMigrate(), "1_a.down.sql", "SELECT 1"))
	check(t, "old/1_a.up.cql:1:1: only .sql files can be converted", refused(t, GolangMigrate(), "1_a.up.cql", "SELECT 1"))
	check(t, "old/1_a.up.sql:1:1: there is nothing to run in it, and skein's files have at least one statement: write SELECT 1 into it",
		refused(t, GolangMigrate(), "1_a.up.sql", "-- nothing"))
	check(t, "old/1_a.down.sql:2:6: the quote ' is not closed: close it", refused(t, GolangMigrate(), "1_a.up.sql", "SELECT 1", "1_a.down.sql", "DROP\nTABLE'"))
	check(t, "old/1_a b.up.sql: the file's name is no <id>_<name>: begin it with a number or a timestamp, such as 0001_create_events.sql, "+
		"and use letters, digits, and _ . -", refused(t, GolangMigrate(), "1_a b.up.sql", "SELECT 1", "1_a b.down.sql", ""))
}

// nano is a sequence of golang-migrate's.
func nano(seconds int) string { return fmt.Sprint(seconds * 1e9) }

func TestUpToTheVersionOfGolangMigrateAllIsApplied(t *testing.T) {
	fsys := dir("1_a.up.sql", "SELECT 1", "2_b.up.sql", "SELECT 1", "5_c.up.sql", "SELECT 1", "7_d.up.sql", "SELECT 1")
	for _, test := range []struct {
		name string
		rows [][]string
		want []string
	}{
		{"nothing", nil, []string{}},
		{"up", [][]string{{"1", "1", nano(10)}, {"1", "0", nano(11)}, {"2", "1", nano(20)}, {"2", "0", nano(21)}}, []string{"1_a 11", "2_b 21"}},
		{"down", [][]string{{"1", "0", nano(11)}, {"2", "0", nano(21)}, {"1", "1", nano(30)}, {"1", "0", nano(31)}}, []string{"1_a 11"}},
		{"down and up", [][]string{{"1", "0", nano(11)}, {"2", "0", nano(21)}, {"1", "0", nano(31)}, {"2", "0", nano(41)}}, []string{"1_a 11", "2_b 41"}},
		{"all down", [][]string{{"1", "0", nano(11)}, {"-1", "1", nano(20)}, {"-1", "0", nano(21)}}, []string{}},
		{"all down and up", [][]string{{"1", "0", nano(11)}, {"-1", "0", nano(21)}, {"1", "0", nano(31)}}, []string{"1_a 31"}},
		{"forced", [][]string{{"5", "0", nano(50)}}, []string{"1_a 50", "2_b 50", "5_c 50"}},
		{"dirty, then forced", [][]string{{"1", "0", nano(11)}, {"2", "1", nano(20)}, {"2", "0", nano(29)}}, []string{"1_a 11", "2_b 29"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			have, _, err := GolangMigrate().Mark(read(t, GolangMigrate(), fsys), test.rows)
			if err != nil {
				t.Fatal(err)
			}
			check(t, test.want, marks(have))
		})
	}
}

func TestGolangMigrateRowsThatCannotBeGoneBy(t *testing.T) {
	files := read(t, GolangMigrate(), dir("1_a.up.sql", "SELECT 1", "3_b.up.sql", "SELECT 1"))
	_, _, err := GolangMigrate().Mark(files, [][]string{{"1", "0", nano(11)}, {"3", "1", nano(20)}})
	wants(t, err, "version 3 is dirty: its migration ended half-way. See what of it is there, finish it or take it back, "+
		"and say so with migrate force VERSION; then import")
	_, _, err = GolangMigrate().Mark(files, [][]string{{"2", "0", nano(11)}})
	wants(t, err, "version 2 is applied, and has no file here: give --dir where all files are")
}
