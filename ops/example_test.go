package ops_test

import (
	"fmt"

	"github.com/skein-migrate/skein/ops"
)

// nodes is what skein finds out about a cluster before it plans.
func nodes() ops.Env {
	return ops.Env{LocalCluster: "events_cluster", Database: "default"}
}

func ExampleCreateTable() {
	op := ops.CreateTable{
		Table:   ops.LocalTable("events", "events_local"),
		Columns: []ops.Column{{Name: "project_id", Type: "UInt64"}, {Name: "timestamp", Type: "DateTime"}},
		Engine:  ops.Engine{Kind: ops.MergeTree, OrderBy: "(project_id, timestamp)"},
	}
	statements, err := op.Statements(nodes())
	fmt.Println(err)
	fmt.Println(statements[0].SQL("events_cluster"))
	// Output:
	// <nil>
	// CREATE TABLE `default`.`events_local` ON CLUSTER 'events_cluster' (
	//     `project_id` UInt64,
	//     `timestamp` DateTime
	// )
	// ENGINE = ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/events_local', '{replica}')
	// ORDER BY (project_id, timestamp)
}

func ExampleAddColumn() {
	op := ops.AddColumn{
		Table: ops.Table{
			Place: ops.Place{StorageSet: "events", Target: ops.Local},
			Name:  "events_local",
		},
		Column: ops.Column{Name: "trace_id", Type: "UUID"},
		After:  "project_id",
	}
	statements, err := op.Statements(nodes())
	fmt.Println(err)
	fmt.Println(statements[0].Summary)
	fmt.Println(statements[0].SQL(""))
	// Output:
	// <nil>
	// ALTER TABLE events_local ADD COLUMN trace_id
	// ALTER TABLE `default`.`events_local` ADD COLUMN `trace_id` UUID AFTER `project_id`
}

func ExampleAddIndex_unsupported() {
	op := ops.AddIndex{
		Table: ops.LocalTable("events", "events_local"),
		Index: ops.Index{Name: "by_trace", Expression: "trace_id", Type: "minmax"},
	}
	_, err := op.Statements(nodes())
	fmt.Println(err)
	whereThereAre := ops.When{If: ops.Test{Feature: ops.FeatureIndexes}, Then: ops.Operations{op}}
	statements, err := whereThereAre.Statements(nodes())
	fmt.Println(len(statements), err)
	// Output:
	// AddIndex events_local needs data-skipping indexes
	// 0 <nil>
}

func ExampleRunSQL() {
	op := ops.RunSQL{
		Place:  ops.Place{StorageSet: "events", Target: ops.Local},
		SQL:    "ALTER TABLE {db}.events_local {on_cluster} DELETE WHERE project_id = 0",
		Scope:  ops.RunOnePerReplicaSet,
		Writes: []ops.Table{{Name: "events_local"}},
	}
	statements, err := op.Statements(nodes())
	fmt.Println(err)
	fmt.Println(statements[0].SQL("events_cluster"))
	// Output:
	// <nil>
	// ALTER TABLE `default`.events_local ON CLUSTER 'events_cluster' DELETE WHERE project_id = 0
}

func ExampleCanonical() {
	text, err := ops.Canonical(ops.DropColumn{Table: ops.LocalTable("events", "events_local"), Name: "trace_id"})
	fmt.Println(err)
	fmt.Println(string(text))
	// Output:
	// <nil>
	// {"DropColumn":{"table":{"storage_set":"events","target":"LOCAL","name":"events_local"},"name":"trace_id"}}
}
