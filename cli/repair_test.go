package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

func repairs(t *testing.T) coordinator.Repairs {
	t.Helper()
	block := func(sql string) ops.Operation {
		return ops.RunBlock{Place: ops.Place{StorageSet: "events", Target: ops.Local}, SQL: sql}
	}
	addColumn := func(typ string) ops.Operation {
		return ops.AddColumn{Table: ops.LocalTable("events", "events_local"), Column: ops.Column{Name: "trace_id", Type: typ}}
	}
	drop := []ops.Operation{ops.DropColumn{Table: ops.LocalTable("events", "events_local"), Name: "trace_id"}}
	row := func(id string) journal.Entry {
		return journal.Entry{
			Key: journal.Key{Group: "events", ID: id}, AppliedBy: "ann@laptop", Checksum: "0123456789abcdef",
			Timestamp: time.Date(2026, 11, 20, 10, 12, 3, 0, time.UTC),
		}
	}
	of := func(id string, was, is migration.Migration, change func(*coordinator.Repair)) coordinator.Repair {
		text, err := was.StoredText(true)
		if err != nil {
			t.Fatal(err)
		}
		r := coordinator.Repair{
			Key: journal.Key{Group: "events", ID: id}, Row: row(id), Is: is, Checksum: "fedcba9876543210",
			Was: migration.Stored{Forward: was.Forward, Backward: was.Backward, Irreversible: was.Irreversible, Text: text},
		}
		if change != nil {
			change(&r)
		}
		return r
	}
	create := migration.Migration{
		Forward:  []ops.Operation{block("CREATE TABLE {db}.t (id UInt64)\nENGINE = Null")},
		Backward: []ops.Operation{block("DROP TABLE {db}.t")},
	}
	wider := create
	wider.Forward = []ops.Operation{block("CREATE TABLE {db}.t (id UInt64, x String)\nENGINE = Null")}
	code := migration.Migration{Backward: []ops.Operation{ops.RunGo{Name: "fill", Version: 2}}}
	return coordinator.Repairs{
		Changed: []coordinator.Repair{
			of("0001_sql", create, wider, nil),
			of("0002_typed", migration.Migration{Forward: []ops.Operation{addColumn("UUID")}, Backward: drop},
				migration.Migration{Forward: []ops.Operation{addColumn("String")}, Backward: drop}, nil),
			of("0003_way_back_alone", create, wider, func(r *coordinator.Repair) { r.Was.Forward = nil }),
			of("0004_checksum_alone", create, wider, func(r *coordinator.Repair) { r.Was = migration.Stored{} }),
			of("0005_go", migration.Migration{Backward: []ops.Operation{ops.RunGo{Name: "fill", Version: 1}}}, code,
				func(r *coordinator.Repair) { r.Was.Forward, r.Was.Backward = nil, nil }),
		},
		Skipped: []coordinator.SkippedRepair{{Key: journal.Key{Group: "events", ID: "0009_gone"}, Why: "it is missing: there is nothing here to accept"}},
	}
}

func TestRepairText(t *testing.T) {
	var out bytes.Buffer
	printRepairs(&out, repairs(t))
	golden(t, "repair.txt", out.String())
}

func TestBaselineText(t *testing.T) {
	var out bytes.Buffer
	printLacks(&out, coordinator.Result{
		Differences: []coordinator.Lack{
			{What: "table default.events, column x", Node: "ch-1:9000", Has: "String", Want: "Nullable(String)"},
			{What: "table default.events, column x", Node: "ch-2:9000", Want: "Nullable(String)"},
			{What: "table default.events, index i", Node: "ch-1:9000", Has: "x TYPE minmax GRANULARITY 1"},
		},
		Unseen: []string{"default.queue", "default.sink"},
	})
	golden(t, "baseline.txt", out.String())
}
