package directory_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/directory"
)

// kinds read two kinds of files; one with the text "bad" is refused.
func kinds() []directory.Kind {
	parse := func(name string, text []byte) (migration.Migration, error) {
		if string(text) == "bad" {
			return migration.Migration{}, errors.New(name + ": bad")
		}
		return migration.Migration{Irreversible: string(text)}, nil
	}
	return []directory.Kind{{Endings: []string{".sql"}, Parse: parse}, {Endings: []string{".yaml", ".yml"}, Parse: parse}}
}

func load(t *testing.T, options directory.Options, names ...string) (string, error) {
	t.Helper()
	fsys := fstest.MapFS{"m/sub/0001_x.sql": {}}
	for _, name := range names {
		name, text, _ := strings.Cut(name, "=")
		fsys["m/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	migrations, err := directory.Load(fsys, "m", options, kinds()...)
	var ids []string
	for _, m := range migrations {
		ids = append(ids, m.ID+"="+m.Irreversible)
	}
	return strings.Join(ids, " "), err
}

func TestFilesOfAllKindsComeInOneOrder(t *testing.T) {
	have, err := load(t, directory.Options{}, "10_c.sql=c", "9_b.yml=b", "0001_a.yaml=a", ".2_hidden.sql=x", "readme.md=x", "11_d.txt=x")
	if err != nil || have != "0001_a=a 9_b=b 10_c=c" {
		t.Errorf("%q, %v", have, err)
	}
	if _, err := directory.Load(fstest.MapFS{}, "nowhere", directory.Options{}, kinds()...); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestAllThatIsWrongWithADirectoryIsToldAtOnce(t *testing.T) {
	_, err := load(t, directory.Options{Shown: "events", Sequential: true},
		"1_a.sql=bad", "2_b.yaml=bad", "2_b.sql=", "02_c.yml=", "create.sql=", "6_d.sql=")
	want := `events/1_a.sql: bad
events/2_b.yaml: bad
events/create.sql: the file's name is no <id>_<name>: begin it with a number or a timestamp, such as 0001_create_events.sql, and use letters, digits, and _ . -
events/2_b.sql: has the number of 02_c: which of them comes first? Number one of them anew
events/2_b.yaml: has the ID of 2_b.sql: leave one of the two out
events/6_d.sql: follows 2_b, and there is no file between them with number 3: the group is sequential, number its files without a gap`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}
