// Package work is what is measured of skein by bench/nodes: its commands over one group of
// migrations, and the discovery of a cluster by itself.
package work

import (
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Names of what the group makes.
const (
	GroupName = "bench"
	First     = "0001_first"
	Second    = "0002_second"
	// Made is the table that the measured CREATE makes.
	Made = "events_made"
	set  = storageset.Key("events")
)

// Group has one migration that has run, and one whose CREATE is measured.
func Group() migration.Group {
	return migration.Group{
		Name: GroupName, Readiness: migration.Complete, StorageSets: []storageset.Key{set},
		Migrations: []migration.Migration{create(First, "events_first"), create(Second, Made)},
	}
}

func create(id, name string) migration.Migration {
	table := ops.Table{Place: ops.Place{StorageSet: set, Target: ops.Local}, Name: name}
	return migration.Migration{
		ID: id,
		Forward: []ops.Operation{ops.CreateTable{
			Table: table,
			Columns: []ops.Column{
				{Name: "project_id", Type: "UInt64"},
				{Name: "timestamp", Type: "DateTime"},
				{Name: "event_id", Type: "UUID"},
				{Name: "message", Type: "String"},
				{Name: "level", Type: "LowCardinality(String)"},
				{Name: "retention_days", Type: "UInt16", Kind: ops.Default, Expression: "90"},
			},
			Engine: ops.Engine{Kind: ops.MergeTree, PartitionBy: "toYYYYMM(timestamp)", OrderBy: "(project_id, timestamp)"},
		}},
		Backward: []ops.Operation{ops.DropTable{Table: table}},
	}
}
