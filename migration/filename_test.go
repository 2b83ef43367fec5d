package migration_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/migration"
)

func TestTheNameOfAFileIsTheIDOfItsMigration(t *testing.T) {
	for name, want := range map[string]migration.File{
		"0001_create_events.yaml":                   {ID: "0001_create_events", Number: 1},
		"migrations/events/0010_x.sql":              {ID: "0010_x", Number: 10},
		"20261120101500_add-trace.id.yaml":          {ID: "20261120101500_add-trace.id", Number: 20261120101500},
		"18446744073709551615_the_largest_of_all.x": {ID: "18446744073709551615_the_largest_of_all", Number: 1<<64 - 1},
	} {
		have, err := migration.ParseFileName(name)
		if err != nil || have != want {
			t.Errorf("%s: %+v, %v, want %+v", name, have, err, want)
		}
	}
}

func TestAFileWithoutANumberOrANameIsRefused(t *testing.T) {
	for _, name := range []string{
		"create_events.yaml", "0001.yaml", "0001_.yaml", "0001-create.yaml", "_0001_x.sql", "", ".yaml",
		"0001_a b.yaml", "0001_naïve.yaml", "18446744073709551616_too_large.sql", "0001__x.sql", "+1_x.sql",
	} {
		if have, err := migration.ParseFileName(name); err == nil || !strings.Contains(err.Error(), "0001_create_events") {
			t.Errorf("%q: %+v, %v, want an error with an example", name, have, err)
		}
	}
}

func TestFilesAreOrderedByTheirNumbers(t *testing.T) {
	var files []migration.File
	for _, name := range []string{"10_b.sql", "9_a.yaml", "0010_a.yaml", "20261120101500_x.sql"} {
		file, err := migration.ParseFileName(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	same := migration.SameNumber(files)
	slices.SortFunc(files, migration.CompareFiles)
	var order []string
	for _, file := range files {
		order = append(order, file.ID)
	}
	if diff := cmp.Diff([]string{"9_a", "0010_a", "10_b", "20261120101500_x"}, order); diff != "" {
		t.Error(diff)
	}
	if len(same) != 1 || same[0][0].ID != "0010_a" || same[0][1].ID != "10_b" {
		t.Errorf("10_b and 0010_a are one number, have %v", same)
	}
}
