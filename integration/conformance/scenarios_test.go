package conformance

import "github.com/skein-migrate/skein/ops"

func local(name string) ops.Table { return ops.LocalTable("events", name) }

func dist(name string) ops.Table { return ops.DistributedTable("events", name) }

func tree() ops.Engine {
	return ops.Engine{Kind: ops.MergeTree, PartitionBy: "toYYYYMM(d)", OrderBy: "id"}
}

func columns() []ops.Column {
	return []ops.Column{
		{Name: "id", Type: "UInt64"}, {Name: "d", Type: "Date"}, {Name: "v", Type: "UInt32"}, {Name: "s", Type: "String"},
	}
}

// table is a MergeTree table like t.
func table(name string) ops.CreateTable {
	return ops.CreateTable{Table: local(name), Columns: columns(), Engine: tree()}
}

// baseTables are always there: t, its neighbour n, and what reads t where there
// are Distributed tables.
func baseTables(single bool) []ops.Operation {
	out := []ops.Operation{table("t"), table("n")}
	if !single {
		out = append(out, ops.CreateTable{
			Table: dist("t_dist"), Columns: columns(),
			Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: "t", ShardingKey: "id"},
		})
	}
	return out
}

// baseRows are in two partitions, January and February.
func baseRows() []string {
	const rows = " (id, d, v, s) VALUES (1, '2026-01-05', 10, 'a'), (2, '2026-01-06', 20, 'b'), (3, '2026-02-05', 30, 'c')"
	return []string{"INSERT INTO {db}.t" + rows, "INSERT INTO {db}.n" + rows}
}

func scenarios() []scenario {
	var all []scenario
	for _, family := range [][]scenario{
		tableScenarios(), columnScenarios(), escapeScenarios(), partScenarios(), propertyScenarios(), viewScenarios(),
		engineScenarios(), dictionaryScenarios(), objectScenarios(), accessScenarios(), dataScenarios(),
	} {
		all = append(all, family...)
	}
	return all
}
