package conformance

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/ops"
)

// action draws an operation that is valid in the world and applies it there; nil
// where there is none.
type action func(t *rapid.T, w *world) ops.Operation

func columnActions() map[string]action {
	return map[string]action{
		"add column": addColumn, "drop column": dropColumn, "modify column": modifyColumn, "rename column": renameColumnOf,
		"materialize column": materializeColumn, "modify order by": modifyOrderBy, "shorten order by": shortenOrderBy,
		"modify sample by": modifySampleBy,
	}
}

// drawTree draws a table of the MergeTree family.
func drawTree(t *rapid.T, w *world, fit func(ops.CreateTable) bool) (ops.CreateTable, bool) {
	names := sorted(w.tables, func(o ops.CreateTable) bool { return isTree(o) && (fit == nil || fit(o)) })
	if len(names) == 0 {
		return ops.CreateTable{}, false
	}
	return w.tables[pick(t, "table", names)], true
}

func addColumn(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, nil)
	if !ok {
		return nil
	}
	name, ok := freeName(t, "new column", func(n string) bool { return columnAt(o, n) >= 0 })
	if !ok {
		return nil
	}
	op := ops.AddColumn{Table: o.Table, Column: drawColumn(t, o, name), IfNotExists: sometimes(t, "IF NOT EXISTS")}
	op.First, op.After = drawPlace(t, namesOf(o.Columns, columnName))
	w.change(o.Table.Name, func(o *ops.CreateTable) {
		o.Columns = slices.Insert(o.Columns, placeAt(o.Columns, op.First, op.After, columnName), op.Column)
	})
	return op
}

// drawPlace draws where something goes among names.
func drawPlace(t *rapid.T, names []string) (first bool, after string) {
	switch {
	case len(names) == 0 || !sometimes(t, "at a place"):
		return false, ""
	case sometimes(t, "FIRST"):
		return true, ""
	}
	return false, pick(t, "AFTER", names)
}

// drawFree draws a column that can go.
func drawFree(t *rapid.T, w *world, fit func(ops.CreateTable, ops.Column) bool) (ops.CreateTable, ops.Column, bool) {
	free := func(o ops.CreateTable) (columns []ops.Column) {
		for _, c := range o.Columns {
			if w.free(o.Table.Name, c.Name) && fit(o, c) {
				columns = append(columns, c)
			}
		}
		return columns
	}
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool { return len(free(o)) > 0 })
	if !ok {
		return o, ops.Column{}, false
	}
	return o, pick(t, "column", free(o)), true
}

func dropColumn(t *rapid.T, w *world) ops.Operation {
	o, c, ok := drawFree(t, w, func(o ops.CreateTable, c ops.Column) bool {
		return !usedInside(o, c.Name) && c.Name != "d" && c.Name != "id"
	})
	if !ok {
		return nil
	}
	op := ops.DropColumn{Table: o.Table, Name: c.Name, Was: &c, IfExists: sometimes(t, "IF EXISTS")}
	at := columnAt(o, c.Name)
	op.First, op.After = where(o.Columns, at, columnName)
	w.change(o.Table.Name, func(o *ops.CreateTable) { o.Columns = slices.Delete(o.Columns, at, at+1) })
	return op
}

// modifyColumn changes anything of a column, its place too. The type stays where
// something else uses the column.
func modifyColumn(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, nil)
	if !ok {
		return nil
	}
	was := pick(t, "column", o.Columns)
	is, at := was, columnAt(o, was.Name)
	if w.free(o.Table.Name, was.Name) && !usedInside(o, was.Name) && was.Name != "d" && was.Name != "id" {
		is.Type = pick(t, "new type", kinOf(was.Type).types)
		if strings.HasPrefix(is.Type, "Nullable") != strings.HasPrefix(was.Type, "Nullable") {
			is.Type = was.Type // there is no way back (36)
		}
		switch was.Kind {
		case ops.Ephemeral: // it becomes no ordinary one
			is.Kind = pick(t, "new kind", []ops.DefaultKind{ops.Ephemeral, ops.Default, ops.Materialized})
		case ops.Alias, ops.Materialized:
			is.Kind = pick(t, "new kind", []ops.DefaultKind{ops.Default, ops.Materialized, ops.Alias, ""})
		default:
			is.Kind = pick(t, "new kind", []ops.DefaultKind{"", ops.Default, ops.Materialized})
		}
		if (is.Kind == ops.Alias) != (was.Kind == ops.Alias) || (is.Kind == ops.Ephemeral) != (was.Kind == ops.Ephemeral) {
			is.Type = was.Type // both at once is refused where there are rows (16)
		}
		is = drawProperties(t, o, is)
		if was.Kind == ops.Ephemeral && (is.Expression == "" || was.Expression == "") {
			is.Expression = was.Expression // once without, 26.7 never shows the one that it has
		}
	} else {
		is.Comment = pick(t, "comment", comments())
	}
	op := ops.ModifyColumn{Table: o.Table, Column: is, Was: &was}
	if inArguments(o, was.Name) { // not even its own type may be stated (524)
		op.Column, op.Was = ops.Column{Name: is.Name, Comment: is.Comment}, &ops.Column{Name: was.Name, Comment: was.Comment}
	} else if len(o.Columns) > 1 && sometimes(t, "moved") {
		others := slices.Delete(namesOf(o.Columns, columnName), at, at+1)
		op.First, op.After = drawPlace(t, others)
		if op.First || op.After != "" {
			op.WasFirst, op.WasAfter = where(o.Columns, at, columnName)
		}
	}
	if op.Check() != nil {
		return nil // nothing to change
	}
	w.change(o.Table.Name, func(o *ops.CreateTable) {
		o.Columns[at] = is
		if op.First || op.After != "" {
			o.Columns = slices.Delete(o.Columns, at, at+1)
			o.Columns = slices.Insert(o.Columns, placeAt(o.Columns, op.First, op.After, columnName), is)
		}
	})
	return op
}

