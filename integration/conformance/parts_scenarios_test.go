package conformance

import "github.com/skein-migrate/skein/ops"

func partScenarios() []scenario {
	var all []scenario
	for _, some := range [][]scenario{indexScenarios(), projectionScenarios(), constraintScenarios()} {
		all = append(all, some...)
	}
	return all
}

func index(name, expression, kind string) ops.Index {
	return ops.Index{Name: name, Expression: expression, Type: kind}
}

// indexed is a table with the indexes i1 and i2, before any row.
func indexed() []ops.Operation {
	x := table("x")
	x.Indexes = []ops.Index{index("i1", "v", "minmax"), index("i2", "s", "set(10)")}
	return []ops.Operation{x}
}

func indexScenarios() []scenario {
	t, x := local("t"), local("x")
	one := index("i", "v", "minmax")
	i1, i2 := index("i1", "v", "minmax"), index("i2", "s", "set(10)")
	rich := ops.Index{Name: "or`der", Expression: "(v,  s)", Type: "bloom_filter(0.01)", Granularity: 3}
	// MATERIALIZE and CLEAR leave no trace by partition but the size of all.
	size := func(names string) string {
		return "SELECT name, data_compressed_bytes > 0 FROM system.data_skipping_indices WHERE database = '{name}' AND table = 'x' AND name IN (" + names + ") ORDER BY name"
	}
	filled := []string{"INSERT INTO {db}.x SELECT id, d, v, s FROM {db}.t"}
	late := []string{
		"ALTER TABLE {db}.x DROP INDEX i1, DROP INDEX i2", filled[0],
		"ALTER TABLE {db}.x ADD INDEX i1 v TYPE minmax, ADD INDEX i2 s TYPE set(10)",
	}
	return []scenario{
		{op: ops.AddIndex{Table: t, Index: one}},
		{name: "of several columns, with granularity", op: ops.AddIndex{Table: t, Index: rich}},
		{name: "of an expression", op: ops.AddIndex{Table: t, Index: index("i", "v*2", "set(100)")}},
		{name: "of text", op: ops.AddIndex{Table: t, Index: index("i", "lower(s)", "ngrambf_v1(3, 256, 2, 0)")}},
		{name: "first", given: indexed(), op: ops.AddIndex{Table: x, Index: one, First: true}},
		{name: "after another", given: indexed(), op: ops.AddIndex{Table: x, Index: one, After: "i1"}},
		{name: "IF NOT EXISTS", op: ops.AddIndex{Table: t, Index: one, IfNotExists: true}},
		{name: "IF NOT EXISTS, there already", given: indexed(), op: ops.AddIndex{Table: x, Index: i1, IfNotExists: true}, noop: true},
		{
			name: "side by side", given: indexed(), op: ops.AddIndexes{Table: x, Indexes: []ops.Index{one, rich}, After: "i1"},
			breaks: []string{"ALTER TABLE {db}.x DROP INDEX i, DROP INDEX `or\\`der`"},
		},
		{
			name: "first", given: indexed(), op: ops.AddIndexes{Table: x, Indexes: []ops.Index{one, rich}, First: true},
			breaks: []string{"ALTER TABLE {db}.x DROP INDEX i, DROP INDEX `or\\`der`"},
		},
		{given: indexed(), op: ops.DropIndex{Table: x, Name: "i1"}},
		{name: "with Was, first", given: indexed(), op: ops.DropIndex{Table: x, Name: "i1", Was: &i1, First: true}},
		{name: "with Was, after another", given: indexed(), op: ops.DropIndex{Table: x, Name: "i2", Was: &i2, After: "i1"}},
		{name: "IF EXISTS, with Was", given: indexed(), op: ops.DropIndex{Table: x, Name: "i2", Was: &i2, IfExists: true}},
		{name: "IF EXISTS, not there", op: ops.DropIndex{Table: t, Name: "nope", IfExists: true}, noop: true},
		{
			name: "with Was", given: indexed(), op: ops.DropIndexes{Table: x, Names: []string{"i1", "i2"}, Was: []ops.Index{i1, i2}},
			breaks: []string{"ALTER TABLE {db}.x ADD INDEX i1 v TYPE minmax, ADD INDEX i2 s TYPE set(10)"},
		},
		{given: indexed(), rows: late, op: ops.MaterializeIndex{Table: x, Names: []string{"i1"}}, effect: size("'i1', 'i2'"), want: "i1|1\ni2|0"},
		{name: "two", given: indexed(), rows: late, op: ops.MaterializeIndex{Table: x, Names: []string{"i1", "i2"}}, effect: size("'i1', 'i2'"), want: "i1|1\ni2|1"},
		{name: "in a partition", given: indexed(), rows: late, op: ops.MaterializeIndex{Table: x, Names: []string{"i1"}, Partition: "202601"}, effect: size("'i1'"), want: "i1|1"},
		{given: indexed(), rows: filled, op: ops.ClearIndex{Table: x, Names: []string{"i1"}}, effect: size("'i1', 'i2'"), want: "i1|0\ni2|1"},
		{name: "two", given: indexed(), rows: filled, op: ops.ClearIndex{Table: x, Names: []string{"i1", "i2"}}, effect: size("'i1', 'i2'"), want: "i1|0\ni2|0"},
		{name: "in a partition", given: indexed(), rows: []string{"INSERT INTO {db}.x SELECT id, d, v, s FROM {db}.t WHERE id = 3"}, op: ops.ClearIndex{Table: x, Names: []string{"i1"}, Partition: "202602"}, effect: size("'i1'"), want: "i1|0"},
	}
}

