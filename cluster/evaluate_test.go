package cluster

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

func table(name string) ops.Table {
	return ops.Table{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Database: "default", Name: name}
}

func there(engine string, columns ...columnState) tableState {
	return tableState{exists: true, engine: engine, columns: columns, indexes: map[string]indexState{}}
}

func known(columns ...columnState) expected { return expected{columns: columns, known: true} }

func TestEvaluate(t *testing.T) {
	id := columnState{name: "id", typ: "UInt64"}
	text := columnState{name: "text", typ: "String", kind: "DEFAULT", expression: "'x'"}
	other := id
	other.typ = "UInt32"
	indexed := there("MergeTree", id)
	indexed.indexes["i"] = indexState{expression: "id", typ: "bloom_filter(0.01)"}
	view := there("MaterializedView")
	view.createQuery = "CREATE MATERIALIZED VIEW default.mv TO default.target (`id` UInt64) AS SELECT 1"

	isTable := ops.TableIs{Table: table("t"), Engine: "ReplicatedMergeTree"}
	isColumn := ops.ColumnIs{Table: table("t"), Column: ops.Column{Name: "id", Type: "UInt64"}, Added: true}
	isIndex := ops.IndexIs{Table: table("t"), Index: ops.Index{Name: "i", Type: "bloom_filter( 0.01 )"}}
	isView := ops.ViewIs{Table: table("t"), To: table("target")}

	for _, test := range []struct {
		name      string
		condition ops.Condition
		state     tableState
		want      expected
		verdict   journal.Verdict
		why       string
	}{
		{"a table as stated", isTable, there("ReplicatedMergeTree", id, text), known(id, text), journal.Holds, ""},
		{"a table that is not there may come", isTable, tableState{}, known(id), journal.NotYet, "does not exist"},
		{"a table of another engine stays so", isTable, there("MergeTree", id), known(id), journal.Conflict, "has engine MergeTree, not ReplicatedMergeTree"},
		{"a table with a column of another type", isTable, there("ReplicatedMergeTree", other), known(id), journal.Conflict, "column id is UInt32, not UInt64"},
		{"a table that lacks a column", isTable, there("ReplicatedMergeTree", id), known(id, text), journal.Conflict, "has no column text"},
		{"a table with one column more", isTable, there("ReplicatedMergeTree", id, text), known(id), journal.Conflict, "column text that was not asked for"},
		{"a table with its columns in another order", isTable, there("ReplicatedMergeTree", text, id), known(id, text), journal.Conflict, "column text stands where id should"},
		{"a table whose columns no server would normalise", isTable, there("ReplicatedMergeTree", other), expected{}, journal.Holds, ""},

		{"a dropped table", ops.TableGone{Table: table("t")}, tableState{}, expected{}, journal.Holds, ""},
		{"a table that is still there", ops.TableGone{Table: table("t")}, there("MergeTree"), expected{}, journal.NotYet, "still there"},

		{"a column as stated", isColumn, there("MergeTree", text, id), known(id), journal.Holds, ""},
		{"a column that is not there yet", isColumn, there("MergeTree", text), known(id), journal.NotYet, "column id is not there"},
		{"a column of the type before the change", isColumn, there("MergeTree", other), known(id), journal.NotYet, "is UInt32, not UInt64"},
		{"a column of no table", isColumn, tableState{}, known(id), journal.Conflict, "table default.t does not exist"},
		{"a column that is only known to be there", isColumn, there("MergeTree", other), expected{}, journal.Holds, ""},
		{"a column that is not, of which nothing more is known", isColumn, there("MergeTree"), expected{}, journal.NotYet, "not there"},

		{"a dropped column", ops.ColumnGone{Table: table("t"), Name: "id"}, there("MergeTree", text), expected{}, journal.Holds, ""},
		{"a column that is still there", ops.ColumnGone{Table: table("t"), Name: "id"}, there("MergeTree", id), expected{}, journal.NotYet, "still there"},
		{"a column gone with its table proves nothing", ops.ColumnGone{Table: table("t"), Name: "id"}, tableState{}, expected{}, journal.Conflict, "does not exist"},

		{"an index, whatever the spaces", isIndex, indexed, expected{}, journal.Holds, ""},
		{"an index that is not there", isIndex, there("MergeTree"), expected{}, journal.NotYet, "index i is not there"},
		{"an index of no table", isIndex, tableState{}, expected{}, journal.Conflict, "does not exist"},
		{"a dropped index", ops.IndexGone{Table: table("t"), Name: "i"}, there("MergeTree"), expected{}, journal.Holds, ""},
		{"an index that is still there", ops.IndexGone{Table: table("t"), Name: "i"}, indexed, expected{}, journal.NotYet, "still there"},
		{"an index gone with its table proves nothing", ops.IndexGone{Table: table("t"), Name: "i"}, tableState{}, expected{}, journal.Conflict, "does not exist"},

		{"a view into its target", isView, view, expected{}, journal.Holds, ""},
		{"a view that is not there", isView, tableState{}, expected{}, journal.NotYet, "does not exist"},
		{"a table of the view's name", isView, there("MergeTree"), expected{}, journal.Conflict, "not a materialized view"},
		{"a view into another table", ops.ViewIs{Table: table("t"), To: table("elsewhere")}, view, expected{}, journal.Conflict, "does not write to default.elsewhere"},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict, why := evaluate(test.condition, map[string]tableState{"default.t": test.state}, test.want, "")
			if verdict != test.verdict || !strings.Contains(why, test.why) {
				t.Errorf("%s (%s), want %s (…%s…)", verdict, why, test.verdict, test.why)
			}
			if verdict != journal.Holds && why == "" {
				t.Error("does not say why")
			}
		})
	}
}

