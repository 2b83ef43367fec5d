package shadowswap_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/examples/shadowswap"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/yamlfile"
	"github.com/skein-migrate/skein/state"
	"github.com/skein-migrate/skein/storageset"
)

// The two forms are one: what is applied from Go can go on from YAML.
func TestGoAndYAMLAreTheSame(t *testing.T) {
	files, err := yamlfile.Load(os.DirFS("."), "migrations", yamlfile.Options{StorageSets: []storageset.Key{"events"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sums(t, shadowswap.Group().Migrations), sums(t, files)); diff != "" {
		t.Errorf("(-Go +YAML)\n%s", diff)
	}
}

// sums are the checksums by ID, of what a registry makes of migrations.
func sums(t *testing.T, list []migration.Migration) map[string]string {
	t.Helper()
	registry, err := migration.NewRegistry(state.System(), migration.Group{Name: "events", Migrations: list})
	if err != nil {
		t.Fatal(err)
	}
	group, err := registry.Group("events")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range group.Migrations {
		sum, err := m.Checksum()
		if err != nil {
			t.Fatal(err)
		}
		out[m.ID] = sum
	}
	return out
}

// The page shows both forms as they are here.
func TestThePageHasBothForms(t *testing.T) {
	page, err := os.ReadFile("../../docs/shadow-table-swap.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("shadowswap.go")
	if err != nil {
		t.Fatal(err)
	}
	// Of the Go file what stands below its imports.
	_, body, found := strings.Cut(string(source), "// Group is")
	if !found {
		t.Fatal("shadowswap.go has no function Group")
	}
	if !strings.Contains(string(page), "```go\n// Group is"+body+"```") {
		t.Error("docs/shadow-table-swap.md has not the Go of shadowswap.go")
	}
	files, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile("migrations/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "```yaml\n# "+file.Name()+"\n"+string(text)+"```") {
			t.Errorf("docs/shadow-table-swap.md has not %s", file.Name())
		}
	}
}
