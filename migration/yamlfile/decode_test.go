package yamlfile

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// accepted are files as people write them.
func accepted() map[string]string {
	return map[string]string{
		"all on one line": "forward: [{add_column: {table: events_local, target: local, storage_set: events, column: {name: trace_id, type: UUID}}}]",
		"once for the file": `
storage_set: events
target: local
forward:
  - add_column:
      table: events_local
      column: {name: trace_id, type: UUID}
`,
		"tables as keys": `
storage_set: events
forward:
  - add_column:
      table: {database: other, name: events_local, target: local}
      column: {name: trace_id, type: UUID}
`,
		"settings as keys, numbers as text": `
forward:
  - modify_settings:
      table: 2026
      storage_set: events
      target: local
      settings: {parts_to_throw_insert: 600, merge_with_ttl_timeout: "14400"}
  - reset_settings: {table: 2026, storage_set: events, target: local, names: [parts_to_throw_insert]}
irreversible: why not
`,
		"settings as a list": `
forward:
  - modify_settings: {table: "2026", storage_set: events, target: local, settings: [{name: parts_to_throw_insert, value: 600}]}
irreversible: "no"
`,
		"a choice": `
forward:
  - when:
      storage_set: events
      target: local
      if: {version_at_least: 20.10}
      then:
        - add_column: {table: events_local, column: {name: trace_id, type: UUID, kind: materialized, expression: 1}}
`,
		"what was there, of the same table": `
storage_set: events
target: distributed
forward:
  - drop_table:
      table: events_dist
      was:
        columns: [{name: id, type: UInt64}]
        engine: {kind: Distributed, local_table: events_local}
`,
		"anchors": `
storage_set: events
forward:
  - create_table:
      table: events_local
      target: local
      columns: &columns
        - {name: id, type: UInt64}
      engine: {kind: MergeTree, order_by: id}
  - create_table:
      table: events_dist
      target: distributed
      columns: *columns
      engine: {kind: Distributed, local_table: events_local}
`,
		"two tables": `
forward:
  - exchange_tables: {storage_set: events, target: local, a: one, b: two}
  - run_sql:
      storage_set: events
      target: local
      scope: one_node
      sql: |
        INSERT INTO {db}.one
        SELECT 1
      writes: [one, {database: d, name: two}]
depends_on: [users:0001_roles]
irreversible: the rows stay
`,
		"an empty text where it means something": "forward: [{comment_table: {table: t, storage_set: s, target: local, comment: \"\", was: x}}]",
	}
}

func want() map[string][]ops.Operation {
	local := func(name string) ops.Table { return ops.LocalTable("events", name) }
	add := ops.AddColumn{Table: local("events_local"), Column: ops.Column{Name: "trace_id", Type: "UUID"}}
	other := add
	other.Table.Database = "other"
	materialized := add
	materialized.Column.Kind, materialized.Column.Expression = ops.Materialized, "1"
	columns := []ops.Column{{Name: "id", Type: "UInt64"}}
	dist := ops.CreateTable{
		Table: ops.DistributedTable("events", "events_dist"), Columns: columns,
		Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: "events_local"},
	}
	at := ops.Place{StorageSet: "events", Target: ops.Local}
	was := "x"
	return map[string][]ops.Operation{
		"all on one line":   {add},
		"once for the file": {add},
		"tables as keys":    {other},
		"settings as keys, numbers as text": {
			ops.ModifySettings{Table: local("2026"), Settings: []ops.Setting{
				{Name: "parts_to_throw_insert", Value: "600"}, {Name: "merge_with_ttl_timeout", Value: "14400"},
			}},
			ops.ResetSettings{Table: local("2026"), Names: []string{"parts_to_throw_insert"}},
		},
		"settings as a list": {ops.ModifySettings{Table: local("2026"), Settings: []ops.Setting{{Name: "parts_to_throw_insert", Value: "600"}}}},
		"a choice":           {ops.When{If: ops.Test{VersionAtLeast: "20.10"}, Then: ops.Operations{materialized}}},
		"what was there, of the same table": {
			ops.DropTable{Table: dist.Table, Was: &dist},
		},
		"anchors": {
			ops.CreateTable{Table: local("events_local"), Columns: columns, Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id"}}, dist,
		},
		"two tables": {
			ops.ExchangeTables{A: local("one"), B: local("two")},
			ops.RunSQL{
				Place: at, SQL: "INSERT INTO {db}.one\nSELECT 1\n", Scope: ops.RunOneNode,
				Writes: []ops.Table{local("one"), {Place: at, Database: "d", Name: "two"}},
			},
		},
		"an empty text where it means something": {ops.CommentTable{Table: ops.LocalTable("s", "t"), Was: &was}},
	}
}

