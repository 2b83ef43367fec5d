package sqlfile_test

import (
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/sqlfile"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

var update = flag.Bool("update", false, "write the golden files")

//go:embed testdata/good
var good embed.FS

func events() sqlfile.Options {
	return sqlfile.Options{StorageSets: []storageset.Key{"events"}}
}

func TestGoodFiles(t *testing.T) {
	migrations, err := sqlfile.Load(good, "testdata/good", events())
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "testdata/good.golden", describe(t, migrations))
	fromDisk, err := sqlfile.Load(os.DirFS("testdata"), "good", events())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(migrations, fromDisk); diff != "" {
		t.Errorf("embedded files and those of a directory differ:\n%s", diff)
	}
	group := migration.Group{Name: "events", Migrations: migrations}
	system := migration.Group{Name: migration.System, Migrations: []migration.Migration{{ID: "0001_migrations", Forward: migrations[0].Forward, Irreversible: "a test"}}}
	if _, err := migration.NewRegistry(system, group); err != nil {
		t.Errorf("the registry refuses what the files say: %v", err)
	}
}

func describe(t *testing.T, migrations []migration.Migration) string {
	t.Helper()
	var b strings.Builder
	for _, m := range migrations {
		fmt.Fprintf(&b, "== %s blocking=%v irreversible=%q depends=%v allow=%v\n", m.ID, m.Blocking, m.Irreversible, m.DependsOn, m.Allow)
		for _, list := range []struct {
			name       string
			operations []ops.Operation
		}{{"up", m.Forward}, {"down", m.Backward}} {
			for _, operation := range list.operations {
				block, ok := operation.(ops.RunBlock)
				if !ok {
					t.Fatalf("%T is no RunBlock", operation)
				}
				fmt.Fprintf(&b, "-- %s %s %s %q %q\n%s\n", list.name, block.StorageSet, block.Target, block.Scope, block.Timeout, block.SQL)
			}
		}
	}
	return b.String()
}

func compareGolden(t *testing.T, file, have string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if diff := cmp.Diff(string(want), have); diff != "" {
		t.Errorf("%s (-want +have), -update accepts it:\n%s", file, diff)
	}
}

// TestMalformedFiles: the exact messages of each file of testdata/bad.txtar, where
// name.sql is followed by name.want.
func TestMalformedFiles(t *testing.T) {
	const file = "testdata/bad.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	out := &txtar.Archive{Comment: archive.Comment}
	for i, input := range archive.Files {
		name, isInput := strings.CutSuffix(input.Name, ".sql")
		if !isInput {
			continue
		}
		cases++
		_, err := sqlfile.Parse("0001_"+input.Name, input.Data, options(name))
		if err == nil {
			t.Errorf("%s is taken", input.Name)
			continue
		}
		have := strings.ReplaceAll(err.Error(), "0001_"+input.Name, "FILE") + "\n"
		everyErrorHasAPlace(t, err)
		out.Files = append(out.Files, input, txtar.File{Name: name + ".want", Data: []byte(have)})
		if *update {
			continue
		}
		if i+1 >= len(archive.Files) || archive.Files[i+1].Name != name+".want" {
			t.Errorf("%s has no %s.want behind it (make it with -update)", input.Name, name)
			continue
		}
		if diff := cmp.Diff(string(archive.Files[i+1].Data), have); diff != "" {
			t.Errorf("%s (-want +have), -update accepts it:\n%s", input.Name, diff)
		}
	}
	if cases < 40 {
		t.Errorf("%d files, want 40 at least", cases)
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// options: cases say by their names what is known of their group.
func options(name string) sqlfile.Options {
	switch {
	case strings.HasPrefix(name, "no-set"):
		return sqlfile.Options{}
	case strings.HasPrefix(name, "two-sets"):
		return sqlfile.Options{StorageSets: []storageset.Key{"events", "transactions"}}
	}
	return events()
}

// everyErrorHasAPlace walks what errors.Join made.
func everyErrorHasAPlace(t *testing.T, err error) {
	t.Helper()
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			everyErrorHasAPlace(t, one)
		}
		return
	}
	var problem *yamlnode.Problem
	if !errors.As(err, &problem) || problem.Line < 1 || problem.Column < 1 || problem.Text == "" {
		t.Errorf("%v has no line and column", err)
	}
}

