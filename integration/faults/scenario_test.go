package faults

import (
	"context"
	"fmt"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// The migrations of the matrix.
const (
	group  = "faults"
	before = "0001_before"
	six    = "0002_six"
)

// groups are the migrations of one project. Its tables bear a suffix, so that no
// project waits for queue entries of another.
func groups(suffix string) []migration.Group {
	return []migration.Group{{Name: group, Migrations: []migration.Migration{
		{ID: before, Forward: []ops.Operation{
			events("a", suffix),
			insert(local("a", suffix), 10),
			counter(suffix),
		}},
		{ID: six, Forward: sixStatements(suffix)},
	}}}
}

// tenantGroups are the six statements alone, in a group of the tenant's own.
func tenantGroups(suffix string) []migration.Group {
	return []migration.Group{{Name: group + suffix, Migrations: []migration.Migration{{ID: six, Forward: sixStatements(suffix)}}}}
}

// sixStatements are those of the issue. No repetition of any of them is
// without effect: rows are counted and added up.
func sixStatements(suffix string) []ops.Operation {
	a, b := local("a", suffix), local("b", suffix)
	return []ops.Operation{
		events("b", suffix),
		ops.AddColumn{Table: b, Column: ops.Column{Name: "n", Type: "Int64"}},
		insert(b, 100),
		ops.RunSQL{
			Place: b.Place, SQL: "ALTER TABLE {db}." + b.Name + " UPDATE n = n + 1 WHERE id >= 0", Scope: ops.RunOnePerReplicaSet,
			Writes: []ops.Table{b}, Mutation: true, RewritesData: true,
			Undo: &ops.RunSQL{
				SQL: "ALTER TABLE {db}." + b.Name + " UPDATE n = n - 1 WHERE id >= 0", Scope: ops.RunOnePerReplicaSet,
				Writes: []ops.Table{b}, Mutation: true, RewritesData: true,
			},
		},
		ops.When{
			If:   ops.Test{Feature: ops.FeatureExchange},
			Then: ops.Operations{ops.ExchangeTables{A: a, B: b}},
			Else: ops.Operations{ops.RenameTables{Renames: []ops.RenameTable{
				{From: a, To: "c" + suffix}, {From: b, To: a.Name}, {From: local("c", suffix), To: b.Name},
			}}},
		},
		called(suffix),
	}
}

func local(name, suffix string) ops.Table { return ops.LocalTable("events", name+suffix) }

func events(name, suffix string) ops.CreateTable {
	return ops.CreateTable{
		Table:   local(name, suffix),
		Columns: []ops.Column{{Name: "id", Type: "Int64"}, {Name: "salt", Type: "UInt32"}},
		Engine:  ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
	}
}

// insert puts ten rows into each replica set. The salt differs from time to
// time, so that no server drops a repetition as a duplicate.
func insert(table ops.Table, from int) ops.RunSQL {
	return ops.RunSQL{
		Place: table.Place, Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{table},
		SQL: fmt.Sprintf("INSERT INTO {db}.%s (id, salt) SELECT toInt64(number) + %d, rand() FROM system.numbers LIMIT 10", table.Name, from),
		Undo: &ops.RunSQL{
			SQL:   fmt.Sprintf("ALTER TABLE {db}.%s DELETE WHERE id >= %d AND id < %d", table.Name, from, from+10),
			Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{table}, Mutation: true, RewritesData: true,
		},
	}
}

// counter is a table of each node's own, without replicas.
func counter(suffix string) ops.CreateTable {
	return ops.CreateTable{
		Table: local("calls", suffix), Columns: []ops.Column{{Name: "at", Type: "DateTime"}},
		Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "at", LocalOnly: true},
	}
}

// called leaves a row on the first node each time that it is called.
func called(suffix string) ops.RunGo {
	table := local("calls", suffix)
	on := func(sql string) func(context.Context, ops.DB) error {
		return func(ctx context.Context, db ops.DB) error { return db.Exec(ctx, db.Nodes()[0], sql) }
	}
	return ops.RunGo{
		Place: table.Place, Name: "call", Version: 1, Writes: []ops.Table{table},
		Func: on("INSERT INTO " + table.Name + " SELECT now()"),
		Undo: &ops.RunGo{
			Name: "uncall", Version: 1, Writes: []ops.Table{table}, Repeatable: true,
			Func: on("TRUNCATE TABLE IF EXISTS " + table.Name),
		},
	}
}
