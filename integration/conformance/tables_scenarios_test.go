package conformance

import "github.com/skein-migrate/skein/ops"

func tableScenarios() []scenario {
	return append(append(createTableScenarios(), dropTableScenarios()...), movedTableScenarios()...)
}

func createTableScenarios() []scenario {
	base := local("t")
	distT := dist("t_dist")
	full := ops.CreateTable{
		Table: local("x"),
		Columns: []ops.Column{
			{Name: "id", Type: "UInt64", Codec: "Delta, ZSTD(3)"},
			{Name: "d", Type: "Date", Comment: "it's a day"},
			{Name: "b", Type: "UInt32", Expression: "id+1", Codec: "ZSTD", Comment: "b", TTL: "d + INTERVAL 1 YEAR"},
			{Name: "m", Type: "String", Kind: ops.Materialized, Expression: "toString(id)"},
			{Name: "e", Type: "UInt8", Kind: ops.Ephemeral},
			{Name: "a", Type: "UInt64", Kind: ops.Alias, Expression: "id*2"},
			{Name: "n", Type: "Nested(k Int8, v String)"},
			{Name: "o`dd ", Type: "Enum8('a'=1,'b')"},
		},
		Indexes: []ops.Index{
			{Name: "i1", Expression: "b", Type: "minmax"},
			{Name: "i2", Expression: "(b, id)", Type: "set(100)", Granularity: 4},
		},
		Constraints: []ops.Constraint{{Name: "c1", Expression: "id>0"}, {Name: "c2", Expression: "b > 0", Assume: true}},
		Projections: []ops.Projection{{Name: "p", Query: "SELECT d, sum(b) GROUP BY d"}},
		Engine: ops.Engine{
			Kind: ops.MergeTree, PartitionBy: "toYYYYMM(d)", PrimaryKey: "id", OrderBy: "(id, d)", SampleBy: "id",
			TTL: "d + INTERVAL 2 YEAR", Settings: []ops.Setting{{Name: "index_granularity", Value: "1024"}},
		},
		Comment: "it's all",
	}
	kinds := []ops.Column{
		{Name: "id", Type: "UInt64"},
		{Name: "d", Type: "Date"},
		{Name: "b", Type: "UInt32", Expression: "id+1"},
		{Name: "o dd", Type: "Enum8('a'=1,'b'=2)"},
		{Name: "m", Type: "String", Kind: ops.Materialized, Expression: "toString(id)"},
		{Name: "a", Type: "UInt64", Kind: ops.Alias, Expression: "id*2"},
	}
	tolerant := table("x")
	tolerant.IfNotExists = true
	there := table("n")
	there.IfNotExists = true
	suffixed := table("x")
	suffixed.Engine.PathSuffix = "_2"
	alone := table("x")
	alone.Engine.LocalOnly = true
	distX := ops.CreateTable{
		Table: dist("x"), Columns: columns(),
		Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: "t", ShardingKey: "id"},
	}
	return []scenario{
		{name: "with every clause", op: full},
		{name: "with defaults of all kinds", op: ops.CreateTable{Table: local("x"), Columns: kinds, Engine: tree()}},
		{name: "with settings", op: ops.CreateTable{
			Table: local("x"), Columns: columns(), Engine: ops.Engine{
				Kind: ops.MergeTree, PartitionBy: "toYYYYMM(d)", OrderBy: "(id, d)", SampleBy: "id", PrimaryKey: "id",
				Settings: []ops.Setting{{Name: "index_granularity", Value: "1024"}},
			},
		}, modernOnly: true},
		{name: "with SAMPLE BY", op: ops.CreateTable{Table: local("x"), Columns: columns(), Engine: ops.Engine{
			Kind: ops.MergeTree, PartitionBy: "toYYYYMM(d)", OrderBy: "(id, d)", SampleBy: "id",
			Settings: []ops.Setting{{Name: "index_granularity", Value: "1024"}},
		}}},
		{name: "IF NOT EXISTS", op: tolerant},
		{name: "IF NOT EXISTS, there already", op: there, noop: true},
		{name: "unsharded", op: unsharded("x"), clusterOnly: true},
		{name: "with the name of a renamed one", given: []ops.Operation{table("x"), ops.RenameTable{From: local("x"), To: "y"}}, op: suffixed},
		{name: "without replication", op: alone, clusterOnly: true},
		{name: "Distributed", op: distX},
		{name: "AS another, with its own engine", op: ops.CreateTable{Table: local("x"), As: &base, Engine: tree()}},
		{name: "AS another", op: ops.CreateTable{Table: local("x"), As: &base}, modernOnly: true},
		{name: "AS another, Distributed", op: ops.CreateTable{Table: dist("x"), As: &distT}},
	}
}

