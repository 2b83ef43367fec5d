// Package shadowswap gives a table another sorting key while it is in use: a
// shadow of it is made and filled, then the two change names. The folder
// migrations has the same as YAML; docs/shadow-table-swap.md explains both.
package shadowswap

import (
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// Group is the table, its shadow, the swap, and the end of what was there before.
func Group() migration.Group {
	local := ops.LocalTable("events", "events_local")
	dist := ops.DistributedTable("events", "events_dist")
	shadow := ops.LocalTable("events", "events_shadow")
	view := ops.LocalTable("events", "events_shadow_mv")
	return migration.Group{Name: "events", Migrations: []migration.Migration{
		{ID: "0001_create_events", Forward: []ops.Operation{
			ops.CreateTable{Table: local, Columns: columns(), Engine: sortedBy("(project_id, timestamp, event_id)", "")},
			ops.CreateTable{Table: dist, Columns: columns(), Engine: ops.Engine{
				Kind: ops.DistributedEngine, LocalTable: "events_local", ShardingKey: "cityHash64(event_id)",
			}},
		}},
		{
			ID: "0002_shadow", Blocking: true,
			Forward: []ops.Operation{
				ops.CreateTable{Table: shadow, Columns: columns(), Engine: sortedBy("(timestamp, project_id, event_id)", "_by_time")},
				// From here on new rows go into both.
				ops.CreateMaterializedView{
					Table: view, To: shadow, Reads: []ops.Table{local},
					Query: "SELECT project_id, event_id, timestamp, message, received FROM {db}.events_local",
				},
				synced(local),
				// And the old rows. What the view has brought meanwhile comes twice: the engine keeps one.
				ops.InsertSelect{
					Into: shadow, Columns: names(), Reads: []ops.Table{local},
					Query: "SELECT project_id, event_id, timestamp, message, received FROM {db}.events_local",
				},
			},
			Backward: []ops.Operation{ops.DropView{Table: view}, ops.DropTable{Table: shadow}},
		},
		{
			ID:      "0003_swap",
			Forward: []ops.Operation{swap(local, shadow)},
			// Not the inverse alone: rows that were on their way are in one of the two.
			Backward: []ops.Operation{swap(local, shadow), synced(shadow), fill(local, shadow)},
		},
		{
			// For when the INSERTs have ended that were under way at the swap.
			ID:       "0004_fill_gap",
			Forward:  []ops.Operation{synced(shadow), fill(local, shadow)},
			Backward: []ops.Operation{},
		},
		{
			ID: "0005_drop_shadow", Blocking: true,
			Forward:      []ops.Operation{ops.DropView{Table: view}, ops.DropTable{Table: shadow}},
			Irreversible: "rows that came since are in the new table alone",
		},
	}}
}

// swap changes the names of two tables, each on its own path in ZooKeeper.
func swap(a, b ops.Table) ops.Operation {
	third := a
	third.Name = "events_tmp"
	return ops.When{
		If:   ops.Test{Feature: ops.FeatureExchange},
		Then: ops.Operations{ops.ExchangeTables{A: a, B: b}},
		Else: ops.Operations{ops.RenameTables{Renames: []ops.RenameTable{
			{From: a, To: third.Name}, {From: b, To: a.Name}, {From: third, To: b.Name},
		}}},
	}
}

// synced waits until each replica has what its neighbours got: one of them copies
// for all.
func synced(table ops.Table) ops.Operation {
	return ops.When{If: ops.Test{SingleNode: true, Not: true}, Then: ops.Operations{ops.RunSQL{
		Place: table.Place, SQL: "SYSTEM SYNC REPLICA {db}." + table.Name, Scope: ops.RunEveryNode,
		Reads: []ops.Table{table}, Repeatable: true, Direct: true,
	}}}
}

// fill copies into a what b has and a has not, since a day before it all began.
func fill(a, b ops.Table) ops.Operation {
	return ops.InsertSelect{
		Into: a, Columns: names(), Reads: []ops.Table{a, b},
		Query: "SELECT project_id, event_id, timestamp, message, received FROM {db}." + b.Name +
			" WHERE timestamp >= '2026-11-01 00:00:00' AND event_id NOT IN" +
			" (SELECT event_id FROM {db}." + a.Name + " WHERE timestamp >= '2026-11-01 00:00:00')",
	}
}

func names() []string { return []string{"project_id", "event_id", "timestamp", "message", "received"} }

func columns() []ops.Column {
	return []ops.Column{
		{Name: "project_id", Type: "UInt64"},
		{Name: "event_id", Type: "UUID"},
		{Name: "timestamp", Type: "DateTime"},
		{Name: "message", Type: "String"},
		{Name: "received", Type: "UInt64"},
	}
}

// sortedBy keeps of rows that are the same in the whole key the newest. Both keys
// are of the same columns, so both tables call the same rows the same.
func sortedBy(key, pathSuffix string) ops.Engine {
	return ops.Engine{
		Kind: ops.ReplacingMergeTree, Version: "received", PartitionBy: "toYYYYMM(timestamp)", OrderBy: key,
		// Two tables that exchange their names keep their paths in ZooKeeper: these must differ.
		PathSuffix: pathSuffix,
	}
}
