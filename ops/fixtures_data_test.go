package ops_test

import "github.com/skein-migrate/skein/ops"

func dataOperations() map[string]ops.Operation {
	table := local("events_local")
	staging := ops.Table{Name: "events_staging"}
	elsewhere := ops.Table{Place: atLocal(), Database: "d", Name: "it's `x`"}
	return map[string]ops.Operation{
		"update": ops.Update{
			Table: table, Set: []ops.Assignment{{Column: "n", Expression: "n + 1"}, {Column: "it's `é`", Expression: "'a'"}},
			Where: "n = 1 OR n IN (SELECT id FROM {db}.events_staging)", Partition: "'2026-01-05'", Reads: []ops.Table{staging},
		},
		"update_all": ops.Update{
			Table: table, Set: []ops.Assignment{{Column: "n", Expression: "0"}}, Where: "1", Repeatable: true,
		},
		"delete": ops.Delete{
			Table: table, Where: "id = 1 OR dictHas('d.x', id)", Partition: "ID '202601'", Reads: []ops.Table{elsewhere}, Repeatable: true,
		},
		"delete_all":            ops.Delete{Table: table, Where: "1"},
		"lightweight_delete":    ops.LightweightDelete{Table: table, Where: "id = 1"},
		"lightweight_delete_in": ops.LightweightDelete{Table: table, Where: "1", Partition: "202601", Reads: []ops.Table{staging}, Repeatable: true},
		"insert_select": ops.InsertSelect{
			Into: table, Columns: []string{"id", "it's `é`"}, Query: "SELECT id, 'a' FROM {db}.events_staging WHERE id > 0",
			Reads: []ops.Table{staging, dist("events_dist")}, Settings: []ops.Setting{{Name: "max_threads", Value: "1"}},
		},
		"insert_select_one_node": ops.InsertSelect{Into: table, Query: "SELECT 1, today()", OneNode: true},
		"insert_select_distributed": ops.InsertSelect{
			Into: dist("events_dist"), Query: "SELECT * FROM {db}.events_all", Reads: []ops.Table{{Name: "events_all"}},
		},
		"optimize":       ops.Optimize{Table: table},
		"optimize_final": ops.Optimize{Table: table, Partition: "ID '202601'", Final: true},
		"optimize_deduplicate": ops.Optimize{
			Table: table, Partition: "202601", Final: true, Deduplicate: true, DeduplicateBy: "* EXCEPT seen",
		},
		"optimize_deduplicate_all": ops.Optimize{Table: table, Deduplicate: true},

		"drop_partition":         ops.DropPartition{Table: table, Partition: "('it''s', '2026-01-05')"},
		"drop_partition_all":     ops.DropPartition{Table: table, Partition: "ALL"},
		"detach_partition":       ops.DetachPartition{Table: table, Partition: "202601"},
		"attach_partition":       ops.AttachPartition{Table: table, Partition: "ID '202601'"},
		"attach_partition_from":  ops.AttachPartition{Table: table, Partition: "202601", From: &staging},
		"replace_partition":      ops.ReplacePartition{Table: table, Partition: "202601", From: elsewhere},
		"move_partition":         ops.MovePartition{Table: table, Partition: "202601", ToTable: &staging},
		"move_partition_placed":  ops.MovePartition{Table: elsewhere, Partition: "202601", ToTable: &table},
		"move_partition_disk":    ops.MovePartition{Table: table, Partition: "202601", ToDisk: "it's"},
		"move_partition_volume":  ops.MovePartition{Table: table, Partition: "202601", ToVolume: "cold", WasDisk: "fast"},
		"freeze_partition":       ops.FreezePartition{Table: table, Partition: "202601", Name: "it's"},
		"freeze_partition_count": ops.FreezePartition{Table: table},
		"unfreeze_partition":     ops.UnfreezePartition{Table: table, Partition: "ID '202601'", Name: "before-0042"},
		"unfreeze_partition_all": ops.UnfreezePartition{Table: table, Name: "before-0042"},
	}
}