func unsharded(name string) ops.CreateTable {
	t := table(name)
	t.Engine.Unsharded = true
	return t
}

func dropTableScenarios() []scenario {
	t := table("t")
	shared := unsharded("x")
	sharedRows := []string{"INSERT INTO {db}.x SELECT * FROM {db}.t"}
	distT := ops.CreateTable{
		Table: dist("t_dist"), Columns: columns(),
		Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: "t", ShardingKey: "id"},
	}
	view := ops.CreateView{Table: local("x"), Columns: columns(), Query: "SELECT id, d, v, s FROM {db}.t"}
	return []scenario{
		{op: ops.DropTable{Table: local("t")}},
		{name: "with Was", op: ops.DropTable{Table: local("t"), Was: &t}, loses: "the rows of the table"},
		{name: "IF EXISTS, with Was", op: ops.DropTable{Table: local("t"), IfExists: true, Was: &t}, loses: "the rows of the table"},
		{name: "IF EXISTS, not there", op: ops.DropTable{Table: local("nope"), IfExists: true}, noop: true},
		{
			name: "unsharded", given: []ops.Operation{shared}, rows: sharedRows, clusterOnly: true,
			op: ops.DropTable{Table: local("x"), Was: &shared}, loses: "the rows of the table",
		},
		{name: "Distributed, with Was", op: ops.DropTable{Table: dist("t_dist"), Was: &distT}},
		{
			name: "a view", given: []ops.Operation{view}, op: ops.DropTable{Table: local("x"), View: true},
		},

		{op: ops.TruncateTable{Table: local("t")}, effect: "SELECT (SELECT count() FROM {db}.t), (SELECT count() FROM {db}.n)", want: "0|3"},
		{
			name: "IF EXISTS", op: ops.TruncateTable{Table: local("t"), IfExists: true},
			effect: "SELECT (SELECT count() FROM {db}.t), (SELECT count() FROM {db}.n)", want: "0|3",
		},
		{name: "IF EXISTS, not there", op: ops.TruncateTable{Table: local("nope"), IfExists: true}},
		{
			name: "unsharded", given: []ops.Operation{shared}, rows: sharedRows, clusterOnly: true,
			op: ops.TruncateTable{Table: local("x")}, effect: "SELECT (SELECT count() FROM {db}.x), (SELECT count() FROM {db}.n)", want: "0|3",
		},
	}
}

