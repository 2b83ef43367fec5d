package coordinator

import (
	"context"
	"fmt"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

func create(set storageset.Key, name string) ops.CreateTable {
	return ops.CreateTable{
		Table:   ops.LocalTable(set, name),
		Columns: []ops.Column{{Name: "id", Type: "UInt64"}},
		Engine:  ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
	}
}

func addColumn(table, name string) ops.AddColumn {
	return ops.AddColumn{Table: ops.LocalTable("events", table), Column: ops.Column{Name: name, Type: "UInt8"}}
}

// blindly has no conditions: nothing but its row says whether it ran.
func blindly(name string) ops.RunGo {
	function := func(context.Context, ops.DB) error { return nil }
	return ops.RunGo{
		Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: name, Version: 1, Func: function,
		Undo: &ops.RunGo{Name: "un" + name, Version: 1, Func: function},
	}
}

func makes(id string, forward ...ops.Operation) migration.Migration {
	return migration.Migration{ID: id, Forward: forward}
}

// numbered is a migration that makes one table of its own name.
func numbered(id string) migration.Migration { return makes(id, create("events", "t"+id)) }

func group(name string, migrations ...migration.Migration) migration.Group {
	return migration.Group{Name: name, Migrations: migrations}
}

func systemGroup() migration.Group {
	return group(migration.System, makes("0001_migrations", create(storageset.Migrations, "migrations_local")))
}

func registry(t interface {
	Helper()
	Fatal(args ...any)
}, groups ...migration.Group,
) *migration.Registry {
	t.Helper()
	r, err := migration.NewRegistry(append([]migration.Group{systemGroup()}, groups...)...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func key(group, id string) journal.Key { return journal.Key{Group: group, ID: id} }

// state makes entries: "events/0001" completed, and so on.
func state(status journal.Status, keys ...journal.Key) entries {
	e := entries{}
	for _, k := range keys {
		e[k] = journal.Entry{Key: k, Status: status, Version: journal.Version(1, 1), Direction: journal.Forward}
	}
	return e
}

func (e entries) and(others entries) entries {
	for k, entry := range others {
		e[k] = entry
	}
	return e
}

// systemDone says that the state tables are there.
func systemDone() entries { return state(journal.Completed, key("system", "0001_migrations")) }

// twoByTwo is a cluster of two shards of two replicas: n1 to n4.
func twoByTwo() plan.Facts {
	f := plan.Facts{
		Cluster: "main", LocalCluster: "local", DistCluster: "dist", Database: "default",
		Nodes: map[string]plan.NodeFacts{}, Tables: map[string]plan.TableFacts{},
	}
	for i := range 4 {
		n := journal.Node{Host: fmt.Sprintf("n%d", i+1), Port: 9000, Shard: i/2 + 1, Replica: i%2 + 1}
		f.Local, f.Dist = append(f.Local, n), append(f.Dist, n)
		f.Nodes[n.Name()] = plan.NodeFacts{
			Version: ops.Version{Major: 26, Minor: 7},
			Macros:  map[string]string{"shard": fmt.Sprint(n.Shard), "replica": n.Host},
		}
	}
	return f
}

func assigned(t *testing.T) storageset.Map {
	t.Helper()
	sets, err := storageset.Assign(map[string][]storageset.Key{"main": {"migrations", "events"}})
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

// bench is a Coordinator over a world in which the state tables exist.
func bench(t *testing.T, groups ...migration.Group) (*Coordinator, *world) {
	t.Helper()
	w := &world{
		facts: []plan.Facts{twoByTwo()}, entries: systemDone(), of: 4,
		fail: map[string]failure{}, verdicts: map[string][]journal.NodeVerdict{}, presentErr: map[string]error{},
		writeErr: map[int]error{}, confirmErr: map[int]error{},
	}
	c := New(Options{
		Registry: registry(t, groups...), Sets: assigned(t), Servers: w, Observer: w, Sizer: w, States: w, Rows: w, Locker: w,
		Holder: journal.Holder{RunID: "run-1", User: "deploy", Host: "ci"},
		Events: func(event journal.Event) {
			switch e := event.(type) {
			case journal.Warning:
				w.say("warning: %s", e.Text)
			case journal.StepSkipped:
				w.say("skip %s: %s", e.Summary, e.Why)
			case journal.MigrationFinished:
				w.say("finished %s %s", e.Key, e.Status)
			}
		},
	})
	return c, w
}

// names lists what was picked, as group/id.
func names(targets []target) []string {
	out := make([]string, len(targets))
	for i, t := range targets {
		out[i] = t.key.String()
	}
	return out
}

// tableOf is a sharded Replicated table of a cluster.
func tableOf(f plan.Facts) plan.TableFacts {
	out := plan.TableFacts{Engine: "ReplicatedMergeTree", Sets: make([][]string, 2)}
	for _, n := range f.Local {
		out.Sets[n.Shard-1] = append(out.Sets[n.Shard-1], n.Name())
	}
	return out
}
