package validate_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/validate"
)

func local(name string) ops.Table { return ops.LocalTable("events", name) }

func dist(name string) ops.Table { return ops.DistributedTable("events", name) }

func columns(names ...string) []ops.Column {
	out := make([]ops.Column, len(names))
	for i, name := range names {
		out[i] = ops.Column{Name: name, Type: "UInt64"}
	}
	return out
}

// create makes a MergeTree table of columns, id if none is given.
func create(name string, names ...string) ops.CreateTable {
	if len(names) == 0 {
		names = []string{"id"}
	}
	return ops.CreateTable{
		Table: local(name), Columns: columns(names...), Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
	}
}

func like(o ops.CreateTable, change func(*ops.CreateTable)) ops.CreateTable {
	change(&o)
	return o
}

// over makes a Distributed table d_NAME over NAME.
func over(name string, names ...string) ops.CreateTable {
	o := create("d_"+name, names...)
	o.Table = dist("d_" + name)
	o.Engine = ops.Engine{Kind: ops.DistributedEngine, LocalTable: name}
	return o
}

func drop(o ops.CreateTable) ops.DropTable { return ops.DropTable{Table: o.Table, Was: &o} }

func column(name, typ string) ops.Column { return ops.Column{Name: name, Type: typ} }

func add(t ops.Table, name string) ops.AddColumn {
	return ops.AddColumn{Table: t, Column: column(name, "UInt64")}
}

func remove(t ops.Table, name string) ops.DropColumn {
	was := column(name, "UInt64")
	return ops.DropColumn{Table: t, Name: name, Was: &was}
}

func retype(t ops.Table, name, from, to string) ops.ModifyColumn {
	was := column(name, from)
	return ops.ModifyColumn{Table: t, Column: column(name, to), Was: &was}
}

// view makes NAME, from the tables that it reads into another.
func view(name, to string, reads ...string) ops.CreateMaterializedView {
	o := ops.CreateMaterializedView{Table: local(name), To: local(to), Query: "SELECT 1 AS id"}
	for _, read := range reads {
		o.Reads = append(o.Reads, local(read))
	}
	return o
}

func rename(from, to string) ops.RenameTable { return ops.RenameTable{From: local(from), To: to} }

func makes(id string, forward ...ops.Operation) migration.Migration {
	return migration.Migration{ID: id, Forward: forward}
}

func irreversible(id string, forward ...ops.Operation) migration.Migration {
	return migration.Migration{ID: id, Forward: forward, Irreversible: "on purpose"}
}

func group(name string, migrations ...migration.Migration) migration.Group {
	return migration.Group{Name: name, Migrations: migrations}
}

// registered completes groups as a program does.
func registered(t *testing.T, groups ...migration.Group) []migration.Group {
	t.Helper()
	r, err := migration.NewRegistry(append([]migration.Group{{Name: migration.System}}, groups...)...)
	if err != nil {
		t.Fatal(err)
	}
	return r.Groups()
}

// short is a problem without its text.
func short(p validate.Problem) string {
	mark := ""
	if p.Direction == journal.Backward {
		mark = " backward"
	}
	return fmt.Sprintf("%s%s %d %s", p.Key, mark, p.Operation, p.Rule)
}

func same(t *testing.T, want []string, problems []validate.Problem) {
	t.Helper()
	var have []string
	for _, p := range problems {
		have = append(have, short(p))
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("problems (-want +have):\n%s", diff)
		for _, p := range problems {
			t.Log(p)
		}
	}
}

type example struct {
	name       string
	migrations []migration.Migration // of group g
	want       []string              // without "g/"
}

// check holds each example against its problems.
func check(t *testing.T, examples []example) {
	t.Helper()
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			var want []string
			for _, w := range e.want {
				want = append(want, "g/"+w)
			}
			same(t, want, validate.Check(registered(t, group("g", e.migrations...)), validate.Options{}))
		})
	}
}

type list = []migration.Migration
