package conformance

import (
	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/ops"
)

func tableActions() map[string]action {
	return map[string]action{
		"create table": createTable, "create table as": createTableAs, "drop table": dropTable, "rename table": renameTable,
		"rename tables": renameTables, "exchange tables": exchangeTables, "detach table": detachTable, "attach table": attachTable,
	}
}

func createTable(t *rapid.T, w *world) ops.Operation {
	name, ok := freeName(t, "new table", w.taken)
	if !ok {
		return nil
	}
	o := drawTable(t, name)
	w.tables[name] = o
	return copyOf(o)
}

// createTableAs takes columns, keys and parts over from another table.
func createTableAs(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, nil)
	name, free := freeName(t, "new table", w.taken)
	if !ok || !free {
		return nil
	}
	made := copyOf(o)
	made.Table.Name, made.IfNotExists = name, false
	w.tables[name] = made
	op := ops.CreateTable{Table: made.Table, As: &o.Table}
	return op
}

// drawMovable draws a table that may get another name, or go.
func drawMovable(t *rapid.T, w *world, what string, fit func(string) bool) (string, bool) {
	names := sorted(w.tables, func(o ops.CreateTable) bool {
		return w.movable(o.Table.Name) && (fit == nil || fit(o.Table.Name))
	})
	if len(names) == 0 {
		return "", false
	}
	return pick(t, what, names), true
}

func dropTable(t *rapid.T, w *world) ops.Operation {
	name, ok := drawMovable(t, w, "table", nil)
	if !ok {
		return nil
	}
	op := ops.DropTable{Table: local(name), Was: w.create(name), IfExists: sometimes(t, "IF EXISTS")}
	delete(w.tables, name)
	return op
}

func renameTable(t *rapid.T, w *world) ops.Operation {
	from, ok := drawMovable(t, w, "table", nil)
	to, free := freeName(t, "new name", w.taken)
	if !ok || !free {
		return nil
	}
	w.renameTable(from, to)
	return ops.RenameTable{From: local(from), To: to}
}

// renameTables renames two: the second gets the first's name, or they swap theirs
// over a third.
func renameTables(t *rapid.T, w *world) ops.Operation {
	first, ok := drawMovable(t, w, "first table", nil)
	if !ok {
		return nil
	}
	second, ok := drawMovable(t, w, "second table", func(name string) bool { return name != first })
	between, free := freeName(t, "new name", w.taken)
	if !ok || !free {
		return nil
	}
	op := ops.RenameTables{Renames: []ops.RenameTable{{From: local(first), To: between}, {From: local(second), To: first}}}
	if sometimes(t, "swap") {
		op.Renames = append(op.Renames, ops.RenameTable{From: local(between), To: second})
	}
	for _, rename := range op.Renames {
		w.renameTable(rename.From.Name, rename.To)
	}
	return op
}

func exchangeTables(t *rapid.T, w *world) ops.Operation {
	a, ok := drawMovable(t, w, "first table", nil)
	if !ok {
		return nil
	}
	b, ok := drawMovable(t, w, "second table", func(name string) bool { return name != a })
	if !ok {
		return nil
	}
	w.renameTable(a, "\x00")
	w.renameTable(b, a)
	w.renameTable("\x00", b)
	return ops.ExchangeTables{A: local(a), B: local(b)}
}

func detachTable(t *rapid.T, w *world) ops.Operation {
	name, ok := drawMovable(t, w, "table", nil)
	if !ok {
		return nil
	}
	op := ops.DetachTable{Table: local(name), Permanently: sometimes(t, "PERMANENTLY"), IfExists: sometimes(t, "IF EXISTS")}
	w.hidden[name], w.detached[name] = w.tables[name], op
	delete(w.tables, name)
	return op
}

func attachTable(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.hidden, nil)
	if len(names) == 0 {
		return nil
	}
	name := pick(t, "detached table", names)
	op := ops.AttachTable{Table: local(name), Permanently: w.detached[name].Permanently, IfNotExists: sometimes(t, "IF NOT EXISTS")}
	w.tables[name] = w.hidden[name]
	delete(w.hidden, name)
	delete(w.detached, name)
	return op
}
