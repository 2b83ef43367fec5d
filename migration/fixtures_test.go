package migration_test

import (
	"context"
	"testing"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

func at(set storageset.Key) ops.Place { return ops.Place{StorageSet: set, Target: ops.Local} }

func create(name string) ops.CreateTable {
	return ops.CreateTable{
		Table:   ops.LocalTable("events", name),
		Columns: []ops.Column{{Name: "id", Type: "UInt64"}},
		Engine:  ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
	}
}

func addColumn(table, name string) ops.AddColumn {
	return ops.AddColumn{Table: ops.LocalTable("events", table), Column: ops.Column{Name: name, Type: "UInt8"}}
}

// dropColumn has no inverse.
func dropColumn(table, name string) ops.DropColumn {
	return ops.DropColumn{Table: ops.LocalTable("events", table), Name: name}
}

func runGo(name string, version int) ops.RunGo {
	return ops.RunGo{
		Place: at("events"), Name: name, Version: version,
		Func: func(context.Context, ops.DB) error { return nil },
		Undo: &ops.RunGo{Name: "undo", Version: 1, Func: func(context.Context, ops.DB) error { return nil }},
	}
}

func group(name string, migrations ...migration.Migration) migration.Group {
	return migration.Group{Name: name, Migrations: migrations}
}

func one(id string, forward ...ops.Operation) migration.Migration {
	return migration.Migration{ID: id, Forward: forward}
}

func system() migration.Group {
	table := create("migrations_local")
	table.Table.StorageSet = storageset.Migrations
	return group(migration.System, one("0001_migrations", table))
}

func registry(t *testing.T, groups ...migration.Group) *migration.Registry {
	t.Helper()
	r, err := migration.NewRegistry(groups...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
