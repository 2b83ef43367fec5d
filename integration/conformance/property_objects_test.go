package conformance

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/ops"
)

func objectActions() map[string]action {
	return map[string]action{
		"create view": createView, "replace view": replaceView, "drop view": dropView,
		"create materialized view": createMaterializedView, "modify query": modifyQuery, "drop materialized view": dropMaterializedView,
		"create dictionary": createDictionary, "replace dictionary": replaceDictionary, "drop dictionary": dropDictionary,
		"create function": createFunction, "replace function": replaceFunction, "drop function": dropFunction,
		"create named collection": createCollection, "drop named collection": dropCollection,
		"create database": createDatabase, "drop database": dropDatabase,
	}
}

func place() ops.Place { return local("").Place }

// drawQuery draws a query of columns that always have a value.
func drawQuery(t *rapid.T, o ops.CreateTable) string {
	text := pick(t, "query", []string{
		"SELECT `id` FROM %s", "SELECT `id`, `d` FROM %s WHERE `id` > 0 AND `d` != '2020-01-01'", "SELECT max(`id`) AS `id`, `d` FROM %s GROUP BY `d`",
		"SELECT `id` + 1 AS `id` FROM %s WHERE toString(`id`) != ' AS it\\'s'", "SELECT DISTINCT `id` FROM (SELECT `id` FROM %s) ORDER BY `id` LIMIT 10",
	})
	return fmt.Sprintf(text, "{db}."+ops.Ident(o.Table.Name))
}

// drawReadable draws a table that a query can read.
func drawReadable(t *rapid.T, w *world, fit func(ops.CreateTable) bool) (ops.CreateTable, bool) {
	names := sorted(w.tables, fit)
	if len(names) == 0 {
		return ops.CreateTable{}, false
	}
	return w.tables[pick(t, "table that is read", names)], true
}

func newView(t *rapid.T, w *world, name string) (ops.CreateView, bool) {
	o, ok := drawReadable(t, w, nil)
	if !ok {
		return ops.CreateView{}, false
	}
	view := ops.CreateView{Table: local(name), Query: drawQuery(t, o), Reads: []ops.Table{{Name: o.Table.Name}}}
	if sometimes(t, "with a security") {
		view.Security = pick(t, "security", []*ops.ViewSecurity{{Kind: ops.SecurityInvoker}, {Kind: ops.SecurityNone}, {Kind: ops.SecurityDefiner, Definer: "default"}})
	}
	return view, true
}

func createView(t *rapid.T, w *world) ops.Operation {
	name, ok := freeName(t, "new view", w.taken)
	if !ok {
		return nil
	}
	op, ok := newView(t, w, name)
	if !ok {
		return nil
	}
	op.IfNotExists = sometimes(t, "IF NOT EXISTS")
	w.views[name] = op
	return op
}

func replaceView(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.views, nil)
	if len(names) == 0 {
		return nil
	}
	name := pick(t, "view", names)
	was := w.views[name]
	was.IfNotExists = false
	op, ok := newView(t, w, name)
	if !ok {
		return nil
	}
	w.views[name] = op
	op.OrReplace, op.Was = true, &was
	return op
}

func dropView(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.views, nil)
	if len(names) == 0 {
		return nil
	}
	name := pick(t, "view", names)
	was := w.views[name]
	delete(w.views, name)
	return ops.DropView{Table: local(name), Was: &was, IfExists: sometimes(t, "IF EXISTS")}
}