const empty = "-- skein:up\n-- @stmt\nSELECT 1\n-- skein:down\n"

// TestNumbersOfFiles: they are ordered as numbers; two of one number and, where
// the group is sequential, a gap are errors. All errors come at once.
func TestNumbersOfFiles(t *testing.T) {
	files := func(names ...string) fstest.MapFS {
		fsys := fstest.MapFS{}
		for _, name := range names {
			fsys["m/"+name] = &fstest.MapFile{Data: []byte(empty)}
		}
		return fsys
	}
	sequential := events()
	sequential.Sequential, sequential.Shown = true, "migrations/events"
	for _, test := range []struct {
		names   []string
		options sqlfile.Options
		want    string // IDs, or a part of each error, by line
	}{
		{[]string{"10_b.sql", "9_a.sql", "0011_c.sql", "20261120101500_d.sql"}, events(), "9_a 10_b 0011_c 20261120101500_d"},
		{[]string{"0001_a.sql", "0002_b.sql", "3_c.sql"}, sequential, "0001_a 0002_b 3_c"},
		{[]string{"7_a.sql", "8_b.sql"}, sequential, "7_a 8_b"},
		{[]string{"1_a.sql", "sub/2_b.sql", ".2_b.sql", "2_b.yaml", "x.txt"}, events(), "1_a"},
		{nil, events(), ""},
		{[]string{"1_a.sql", "0001_b.sql"}, events(), "m/1_a.sql: has the number of 0001_b"},
		{
			[]string{"1_a.sql", "3_b.sql", "7_c.sql"},
			sequential,
			"migrations/events/3_b.sql: follows 1_a, and there is no file between them with number 2\nmigrations/events/7_c.sql: follows 3_b",
		},
		{[]string{"create.sql", "1.sql", "a b_c.sql"}, events(), "m/1.sql: the file's name\nm/a b_c.sql: the file's name\nm/create.sql: the file's name"},
	} {
		fsys := files(test.names...)
		fsys["m/keep"] = &fstest.MapFile{}
		migrations, err := sqlfile.Load(fsys, "m", test.options)
		if err != nil {
			lines := strings.Split(err.Error(), "\n")
			want := strings.Split(test.want, "\n")
			if !slices.EqualFunc(lines, want, strings.HasPrefix) {
				t.Errorf("%v: %v\nwant %s", test.names, err, test.want)
			}
			continue
		}
		var ids []string
		for _, m := range migrations {
			ids = append(ids, m.ID)
		}
		if have := strings.Join(ids, " "); have != test.want {
			t.Errorf("%v: %q, want %q", test.names, have, test.want)
		}
	}
}

func TestAllErrorsOfAllFilesComeAtOnce(t *testing.T) {
	fsys := fstest.MapFS{
		"m/1_a.sql": {Data: []byte("-- skein:up\n-- @stmt targt=local\nDROP TABLE {dbb}.t\n")},
		"m/2_b.sql": {Data: []byte("-- skein:up\n-- @stmt\n-- skein:down\n")},
		"m/x.sql":   {},
	}
	_, err := sqlfile.Load(fsys, "m", events())
	if err == nil {
		t.Fatal("all is taken")
	}
	for _, want := range []string{
		"m/1_a.sql:1:1: there is no down section", "m/1_a.sql:2:10: unknown option targt", "m/1_a.sql:3:12: unknown placeholder {dbb}",
		"m/2_b.sql:1:1: the up section has no statement", "m/x.sql: the file's name",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %q", err, want)
		}
	}
}

func TestADirectoryThatIsNotThere(t *testing.T) {
	if _, err := sqlfile.Load(fstest.MapFS{}, "nowhere", events()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want fs.ErrNotExist", err)
	}
}