// A target whose name begins with that of the wanted one is another table.
func TestAViewIntoATableOfALongerNameIsAConflict(t *testing.T) {
	view := there("MaterializedView")
	view.createQuery = "CREATE MATERIALIZED VIEW default.mv TO default.target_old (`id` UInt64) AS SELECT 1"
	verdict, _ := evaluate(ops.ViewIs{Table: table("t"), To: table("target")}, map[string]tableState{"default.t": view}, expected{}, "")
	if verdict != journal.Conflict {
		t.Errorf("%s: target_old is not target", verdict)
	}
}

func TestARenameIsProvenByIdentityAndNotByNames(t *testing.T) {
	condition := ops.TableRenamed{From: table("old"), To: table("new")}
	withUUID := func(uuid string) tableState { s := there("MergeTree"); s.uuid = uuid; return s }
	for _, test := range []struct {
		name     string
		from, to tableState
		before   string
		verdict  journal.Verdict
	}{
		{"the same table under the new name", tableState{}, withUUID("a"), "a", journal.Holds},
		{"another table under the new name", tableState{}, withUUID("b"), "a", journal.Conflict},
		{"a table that had no identity", tableState{}, there("Log"), "", journal.Holds},
		{"the old name still", withUUID("a"), tableState{}, "a", journal.NotYet},
		{"both", withUUID("a"), withUUID("b"), "a", journal.Conflict},
		{"neither", tableState{}, tableState{}, "a", journal.Conflict},
	} {
		states := map[string]tableState{"default.old": test.from, "default.new": test.to}
		if verdict, why := evaluate(condition, states, expected{}, test.before); verdict != test.verdict {
			t.Errorf("%s: %s (%s), want %s", test.name, verdict, why, test.verdict)
		}
	}
}

func TestDiffersSeesEveryPropertyOfAColumn(t *testing.T) {
	want := columnState{name: "c", typ: "String", kind: "DEFAULT", expression: "'x'", codec: "CODEC(ZSTD(1))", comment: "text"}
	if why := differs(want, want); why != "" {
		t.Errorf("a column differs from itself: %s", why)
	}
	for name, change := range map[string]func(*columnState){
		"name": func(c *columnState) { c.name = "d" }, "type": func(c *columnState) { c.typ = "UInt8" },
		"kind": func(c *columnState) { c.kind = "ALIAS" }, "default": func(c *columnState) { c.expression = "'y'" },
		"codec": func(c *columnState) { c.codec = "" }, "comment": func(c *columnState) { c.comment = "" },
	} {
		have := want
		change(&have)
		if differs(want, have) == "" {
			t.Errorf("another %s goes unseen", name)
		}
	}
	unsaid := columnState{name: "c", typ: "String"}
	if why := differs(unsaid, columnState{name: "c", typ: "String", codec: "CODEC(LZ4)", comment: "by hand"}); why != "" {
		t.Errorf("what was not stated is compared: %s", why)
	}
}

func TestIdentityIsTheUUIDElseThePath(t *testing.T) {
	for want, state := range map[string]tableState{
		"u":     {uuid: "u", path: "/p"},
		"/p":    {path: "/p"},
		"/zero": {uuid: "00000000-0000-0000-0000-000000000000", path: "/zero"},
		"":      {},
	} {
		if have := state.identity(); have != want {
			t.Errorf("%+v is %q, want %q", state, have, want)
		}
	}
}

func TestDefinitionLeavesOutWhatDiffersBetweenNodes(t *testing.T) {
	one := "CREATE TABLE default.t UUID '5a1c9c3e-0000-4000-8000-000000000001' (`id` UInt64) ENGINE = MergeTree"
	two := "CREATE TABLE default.t UUID '5a1c9c3e-0000-4000-8000-00000000000f' (`id` UInt64) ENGINE = MergeTree"
	if definition(one) != definition(two) {
		t.Errorf("%s\n%s", definition(one), definition(two))
	}
	if strings.Contains(definition(one), "UUID") || definition(one) == definition(strings.ReplaceAll(two, "UInt64", "UInt32")) {
		t.Errorf("%s", definition(one))
	}
}
