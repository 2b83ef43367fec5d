package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/validate"
)

// typed runs the stock program in the working directory, as typed.
func typed(t *testing.T, args ...string) {
	t.Helper()
	var stderr bytes.Buffer
	if code := (Program{Args: args, Stderr: &stderr}).Run(t.Context()); code != 0 {
		t.Fatalf("skein %s: exit %d\n%s", strings.Join(args, " "), code, stderr.String())
	}
}

// What init and new write is read, registered and valid, as it is: also on a single
// node, and where a group has several storage sets.
func TestWhatIsWrittenIsValidUnedited(t *testing.T) {
	for _, format := range []string{"sql", "yaml"} {
		for _, more := range [][]string{nil, {"--single-node"}, {"--group", "orders-eu", "--storage-set", "shop"}} {
			t.Run(strings.Join(append([]string{format}, more...), " "), func(t *testing.T) {
				t.Chdir(t.TempDir())
				typed(t, append([]string{"init", "--format", format}, more...)...)
				group := "events"
				if len(more) > 1 {
					group = "orders-eu"
				}
				for _, next := range []string{"sql", "yaml"} {
					typed(t, "new", group, "next", "--format", next)
				}
				text, err := os.ReadFile("skein.yaml")
				if err != nil {
					t.Fatal(err)
				}
				valid(t, 3)
				several := strings.NewReplacer("storage_sets: [migrations, ", "storage_sets: [migrations, other, ", "    storage_sets: [events]\n", "", "    storage_sets: [shop]\n", "").Replace(string(text))
				if err := os.WriteFile("skein.yaml", []byte(several), 0o600); err != nil {
					t.Fatal(err)
				}
				typed(t, "new", group, "of_several", "--format", "sql")
				typed(t, "new", group, "of_several", "--format", "yaml")
				if format == "sql" {
					return // its first file names no storage set
				}
				if err := os.Remove(filepath.Join("migrations", group, "0002_next.sql")); err != nil {
					t.Fatal(err)
				}
				valid(t, 4)
			})
		}
	}
}

// valid loads the project of the working directory.
func valid(t *testing.T, migrations int) {
	t.Helper()
	cfg, err := config.Load(config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := (&app{}).registry(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.CheckStorageSets(registry.StorageSets()); err != nil {
		t.Error(err)
	}
	groups := registry.Groups()
	if have := len(groups[1].Migrations); have != migrations {
		t.Errorf("%d migrations, want %d", have, migrations)
	}
	for _, problem := range validate.Check(groups, validate.Options{}) {
		t.Error(problem)
	}
	_, env := validate.Synthetic(ops.Place{})
	single := env
	single.SingleNode = true
	for _, m := range groups[1].Migrations {
		for _, op := range append(m.Forward, m.Backward...) {
			for _, env := range []ops.Env{env, single} {
				if _, err := op.Statements(env); err != nil {
					t.Errorf("%s: %v", m.ID, err)
				}
			}
		}
	}
}

// A project in Go compiles as it is written, with what new adds to it, in a module of
// its own and without any network.
func TestAGoProjectCompiles(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles skein")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	typed(t, "init", "--format", "go", "--module", "example.com/shop", "--single-node")
	text, err := os.ReadFile("skein.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const billing = "  - {name: billing-eu, dir: migrations/billing-eu, storage_sets: [events]}\n"
	if err := os.WriteFile("skein.yaml", append(text, billing...), 0o600); err != nil {
		t.Fatal(err)
	}
	typed(t, "new", "events", "next")
	typed(t, "new", "events", "by_hand", "--format", "sql")
	typed(t, "new", "billing-eu", "first", "--format", "go")
	typed(t, "new", "billing-eu", "second")
	useThisSkein(t, root)
	goes(t, "vet", "./...")
	goes(t, "build", "-o", "shop", ".")
	t.Setenv("SKEIN_CLUSTERS_EVENTS_HOSTS", "127.0.0.1:1")
	out, err := exec.Command("./shop", "list").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no host answers") {
		t.Errorf("list: %v\n%s\nwant it to come as far as the server, with all migrations read", err, out)
	}
}

// useThisSkein makes the module of the working directory use a checkout.
func useThisSkein(t *testing.T, root string) {
	t.Helper()
	// To read its whole graph takes files of modules that skein is built without.
	list := exec.Command("go", "list", "-m", "all")
	list.Dir = root
	if out, err := list.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOPROXY", "off")
	t.Setenv("GONOSUMDB", "*")
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("go.sum", sums, 0o600); err != nil {
		t.Fatal(err)
	}
	goes(t, "mod", "edit", "-require=github.com/skein-migrate/skein@v0.0.0", "-replace=github.com/skein-migrate/skein="+root)
}

func goes(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
