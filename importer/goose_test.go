package importer

import (
	"testing"
)

const gooseEvents = `-- +goose Up
-- events of all projects; see the wiki
CREATE TABLE events ON CLUSTER '{cluster}'
(
    id UInt64, -- the project; always there
    word String DEFAULT '{word}'
)
ENGINE = ReplicatedMergeTree('/t/{shard}/events', '{replica}')
ORDER BY id; -- done

-- +goose StatementBegin
INSERT INTO events (id, word)
SELECT 1, ';';
-- +goose StatementEnd
ALTER TABLE events ADD COLUMN a UInt8;

-- +goose Down
DROP TABLE events;
`

func TestGooseFilesAreConverted(t *testing.T) {
	have := read(t, Goose(), dir("00001_events.sql", gooseEvents, "readme.md", "", "notes.sql", "x", "0_zero.sql", "x", "00001_events_test.go", "x"))
	if len(have) != 1 {
		t.Fatalf("%d migrations", len(have))
	}
	m := have[0]
	check(t, "00001_events", m.ID)
	check(t, []string{"old/00001_events.sql"}, m.From)
	check(t, []string{
		"CREATE TABLE events ON CLUSTER '{{cluster}}'\n(\n    id UInt64, -- the project; always there\n    word String DEFAULT '{{word}}'\n)\n" +
			"ENGINE = ReplicatedMergeTree('/t/{shard}/events', '{replica}')\nORDER BY id",
		"INSERT INTO events (id, word)\nSELECT 1, ';'",
		"ALTER TABLE events ADD COLUMN a UInt8",
	}, sql(m.Forward))
	check(t, []string{"DROP TABLE events"}, sql(m.Backward))
}

func TestGooseAnnotationsAreReadInAnyCase(t *testing.T) {
	have := read(t, Goose(), dir("1_a.sql", "-- +goose NO TRANSACTION\r\n--+goose UP\r\nSELECT\r\n 1;\r\n--   +goose down\r\n"))
	check(t, []string{"SELECT\n 1"}, sql(have[0].Forward))
	check(t, []string{}, sql(have[0].Backward))
	check(t, "", have[0].Irreversible)
}

func TestGooseFileWithoutDownIsIrreversible(t *testing.T) {
	have := read(t, Goose(), dir("1_a.sql", "-- +goose Up\nSELECT 1;"))
	check(t, "the file of goose has no section Down", have[0].Irreversible)
}

func TestGooseVariablesBecomeSkeins(t *testing.T) {
	have := read(t, Goose(), dir("1_a.sql", `-- +goose Up
SELECT '${NOT_YET}';
-- +goose ENVSUB ON
SELECT '${REGION}', $ZONE, '$$5', '\$6', '$(date)', '{word}', 'x${REGION}y';
-- +goose ENVSUB OFF
SELECT '$REGION';
-- +goose Down
`))
	check(t, []string{
		"SELECT '${{NOT_YET}}'",
		"SELECT '{env:REGION}', {env:ZONE}, '$5', '$6', '$(date)', '{{word}}', 'x{env:REGION}y'",
		"SELECT '$REGION'",
	}, sql(have[0].Forward))
}