func projectionScenarios() []scenario {
	t, x := local("t"), local("x")
	p1 := ops.Projection{Name: "p1", Query: "SELECT s, sum(v) GROUP BY s"}
	p2 := ops.Projection{Name: "p2", Query: "SELECT id,v ORDER BY v"}
	one := ops.Projection{Name: "p", Query: "SELECT d, count( ) GROUP BY d"}
	made := table("x")
	made.Projections = []ops.Projection{p1, p2}
	projected := []ops.Operation{made}
	filled := []string{"INSERT INTO {db}.x SELECT id, d, v, s FROM {db}.t"}
	late := []string{
		"ALTER TABLE {db}.x DROP PROJECTION p1, DROP PROJECTION p2", filled[0],
		"ALTER TABLE {db}.x ADD PROJECTION p1 (" + p1.Query + "), ADD PROJECTION p2 (" + p2.Query + ")",
	}
	const parts = "SELECT partition, name FROM system.projection_parts WHERE active AND database = '{name}' AND table = 'x' ORDER BY partition, name"
	return []scenario{
		{op: ops.AddProjection{Table: t, Projection: one}},
		{name: "in another order", op: ops.AddProjection{Table: t, Projection: p2}},
		{name: "first", given: projected, op: ops.AddProjection{Table: x, Projection: one, First: true}},
		{name: "after another", given: projected, op: ops.AddProjection{Table: x, Projection: one, After: "p1"}},
		{name: "IF NOT EXISTS", op: ops.AddProjection{Table: t, Projection: one, IfNotExists: true}},
		{name: "IF NOT EXISTS, there already", given: projected, op: ops.AddProjection{Table: x, Projection: p1, IfNotExists: true}, noop: true},
		{given: projected, op: ops.DropProjection{Table: x, Name: "p1"}},
		{name: "with Was, first", given: projected, rows: filled, op: ops.DropProjection{Table: x, Name: "p1", Was: &p1, First: true}},
		{name: "with Was, after another", given: projected, op: ops.DropProjection{Table: x, Name: "p2", Was: &p2, After: "p1"}},
		{name: "IF EXISTS, with Was", given: projected, op: ops.DropProjection{Table: x, Name: "p2", Was: &p2, IfExists: true}},
		{name: "IF EXISTS, not there", op: ops.DropProjection{Table: t, Name: "nope", IfExists: true}, noop: true},
		{given: projected, rows: late, op: ops.MaterializeProjection{Table: x, Names: []string{"p1"}}, effect: parts, want: "202601|p1\n202602|p1"},
		{name: "two", given: projected, rows: late, op: ops.MaterializeProjection{Table: x, Names: []string{"p1", "p2"}}, effect: parts, want: "202601|p1\n202601|p2\n202602|p1\n202602|p2"},
		{name: "in a partition", given: projected, rows: late, op: ops.MaterializeProjection{Table: x, Names: []string{"p1"}, Partition: "202601"}, effect: parts, want: "202601|p1"},
		{given: projected, rows: filled, op: ops.ClearProjection{Table: x, Names: []string{"p1"}}, effect: parts, want: "202601|p2\n202602|p2"},
		{name: "in a partition by ID", given: projected, rows: filled, op: ops.ClearProjection{Table: x, Names: []string{"p1"}, Partition: "ID '202601'"}, effect: parts, want: "202601|p2\n202602|p1\n202602|p2"},
	}
}

func constraintScenarios() []scenario {
	t, x := local("t"), local("x")
	one := ops.Constraint{Name: "c", Expression: "v<1000 and s!='it''s'"}
	c1 := ops.Constraint{Name: "c1", Expression: "id > 0"}
	assumed := ops.Constraint{Name: "c2", Expression: "length(s)>0", Assume: true}
	made := table("x")
	made.Constraints = []ops.Constraint{c1, assumed}
	constrained := []ops.Operation{made}
	return []scenario{
		{op: ops.AddConstraint{Table: t, Constraint: one}},
		{name: "that is assumed", op: ops.AddConstraint{Table: t, Constraint: assumed}},
		{name: "that the rows there break", op: ops.AddConstraint{Table: t, Constraint: ops.Constraint{Name: "c", Expression: "v > 1000"}}},
		{name: "IF NOT EXISTS", op: ops.AddConstraint{Table: t, Constraint: one, IfNotExists: true}},
		{name: "IF NOT EXISTS, there already", given: constrained, op: ops.AddConstraint{Table: x, Constraint: c1, IfNotExists: true}, noop: true},
		{given: constrained, op: ops.DropConstraint{Table: x, Name: "c1"}},
		{name: "with Was", given: constrained, op: ops.DropConstraint{Table: x, Name: "c2", Was: &assumed}},
		{name: "IF EXISTS, with Was", given: constrained, op: ops.DropConstraint{Table: x, Name: "c2", Was: &assumed, IfExists: true}},
		{name: "IF EXISTS, not there", op: ops.DropConstraint{Table: t, Name: "nope", IfExists: true}, noop: true},
	}
}
