// Package groups holds two groups of example migrations. They run on a sharded,
// replicated cluster of 2018 and on a single node of today alike.
package groups

import (
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// Events is a sharded table of events with a Distributed table over it, a
// column that came later, an hourly rollup, and an index where servers have
// indexes. Every way back is derived.
func Events() migration.Group {
	local := ops.LocalTable("events", "events_local")
	dist := ops.DistributedTable("events", "events_dist")
	return migration.Group{
		Name:      "events",
		Readiness: migration.Complete,
		Migrations: []migration.Migration{
			{ID: "0001_create_events", Forward: []ops.Operation{
				ops.CreateTable{Table: local, Columns: eventColumns(), Engine: ops.Engine{
					Kind: ops.ReplacingMergeTree, Version: "received",
					PartitionBy: "toYYYYMM(timestamp)",
					OrderBy:     "(project_id, toStartOfDay(timestamp), event_id)",
				}},
				ops.CreateTable{Table: dist, Columns: eventColumns(), Engine: ops.Engine{
					Kind: ops.DistributedEngine, LocalTable: "events_local", ShardingKey: "cityHash64(event_id)",
				}},
			}},
			{ID: "0002_add_trace_id", Forward: []ops.Operation{
				// Local tables first: a Distributed table must not name what they lack.
				ops.AddColumn{Table: local, Column: traceID(), After: "event_id"},
				ops.AddColumn{Table: dist, Column: traceID(), After: "event_id"},
			}},
			{ID: "0003_rollup", Forward: rollup()},
			{ID: "0004_index_trace_id", Forward: []ops.Operation{
				ops.When{If: ops.Test{Feature: ops.FeatureIndexes}, Then: ops.Operations{
					ops.AddIndex{Table: local, Index: ops.Index{
						Name: "bf_trace_id", Expression: "trace_id", Type: "bloom_filter(0.01)", Granularity: 1,
					}},
				}},
			}},
		},
	}
}

func eventColumns() []ops.Column {
	return []ops.Column{
		{Name: "project_id", Type: "UInt64"},
		{Name: "event_id", Type: "UUID"},
		{Name: "timestamp", Type: "DateTime"},
		{Name: "platform", Type: "String", Expression: "'other'"},
		{Name: "message", Type: "String"},
		{Name: "received", Type: "UInt64", Kind: ops.Materialized, Expression: "toUInt64(toUnixTimestamp(timestamp))"},
	}
}

func traceID() ops.Column { return ops.Column{Name: "trace_id", Type: "Nullable(UUID)"} }

func rollup() []ops.Operation {
	columns := []ops.Column{
		{Name: "project_id", Type: "UInt64"},
		{Name: "hour", Type: "DateTime"},
		{Name: "events", Type: "UInt64"},
	}
	hourly := ops.LocalTable("events", "events_hourly_local")
	return []ops.Operation{
		ops.CreateTable{Table: hourly, Columns: columns, Engine: ops.Engine{
			Kind: ops.SummingMergeTree, Columns: []string{"events"}, OrderBy: "(project_id, hour)",
		}},
		ops.CreateTable{
			Table: ops.DistributedTable("events", "events_hourly_dist"), Columns: columns,
			Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: "events_hourly_local"},
		},
		ops.CreateMaterializedView{
			Table: ops.LocalTable("events", "events_hourly_mv"), To: hourly,
			Query: "SELECT project_id, toStartOfHour(timestamp) AS hour, count() AS events " +
				"FROM {db}.events_local GROUP BY project_id, hour",
			Reads: []ops.Table{ops.LocalTable("events", "events_local")},
		},
	}
}
