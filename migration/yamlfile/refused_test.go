package yamlfile

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/skein-migrate/skein/storageset"
)

// TestWhatIsRefused holds every message of the files in testdata/refused.txtar,
// which are all problems of each file.
func TestWhatIsRefused(t *testing.T) {
	name := filepath.Join("testdata", "refused.txtar")
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		file, messages := archive.Files[i], &archive.Files[i+1]
		if messages.Name != "messages" {
			t.Fatalf("%s is not followed by messages", file.Name)
		}
		_, err := Parse("0001_x.yaml", file.Data, Options{})
		if err == nil {
			t.Errorf("%s is taken", file.Name)
			continue
		}
		have := err.Error() + "\n"
		if *update {
			messages.Data = []byte(have)
		}
		if diff := cmp.Diff(string(messages.Data), have); diff != "" {
			t.Errorf("%s (-want +have), -update accepts it:\n%s", file.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Ten lines of aliases to aliases are billions of operations.
func TestAliasesToAliasesEnd(t *testing.T) {
	text := "storage_set: s\ntarget: local\nforward:\n  - &a0 {drop_table: {table: t}}\n"
	for i := range 30 {
		text += fmt.Sprintf("  - &a%d {when: {if: {single_node: true}, then: [*a%d, *a%d]}}\n", i+1, i, i)
	}
	_, err := Parse("0001_x.yaml", []byte(text), Options{})
	if err == nil || !strings.Contains(err.Error(), "aliases make more than 100000 values") {
		t.Errorf("have %.200v", err)
	}
	if lines := strings.Count(err.Error(), "\n"); lines > 3 {
		t.Errorf("%d more messages follow", lines)
	}
}

// FuzzParse holds that nothing panics, every problem has its place, and what is
// taken can be written and read again.
func FuzzParse(f *testing.F) {
	for _, text := range accepted() {
		f.Add([]byte(text))
	}
	archive, err := txtar.ParseFile(filepath.Join("testdata", "refused.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Data)
	}
	for _, key := range newTypes().operationKeys() {
		f.Add([]byte("forward: [{" + key + ": {table: t, name: n, was: {}, user: {}}}]\nstorage_set: s\ntarget: local\n"))
	}
	place := regexp.MustCompile(`^0001_x\.yaml:[1-9][0-9]*:[1-9][0-9]*: .`)
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := Parse("0001_x.yaml", text, Options{StorageSets: []storageset.Key{"events"}})
		if err != nil {
			joined, many := err.(interface{ Unwrap() []error })
			all := []error{err}
			if many {
				all = joined.Unwrap()
			}
			for _, problem := range all {
				if !place.MatchString(problem.Error()) {
					t.Errorf("%q has no place", problem)
				}
			}
			return
		}
		written, err := Encode(m)
		if err != nil {
			t.Fatalf("what is read cannot be written: %v", err)
		}
		again, err := Parse("0001_x.yaml", written, Options{})
		if err != nil {
			t.Fatalf("what is written is refused: %v\n%s", err, written)
		}
		if before, after := sum(t, m), sum(t, again); before != after {
			t.Errorf("the checksum changed on the way\n%s\n%s", text, written)
		}
	})
}