// TestTheChecksumIsOfTheBlocks: not of comments, white space and where the file is.
func TestTheChecksumIsOfTheBlocks(t *testing.T) {
	sum := func(text string) string {
		t.Helper()
		m, err := sqlfile.Parse("0001_a.sql", []byte(text), events())
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		sum, err := m.Checksum()
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	const file = "-- skein:up\n-- @stmt target=local\nCREATE TABLE t (id UInt64) ENGINE = Log\n-- skein:down\n-- @stmt target=local\nDROP TABLE t\n"
	for _, same := range []string{
		strings.ReplaceAll(file, "\n", "\r\n"),
		strings.ReplaceAll(file, "skein:", "migrator:"),
		"-- a file\n\n" + file + "\n\n-- its end\n",
		strings.ReplaceAll(file, "CREATE", "\n\n  -- the table\nCREATE"),
		strings.ReplaceAll(file, "(id UInt64)", "(\n  id UInt64 -- the key\n)"),
		strings.ReplaceAll(file, "target=local", "storage_set=events target=local timeout=1h"),
		"-- @blocking\n" + file,
	} {
		if sum(same) != sum(file) {
			t.Errorf("another checksum:\n%s", same)
		}
	}
	for _, other := range []string{
		strings.ReplaceAll(file, "UInt64", "UInt32"),
		strings.ReplaceAll(file, "DROP TABLE t", "DROP TABLE u"),
		strings.ReplaceAll(file, "DROP TABLE t", ""),
		strings.ReplaceAll(file, "target=local", "target=distributed"),
		strings.ReplaceAll(file, "target=local", "target=local scope=one-node"),
		strings.ReplaceAll(file, "target=local", "target=local storage_set=events")[:0] + strings.ReplaceAll(file, "DROP", "-- @stmt target=local\nDROP TABLE v\n-- @stmt target=local\nDROP"),
	} {
		if sum(other) == sum(file) {
			t.Errorf("the same checksum:\n%s", other)
		}
	}
}

// TestTheWayBackIsKeptAsItIsInTheFile: the stored text renders when the file is gone.
func TestTheWayBackIsKeptAsItIsInTheFile(t *testing.T) {
	m, err := sqlfile.Parse("0001_a.sql", []byte("-- skein:up\n-- @stmt\nSELECT 1\n-- skein:down\n-- @stmt target=local timeout=5m\nDROP TABLE {db}.t -- {x}\n{on_cluster}\n"), events())
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.BackwardText()
	if err != nil {
		t.Fatal(err)
	}
	var stored ops.Operations
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.Backward, []ops.Operation(stored)); diff != "" {
		t.Error(diff)
	}
}

func TestEncodeRefusesWhatIsNoSQLFile(t *testing.T) {
	block := ops.RunBlock{Place: ops.Place{StorageSet: "events", Target: ops.Local}, SQL: "SELECT '\n-- @stmt\n'"}
	for _, operation := range []ops.Operation{ops.DropTable{}, block} {
		if _, err := sqlfile.Encode(migration.Migration{ID: "0001_a", Forward: []ops.Operation{operation}}); err == nil {
			t.Errorf("%+v is written", operation)
		}
	}
}

// FuzzParse: nothing panics, every error has a place, and what is accepted is the
// same after it was written.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"0001_create_events", "9_by_pyclickhousemigrator", "10_irreversible", "20261120101500_windows"} {
		text, err := good.ReadFile(path.Join("testdata/good", name+".sql"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	archive, err := txtar.ParseFile("testdata/bad.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(string(file.Data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := sqlfile.Parse("0001_a.sql", []byte(text), events())
		if err != nil {
			everyErrorHasAPlace(t, err)
			return
		}
		for _, operation := range slices.Concat(m.Forward, m.Backward) {
			if err := operation.Check(); err != nil {
				t.Fatalf("taken, and refused later: %v", err)
			}
		}
		written, err := sqlfile.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := sqlfile.Parse("0001_a.sql", written, events())
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Fatalf("written and read again (-before +after):\n%s\n%s", diff, written)
		}
	})
}

// BenchmarkLoad reads 10,000 files.
func BenchmarkLoad(b *testing.B) {
	text, err := good.ReadFile("testdata/good/0001_create_events.sql")
	if err != nil {
		b.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for i := range 10_000 {
		fsys[fmt.Sprintf("m/%05d_a.sql", i)] = &fstest.MapFile{Data: text}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sqlfile.Load(fsys, "m", events()); err != nil {
			b.Fatal(err)
		}
	}
}
