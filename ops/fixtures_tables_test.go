package ops_test

import "github.com/skein-migrate/skein/ops"

func tableFamilyOperations() map[string]ops.Operation {
	merge := ops.Engine{Kind: ops.MergeTree, OrderBy: "id"}
	parts := create(merge)
	parts.Indexes = []ops.Index{{Name: "i", Expression: "day", Type: "minmax"}}
	parts.Constraints = []ops.Constraint{
		{Name: "has id", Expression: "id > 0"},
		{Name: "since", Expression: "day >= '2020-01-01'", Assume: true},
	}
	parts.Projections = []ops.Projection{{Name: "by day", Query: "SELECT day, count() GROUP BY day"}}
	checked := create(ops.Engine{Kind: ops.Null})
	checked.Constraints = parts.Constraints[:1]
	source := local("events_local")
	other := ops.Table{Database: "d", Name: "source"}
	shadow := ops.CreateTable{Table: local("events_shadow"), As: &source, Engine: ops.Engine{
		Kind: ops.ReplacingMergeTree, Version: "v", OrderBy: "(day, id)",
	}, Comment: "a shadow"}
	like := ops.CreateTable{Table: local("events_copy"), As: &other, IfNotExists: true}
	over := ops.CreateTable{Table: dist("events_dist"), As: &source, Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: "events_local"}}
	return map[string]ops.Operation{
		"create_table_parts":         parts,
		"create_table_constraint":    checked,
		"create_table_as":            shadow,
		"create_table_as_alone":      like,
		"create_table_as_dist":       over,
		"create_table_as_dist_alone": ops.CreateTable{Table: dist("events_all"), As: &ops.Table{Name: "events_dist"}},

		"rename_tables": ops.RenameTables{Renames: []ops.RenameTable{
			{From: local("events_local"), To: "events_old"}, {From: local("events_new"), To: "events_local"},
		}},
		"rename_tables_swap": ops.RenameTables{Renames: []ops.RenameTable{
			{From: local("a"), To: "tmp"},
			{From: local("b"), To: "a"},
			{From: local("tmp"), To: "b"},
			{From: local("x"), To: "y"},
		}},
		"rename_tables_distributed": ops.RenameTables{Renames: []ops.RenameTable{
			{From: dist("a_dist"), To: "b_dist"}, {From: dist("it's"), To: "`"},
		}},
		"exchange_tables":       ops.ExchangeTables{A: local("events_local"), B: ops.Table{Place: atLocal(), Database: "d", Name: "events_shadow"}},
		"truncate_table":        ops.TruncateTable{Table: local("events_local"), IfExists: true},
		"detach_table":          ops.DetachTable{Table: local("events_local"), IfExists: true},
		"detach_table_for_good": ops.DetachTable{Table: local("events_local"), Permanently: true},
		"attach_table":          ops.AttachTable{Table: local("events_local"), IfNotExists: true},
		"attach_table_dist":     ops.AttachTable{Table: dist("events_dist")},
		"comment_table":         ops.CommentTable{Table: local("events_local"), Comment: "it's `é`", Was: new(string)},
		"comment_table_none":    ops.CommentTable{Table: dist("events_dist")},
	}
}

func columnFamilyOperations() map[string]ops.Operation {
	table := local("events_local")
	noted := ops.Column{Name: "n", Type: "UInt8", Kind: ops.Materialized, Expression: "1", Comment: "c"}
	return map[string]ops.Operation{
		"modify_column_remove": ops.ModifyColumn{
			Table: table, Column: ops.Column{Name: "n", Codec: "LZ4"},
			Remove: []ops.Property{ops.PropertyAlias, ops.PropertyTTL, ops.PropertyComment},
		},
		"modify_column_remove_default": ops.ModifyColumn{
			Table: table, Column: ops.Column{Name: "n", Type: "UInt8"}, Remove: []ops.Property{ops.PropertyDefault},
		},
		"modify_column_remove_alone": ops.ModifyColumn{
			Table: table, Column: ops.Column{Name: "n"}, Was: &ops.Column{Name: "n", TTL: "day + INTERVAL 1 DAY"},
		},
		"modify_column_untyped": ops.ModifyColumn{
			Table: table, Column: ops.Column{Name: "n", Expression: "5"}, Was: &ops.Column{Name: "n", Comment: "c"},
		},
		"modify_column_after": ops.ModifyColumn{Table: table, Column: noted, Was: &noted, After: "id", WasFirst: true},
		"modify_column_first": ops.ModifyColumn{
			Table: table, Column: ops.Column{Name: "n", Type: "UInt8"}, First: true,
		},
		"modify_column_distributed": ops.ModifyColumn{
			Table: dist("events_dist"), Column: ops.Column{Name: "n", Type: "UInt16"}, Was: &ops.Column{Name: "n", Type: "UInt8"},
		},
		"modify_column_alias_to_codec": ops.ModifyColumn{
			Table: table, Column: ops.Column{Name: "n", Type: "String", Codec: "ZSTD", Comment: "c"},
			Was: &ops.Column{Name: "n", Type: "String", Kind: ops.Alias, Expression: "'x'"}, After: "id", WasFirst: true,
		},
		"modify_column_alias_to_default": ops.ModifyColumn{
			Table: table, Column: ops.Column{Name: "n", Type: "String", Expression: "'y'", Codec: "ZSTD"},
			Was: &ops.Column{Name: "n", Type: "String", Kind: ops.Alias, Expression: "'x'"},
		},
		"modify_column_comment": ops.ModifyColumn{
			Table: table, Column: ops.Column{Name: "n", Comment: "it's"}, Was: &ops.Column{Name: "n"},
		},
		"add_column_ephemeral": ops.AddColumn{
			Table: table, Column: ops.Column{Name: "e", Type: "Enum8('a' = 1)", Kind: ops.Ephemeral}, After: "n",
		},
		"rename_column":         ops.RenameColumn{Table: table, From: "a", To: "it's `b`"},
		"rename_column_dist":    ops.RenameColumn{Table: dist("events_dist"), From: "a", To: "b"},
		"clear_column":          ops.ClearColumn{Table: table, Name: "ip"},
		"clear_column_in":       ops.ClearColumn{Table: table, Name: "ip", Partition: "'2026-01-05'"},
		"materialize_column":    ops.MaterializeColumn{Table: table, Name: "host"},
		"materialize_column_in": ops.MaterializeColumn{Table: table, Name: "host", Partition: "ID '20260105'"},
	}
}