func createMaterializedView(t *rapid.T, w *world) ops.Operation {
	name, ok := freeName(t, "new view", w.taken)
	if !ok {
		return nil
	}
	o, ok := drawReadable(t, w, isTree)
	if !ok {
		return nil
	}
	to, ok := drawReadable(t, w, func(to ops.CreateTable) bool { return to.Table != o.Table && isTree(to) })
	if !ok {
		return nil
	}
	op := ops.CreateMaterializedView{Table: local(name), To: to.Table, Query: drawQuery(t, o), Reads: []ops.Table{o.Table}, IfNotExists: sometimes(t, "IF NOT EXISTS")}
	if sometimes(t, "refreshed") {
		op.Refresh = &ops.Refresh{Every: "1 YEAR", Append: true, Offset: pick(t, "offset", []string{"", "2 HOUR"}), Randomize: pick(t, "randomize", []string{"", "10 MINUTE"})}
		if sometimes(t, "with settings") {
			op.Refresh.Settings = []ops.Setting{{Name: "refresh_retries", Value: "3"}}
		}
	}
	w.materialized[name] = op
	return op
}

func modifyQuery(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.materialized, nil)
	if len(names) == 0 {
		return nil
	}
	view := w.materialized[pick(t, "materialized view", names)]
	o := w.tables[view.Reads[0].Name]
	op := ops.ModifyQuery{Table: view.Table, Query: drawQuery(t, o), Reads: view.Reads, Was: view.Query}
	if op.Query == op.Was {
		return nil
	}
	view.Query = op.Query
	w.materialized[view.Table.Name] = view
	return op
}

func dropMaterializedView(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.materialized, nil)
	if len(names) == 0 {
		return nil
	}
	name := pick(t, "materialized view", names)
	was := w.materialized[name]
	delete(w.materialized, name)
	return ops.DropView{Table: local(name), WasMaterialized: &was, IfExists: sometimes(t, "IF EXISTS")}
}

func newDictionary(t *rapid.T, w *world, name string) (ops.CreateDictionary, bool) {
	o, ok := drawReadable(t, w, isTree)
	if !ok {
		return ops.CreateDictionary{}, false
	}
	op := ops.CreateDictionary{
		Table: local(name), PrimaryKey: []string{"id"}, Reads: []ops.Table{{Name: o.Table.Name}},
		Columns: []ops.Attribute{
			{Name: "id", Type: "UInt64"},
			{Name: "d", Type: "Date", Default: "'2020-01-01'", Injective: sometimes(t, "INJECTIVE")},
			{Name: "it's", Type: "UInt64", Expression: "id + 1"},
		},
		Source:   ops.DictionarySource{Kind: ops.SourceClickHouse, Arguments: []ops.Argument{{Name: "TABLE", Value: o.Table.Name}}},
		Layout:   ops.Layout{Kind: pick(t, "layout", []string{"HASHED", "FLAT", "DIRECT", "COMPLEX_KEY_HASHED"})},
		Lifetime: &ops.Lifetime{Max: rapid.IntRange(0, 100).Draw(t, "lifetime")},
		Comment:  pick(t, "comment", comments()),
	}
	if op.Layout.Kind == "DIRECT" {
		op.Lifetime = nil
	}
	if op.Layout.Kind == "HASHED" && sometimes(t, "sharded") {
		op.Layout.Parameters = []ops.Argument{{Name: "SHARDS", Value: "2"}}
	}
	if sometimes(t, "with settings") {
		op.Settings = []ops.Setting{{Name: "max_threads", Value: "2"}, {Name: "format_csv_delimiter", Value: ";"}}
	}
	return op, true
}

func createDictionary(t *rapid.T, w *world) ops.Operation {
	name, ok := freeName(t, "new dictionary", w.taken)
	if !ok {
		return nil
	}
	op, ok := newDictionary(t, w, name)
	if !ok {
		return nil
	}
	op.IfNotExists = sometimes(t, "IF NOT EXISTS")
	w.dictionaries[name] = op
	return op
}

func replaceDictionary(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.dictionaries, nil)
	if len(names) == 0 {
		return nil
	}
	name := pick(t, "dictionary", names)
	was := w.dictionaries[name]
	was.IfNotExists = false
	op, ok := newDictionary(t, w, name)
	if !ok {
		return nil
	}
	w.dictionaries[name] = op
	return ops.ReplaceDictionary{Dictionary: op, Was: &was}
}

