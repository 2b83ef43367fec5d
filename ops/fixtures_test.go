package ops_test

import (
	"context"

	"github.com/skein-migrate/skein/ops"
)

func local(name string) ops.Table { return ops.LocalTable("events", name) }

func dist(name string) ops.Table { return ops.DistributedTable("events", name) }

func atLocal() ops.Place { return ops.Place{StorageSet: "events", Target: ops.Local} }

func create(engine ops.Engine, columns ...ops.Column) ops.CreateTable {
	return ops.CreateTable{
		Table:   local("events_local"),
		Columns: append([]ops.Column{{Name: "id", Type: "UInt64"}, {Name: "day", Type: "Date"}}, columns...),
		Engine:  engine,
	}
}

// operations are the values that goldens, round trips and inverses go over.
func operations() map[string]ops.Operation {
	all := map[string]ops.Operation{}
	for _, some := range []map[string]ops.Operation{tables(), columns(), indexesAndViews(), code(), tableFamilyOperations(), columnFamilyOperations(), viewOperations(), accessOperations(), partOperations(), propertyOperations(), dataOperations(), blockOperations()} {
		for name, op := range some {
			all[name] = op
		}
	}
	return all
}

func tables() map[string]ops.Operation {
	merge := ops.Engine{Kind: ops.MergeTree, OrderBy: "id"}
	full := ops.Engine{
		Kind: ops.MergeTree, PartitionBy: "toMonday(day)", PrimaryKey: "id", OrderBy: "(id, cityHash64(day))",
		SampleBy: "id", TTL: "day + INTERVAL 90 DAY",
		Settings: []ops.Setting{{Name: "index_granularity", Value: "1024"}, {Name: "storage_policy", Value: "it's"}},
	}
	all := ops.CreateTable{
		Table: ops.Table{Place: atLocal(), Database: "d", Name: "everything"},
		Columns: []ops.Column{
			{Name: "id", Type: "UInt64", Codec: "Delta, ZSTD(1)"},
			{Name: "day", Type: "Date", Expression: "today()"},
			{Name: "m", Type: "String", Kind: ops.Materialized, Expression: "toString(id)", Comment: "it's a \\ comment"},
			{Name: "a", Type: "String", Kind: ops.Alias, Expression: "m"},
			{Name: "t", Type: "String", Kind: ops.Default, Expression: "''", Comment: "c", Codec: "LZ4", TTL: "day + INTERVAL 1 DAY"},
			{Name: "e", Type: "String", Kind: ops.Ephemeral},
		},
		Indexes: []ops.Index{{Name: "by m", Expression: "(m, id)", Type: "bloom_filter(0.01)"}, {Name: "i", Expression: "id", Type: "minmax", Granularity: 4}},
		Engine:  full, IfNotExists: true, Comment: "the `table`",
	}
	unsharded := create(ops.Engine{Kind: ops.MergeTree, OrderBy: "id", Unsharded: true, PathSuffix: "_2"})
	unsharded.Table.Name = "currencies"
	localOnly := merge
	localOnly.LocalOnly = true
	clauses := full
	clauses.TTL, clauses.Settings = "", full.Settings[:1]
	version := ops.Column{Name: "v", Type: "UInt64"}
	sign := ops.Column{Name: "s", Type: "Int8"}
	distributed := create(ops.Engine{Kind: ops.DistributedEngine, LocalTable: "events_local", ShardingKey: "cityHash64(id)"})
	distributed.Table = dist("events_dist")
	other := create(ops.Engine{Kind: ops.DistributedEngine, LocalTable: "events_local", Database: "other"})
	other.Table.Name = "events_all"
	plain := create(merge)
	tolerant := create(merge)
	tolerant.IfNotExists = true
	return map[string]ops.Operation{
		"create_table":               plain,
		"create_table_clauses":       create(clauses),
		"create_table_everything":    all,
		"create_table_unsharded":     unsharded,
		"create_table_local_only":    create(localOnly),
		"create_table_replacing":     create(ops.Engine{Kind: ops.ReplacingMergeTree, Version: "v", OrderBy: "id"}, version),
		"create_table_is_deleted":    create(ops.Engine{Kind: ops.ReplacingMergeTree, Version: "v", IsDeleted: "d", OrderBy: "id"}, version, ops.Column{Name: "d", Type: "UInt8"}),
		"create_table_summing":       create(ops.Engine{Kind: ops.SummingMergeTree, Columns: []string{"v", "w`"}, OrderBy: "id"}, version, ops.Column{Name: "w`", Type: "UInt64"}),
		"create_table_aggregating":   create(ops.Engine{Kind: ops.AggregatingMergeTree, OrderBy: "id"}, ops.Column{Name: "n", Type: "AggregateFunction(sum, UInt64)"}),
		"create_table_collapsing":    create(ops.Engine{Kind: ops.CollapsingMergeTree, Sign: "s", OrderBy: "id"}, sign),
		"create_table_versioned":     create(ops.Engine{Kind: ops.VersionedCollapsingMergeTree, Sign: "s", Version: "v", OrderBy: "id"}, sign, version),
		"create_table_memory":        create(ops.Engine{Kind: ops.Memory}),
		"create_table_null":          create(ops.Engine{Kind: ops.Null}),
		"create_table_raw":           create(ops.Engine{Kind: ops.Raw, Text: "Buffer(default, events_local, 1, 1, 1, 1, 1, 1, 1)"}),
		"create_table_distributed":   distributed,
		"create_table_dist_on_local": other,
		"drop_table":                 ops.DropTable{Table: local("events_local")},
		"drop_table_was":             ops.DropTable{Table: plain.Table, IfExists: true, Was: &tolerant},
		"drop_table_distributed":     ops.DropTable{Table: dist("events_dist")},
		"rename_table":               ops.RenameTable{From: local("events_local"), To: "events old"},
	}
}

