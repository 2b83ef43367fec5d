package conformance

import (
	"context"

	"github.com/skein-migrate/skein/ops"
)

func escapeScenarios() []scenario {
	here := ops.Place{StorageSet: "events", Target: ops.Local}
	t := []ops.Table{{Name: "t"}}
	const rowsOf = "SELECT id, v FROM {db}.t ORDER BY id"
	create := ops.RunSQL{
		Place: here, Scope: ops.RunEveryNode, Writes: []ops.Table{{Name: "x"}},
		SQL:  "CREATE TABLE {db}.x {on_cluster} (a UInt8) ENGINE = Memory",
		Undo: &ops.RunSQL{SQL: "DROP TABLE {db}.x {on_cluster}", Scope: ops.RunEveryNode, Writes: []ops.Table{{Name: "x"}}},
	}
	directly := create
	directly.Direct, directly.Undo = true, nil
	return []scenario{
		{name: "on every node, with Undo", op: create, effect: "EXISTS TABLE {db}.x", want: "1"},
		{name: "directly", op: directly, effect: "EXISTS TABLE {db}.x", want: "1"},
		{
			name: "Distributed", effect: "EXISTS TABLE {db}.x", want: "1", op: ops.RunSQL{
				Place: ops.Place{StorageSet: "events", Target: ops.Distributed}, Scope: ops.RunEveryNode,
				SQL:  "CREATE TABLE {db}.x {on_cluster} AS {db}.t_dist ENGINE = Distributed(skein_local, {db}, t, rand())",
				Undo: &ops.RunSQL{SQL: "DROP TABLE {db}.x {on_cluster}", Scope: ops.RunEveryNode},
			},
		},
		{
			name: "once per replica set", effect: rowsOf, want: "1|10\n2|20\n3|30\n4|40", op: ops.RunSQL{
				Place: here, Scope: ops.RunOnePerReplicaSet, Writes: t,
				SQL: "INSERT INTO {db}.t SELECT 4, toDate('2026-03-01'), 40, 'd'",
			},
		},
		{
			name: "once per replica set, a mutation", effect: rowsOf, want: "1|11\n2|21\n3|31", op: ops.RunSQL{
				Place: here, Scope: ops.RunOnePerReplicaSet, Writes: t, Mutation: true, RewritesData: true,
				SQL: "ALTER TABLE {db}.t {on_cluster} UPDATE v = v + 1 WHERE 1",
				Undo: &ops.RunSQL{
					Scope: ops.RunOnePerReplicaSet, Writes: t, Mutation: true, RewritesData: true,
					SQL: "ALTER TABLE {db}.t {on_cluster} UPDATE v = v - 1 WHERE 1",
				},
			},
		},
		{
			name: "on one node, of an unsharded table", given: []ops.Operation{unsharded("x")}, clusterOnly: true,
			effect: "SELECT id, v FROM {db}.x ORDER BY id", want: "4|40", op: ops.RunSQL{
				Place: here, Scope: ops.RunOneNode, Writes: []ops.Table{{Name: "x"}},
				SQL: "INSERT INTO {db}.x SELECT 4, toDate('2026-03-01'), 40, 'd'",
			},
		},
		{
			name: "rows in its text", effect: rowsOf, want: "1|10\n2|20\n3|30\n4|40", modernOnly: true, op: ops.RunSQL{ // 18.16 waits for blocks
				Place: here, Scope: ops.RunOneNode, Writes: t, SQL: "INSERT INTO {db}.t VALUES (4, '2026-03-01', 40, 'd')",
				Settings: []ops.Setting{{Name: "async_insert", Value: "0"}},
			},
		},
		{name: "a Replicated table", effect: "EXISTS TABLE {db}.x", want: "1", op: ops.RunBlock{
			Place: here, SQL: "-- a table\nCREATE TABLE {db}.x {on_cluster} (a UInt8, b UInt8)\n" +
				"ENGINE = {replicated:ReplacingMergeTree(b)} ORDER BY a",
		}},
		{name: "a Distributed table", effect: "EXISTS TABLE {db}.x", want: "1", op: ops.RunBlock{
			Place: ops.Place{StorageSet: "events", Target: ops.Distributed},
			SQL:   "CREATE TABLE {db}.x {on_cluster} AS {db}.t_dist ENGINE = Distributed({cluster}, {db}, t, rand())",
		}},
		{name: "without ON CLUSTER", effect: "EXISTS TABLE {db}.x", want: "1", op: ops.RunBlock{
			Place: here, SQL: "CREATE TABLE {db}.x (a UInt8) ENGINE = Memory",
		}},
		{name: "a mutation", effect: rowsOf, want: "1|11\n2|21\n3|31", op: ops.RunBlock{
			Place: here, SQL: "ALTER TABLE {db}.t {on_cluster} UPDATE v = v + 1 WHERE 1",
		}},
		{name: "rows, once per replica set", effect: rowsOf, want: "1|10\n2|20\n3|30\n4|40", op: ops.RunBlock{
			Place: here, Scope: ops.RunOnePerReplicaSet, SQL: "INSERT INTO {db}.t SELECT 4, toDate('2026-03-01'), 40, 'd'", Timeout: "10m",
		}},
		{name: "with Undo", effect: "EXISTS TABLE {db}.x", want: "1", op: ops.RunGo{
			Place: here, Name: "make_x", Version: 1, Func: onEveryNode("CREATE TABLE x (a UInt8) ENGINE = Memory"),
			Undo: &ops.RunGo{Name: "drop_x", Version: 1, Func: onEveryNode("DROP TABLE x")},
		}},
		{name: "without Undo", effect: "EXISTS TABLE {db}.x", want: "1", op: ops.RunGo{
			Place: here, Name: "make_x", Version: 2, Func: onEveryNode("CREATE TABLE x (a UInt8) ENGINE = Memory"),
		}},
		{name: "what the nodes have", op: ops.When{
			If:   ops.Test{Feature: ops.FeatureIndexes},
			Then: ops.Operations{addX("UInt8")},
			Else: ops.Operations{addX("UInt16"), ops.RenameTable{From: local("n"), To: "n2"}},
		}},
		{name: "what kind of cluster", op: ops.When{
			If:   ops.Test{SingleNode: true, Not: true},
			Then: ops.Operations{addX("UInt8")},
			Else: ops.Operations{addX("UInt16"), ops.RenameTable{From: local("n"), To: "n2"}},
		}},
		{name: "which version", op: ops.When{
			If:   ops.Test{VersionAtLeast: "20.1"},
			Then: ops.Operations{addX("UInt8")},
			Else: ops.Operations{addX("UInt16")},
		}},
		{name: "nothing to do", op: ops.When{
			If:   ops.Test{VersionAtLeast: "99.1"},
			Then: ops.Operations{addX("UInt8")},
		}},
	}
}

func addX(kind string) ops.AddColumn {
	return ops.AddColumn{Table: local("t"), Column: ops.Column{Name: "x", Type: kind}, After: "d"}
}

func onEveryNode(sql string) func(context.Context, ops.DB) error {
	return func(ctx context.Context, db ops.DB) error {
		for _, node := range db.Nodes() {
			if err := db.Exec(ctx, node, sql); err != nil {
				return err
			}
		}
		return nil
	}
}
