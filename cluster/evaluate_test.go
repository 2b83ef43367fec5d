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
	return tableState{exists: true, engine: engine, columns: columns, definition: takeApart("")}
}

func unknown(ops.Table) string { return "" }

func known(columns ...columnState) expected { return expected{columns: columns, known: true} }

func TestEvaluate(t *testing.T) {
	id := columnState{name: "id", typ: "UInt64"}
	text := columnState{name: "text", typ: "String", kind: "DEFAULT", expression: "'x'"}
	other := id
	other.typ = "UInt32"
	indexed := there("MergeTree", id)
	indexed.definition = takeApart("CREATE TABLE default.t (`id` UInt64, INDEX i id TYPE bloom_filter(0.01) GRANULARITY 1) ENGINE = MergeTree ORDER BY (id) TTL day + toIntervalDay(1) SETTINGS a = 1")
	view := there("MaterializedView")
	view.createQuery = "CREATE MATERIALIZED VIEW default.mv TO default.target (`id` UInt64) AS SELECT 1"

	isTable := ops.TableIs{Table: table("t"), Engine: "ReplicatedMergeTree"}
	isColumn := ops.ColumnIs{Table: table("t"), Column: ops.Column{Name: "id", Type: "UInt64"}, Added: true}
	isIndex := ops.PartIs{Table: table("t"), Kind: ops.PartIndex, Name: "i", Text: "as wanted says"}
	text1 := func(text string) expected { return expected{text: text, formatted: true} }
	asIndex := text1("id TYPE bloom_filter( 0.01 ) GRANULARITY 1")
	isView := ops.ViewIs{Table: table("t"), Engine: "MaterializedView", To: table("target")}
	// The text that is compared is the server's, in the test's want.
	part := func(kind ops.PartKind, name string) ops.Condition {
		c := ops.PartIs{Table: table("t"), Kind: kind, Name: name, Text: "stated"}
		if kind == ops.PartComment {
			c.Text = ""
		}
		return c
	}
	gone := func(kind ops.PartKind, name string) ops.Condition {
		return ops.PartGone{Table: table("t"), Kind: kind, Name: name}
	}
	noCodec := ops.ColumnIs{Table: table("t"), Column: ops.Column{Name: "id"}, Without: []ops.Property{ops.PropertyCodec}}
	plain := ops.ColumnIs{Table: table("t"), Column: ops.Column{Name: "text"}, Without: []ops.Property{ops.PropertyMaterialized}}
	coded := id
	coded.codec = "CODEC(LZ4)"
	renamed := ops.ColumnRenamed{Table: table("t"), From: "id", To: "text"}

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
		{"a table of ClickHouse Cloud", ops.TableIs{Table: table("t"), Engine: "MergeTree"}, there("SharedMergeTree", id), known(id), journal.Holds, ""},
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

		{"an index, whatever the spaces", isIndex, indexed, asIndex, journal.Holds, ""},
		{"an index that is not there", isIndex, there("MergeTree"), asIndex, journal.NotYet, "index i is not there"},
		{"an index of no table", isIndex, tableState{}, asIndex, journal.Conflict, "does not exist"},
		{"a dropped index", gone(ops.PartIndex, "i"), there("MergeTree"), expected{}, journal.Holds, ""},
		{"an index that is still there", gone(ops.PartIndex, "i"), indexed, expected{}, journal.NotYet, "still there"},
		{"an index gone with its table proves nothing", gone(ops.PartIndex, "i"), tableState{}, expected{}, journal.Conflict, "does not exist"},

		{"an index of another type", isIndex, indexed, text1("id TYPE minmax GRANULARITY 1"), journal.NotYet, "not id TYPE minmax"},
		{"an index, whatever it is", ops.PartIs{Table: table("t"), Kind: ops.PartIndex, Name: "i"}, indexed, expected{}, journal.Holds, ""},
		{"a sorting key, whatever its brackets", part(ops.PartOrderBy, ""), indexed, text1("id"), journal.Holds, ""},
		{"another sorting key", part(ops.PartOrderBy, ""), indexed, text1("(id, day)"), journal.NotYet, "ORDER BY is (id), not (id, day)"},
		{"a TTL", part(ops.PartTTL, ""), indexed, text1("day + toIntervalDay(1)"), journal.Holds, ""},
		{"a removed TTL", gone(ops.PartTTL, ""), there("MergeTree"), expected{}, journal.Holds, ""},
		{"a TTL that is still there", gone(ops.PartTTL, ""), indexed, expected{}, journal.NotYet, "TTL is still there"},
		{"a setting", part(ops.PartSetting, "a"), indexed, text1("1"), journal.Holds, ""},
		{"a setting of another value", part(ops.PartSetting, "a"), indexed, text1("2"), journal.NotYet, "setting a is 1, not 2"},
		{"a reset setting", gone(ops.PartSetting, "b"), indexed, expected{}, journal.Holds, ""},
		{"no comment asked, none there", part(ops.PartComment, ""), indexed, text1(""), journal.Holds, ""},

		{"a changed type, the default left to the server", ops.ColumnIs{Table: table("t"), Column: ops.Column{Name: "text"}}, there("MergeTree", text), known(columnState{name: "text", typ: "String"}), journal.Holds, ""},
		{"an added column with a default that was not asked for", ops.ColumnIs{Table: table("t"), Column: ops.Column{Name: "text"}, Added: true}, there("MergeTree", text), known(columnState{name: "text", typ: "String"}), journal.NotYet, "default kind"},
		{"a column that has another default than the removed one", plain, there("MergeTree", text), known(), journal.NotYet, "still has its MATERIALIZED"},
		{"a column without its codec", noCodec, there("MergeTree", id), known(id), journal.Holds, ""},
		{"a column with a codec still", noCodec, there("MergeTree", coded), known(id), journal.NotYet, "still has its CODEC"},
		{"a column that should be the first", ops.ColumnIs{Table: table("t"), Column: ops.Column{Name: "id"}, First: true}, there("MergeTree", text, id), known(id), journal.NotYet, "not the first"},
		{"a renamed column", renamed, there("MergeTree", text), expected{}, journal.Holds, ""},
		{"a column of its old name", renamed, there("MergeTree", id), expected{}, journal.NotYet, "old name"},
		{"columns of both names", renamed, there("MergeTree", id, text), expected{}, journal.Conflict, "both"},
		{"a column of neither name", renamed, there("MergeTree"), expected{}, journal.Conflict, "neither"},

		{"an attached table", ops.TableExists{Table: table("t")}, there("Log"), expected{}, journal.Holds, ""},
		{"a table that is detached", ops.TableExists{Table: table("t")}, tableState{}, expected{}, journal.NotYet, "does not exist"},
		{"a dictionary that is not there", ops.DictionaryIs{Table: table("t")}, tableState{}, expected{}, journal.NotYet, "does not exist"},
		{"a table of a dictionary's name", ops.DictionaryIs{Table: table("t")}, there("Log"), expected{}, journal.Conflict, "not a dictionary"},

		{"a view into its target", isView, view, expected{}, journal.Holds, ""},
		{"a view that is not there", isView, tableState{}, expected{}, journal.NotYet, "does not exist"},
		{"a table of the view's name", isView, there("MergeTree"), expected{}, journal.Conflict, "not a MaterializedView"},
		{"a view into another table", ops.ViewIs{Table: table("t"), To: table("elsewhere")}, view, expected{}, journal.Conflict, "does not write to default.elsewhere"},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict, why := evaluate(test.condition, nodeState{tables: map[string]tableState{"default.t": test.state}}, test.want, unknown)
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
	verdict, _ := evaluate(ops.ViewIs{Table: table("t"), To: table("target")}, nodeState{tables: map[string]tableState{"default.t": view}}, expected{}, unknown)
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
		{"another table has taken the old name since", withUUID("c"), withUUID("a"), "a", journal.Holds},
		{"another table still has the new name", withUUID("a"), withUUID("b"), "a", journal.NotYet},
		{"both, and neither is it", withUUID("c"), withUUID("b"), "a", journal.Conflict},
		{"both, of tables that had no identity", withUUID("a"), withUUID("b"), "", journal.Conflict},
		{"neither", tableState{}, tableState{}, "a", journal.Conflict},
	} {
		state := nodeState{tables: map[string]tableState{"default.old": test.from, "default.new": test.to}}
		before := func(ops.Table) string { return test.before }
		if verdict, why := evaluate(condition, state, expected{}, before); verdict != test.verdict {
			t.Errorf("%s: %s (%s), want %s", test.name, verdict, why, test.verdict)
		}
	}
}