func dropDictionary(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.dictionaries, nil)
	if len(names) == 0 {
		return nil
	}
	name := pick(t, "dictionary", names)
	was := w.dictionaries[name]
	delete(w.dictionaries, name)
	return ops.DropDictionary{Table: local(name), Was: &was, IfExists: sometimes(t, "IF EXISTS")}
}

func newFunction(t *rapid.T, name string) ops.CreateFunction {
	op := ops.CreateFunction{Place: place(), Name: name}
	if sometimes(t, "as a definition") {
		op.Definition = pick(t, "definition", []string{"x -> x + 1", "(x, y) -> (x AS z)", "() -> ' AS '"})
		return op
	}
	op.Args = []string{"x", "a slope"}
	op.Body = pick(t, "body", []string{"x * `a slope`", "concat(x, ' AS it\\'s', `a slope`)", "if(x > 1 and `a slope` != 0, x, NULL)"})
	return op
}

func createFunction(t *rapid.T, w *world) ops.Operation {
	name, ok := freeName(t, "new function", func(n string) bool { _, taken := w.functions[n]; return taken })
	if !ok {
		return nil
	}
	op := newFunction(t, "prop "+name)
	op.IfNotExists = sometimes(t, "IF NOT EXISTS")
	w.functions[name] = op
	return op
}

func replaceFunction(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.functions, nil)
	if len(names) == 0 {
		return nil
	}
	name := pick(t, "function", names)
	was := w.functions[name]
	was.IfNotExists = false
	op := newFunction(t, was.Name)
	w.functions[name] = op
	op.OrReplace, op.Was = true, &was
	return op
}

func dropFunction(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.functions, nil)
	if len(names) == 0 {
		return nil
	}
	was := w.functions[pick(t, "function", names)]
	delete(w.functions, strings.TrimPrefix(was.Name, "prop "))
	return ops.DropFunction{Place: place(), Name: was.Name, Was: &was, IfExists: sometimes(t, "IF EXISTS")}
}

func createCollection(t *rapid.T, w *world) ops.Operation {
	name, ok := freeName(t, "new collection", func(n string) bool { _, taken := w.collections[n]; return taken })
	if !ok {
		return nil
	}
	op := ops.CreateNamedCollection{Place: place(), Name: name, IfNotExists: sometimes(t, "IF NOT EXISTS")}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(objectNames()), 1, 3, rapid.ID[string]).Draw(t, "keys") {
		op.Pairs = append(op.Pairs, ops.CollectionPair{
			Key: key, Value: pick(t, "value", comments()), Override: pick(t, "override", []ops.Override{"", ops.Overridable, ops.NotOverridable}),
		})
	}
	w.collections[name] = op
	return op
}

func dropCollection(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.collections, nil)
	if len(names) == 0 {
		return nil
	}
	was := w.collections[pick(t, "collection", names)]
	delete(w.collections, was.Name)
	return ops.DropNamedCollection{Place: place(), Name: was.Name, Was: &was, IfExists: sometimes(t, "IF EXISTS")}
}

func createDatabase(t *rapid.T, w *world) ops.Operation {
	name, ok := freeName(t, "new database", func(n string) bool { _, taken := w.databases[n]; return taken })
	if !ok {
		return nil
	}
	op := ops.CreateDatabase{
		Place: place(), Name: "prop " + name, Engine: pick(t, "database engine", []string{"", "Atomic", "Memory"}),
		IfNotExists: sometimes(t, "IF NOT EXISTS"),
	}
	if op.Engine != "Memory" {
		op.Comment = pick(t, "comment", comments())
	}
	w.databases[name] = op
	return op
}

func dropDatabase(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.databases, nil)
	if len(names) == 0 {
		return nil
	}
	was := w.databases[pick(t, "database", names)]
	delete(w.databases, strings.TrimPrefix(was.Name, "prop "))
	return ops.DropDatabase{Place: place(), Name: was.Name, Was: &was, IfExists: sometimes(t, "IF EXISTS")}
}
