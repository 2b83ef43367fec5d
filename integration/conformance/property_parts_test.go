package conformance

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/ops"
)

func partActions() map[string]action {
	return map[string]action{
		"add indexes": addIndexes, "drop indexes": dropIndexes, "materialize index": materializeIndex,
		"add projection": addProjection, "drop projection": dropProjection, "materialize projection": materializeProjection,
		"add constraint": addConstraint, "drop constraint": dropConstraint, "modify TTL": modifyTTL, "remove TTL": removeTTL,
		"modify settings": modifySettings, "reset settings": resetSettings, "comment table": commentTable,
	}
}

func addIndexes(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, nil)
	if !ok {
		return nil
	}
	op := ops.AddIndexes{Table: o.Table, IfNotExists: sometimes(t, "IF NOT EXISTS")}
	for range rapid.IntRange(1, 2).Draw(t, "indexes") {
		name, free := freeName(t, "new index", func(n string) bool {
			return slices.Contains(namesOf(slices.Concat(o.Indexes, op.Indexes), indexName), n)
		})
		if index, able := drawIndex(t, o, name); free && able {
			op.Indexes = append(op.Indexes, index)
		}
	}
	if len(op.Indexes) == 0 {
		return nil
	}
	op.First, op.After = drawPlace(t, namesOf(o.Indexes, indexName))
	w.change(o.Table.Name, func(o *ops.CreateTable) {
		o.Indexes = slices.Insert(o.Indexes, placeAt(o.Indexes, op.First, op.After, indexName), op.Indexes...)
	})
	if len(op.Indexes) == 1 {
		return ops.AddIndex{Table: op.Table, Index: op.Indexes[0], First: op.First, After: op.After, IfNotExists: op.IfNotExists}
	}
	return op
}

// dropIndexes drops one index, or several that stand side by side.
func dropIndexes(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool { return len(o.Indexes) > 0 })
	if !ok {
		return nil
	}
	from := rapid.IntRange(0, len(o.Indexes)-1).Draw(t, "from")
	to := rapid.IntRange(from+1, len(o.Indexes)).Draw(t, "to")
	was := slices.Clone(o.Indexes[from:to])
	op := ops.DropIndexes{Table: o.Table, Names: namesOf(was, indexName), Was: was, IfExists: sometimes(t, "IF EXISTS")}
	op.First, op.After = where(o.Indexes, from, indexName)
	w.change(o.Table.Name, func(o *ops.CreateTable) { o.Indexes = slices.Delete(o.Indexes, from, to) })
	if len(was) == 1 {
		return ops.DropIndex{Table: op.Table, Name: was[0].Name, Was: &was[0], First: op.First, After: op.After, IfExists: op.IfExists}
	}
	return op
}

func materializeIndex(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool { return len(o.Indexes) > 0 })
	if !ok {
		return nil
	}
	names := namesOf(o.Indexes, indexName)
	if sometimes(t, "clear") {
		return ops.ClearIndex{Table: o.Table, Names: names}
	}
	return ops.MaterializeIndex{Table: o.Table, Names: names}
}

func addProjection(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool { return o.Engine.Kind == ops.MergeTree })
	if !ok {
		return nil
	}
	name, ok := freeName(t, "new projection", func(n string) bool { return slices.Contains(namesOf(o.Projections, projectionName), n) })
	if !ok {
		return nil
	}
	op := ops.AddProjection{Table: o.Table, Projection: drawProjection(t, o, name), IfNotExists: sometimes(t, "IF NOT EXISTS")}
	op.First, op.After = drawPlace(t, namesOf(o.Projections, projectionName))
	w.change(o.Table.Name, func(o *ops.CreateTable) {
		o.Projections = slices.Insert(o.Projections, placeAt(o.Projections, op.First, op.After, projectionName), op.Projection)
	})
	return op
}

func dropProjection(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool { return len(o.Projections) > 0 })
	if !ok {
		return nil
	}
	at := rapid.IntRange(0, len(o.Projections)-1).Draw(t, "projection")
	was := o.Projections[at]
	op := ops.DropProjection{Table: o.Table, Name: was.Name, Was: &was, IfExists: sometimes(t, "IF EXISTS")}
	op.First, op.After = where(o.Projections, at, projectionName)
	w.change(o.Table.Name, func(o *ops.CreateTable) { o.Projections = slices.Delete(o.Projections, at, at+1) })
	return op
}

