package planning

import (
	"fmt"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// MostOperations is how many a migration of Groups has at most.
const MostOperations = 40

// tableEvery so many migrations one makes tables, which the others change.
const tableEvery = 10

// Groups are so many migrations in so many groups, of 1 to MostOperations operations
// each, all in the storage set events.
func Groups(groups, migrations int) []migration.Group {
	out := make([]migration.Group, groups)
	for g := range out {
		out[g] = migration.Group{Name: fmt.Sprintf("g%02d", g), Migrations: make([]migration.Migration, 0, migrations/groups)}
		for i := range migrations / groups {
			out[g].Migrations = append(out[g].Migrations, oneOf(g, i))
		}
	}
	return out
}

func oneOf(group, i int) migration.Migration {
	// 7 and 40 have no common factor: of forty migrations one has each number.
	count := 1 + (i*7+group)%MostOperations
	table := fmt.Sprintf("t_%02d_%03d", group, i/tableEvery)
	m := migration.Migration{ID: fmt.Sprintf("%04d_change", i+1), Forward: make([]ops.Operation, 0, count)}
	if i%tableEvery == 0 {
		m.Forward = append(m.Forward, create(table))
		if count > 1 {
			m.Forward = append(m.Forward, createDistributed(table))
		}
	}
	for k := len(m.Forward); k < count; k++ {
		m.Forward = append(m.Forward, change(table, i, k))
	}
	return m
}

func local(table string) ops.Table { return ops.LocalTable("events", table+"_local") }

func create(table string) ops.Operation {
	return ops.CreateTable{
		Table: local(table),
		Columns: []ops.Column{
			{Name: "project_id", Type: "UInt64"},
			{Name: "event_id", Type: "UUID"},
			{Name: "timestamp", Type: "DateTime"},
			{Name: "platform", Type: "LowCardinality(String)"},
			{Name: "message", Type: "String", Codec: "ZSTD(3)"},
			{Name: "bytes", Type: "UInt64"},
		},
		Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "(project_id, timestamp)", PartitionBy: "toYYYYMM(timestamp)", TTL: "timestamp + toIntervalDay(90)"},
	}
}

func createDistributed(table string) ops.Operation {
	return ops.CreateTable{
		Table:   ops.DistributedTable("events", table+"_dist"),
		Columns: []ops.Column{{Name: "project_id", Type: "UInt64"}, {Name: "timestamp", Type: "DateTime"}},
		Engine:  ops.Engine{Kind: ops.DistributedEngine, LocalTable: table + "_local", ShardingKey: "cityHash64(project_id)"},
	}
}

// change is one of five changes of a local table.
func change(table string, i, k int) ops.Operation {
	name := fmt.Sprintf("c_%03d_%02d", i, k)
	switch k % 5 {
	case 0:
		return ops.AddColumn{Table: local(table), Column: ops.Column{Name: name, Type: "String", Expression: "'none'", Comment: "what the SDK sent"}}
	case 1:
		return ops.AddIndex{Table: local(table), Index: ops.Index{Name: "i_" + name, Expression: "message", Type: "bloom_filter", Granularity: 4}}
	case 2:
		return ops.ModifyColumn{
			Table: local(table), Column: ops.Column{Name: "message", Type: "String", Codec: "ZSTD(5)"},
			Was: &ops.Column{Name: "message", Type: "String", Codec: "ZSTD(3)"},
		}
	case 3:
		return ops.ModifyTTL{Table: local(table), TTL: "timestamp + toIntervalDay(30)", Was: "timestamp + toIntervalDay(90)"}
	default:
		return ops.AddColumn{Table: local(table), Column: ops.Column{Name: name, Type: "UInt64"}, After: "bytes"}
	}
}