func columns() map[string]ops.Operation {
	trace := ops.Column{Name: "trace_id", Type: "UUID"}
	noted := ops.Column{Name: "n", Type: "UInt8", Expression: "1", Comment: "é '\\\n", Codec: "LZ4", TTL: "day"}
	return map[string]ops.Operation{
		"add_column":             ops.AddColumn{Table: local("events_local"), Column: trace, After: "id"},
		"add_column_first":       ops.AddColumn{Table: local("events_local"), Column: trace, First: true, IfNotExists: true},
		"add_column_noted":       ops.AddColumn{Table: local("events_local"), Column: noted},
		"add_column_distributed": ops.AddColumn{Table: dist("events_dist"), Column: trace},
		"drop_column":            ops.DropColumn{Table: local("events_local"), Name: "trace_id"},
		"drop_column_was":        ops.DropColumn{Table: local("events_local"), Name: "trace_id", IfExists: true, Was: &trace, After: "id"},
		"modify_column":          ops.ModifyColumn{Table: local("events_local"), Column: ops.Column{Name: "n", Type: "UInt16"}},
		"modify_column_default": ops.ModifyColumn{
			Table: local("events_local"), Column: ops.Column{Name: "n", Type: "UInt8", Expression: "2"},
			Was: &ops.Column{Name: "n", Type: "UInt8"},
		},
		"modify_column_removals": ops.ModifyColumn{
			Table: local("events_local"), Column: ops.Column{Name: "n", Type: "UInt8"}, Was: &noted,
		},
		"modify_column_no_default": ops.ModifyColumn{
			Table: local("events_local"), Column: ops.Column{Name: "n", Type: "UInt16"},
			Was: &ops.Column{Name: "n", Type: "UInt8", Kind: ops.Materialized, Expression: "2"},
		},
	}
}

func indexesAndViews() map[string]ops.Operation {
	index := ops.Index{Name: "bf_trace_id", Expression: "trace_id", Type: "bloom_filter(0.01)", Granularity: 2}
	view := ops.CreateMaterializedView{
		Table: local("events_mv"), To: local("events_hourly"),
		Query: "SELECT id, count() AS n FROM {db}.events_local GROUP BY id",
		Reads: []ops.Table{{Name: "events_local"}},
	}
	typed := view
	typed.Columns, typed.IfNotExists = []ops.Column{{Name: "id", Type: "UInt64"}, {Name: "n", Type: "UInt64"}}, true
	return map[string]ops.Operation{
		"add_index":                      ops.AddIndex{Table: local("events_local"), Index: index},
		"add_index_after":                ops.AddIndex{Table: local("events_local"), Index: index, After: "other", IfNotExists: true},
		"drop_index":                     ops.DropIndex{Table: local("events_local"), Name: "bf_trace_id"},
		"drop_index_was":                 ops.DropIndex{Table: local("events_local"), Name: "bf_trace_id", IfExists: true, Was: &index, After: "other"},
		"create_materialized_view":       view,
		"create_materialized_view_typed": typed,
		"drop_table_view":                ops.DropTable{Table: local("events_mv"), View: true},
	}
}

func code() map[string]ops.Operation {
	work := func(context.Context, ops.DB) error { return nil }
	add := ops.AddColumn{Table: local("events_local"), Column: ops.Column{Name: "c", Type: "UInt8"}}
	index := ops.AddIndex{Table: local("events_local"), Index: ops.Index{Name: "i", Expression: "c", Type: "minmax"}}
	return map[string]ops.Operation{
		"run_sql": ops.RunSQL{
			Place: atLocal(), SQL: "INSERT INTO {db}.currencies VALUES ('EUR')", Scope: ops.RunOneNode,
			Writes: []ops.Table{{Name: "currencies"}}, Settings: []ops.Setting{{Name: "insert_quorum", Value: "2"}},
			Undo: &ops.RunSQL{
				SQL: "ALTER TABLE {db}.currencies {on_cluster} DELETE WHERE 1", Scope: ops.RunOnePerReplicaSet,
				Writes: []ops.Table{{Name: "currencies"}}, Mutation: true, RewritesData: true, DropsData: true, Repeatable: true,
			},
		},
		"run_sql_on_cluster": ops.RunSQL{
			Place: atLocal(), SQL: "\n  CREATE USER u {on_cluster} IDENTIFIED BY '{secret:U}';\n", Scope: ops.RunEveryNode,
		},
		"run_go": ops.RunGo{
			Place: atLocal(), Name: "fill", Version: 2, Func: work, Writes: []ops.Table{local("events_local")},
			Reads: []ops.Table{{Database: "d", Name: "source"}}, Repeatable: true,
			Undo: &ops.RunGo{Name: "empty", Version: 1, Func: work},
		},
		"when_single_node": ops.When{If: ops.Test{SingleNode: true}, Then: ops.Operations{add}, Else: ops.Operations{add, ops.DropTable{Table: local("x"), View: true}}},
		"when_feature":     ops.When{If: ops.Test{Feature: ops.FeatureIndexes}, Then: ops.Operations{add, index}},
		"when_version":     ops.When{If: ops.Test{VersionAtLeast: "20.1", Not: true}, Then: ops.Operations{add}, Else: ops.Operations{index}},
	}
}