// movedTableScenarios are those after which a table is the same with another name,
// or none.
func movedTableScenarios() []scenario {
	other := []ops.Operation{table("x")}
	otherRows := []string{"INSERT INTO {db}.x VALUES (7, '2026-03-01', 70, 'x')"}
	t, x, n := local("t"), local("x"), local("n")
	none, was := "", "was"
	commented := ops.CreateTable{Table: x, Columns: columns(), Engine: tree(), Comment: was}
	swap := []string{"RENAME TABLE {db}.t TO {db}.hand, {db}.x TO {db}.t, {db}.hand TO {db}.x"}
	detached := []string{"DETACH TABLE {db}.t"}
	return []scenario{
		{op: ops.RenameTable{From: t, To: "t2"}},
		{name: "to a name that needs quotes", op: ops.RenameTable{From: t, To: "order by"}},
		{name: "unsharded", given: []ops.Operation{unsharded("x")}, rows: otherRows, op: ops.RenameTable{From: x, To: "y"}, clusterOnly: true},
		{name: "Distributed", op: ops.RenameTable{From: dist("t_dist"), To: "t_dist2"}},

		{name: "two", op: ops.RenameTables{Renames: []ops.RenameTable{{From: t, To: "t2"}, {From: n, To: "n2"}}}},
		{
			name: "one into the place of the other", given: other, rows: otherRows,
			op:     ops.RenameTables{Renames: []ops.RenameTable{{From: t, To: "t_old"}, {From: x, To: "t"}}},
			breaks: []string{"RENAME TABLE {db}.t TO {db}.x, {db}.t_old TO {db}.t"},
		},
		{
			name: "over a third name", given: other, rows: otherRows, breaks: swap,
			op: ops.RenameTables{Renames: []ops.RenameTable{{From: t, To: "tmp"}, {From: x, To: "t"}, {From: local("tmp"), To: "x"}}},
		},
		{
			name:  "Distributed, over a third name",
			given: []ops.Operation{ops.CreateTable{Table: dist("n_dist"), Columns: columns(), Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: "n"}}},
			op: ops.RenameTables{Renames: []ops.RenameTable{
				{From: dist("t_dist"), To: "tmp"}, {From: dist("n_dist"), To: "t_dist"}, {From: dist("tmp"), To: "n_dist"},
			}},
			breaks: []string{"RENAME TABLE {db}.t_dist TO {db}.hand, {db}.n_dist TO {db}.t_dist, {db}.hand TO {db}.n_dist"},
		},

		{given: other, rows: otherRows, op: ops.ExchangeTables{A: t, B: x}},

		{op: ops.DetachTable{Table: t}, breaks: []string{"ATTACH TABLE {db}.t"}},
		{name: "permanently", op: ops.DetachTable{Table: t, Permanently: true}, breaks: []string{"ATTACH TABLE {db}.t"}},
		{name: "IF EXISTS", op: ops.DetachTable{Table: t, IfExists: true}, breaks: []string{"ATTACH TABLE {db}.t"}},
		{name: "IF EXISTS, not there", op: ops.DetachTable{Table: local("nope"), IfExists: true}, noop: true},
		{name: "Distributed", op: ops.DetachTable{Table: dist("t_dist")}, breaks: []string{"ATTACH TABLE {db}.t_dist"}},
		{op: ops.AttachTable{Table: t}, byHand: detached, breaks: detached},
		{name: "IF NOT EXISTS", op: ops.AttachTable{Table: t, IfNotExists: true}, byHand: detached, breaks: detached},
		{
			name: "permanently detached", op: ops.AttachTable{Table: t, Permanently: true}, modernOnly: true,
			byHand: []string{"DETACH TABLE {db}.t PERMANENTLY"}, breaks: []string{"DETACH TABLE {db}.t PERMANENTLY"},
		},

		{op: ops.CommentTable{Table: t, Comment: "it's \\new"}},
		{name: "with Was, none", op: ops.CommentTable{Table: t, Comment: "new", Was: &none}},
		{name: "with Was", given: []ops.Operation{commented}, op: ops.CommentTable{Table: x, Comment: "new", Was: &was}},
		{name: "removed", given: []ops.Operation{commented}, op: ops.CommentTable{Table: x, Was: &was}},
		{
			name: "of a view", op: ops.CommentTable{Table: x, Comment: "new", Was: &none},
			given: []ops.Operation{ops.CreateView{Table: x, Columns: columns(), Query: "SELECT id, d, v, s FROM {db}.t"}},
		},
		{name: "Distributed", op: ops.CommentTable{Table: dist("t_dist"), Comment: "new", Was: &none}},
	}
}
