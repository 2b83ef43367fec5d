package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/journal"
)

var update = flag.Bool("update", false, "write the golden files")

// Every file in testdata/bad is refused with the text beside it.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			_, err := config.Load(config.Options{Path: filepath.ToSlash(file)})
			var usage *journal.UsageError
			if !errors.As(err, &usage) {
				t.Fatalf("want *journal.UsageError, have %v", err)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("the error holds a password: %v", err)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatalf("%v: run the test with -update, and read what it wrote", readErr)
			}
			if diff := cmp.Diff(string(want), err.Error()+"\n"); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Load never panics, and never prints what follows "password:".
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "testdata/bad/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Add("a: &a [*a]\nclusters: *a\n")
	f.Add("clusters: &a\n  - *a\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(dir, "skein.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, environment := range []string{"", "staging"} {
			c, err := config.Load(config.Options{Path: file, Env: environment})
			if (c == nil) == (err == nil) {
				t.Errorf("both or neither: %v, %v", c, err)
			}
		}
	})
}