func renameColumnOf(t *rapid.T, w *world) ops.Operation {
	o, c, ok := drawFree(t, w, func(o ops.CreateTable, c ops.Column) bool {
		return c.Name != "d" && c.Name != "id" && !projected(o, c.Name)
	})
	if !ok {
		return nil
	}
	to, ok := freeName(t, "new name", func(n string) bool { return columnAt(o, n) >= 0 })
	if !ok {
		return nil
	}
	w.change(o.Table.Name, func(o *ops.CreateTable) { renameColumn(o, c.Name, to) })
	return ops.RenameColumn{Table: o.Table, From: c.Name, To: to}
}

// projected says that a projection uses a column, which has its name for good then (47, 524).
func projected(o ops.CreateTable, column string) bool {
	return slices.ContainsFunc(o.Projections, func(p ops.Projection) bool { return mentions(column, p.Query) || strings.Contains(p.Query, "*") })
}

func materializeColumn(t *rapid.T, w *world) ops.Operation {
	o, c, ok := drawFree(t, w, func(_ ops.CreateTable, c ops.Column) bool { return c.Kind == ops.Materialized || c.Kind == ops.Default })
	if !ok {
		return nil
	}
	return ops.MaterializeColumn{Table: o.Table, Name: c.Name}
}

// modifyOrderBy makes a key longer by a new column. What was the key stays the
// primary key.
func modifyOrderBy(t *rapid.T, w *world) ops.Operation {
	// The version of this engine stands behind the key, and cannot get to another place in it (36).
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool { return o.Engine.Kind != ops.VersionedCollapsingMergeTree })
	if !ok {
		return nil
	}
	name, ok := freeName(t, "new column", func(n string) bool { return columnAt(o, n) >= 0 })
	if !ok {
		return nil
	}
	column := ops.Column{Name: name, Type: pick(t, "type of a key", []string{"UInt32", "String", "DateTime"}), Comment: pick(t, "comment", comments())}
	op := ops.ModifyOrderBy{Table: o.Table, Add: []ops.Column{column}, Was: o.Engine.OrderBy}
	op.OrderBy = "(" + strings.Join(append(keyOf(o), ops.Ident(name)), ", ") + ")"
	op.First, op.After = drawPlace(t, namesOf(o.Columns, columnName))
	w.change(o.Table.Name, func(o *ops.CreateTable) {
		o.Engine.PrimaryKey = orElse(o.Engine.PrimaryKey, o.Engine.OrderBy)
		o.Engine.OrderBy = op.OrderBy
		o.Columns = slices.Insert(o.Columns, placeAt(o.Columns, op.First, op.After, columnName), column)
	})
	return op
}

// keyOf are the expressions of ORDER BY.
func keyOf(o ops.CreateTable) []string {
	return strings.Split(strings.TrimSuffix(strings.TrimPrefix(o.Engine.OrderBy, "("), ")"), ", ")
}

// shortenOrderBy takes the last column out of a key and drops it.
func shortenOrderBy(t *rapid.T, w *world) ops.Operation {
	last := func(o ops.CreateTable) (int, bool) {
		key := keyOf(o)
		at := slices.IndexFunc(o.Columns, func(c ops.Column) bool { return ops.Ident(c.Name) == key[len(key)-1] })
		return at, at >= 0
	}
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool {
		at, ok := last(o)
		if !ok || o.Engine.PrimaryKey == "" || len(keyOf(o)) < 2 || o.Engine.Kind == ops.VersionedCollapsingMergeTree {
			return false
		}
		c, rest := o.Columns[at], copyOf(o)
		rest.Engine.OrderBy = ""
		queries, _, dictionary := w.readers(o.Table.Name)
		return c.Kind == "" && c.Name != "d" && c.Name != "id" && !inKey(rest, c.Name) && !usedInside(o, c.Name) &&
			!dictionary && !mentions(c.Name, queries...)
	})
	if !ok {
		return nil
	}
	at, _ := last(o)
	key := keyOf(o)
	op := ops.ModifyOrderBy{Table: o.Table, Drop: []ops.Column{o.Columns[at]}, Was: o.Engine.OrderBy}
	op.OrderBy = "(" + strings.Join(key[:len(key)-1], ", ") + ")"
	op.First, op.After = where(o.Columns, at, columnName)
	w.change(o.Table.Name, func(o *ops.CreateTable) {
		o.Engine.OrderBy = op.OrderBy
		o.Columns = slices.Delete(o.Columns, at, at+1)
	})
	return op
}

func modifySampleBy(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, nil)
	if !ok {
		return nil
	}
	w.change(o.Table.Name, func(to *ops.CreateTable) {
		to.Engine.SampleBy = "`id`"
		if o.Engine.SampleBy != "" {
			to.Engine.SampleBy = ""
		}
	})
	if o.Engine.SampleBy != "" {
		return ops.RemoveSampleBy{Table: o.Table, Was: o.Engine.SampleBy}
	}
	return ops.ModifySampleBy{Table: o.Table, SampleBy: "`id`", WasNone: true}
}
