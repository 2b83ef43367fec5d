package importer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/sqlfile"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// options are those of a group of one storage set.
func options() Options {
	return Options{StorageSets: []storageset.Key{"events"}, Shown: "old"}
}

// dir makes a directory of files: name, text, name, text.
func dir(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

// sql lists the statements of a list of operations.
func sql(list []ops.Operation) []string {
	out := []string{}
	for _, operation := range list {
		out = append(out, operation.(ops.RunBlock).SQL)
	}
	return out
}

// read reads one directory, and checks that each new file is read as what it was
// made from.
func read(t *testing.T, tool Tool, fsys fstest.MapFS) []Migration {
	t.Helper()
	migrations, err := tool.Read(fsys, options())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range migrations {
		again, err := sqlfile.Parse(m.File, m.Text, sqlfile.Options{StorageSets: options().StorageSets})
		if err != nil {
			t.Fatalf("%s: %v\n%s", m.File, err, m.Text)
		}
		if diff := cmp.Diff(m.Migration, again); diff != "" {
			t.Errorf("%s is read as something else (-converted +read):\n%s", m.File, diff)
		}
		if _, err := migration.NewRegistry(migration.Group{Name: "system"}, migration.Group{
			Name: "events", StorageSets: options().StorageSets, Migrations: []migration.Migration{again},
		}); err != nil {
			t.Errorf("%s: %v", m.File, err)
		}
	}
	return migrations
}

// refused is the error of reading one file.
func refused(t *testing.T, tool Tool, files ...string) string {
	t.Helper()
	_, err := tool.Read(dir(files...), options())
	if err == nil {
		return "nothing is wrong with it"
	}
	return err.Error()
}

// marks lists which migrations are applied, and since when.
func marks(migrations []Migration) []string {
	out := []string{}
	for _, m := range migrations {
		if m.Applied {
			out = append(out, fmt.Sprintf("%s %d", m.ID, m.At.Unix()))
		}
	}
	return out
}

func check(t *testing.T, want, have any) {
	t.Helper()
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +have)\n%s", diff)
	}
}

func TestEveryToolHasAName(t *testing.T) {
	for i, tool := range Tools() {
		check(t, Names()[i+1], tool.Name)
		check(t, []string(nil), append([]string(nil), tool.Lacking(tool.Columns)...))
	}
	check(t, []string{"dirty"}, GolangMigrate().Lacking([]string{"version", "sequence"}))
}

func TestTwoFilesOfOneVersionAreRefused(t *testing.T) {
	const up = "-- +goose Up\nSELECT 1;\n"
	check(t, "old/01_a.sql: has the version of 001_b.sql: which of them was applied cannot be known",
		refused(t, Goose(), "001_b.sql", up, "01_a.sql", up))
}

func TestAllProblemsOfAllFilesAreSaidAtOnce(t *testing.T) {
	have := refused(t, GolangMigrate(), "1_a.up.sql", "SELECT 'a", "2_b.up.sql", "SELECT 1;\n\nSELECT `b")
	check(t, []string{
		"old/1_a.up.sql:1:8: the quote ' is not closed: close it",
		"old/2_b.up.sql:3:8: the quote ` is not closed: close it",
	}, strings.Split(have, "\n"))
}

// unix is a time as rows have it.
func unix(seconds int64) string { return fmt.Sprint(time.Unix(seconds, 0).Unix()) }

func wants(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || err.Error() != text {
		t.Errorf("%v\nis not: %s", errors.Join(err), text)
	}
}