func TestAnExchangeIsProvenByIdentityAndNotByNames(t *testing.T) {
	condition := ops.TablesExchanged{A: table("a"), B: table("b")}
	withUUID := func(uuid string) tableState { s := there("MergeTree"); s.uuid = uuid; return s }
	for _, test := range []struct {
		name    string
		a, b    tableState
		before  map[string]string
		verdict journal.Verdict
	}{
		{"exchanged", withUUID("2"), withUUID("1"), map[string]string{"a": "1", "b": "2"}, journal.Holds},
		{"not exchanged", withUUID("1"), withUUID("2"), map[string]string{"a": "1", "b": "2"}, journal.NotYet},
		{"nobody knows what was before", withUUID("1"), withUUID("2"), nil, journal.NotYet},
		{"another table in its place", withUUID("3"), withUUID("1"), map[string]string{"a": "1", "b": "2"}, journal.Conflict},
		{"one is gone", withUUID("1"), tableState{}, map[string]string{"a": "1", "b": "2"}, journal.Conflict},
	} {
		state := nodeState{tables: map[string]tableState{"default.a": test.a, "default.b": test.b}}
		before := func(t ops.Table) string { return test.before[t.Name] }
		if verdict, why := evaluate(condition, state, expected{}, before); verdict != test.verdict {
			t.Errorf("%s: %s (%s), want %s", test.name, verdict, why, test.verdict)
		}
	}
}

