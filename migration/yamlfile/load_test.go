package yamlfile

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/storageset"
)

func filesOf(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

const drop = "target: local\nforward: [{drop_table: {table: t, storage_set: events}}]\n"

func TestLoadTakesTheFilesInTheOrderOfTheirNumbers(t *testing.T) {
	migrations, err := Load(filesOf(map[string]string{
		"migrations/events/10_c.yaml":        drop,
		"migrations/events/9_b.yml":          drop,
		"migrations/events/0001_a.yaml":      drop,
		"migrations/events/0002_other.sql":   "SELECT 1",
		"migrations/events/README.md":        "no migration",
		"migrations/events/old/0001_x.yaml":  "no migration",
		"migrations/users/0001_another.yaml": "no migration",
	}), "migrations/events", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range migrations {
		ids = append(ids, m.ID)
	}
	if diff := cmp.Diff([]string{"0001_a", "9_b", "10_c"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestLoadTellsWhatIsWrongInAllFiles(t *testing.T) {
	_, err := Load(filesOf(map[string]string{
		"events/0001_a.yaml":   "forwards: []",
		"events/0002_b.yaml":   drop,
		"events/2_c.yaml":      drop,
		"events/0003_d.yaml":   "forward: [{drop_table: {tabel: t}}]",
		"events/create.yaml":   drop,
		"events/0004_e f.yaml": drop,
	}), "events", Options{Shown: "migrations/events", StorageSets: []storageset.Key{"events"}})
	want := `migrations/events/0001_a.yaml:1:1: unknown key "forwards" in the file, did you mean "forward"?
migrations/events/0001_a.yaml:1:1: forward is missing: list the operations of the migration there
migrations/events/0003_d.yaml:1:12: drop_table: table is missing
migrations/events/0003_d.yaml:1:25: unknown key "tabel" in drop_table, did you mean "table"?
migrations/events/0004_e f.yaml: the file's name is no <id>_<name>: begin it with a number or a timestamp, such as 0001_create_events.yaml, and use letters, digits, and _ . -
migrations/events/create.yaml: the file's name is no <id>_<name>: begin it with a number or a timestamp, such as 0001_create_events.yaml, and use letters, digits, and _ . -
migrations/events/2_c.yaml: has the number of 0002_b: which of them comes first? Number one of them anew`
	if err == nil {
		t.Fatal("want an error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	var problem *yamlnode.Problem
	if !errors.As(err, &problem) || problem.Line != 1 {
		t.Errorf("no *yamlnode.Problem in %v", err)
	}
}

func TestADirectoryThatIsNotThereIsAnError(t *testing.T) {
	if _, err := Load(fstest.MapFS{}, "migrations/events", Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("have %v", err)
	}
}

// BenchmarkLoad reads 10,000 files.
func BenchmarkLoad(b *testing.B) {
	const files = 10_000
	fsys := fstest.MapFS{}
	for i := range files {
		fsys[fmt.Sprintf("events/%05d_add.yaml", i+1)] = &fstest.MapFile{Data: fmt.Appendf(nil, `storage_set: events
target: local
forward:
  - add_column:
      table: events_local
      column: {name: column_%d, type: UInt64, comment: one of many}
      after: column_%d
`, i+1, i)}
	}
	b.ReportAllocs()
	for b.Loop() {
		if migrations, err := Load(fsys, "events", Options{}); err != nil || len(migrations) != files {
			b.Fatal(len(migrations), err)
		}
	}
}
