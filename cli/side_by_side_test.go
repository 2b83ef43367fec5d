package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/bench/planning"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/sqlfile"
	"github.com/skein-migrate/skein/migration/yamlfile"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/state"
	"github.com/skein-migrate/skein/storageset"
)

// sideBySide is the migration of docs/writing-migrations.md in Go. The page has its
// text, from this file.
func sideBySide() migration.Migration {
	return (
	// begin
	migration.Migration{ID: "0002_add_trace_id", Forward: []ops.Operation{
		ops.AddColumn{Table: ops.LocalTable("events", "events_local"), Column: ops.Column{Name: "trace_id", Type: "UUID"}},
		ops.AddColumn{Table: ops.DistributedTable("events", "events_dist"), Column: ops.Column{Name: "trace_id", Type: "UUID"}},
	}})
	// end
}

func TestTheThreeSourcesSayTheSame(t *testing.T) {
	page, err := os.ReadFile("../docs/writing-migrations.md")
	if err != nil {
		t.Fatal(err)
	}
	source := func(name string) string {
		found := regexp.MustCompile("(?s)<!-- side by side: " + name + " -->\n```\\w+\n(.*?)```").FindSubmatch(page)
		if found == nil {
			t.Fatalf("the page has no %s", name)
		}
		return string(found[1])
	}
	self, err := os.ReadFile("side_by_side_test.go")
	if err != nil {
		t.Fatal(err)
	}
	inGo := regexp.MustCompile(`(?s)\t// begin\n(.*?)\)\n\t// end`).FindSubmatch(self)
	if diff := cmp.Diff(strings.ReplaceAll("\n"+string(inGo[1])+"\n", "\n\t", "\n"), "\n"+source("go")); diff != "" {
		t.Errorf("the page's Go is not what is tested (-here +page):\n%s", diff)
	}
	fromYAML, err := yamlfile.Parse("0002_add_trace_id.yaml", []byte(source("yaml")), yamlfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fromSQL, err := sqlfile.Parse("0002_add_trace_id.sql", []byte(source("sql")), sqlfile.Options{StorageSets: []storageset.Key{"events"}})
	if err != nil {
		t.Fatal(err)
	}
	want := planned(t, sideBySide())
	for name, m := range map[string]migration.Migration{"YAML": fromYAML, "SQL": fromSQL} {
		if diff := cmp.Diff(want, planned(t, m)); diff != "" {
			t.Errorf("%s says something else (-Go +%s):\n%s", name, name, diff)
		}
	}
}

// planned are the statements of a migration, there and back, and where they go.
func planned(t *testing.T, m migration.Migration) []string {
	t.Helper()
	columns := []ops.Column{{Name: "id", Type: "UInt64"}}
	registry, err := migration.NewRegistry(state.System(), migration.Group{Name: "events", Migrations: []migration.Migration{
		{ID: "0001_create_events", Forward: []ops.Operation{
			ops.CreateTable{
				Table: ops.LocalTable("events", "events_local"), Columns: columns, Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
			},
			ops.CreateTable{
				Table: ops.DistributedTable("events", "events_dist"), Columns: columns,
				Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: "events_local"},
			},
		}}, m,
	}})
	if err != nil {
		t.Fatal(err)
	}
	group, err := registry.Group("events")
	if err != nil {
		t.Fatal(err)
	}
	sets, err := storageset.Assign(map[string][]storageset.Key{"main": {"events"}})
	if err != nil {
		t.Fatal(err)
	}
	planner := plan.New(sets, planning.TwoByTwo())
	var out []string
	for _, list := range [][]ops.Operation{group.Migrations[0].Forward, group.Migrations[1].Forward, group.Migrations[1].Backward} {
		steps, _, err := planner.Operations(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			text := strings.Join(strings.Fields(strings.ReplaceAll(step.Text, "`", "")), " ")
			out = append(out, strings.Join(journal.Names(step.Nodes), " ")+": "+text)
		}
	}
	if len(out) != 6 {
		t.Fatalf("%d statements: %q", len(out), out)
	}
	return out
}
