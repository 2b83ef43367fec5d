package ops_test

import (
	"context"
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

// On a single node the same operation makes a plain table: nothing else was said.
func ExampleCreateTable_singleNode() {
	op := ops.CreateTable{
		Table:   ops.LocalTable("events", "events_local"),
		Columns: []ops.Column{{Name: "project_id", Type: "UInt64"}, {Name: "timestamp", Type: "DateTime"}},
		Engine:  ops.Engine{Kind: ops.MergeTree, OrderBy: "(project_id, timestamp)"},
	}
	statements, err := op.Statements(ops.Env{SingleNode: true, Database: "default"})
	fmt.Println(err)
	fmt.Println(statements[0].SQL(""))
	// Output:
	// <nil>
	// CREATE TABLE `default`.`events_local` (
	//     `project_id` UInt64,
	//     `timestamp` DateTime
	// )
	// ENGINE = MergeTree
	// ORDER BY (project_id, timestamp)
}

func ExampleInverter() {
	events := ops.LocalTable("events", "events_local")
	for _, op := range []ops.Inverter{
		ops.AddColumn{Table: events, Column: ops.Column{Name: "trace_id", Type: "UUID"}},
		ops.DropColumn{Table: events, Name: "trace_id", Was: &ops.Column{Name: "trace_id", Type: "UUID"}},
		ops.DropColumn{Table: events, Name: "trace_id"},
	} {
		back, err := op.Inverse()
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(ops.Describe(back))
	}
	// Output:
	// DropColumn events_local
	// AddColumn events_local
	// DropColumn events_local.trace_id has no derived inverse: set Was to the column that it drops
}

// A function reaches the nodes of its place. The name and the version are what is
// compared and stored of it.
func ExampleRunGo() {
	currencies := ops.LocalTable("transactions", "currencies")
	op := ops.RunGo{
		Place: currencies.Place, Name: "fill_currencies", Version: 1, Writes: []ops.Table{currencies}, Repeatable: true,
		Func: func(ctx context.Context, db ops.DB) error {
			return db.Exec(ctx, db.Nodes()[0], "INSERT INTO currencies (code, digits) VALUES ('EUR', 2)")
		},
	}
	statements, err := op.Statements(nodes())
	fmt.Println(err)
	fmt.Println(statements[0].Summary)
	// Output:
	// <nil>
	// RUN GO fill_currencies
}