func TestWhatPeopleWriteIsRead(t *testing.T) {
	wanted := want()
	for name, text := range accepted() {
		m, err := Parse("0001_x.yaml", []byte(text), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(wanted[name], m.Forward); diff != "" {
			t.Errorf("%s (-want +have):\n%s", name, diff)
		}
	}
}

// TestTheDocumentedExamplesAreRead reads every example of the reference that is a
// file, and those that are entries of forward.
func TestTheDocumentedExamplesAreRead(t *testing.T) {
	reference, err := os.ReadFile("../../docs/yaml-migrations.md")
	if err != nil {
		t.Fatal(err)
	}
	schema := compiled(t)
	read := 0
	for _, example := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(reference, -1) {
		text := string(example[1])
		switch {
		case strings.HasPrefix(text, "  - "):
			text = "storage_set: events\ntarget: local\nforward:\n" + text
		case !strings.Contains(text, "forward:"):
			continue
		}
		read++
		if _, err := Parse("0001_x.yaml", []byte(text), Options{}); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
	if read < 3 {
		t.Errorf("%d examples were found", read)
	}
}

func TestTheFileHasItsID(t *testing.T) {
	text := `
blocking: true
irreversible: the rows are gone
allow: [nondeterministic-default]
depends_on: ["events:0001_create", users:0001_roles]
backward: []
forward:
  - drop_table: {table: t, storage_set: s, target: local}
`
	m, err := Parse("migrations/events/0007_drop.yaml", []byte(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := migration.Migration{
		ID: "0007_drop", Blocking: true, Irreversible: "the rows are gone", Allow: []string{"nondeterministic-default"},
		DependsOn: []migration.Dependency{{Group: "events", ID: "0001_create"}, {Group: "users", ID: "0001_roles"}},
		Forward:   []ops.Operation{ops.DropTable{Table: ops.LocalTable("s", "t")}},
		Backward:  []ops.Operation{},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	written, err := Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("0007_drop.yaml", written, Options{})
	if diff := cmp.Diff(want, again); diff != "" || err != nil {
		t.Errorf("%v, written and read again:\n%s\n%s", err, written, diff)
	}
}

// The way back that a file leaves out is derived where all sources meet.
func TestTheWayBackIsDerivedByTheRegistry(t *testing.T) {
	m, err := Parse("0001_x.yaml", []byte(accepted()["once for the file"]), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := migration.NewRegistry(migration.Group{Name: migration.System}, migration.Group{Name: "events", Migrations: []migration.Migration{m}})
	if err != nil {
		t.Fatal(err)
	}
	g, err := r.Group("events")
	if err != nil {
		t.Fatal(err)
	}
	if back := g.Migrations[0].Backward; len(back) != 1 || ops.KindOf(back[0]) != "DropColumn" {
		t.Errorf("backward operations %v", back)
	}
}

func TestTheGroupsOnlyStorageSetIsTheDefault(t *testing.T) {
	text := []byte("target: local\nforward: [{drop_table: {table: t}}]\nirreversible: x\n")
	m, err := Parse("0001_x.yaml", text, Options{StorageSets: []storageset.Key{"events"}})
	if err != nil {
		t.Fatal(err)
	}
	if have := ops.PlaceOf(m.Forward[0]).StorageSet; have != "events" {
		t.Errorf("storage set %q", have)
	}
	_, err = Parse("0001_x.yaml", text, Options{StorageSets: []storageset.Key{"events", "users"}})
	want := "0001_x.yaml:2:12: drop_table: storage_set is missing: name it here or once for the file (the group has events, users)"
	if err == nil || err.Error() != want {
		t.Errorf("have %v, want %s", err, want)
	}
}