func materializeProjection(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool { return len(o.Projections) > 0 })
	if !ok {
		return nil
	}
	names := namesOf(o.Projections, projectionName)
	if sometimes(t, "clear") {
		return ops.ClearProjection{Table: o.Table, Names: names}
	}
	return ops.MaterializeProjection{Table: o.Table, Names: names}
}

func addConstraint(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, nil)
	if !ok {
		return nil
	}
	name, ok := freeName(t, "new constraint", func(n string) bool { return slices.Contains(namesOf(o.Constraints, constraintName), n) })
	if !ok {
		return nil
	}
	op := ops.AddConstraint{Table: o.Table, Constraint: drawConstraint(t, o, name), IfNotExists: sometimes(t, "IF NOT EXISTS")}
	w.change(o.Table.Name, func(o *ops.CreateTable) { o.Constraints = append(o.Constraints, op.Constraint) })
	return op
}

// dropConstraint drops the last one: no server says where a constraint goes, and
// its inverse puts it there.
func dropConstraint(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool { return len(o.Constraints) > 0 })
	if !ok {
		return nil
	}
	last := len(o.Constraints) - 1
	was := o.Constraints[last]
	w.change(o.Table.Name, func(o *ops.CreateTable) { o.Constraints = o.Constraints[:last] })
	return ops.DropConstraint{Table: o.Table, Name: was.Name, Was: &was, IfExists: sometimes(t, "IF EXISTS")}
}

func modifyTTL(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, nil)
	if !ok {
		return nil
	}
	op := ops.ModifyTTL{
		Table: o.Table, TTL: pick(t, "table TTL", tableTTLs()), Was: o.Engine.TTL, WasNone: o.Engine.TTL == "",
		Materialize: sometimes(t, "materialize"),
	}
	if op.TTL == op.Was {
		return nil
	}
	w.change(o.Table.Name, func(o *ops.CreateTable) { o.Engine.TTL = op.TTL })
	return op
}

func removeTTL(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool { return o.Engine.TTL != "" })
	if !ok {
		return nil
	}
	w.change(o.Table.Name, func(o *ops.CreateTable) { o.Engine.TTL = "" })
	return ops.RemoveTTL{Table: o.Table, Was: o.Engine.TTL, Materialize: sometimes(t, "materialize")}
}

func modifySettings(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, nil)
	if !ok {
		return nil
	}
	op := ops.ModifySettings{Table: o.Table}
	for _, setting := range rapid.SliceOfNDistinct(rapid.SampledFrom(tableSettings()), 1, 3, settingName).Draw(t, "settings") {
		at := slices.IndexFunc(o.Engine.Settings, func(s ops.Setting) bool { return s.Name == setting.Name })
		if at >= 0 && o.Engine.Settings[at] == setting {
			continue
		}
		if at >= 0 {
			op.Was = append(op.Was, o.Engine.Settings[at])
		}
		op.Settings = append(op.Settings, setting)
	}
	if len(op.Settings) == 0 {
		return nil
	}
	w.change(o.Table.Name, func(o *ops.CreateTable) {
		for _, setting := range op.Settings {
			o.Engine.Settings = slices.DeleteFunc(o.Engine.Settings, func(s ops.Setting) bool { return s.Name == setting.Name })
			o.Engine.Settings = append(o.Engine.Settings, setting)
		}
	})
	return op
}

func resetSettings(t *rapid.T, w *world) ops.Operation {
	o, ok := drawTree(t, w, func(o ops.CreateTable) bool { return len(o.Engine.Settings) > 0 })
	if !ok {
		return nil
	}
	was := slices.Clone(o.Engine.Settings[:rapid.IntRange(1, len(o.Engine.Settings)).Draw(t, "settings")])
	w.change(o.Table.Name, func(o *ops.CreateTable) { o.Engine.Settings = slices.Delete(o.Engine.Settings, 0, len(was)) })
	return ops.ResetSettings{Table: o.Table, Names: namesOf(was, settingName), Was: was}
}

func commentTable(t *rapid.T, w *world) ops.Operation {
	names := sorted(w.tables, nil)
	if len(names) == 0 {
		return nil
	}
	o := w.tables[pick(t, "table", names)]
	op := ops.CommentTable{Table: o.Table, Comment: pick(t, "comment", comments()), Was: &o.Comment}
	if op.Comment == o.Comment {
		return nil
	}
	w.change(o.Table.Name, func(o *ops.CreateTable) { o.Comment = op.Comment })
	return op
}
