// Package state keeps what skein knows of each migration in replicated tables
// on the clusters themselves: one row that everything is decided by, and an
// audit trail that nothing is.
package state

import (
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Names of the tables, in the database of the storage set "migrations".
const (
	tableLocal = "migrations_local"
	tableDist  = "migrations_dist"
	stepsLocal = "migration_steps_local"
	stepsDist  = "migration_steps_dist"
)

// FirstID is the migration that makes the state tables.
const FirstID = "0001_migrations"

// System is the built-in group that makes the state tables. The first columns
// are laid out as Snuba's, so that queries for those go on working.
func System() migration.Group {
	return migration.Group{
		Name:      migration.System,
		Readiness: migration.Complete,
		Migrations: []migration.Migration{{
			ID: FirstID,
			Forward: []ops.Operation{
				ops.CreateTable{
					Table: local(tableLocal), Columns: columns(),
					Engine: ops.Engine{
						Kind: ops.ReplacingMergeTree, Version: "version", OrderBy: "(`group`, migration_id)",
					},
				},
				ops.CreateTable{
					Table: dist(tableDist), Columns: columns(),
					Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: tableLocal, ShardingKey: "cityHash64(`group`)"},
				},
				ops.CreateTable{
					Table: local(stepsLocal), Columns: stepColumns(),
					Engine: ops.Engine{
						Kind: ops.MergeTree, PartitionBy: "toYYYYMM(timestamp)",
						OrderBy: "(`group`, migration_id, run_id, step, node)",
					},
				},
				ops.CreateTable{
					Table: dist(stepsDist), Columns: stepColumns(),
					Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: stepsLocal, ShardingKey: "cityHash64(`group`)"},
				},
			},
			Backward: []ops.Operation{
				ops.DropTable{Table: dist(stepsDist)},
				ops.DropTable{Table: local(stepsLocal)},
				ops.DropTable{Table: dist(tableDist)},
				ops.DropTable{Table: local(tableLocal)},
			},
		}},
	}
}

func local(name string) ops.Table {
	return ops.Table{Place: ops.Place{StorageSet: storageset.Migrations, Target: ops.Local}, Name: name}
}

func dist(name string) ops.Table {
	return ops.Table{Place: ops.Place{StorageSet: storageset.Migrations, Target: ops.Distributed}, Name: name}
}

// sharedColumns is how many of the columns, the first ones, are Snuba's too.
const sharedColumns = 5

func columns() []ops.Column {
	return []ops.Column{
		{Name: "group", Type: "String"},
		{Name: "migration_id", Type: "String"},
		{Name: "timestamp", Type: "DateTime"},
		{Name: "status", Type: "Enum8('completed' = 0, 'in_progress' = 1, 'not_started' = 2)"},
		{Name: "version", Type: "UInt64"},
		{Name: "direction", Type: "String"},
		{Name: "run_id", Type: "String"},
		{Name: "epoch", Type: "UInt64"},
		{Name: "step", Type: "UInt32"},
		{Name: "steps", Type: "UInt32"},
		{Name: "step_hash", Type: "String"},
		{Name: "pending_nodes", Type: "Array(String)"},
		{Name: "note", Type: "String"},
		{Name: "checksum", Type: "String"},
		{Name: "applied_by", Type: "String"},
		{Name: "error", Type: "String"},
		{Name: "duration_ms", Type: "UInt64"},
		{Name: "backward", Type: "String"},
	}
}

func stepColumns() []ops.Column {
	return []ops.Column{
		{Name: "group", Type: "String"},
		{Name: "migration_id", Type: "String"},
		{Name: "timestamp", Type: "DateTime"},
		{Name: "run_id", Type: "String"},
		{Name: "direction", Type: "String"},
		{Name: "step", Type: "UInt32"},
		{Name: "node", Type: "String"},
		{Name: "outcome", Type: "String"},
		{Name: "code", Type: "UInt32"},
		{Name: "error", Type: "String"},
		{Name: "statement", Type: "String"},
		{Name: "duration_ms", Type: "UInt64"},
		{Name: "seq", Type: "UInt32"}, // the order in a run: its timestamps are whole seconds
	}
}