func TestGooseFilesThatCannotBeConverted(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"no up", "SELECT 1;", "old/1_a.sql:1:1: this stands before -- +goose Up"},
		{"empty", "-- nothing", "old/1_a.sql:1:1: there is no -- +goose Up, so goose does not run it"},
		{"nothing to run", "-- +goose Up\n-- +goose Down\n", "old/1_a.sql:1:1: there is nothing to run in it, and skein's files have at least one statement: write SELECT 1 into it"},
		{"no semicolon", "-- +goose Up\nSELECT 1\n", "old/1_a.sql:2:1: this statement does not end: put a semicolon at the end of its last line"},
		{"no semicolon before down", "-- +goose Up\nSELECT 1\n-- +goose Down\n", "old/1_a.sql:2:1: this statement does not end: put a semicolon at the end of its last line"},
		{"open statement", "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n", "old/1_a.sql:2:1: -- +goose StatementBegin without StatementEnd"},
		{"end alone", "-- +goose Up\nSELECT 1;\n-- +goose StatementEnd\n", "old/1_a.sql:3:1: -- +goose StatementEnd without StatementBegin"},
		{"down first", "-- +goose Down\n-- +goose Up\nSELECT 1;\n", "old/1_a.sql:1:1: -- +goose Down has to follow -- +goose Up, once"},
		{"up twice", "-- +goose Up\nSELECT 1;\n-- +goose Up\n", "old/1_a.sql:3:1: a second -- +goose Up"},
		{"unknown", "-- +goose Up\n-- +goose Sideways\nSELECT 1;", "old/1_a.sql:2:1: -- +goose Sideways is no annotation that is known of goose"},
		{"indented", "-- +goose Up\n -- +goose Down\nSELECT 1;", "old/1_a.sql:2:1: goose refuses an annotation that does not begin its line"},
		{"two in one", "-- +goose Up\nSELECT 1; SELECT 2;", "old/1_a.sql:2:1: a second statement in what goose sends as one query, which ClickHouse refuses: end the first one's line with its semicolon"},
		{"open quote", "-- +goose Up\nSELECT 1;\nSELECT\n  'a;", "old/1_a.sql:4:3: the quote ' is not closed: close it"},
		{"default of a variable", "-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${A:-b}';", "old/1_a.sql:3:1: ${A…} says more than a name, and skein's {env:A} does not: write ${A}, and set the variable"},
		{"no name", "-- +goose ENVSUB ON\n-- +goose Up\nSELECT '$1';", "old/1_a.sql:3:1: goose takes the $ for a variable and finds no name behind it: write $$"},
		{"secret", "-- +goose ENVSUB ON\n-- +goose Up\nSELECT 1;\nSELECT\n '${DB_PASSWORD}';", "old/1_a.sql:5:3: {env:DB_PASSWORD}: plans and logs show the value of a variable, and DB_PASSWORD sounds like a secret: write '{secret:NAME}', and under secrets in skein.yaml NAME: env:DB_PASSWORD"},
		{"variable in braces", "-- +goose ENVSUB ON\n-- +goose Up\nSELECT '{${A}}';", "old/1_a.sql:3:1: a variable stands in braces here, which a file of skein's cannot say: write its value"},
		{"our marker", "-- +goose Up\nSELECT 1\n-- skein:down\n, 2;", "old/1_a.sql:2:1: write 1_alone as SQL: operation 1: its SQL has the line \"-- skein:down\", which divides files: write it otherwise"},
		{"our directive", "-- +goose Up\nSELECT 1,\n  -- @blocking\n 2;", "old/1_a.sql:3:3: @blocking is about the file: put it above -- skein:up"},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, test.want, refused(t, Goose(), "1_a.sql", test.text)) })
	}
	check(t, "old/00002_fill.go:1:1: a migration in Go cannot be converted: write it as SQL, or as a Go migration of skein's",
		refused(t, Goose(), "00002_fill.go", "package x"))
	check(t, "old/1__a.sql: the file's name is no <id>_<name>: begin it with a number or a timestamp, such as 0001_create_events.sql, "+
		"and use letters, digits, and _ . -", refused(t, Goose(), "1__a.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down"))
}

func TestTheLastRowOfAGooseVersionCounts(t *testing.T) {
	const up = "-- +goose Up\nSELECT 1;\n-- +goose Down\n"
	files := dir("1_a.sql", up, "2_b.sql", up, "3_c.sql", up, "4_d.sql", up)
	have, _, err := Goose().Mark(read(t, Goose(), files), [][]string{
		{"1", "1", unix(100)},
		{"2", "1", unix(110)},
		{"2", "0", unix(120)}, // as older versions of goose note that it was taken back
		{"3", "1", unix(110)},
		{"3", "0", unix(120)},
		{"3", "1", unix(130)},
	})
	if err != nil {
		t.Fatal(err)
	}
	check(t, []string{"1_a 100", "3_c 130"}, marks(have))
}

func TestGooseRowsThatCannotBeGoneBy(t *testing.T) {
	files := read(t, Goose(), dir("1_a.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\n"))
	_, _, err := Goose().Mark(files, [][]string{{"1", "0", unix(100)}, {"1", "1", unix(100)}, {"7", "1", unix(100)}, {"8", "0", unix(100)}})
	wants(t, err, "version 1 was applied and taken back within one second, and which came last cannot be known: "+
		"look at what is there, and delete the wrong row\nversion 7 is applied, and has no file here: give --dir where all files are")
}
