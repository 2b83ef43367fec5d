package conformance

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// world is what a sequence of operations should have made of a database: each
// object as the operation that makes it exactly so. Operations are drawn from it,
// and what they drop or change is stated in them as it says.
//
// In its texts every name of a column is quoted as ops.Ident quotes it, so that
// who uses a column can be found, and a renamed one be followed, by text.
type world struct {
	tables       map[string]ops.CreateTable
	detached     map[string]ops.DetachTable
	hidden       map[string]ops.CreateTable // what is detached
	views        map[string]ops.CreateView
	materialized map[string]ops.CreateMaterializedView
	dictionaries map[string]ops.CreateDictionary
	functions    map[string]ops.CreateFunction
	collections  map[string]ops.CreateNamedCollection
	databases    map[string]ops.CreateDatabase
}

func newWorld() *world {
	return &world{
		tables: map[string]ops.CreateTable{}, detached: map[string]ops.DetachTable{}, hidden: map[string]ops.CreateTable{},
		views: map[string]ops.CreateView{}, materialized: map[string]ops.CreateMaterializedView{},
		dictionaries: map[string]ops.CreateDictionary{}, functions: map[string]ops.CreateFunction{},
		collections: map[string]ops.CreateNamedCollection{}, databases: map[string]ops.CreateDatabase{},
	}
}

// sorted lists names in one order, so that a seed draws the same again.
func sorted[T any](objects map[string]T, fit func(T) bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		if fit == nil || fit(objects[name]) {
			names = append(names, name)
		}
	}
	return names
}

// taken says that a table, a view or a dictionary bears the name.
func (w *world) taken(name string) bool {
	_, table := w.tables[name]
	_, hidden := w.hidden[name]
	_, view := w.views[name]
	_, materialized := w.materialized[name]
	_, dictionary := w.dictionaries[name]
	return table || hidden || view || materialized || dictionary
}

// copyOf is a table whose lists can be changed without changing those of
// operations that were drawn before.
func copyOf(o ops.CreateTable) ops.CreateTable {
	o.Columns, o.Indexes = slices.Clone(o.Columns), slices.Clone(o.Indexes)
	o.Constraints, o.Projections = slices.Clone(o.Constraints), slices.Clone(o.Projections)
	o.Engine.Settings = slices.Clone(o.Engine.Settings)
	return o
}

// change alters the table of a name in the world.
func (w *world) change(name string, alter func(*ops.CreateTable)) {
	changed := copyOf(w.tables[name])
	alter(&changed)
	w.tables[name] = changed
}

// renameTable gives what is called from the name to.
func (w *world) renameTable(from, to string) {
	o := w.tables[from]
	delete(w.tables, from)
	o.Table.Name = to
	w.tables[to] = o
}

// create is the exact CREATE of a table, as a Was.
func (w *world) create(name string) *ops.CreateTable {
	o := copyOf(w.tables[name])
	return &o
}

// isTree says that the table's engine is of the MergeTree family.
func isTree(o ops.CreateTable) bool { return strings.HasSuffix(string(o.Engine.Kind), "MergeTree") }

// inKey says that a column is of the table's keys, its TTL or its engine's arguments.
func inKey(o ops.CreateTable, column string) bool {
	e := o.Engine
	return mentions(column, e.PartitionBy, e.PrimaryKey, e.OrderBy, e.SampleBy, e.TTL) || inArguments(o, column)
}

func inArguments(o ops.CreateTable, column string) bool {
	e := o.Engine
	return slices.Contains(append([]string{e.Version, e.IsDeleted, e.Sign}, e.Columns...), column)
}

func mentions(column string, texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, ops.Ident(column)) })
}

// usedInside says that another part of the table's definition names a column.
func usedInside(o ops.CreateTable, column string) bool {
	var texts []string
	for _, c := range o.Columns {
		if c.Name != column {
			texts = append(texts, c.Expression, c.TTL)
		}
	}
	for _, index := range o.Indexes {
		texts = append(texts, index.Expression)
	}
	for _, constraint := range o.Constraints {
		texts = append(texts, constraint.Expression)
	}
	for _, projection := range o.Projections {
		texts = append(texts, projection.Query)
	}
	return mentions(column, texts...)
}

// readers are the views and dictionaries that name a table.
func (w *world) readers(table string) (queries []string, materialized, dictionary bool) {
	for _, name := range sorted(w.views, nil) {
		if v := w.views[name]; reads(v.Reads, table) {
			queries = append(queries, v.Query)
		}
	}
	for _, name := range sorted(w.materialized, nil) {
		if v := w.materialized[name]; reads(v.Reads, table) || v.To.Name == table {
			queries, materialized = append(queries, v.Query), true
		}
	}
	for _, name := range sorted(w.dictionaries, nil) {
		dictionary = dictionary || reads(w.dictionaries[name].Reads, table)
	}
	return queries, materialized, dictionary
}

func reads(tables []ops.Table, name string) bool {
	return slices.ContainsFunc(tables, func(t ops.Table) bool { return t.Name == name })
}

// movable says that a table can be renamed, dropped or detached: its views would
// not be made again as they were before, and 26.7 refuses it for a source of
// dictionaries (630).
func (w *world) movable(name string) bool {
	queries, _, dictionary := w.readers(name)
	return len(queries) == 0 && !dictionary
}

// free says that a column can go or get another name: no key, and no view reads it.
func (w *world) free(table, column string) bool {
	queries, _, dictionary := w.readers(table)
	return !dictionary && !mentions(column, queries...) && !inKey(w.tables[table], column)
}

// renameColumn follows a column through all texts of its table.
func renameColumn(o *ops.CreateTable, from, to string) {
	follow := func(text *string) { *text = strings.ReplaceAll(*text, ops.Ident(from), ops.Ident(to)) }
	for i := range o.Columns {
		if o.Columns[i].Name == from {
			o.Columns[i].Name = to
		}
		follow(&o.Columns[i].Expression)
		follow(&o.Columns[i].TTL)
	}
	for i := range o.Indexes {
		follow(&o.Indexes[i].Expression)
	}
	for i := range o.Constraints {
		follow(&o.Constraints[i].Expression)
	}
	for i := range o.Projections {
		follow(&o.Projections[i].Query)
	}
}

func columnAt(o ops.CreateTable, name string) int {
	return slices.IndexFunc(o.Columns, func(c ops.Column) bool { return c.Name == name })
}

// where says what stands before the element at a place of a list.
func where[T any](list []T, at int, name func(T) string) (first bool, after string) {
	if at == 0 {
		return true, ""
	}
	return false, name(list[at-1])
}

// placeAt is where First and After put something in a list.
func placeAt[T any](list []T, first bool, after string, name func(T) string) int {
	switch {
	case first:
		return 0
	case after == "":
		return len(list)
	}
	return slices.IndexFunc(list, func(one T) bool { return name(one) == after }) + 1
}

func columnName(c ops.Column) string         { return c.Name }
func indexName(i ops.Index) string           { return i.Name }
func projectionName(p ops.Projection) string { return p.Name }
func constraintName(c ops.Constraint) string { return c.Name }
func settingName(s ops.Setting) string       { return s.Name }

func namesOf[T any](list []T, name func(T) string) []string {
	names := make([]string, len(list))
	for i, one := range list {
		names[i] = name(one)
	}
	return names
}

func orElse(text, other string) string { return cmp.Or(text, other) }