func TestObjectsAndGrants(t *testing.T) {
	function := ops.Object{Kind: ops.ObjectFunction, Name: "f"}
	collection := ops.Object{Kind: ops.ObjectNamedCollection, Name: "c"}
	database := ops.Object{Kind: ops.ObjectDatabase, Name: "d"}
	formatted := func(text string) expected { return expected{text: text, formatted: true} }
	for _, test := range []struct {
		name      string
		condition ops.Condition
		there     bool
		have      string
		want      expected
		verdict   journal.Verdict
	}{
		{"a function", ops.ObjectIs{Object: function}, true, "CREATE FUNCTION f AS x -> (x + 1)", formatted("CREATE FUNCTION f AS x -> (x + 1)"), journal.Holds},
		{"another body", ops.ObjectIs{Object: function}, true, "CREATE FUNCTION f AS x -> (x + 2)", formatted("CREATE OR REPLACE FUNCTION f AS x -> (x + 1)"), journal.NotYet},
		{"no function", ops.ObjectIs{Object: function}, false, "", formatted("CREATE FUNCTION f AS x -> (x + 1)"), journal.NotYet},
		{"a function gone", ops.ObjectGone{Object: function}, false, "", expected{}, journal.Holds},
		{"a function still there", ops.ObjectGone{Object: function}, true, "", expected{}, journal.NotYet},
		{"the keys of a collection", ops.ObjectIs{Object: collection}, true, "a, b", formatted("CREATE NAMED COLLECTION c AS b = 'x, y', a = 1 OVERRIDABLE"), journal.Holds},
		{"a collection lacks a key", ops.ObjectIs{Object: collection}, true, "a", formatted("CREATE NAMED COLLECTION c AS a = 1, b = 2"), journal.NotYet},
		{"a database of any engine", ops.ObjectIs{Object: database}, true, "CREATE DATABASE x ENGINE = Atomic", formatted("CREATE DATABASE d"), journal.Holds},
		{"a database of another engine", ops.ObjectIs{Object: database}, true, "CREATE DATABASE x ENGINE = Atomic", formatted("CREATE DATABASE d ENGINE = Memory"), journal.NotYet},
	} {
		state := nodeState{objects: map[string]string{}}
		if test.there {
			state.objects[test.condition.Subject()] = test.have
		}
		if verdict, why := evaluate(test.condition, state, test.want, unknown); verdict != test.verdict {
			t.Errorf("%s: %s (%s), want %s", test.name, verdict, why, test.verdict)
		}
	}
}

func TestDiffersSeesEveryPropertyOfAColumn(t *testing.T) {
	want := columnState{name: "c", typ: "String", kind: "DEFAULT", expression: "'x'", codec: "CODEC(ZSTD(1))", comment: "text", ttl: "d + toIntervalDay(1)"}
	if why := differs(want, want); why != "" {
		t.Errorf("a column differs from itself: %s", why)
	}
	for name, change := range map[string]func(*columnState){
		"name": func(c *columnState) { c.name = "d" }, "type": func(c *columnState) { c.typ = "UInt8" },
		"kind": func(c *columnState) { c.kind = "ALIAS" }, "default": func(c *columnState) { c.expression = "'y'" },
		"codec": func(c *columnState) { c.codec = "" }, "TTL": func(c *columnState) { c.ttl = "" }, "comment": func(c *columnState) { c.comment = "" },
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

func TestIdentityIsTheUUIDElseThePathOrWhatATableReads(t *testing.T) {
	for want, state := range map[string]tableState{
		"u":                    {uuid: "u", path: "/p"},
		"/p":                   {path: "/p"},
		"/zero":                {uuid: "00000000-0000-0000-0000-000000000000", path: "/zero"},
		"":                     {},
		"Distributed(c, d, t)": {engine: "Distributed", definition: takeApart("CREATE TABLE d.t ( id UInt8) ENGINE = Distributed(c, d, t)")},
	} {
		if have := state.identity(); have != want {
			t.Errorf("%+v is %q, want %q", state, have, want)
		}
	}
}

func TestDefinitionLeavesOutWhatDiffersBetweenNodes(t *testing.T) {
	one := "CREATE TABLE default.t UUID '5a1c9c3e-0000-4000-8000-000000000001' (`id` UInt64) ENGINE = MergeTree"
	two := "CREATE TABLE default.t UUID '5a1c9c3e-0000-4000-8000-00000000000f' (`id` UInt64) ENGINE = MergeTree"
	if withoutIDs(one) != withoutIDs(two) {
		t.Errorf("%s\n%s", withoutIDs(one), withoutIDs(two))
	}
	if strings.Contains(withoutIDs(one), "UUID") || withoutIDs(one) == withoutIDs(strings.ReplaceAll(two, "UInt64", "UInt32")) {
		t.Errorf("%s", withoutIDs(one))
	}
}
