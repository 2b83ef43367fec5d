package danger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

func local(name string) ops.Table { return ops.LocalTable("events", name) }

// replicated is a 2×2 cluster with one sharded table, t, of v UInt64.
func replicated() plan.Facts {
	f := plan.Facts{
		Cluster: "events", LocalCluster: "local", DistCluster: "dist", Database: "default",
		Nodes: map[string]plan.NodeFacts{}, Since: map[ops.Feature]ops.Version{},
		Tables: map[string]plan.TableFacts{"default.t": {
			Engine: "ReplicatedMergeTree", Sets: [][]string{{"c1r1:9000", "c1r2:9000"}, {"c2r1:9000", "c2r2:9000"}},
		}},
	}
	for _, feature := range ops.Features() {
		f.Since[feature] = ops.Version{}
	}
	for shard := 1; shard <= 2; shard++ {
		for replica := 1; replica <= 2; replica++ {
			node := journal.Node{Host: fmt.Sprintf("c%dr%d", shard, replica), Port: 9000, Shard: shard, Replica: replica}
			f.Local, f.Dist = append(f.Local, node), append(f.Dist, node)
			f.Nodes[node.Name()] = plan.NodeFacts{
				Version: ops.Version{Major: 26, Minor: 7},
				Macros:  map[string]string{"shard": fmt.Sprint(shard), "replica": fmt.Sprint(replica)},
			}
		}
	}
	return f
}

func steps(t *testing.T, facts plan.Facts, operations ...ops.Operation) []plan.Step {
	t.Helper()
	sets, err := storageset.Assign(map[string][]storageset.Key{facts.Cluster: {"events"}})
	if err != nil {
		t.Fatal(err)
	}
	made, _, err := plan.New(sets, facts).Operations(operations)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// holding is what a node has of t: rows of one partition more than the number.
func holding(path string, rows uint64) danger.Holding {
	return danger.Holding{
		Tables: map[string]danger.TableHolding{"default.t": {
			Engine: "ReplicatedMergeTree", Path: path, Amount: danger.Amount{Known: true, Rows: rows, Bytes: rows * 100},
			Columns: map[string]danger.ColumnHolding{"v": {Type: "UInt64", Bytes: rows * 10}, "al": {Type: "UInt64", Kind: "ALIAS"}},
			Partitions: map[string]danger.Amount{
				"202601": {Known: true, Rows: 3, Bytes: 300}, "ID 202601": {Known: true, Rows: 3, Bytes: 300},
				"(x,2026-01-05)": {Known: true, Rows: 4, Bytes: 400},
			},
		}},
		Limits: map[string]danger.Limit{danger.MaxTableSizeToDrop: {Bytes: 1 << 40}, danger.MaxPartitionSizeToDrop: {Bytes: 350}},
	}
}

// held: the second replica of shard 2 lags.
func held() map[string]danger.Holding {
	return map[string]danger.Holding{
		"c1r1:9000": holding("/1", 10), "c1r2:9000": holding("/1", 10),
		"c2r1:9000": holding("/2", 1000), "c2r2:9000": holding("/2", 7),
	}
}

func assess(t *testing.T, nodes map[string]danger.Holding, operations ...ops.Operation) []danger.Assessment {
	t.Helper()
	return danger.Assess(steps(t, replicated(), operations...), map[string]map[string]danger.Holding{"events": nodes})
}

func create(name string) ops.CreateTable {
	return ops.CreateTable{
		Table: local(name), Columns: []ops.Column{{Name: "id", Type: "UInt64"}},
		Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
	}
}

func addColumn(table ops.Table) ops.AddColumn {
	return ops.AddColumn{Table: table, Column: ops.Column{Name: "x", Type: "UInt8"}}
}

func modify(column ops.Column) ops.ModifyColumn {
	return ops.ModifyColumn{Table: local("t"), Column: column}
}

func sql(text string, change func(*ops.RunSQL)) ops.RunSQL {
	o := ops.RunSQL{
		Place: local("").Place, SQL: text, Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{{Name: "t"}}, DropsData: true,
	}
	if change != nil {
		change(&o)
	}
	return o
}

// The last operation of each is what is looked at.
func TestDangerOfAStep(t *testing.T) {
	for name, test := range map[string]struct {
		operations []ops.Operation
		nodes      func(map[string]danger.Holding)
		want       string
	}{
		"metadata":       {operations: []ops.Operation{addColumn(local("t"))}, want: "metadata only"},
		"each row once":  {operations: []ops.Operation{ops.TruncateTable{Table: local("t")}}, want: "drops data: 1,010 rows, 98.6 KiB on 2 replica sets"},
		"a column":       {operations: []ops.Operation{ops.DropColumn{Table: local("t"), Name: "v"}}, want: "drops data: 1,010 rows, 9.9 KiB on 2 replica sets"},
		"a column clear": {operations: []ops.Operation{ops.ClearColumn{Table: local("t"), Name: "v"}}, want: "drops data: 1,010 rows, 9.9 KiB on 2 replica sets"},
		"a TTL":          {operations: []ops.Operation{ops.ModifyTTL{Table: local("t"), TTL: "d + 1"}}, want: "drops data: up to 1,010 rows, 98.6 KiB on 2 replica sets"},
		"a partition":    {operations: []ops.Operation{sql("ALTER TABLE {db}.t DROP PARTITION 202601", nil)}, want: "drops data: 6 rows, 600 B on 2 replica sets"},
		"a partition by ID": {
			operations: []ops.Operation{sql("ALTER TABLE {db}.t CLEAR COLUMN v IN PARTITION ID '202601'", nil)},
			want:       "drops data: up to 6 rows, 600 B on 2 replica sets",
		},
		"a partition of two": {
			operations: []ops.Operation{sql("ALTER TABLE {db}.t DROP PARTITION ('x', '2026-01-05'), DROP PARTITION 202601", nil)},
			want:       "drops data: 14 rows, 1.4 KiB on 2 replica sets",
		},
		"a partition that is an expression": {
			operations: []ops.Operation{sql("ALTER TABLE {db}.t DROP PARTITION toYYYYMM(today())", nil)},
			want:       "drops data: up to 1,010 rows, 98.6 KiB on 2 replica sets",
		},
		"a statement that names no table": {
			operations: []ops.Operation{sql("DROP TABLE x", func(o *ops.RunSQL) { o.Scope, o.Writes = ops.RunEveryNode, nil })},
			want:       "drops data: how many rows is not known",
		},
		"a table without parts": {
			operations: []ops.Operation{ops.DropTable{Table: local("t")}},
			nodes: func(nodes map[string]danger.Holding) {
				for _, holding := range nodes {
					holding.Tables["default.t"] = danger.TableHolding{Engine: "Buffer"}
				}
			},
			want: "drops data: how many rows is not known",
		},
		"a table that is nowhere": {
			operations: []ops.Operation{ops.DropTable{Table: local("t")}},
			nodes: func(nodes map[string]danger.Holding) {
				for _, holding := range nodes {
					delete(holding.Tables, "default.t")
				}
			},
			want: "drops data: no rows now",
		},
		"a table of the plan": {
			operations: []ops.Operation{create("u"), ops.DropTable{Table: local("u")}},
			want:       "drops data: no rows now",
		},
		"a table renamed by the plan": {
			operations: []ops.Operation{ops.RenameTable{From: local("t"), To: "old"}, create("t"), ops.DropTable{Table: local("old")}},
			want:       "drops data: 1,010 rows, 98.6 KiB on 2 replica sets",
		},
		"an exchanged table": {
			operations: []ops.Operation{create("u"), ops.ExchangeTables{A: local("t"), B: local("u")}, ops.DropTable{Table: local("u")}},
			want:       "drops data: 1,010 rows, 98.6 KiB on 2 replica sets",
		},
		"the new table of an exchange": {
			operations: []ops.Operation{create("u"), ops.ExchangeTables{A: local("t"), B: local("u")}, ops.DropTable{Table: local("t")}},
			want:       "drops data: no rows now",
		},
		"tables that change names": {
			operations: []ops.Operation{create("u"), ops.RenameTables{Renames: []ops.RenameTable{
				{From: local("u"), To: "x"}, {From: local("t"), To: "u"}, {From: local("x"), To: "t"},
			}}, ops.TruncateTable{Table: local("u")}},
			want: "drops data: 1,010 rows, 98.6 KiB on 2 replica sets",
		},
		"a detached table": {
			operations: []ops.Operation{ops.DetachTable{Table: local("t")}, ops.AttachTable{Table: local("t")}, ops.DropTable{Table: local("t")}},
			want:       "drops data: 1,010 rows, 98.6 KiB on 2 replica sets",
		},
		"the new table of a renamed one's name": {
			operations: []ops.Operation{ops.RenameTable{From: local("t"), To: "old"}, create("t"), ops.TruncateTable{Table: local("t")}},
			want:       "drops data: no rows now",
		},
		"a table that is dropped already": {
			operations: []ops.Operation{ops.DropTable{Table: local("t")}, create("t"), ops.DropTable{Table: local("t")}},
			want:       "drops data: no rows now",
		},
		"a type": {
			operations: []ops.Operation{modify(ops.Column{Name: "v", Type: "UInt32"})},
			want: "rewrites data: 1,010 rows, 9.9 KiB on 2 replica sets\n" +
				"narrows UInt64 to UInt32: values that do not fit become others, without an error",
		},
		"the type that it has": {operations: []ops.Operation{modify(ops.Column{Name: "v", Type: "UInt64", Expression: "7"})}, want: "metadata only"},
		"a type that Was says it has, and it has not": {
			operations: []ops.Operation{ops.ModifyColumn{
				Table: local("t"), Column: ops.Column{Name: "v", Type: "Int64"}, Was: &ops.Column{Name: "v", Type: "Int64"},
			}},
			want: "rewrites data: 1,010 rows, 9.9 KiB on 2 replica sets\n" +
				"narrows UInt64 to Int64: values that do not fit become others, without an error",
		},
		"an ALIAS": {operations: []ops.Operation{modify(ops.Column{Name: "al", Type: "UInt32"})}, want: "metadata only"},
		"a type that the plan has given": {
			operations: []ops.Operation{modify(ops.Column{Name: "v", Type: "UInt32"}), modify(ops.Column{Name: "v", Type: "UInt32"})},
			want:       "metadata only",
		},
		"a column renamed by the plan": {
			operations: []ops.Operation{
				ops.RenameColumn{Table: local("t"), From: "v", To: "w"}, modify(ops.Column{Name: "w", Type: "UInt64"}),
			},
			want: "metadata only",
		},
		"nodes that differ": {
			operations: []ops.Operation{modify(ops.Column{Name: "v", Type: "UInt64"})},
			nodes: func(nodes map[string]danger.Holding) {
				nodes["c2r2:9000"].Tables["default.t"].Columns["v"] = danger.ColumnHolding{Type: "UInt32"}
			},
			want: "rewrites data: 1,010 rows, 9.9 KiB on 2 replica sets\n" +
				"nodes differ: column v is UInt32 on c2r2:9000; UInt64 on c1r1:9000, c1r2:9000, c2r1:9000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			nodes := held()
			if test.nodes != nil {
				test.nodes(nodes)
			}
			dangers := assess(t, nodes, test.operations...)
			if diff := cmp.Diff(test.want, strings.Join(dangers[len(dangers)-1].Words(), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDropsThatServersWouldRefuse(t *testing.T) {
	limited := func(bytes uint64, settings ...ops.Setting) func(map[string]danger.Holding, *ops.RunSQL) {
		return func(nodes map[string]danger.Holding, o *ops.RunSQL) {
			nodes["c2r1:9000"].Limits[danger.MaxTableSizeToDrop] = danger.Limit{Bytes: bytes}
			o.Settings = settings
		}
	}
	setting := func(value string) ops.Setting { return ops.Setting{Name: danger.MaxTableSizeToDrop, Value: value} }
	drop := "DROP TABLE {db}.t"
	for name, test := range map[string]struct {
		sql    string
		change func(map[string]danger.Holding, *ops.RunSQL)
		want   []string
	}{
		"small enough":  {sql: drop},
		"too large":     {sql: drop, change: limited(99_999), want: []string{"default.t holds 97.7 KiB on c2r1:9000, more than its max_table_size_to_drop lets go (97.7 KiB)"}},
		"just":          {sql: drop, change: limited(100_000)},
		"no limit":      {sql: drop, change: limited(0)},
		"own setting":   {sql: drop, change: limited(1, setting("0"))},
		"own, too":      {sql: "TRUNCATE TABLE {db}.t", change: limited(0, setting("50000")), want: []string{"default.t holds 97.7 KiB on c2r1:9000, more than its max_table_size_to_drop lets go (48.8 KiB)"}},
		"not a drop":    {sql: "ALTER TABLE {db}.t DELETE WHERE 1", change: limited(1)},
		"detached part": {sql: "ALTER TABLE {db}.t DROP DETACHED PARTITION ('x', '2026-01-05')"},
		"a partition":   {sql: "ALTER TABLE {db}.t DROP PARTITION 202601"},
		"a large one":   {sql: "ALTER TABLE {db}.t DETACH PARTITION ('x','2026-01-05')", want: []string{"400 B on c1r1", "400 B on c1r2", "400 B on c2r1", "400 B on c2r2"}},
		"assumed": {sql: drop, change: func(nodes map[string]danger.Holding, _ *ops.RunSQL) {
			delete(nodes["c1r1:9000"].Limits, danger.MaxTableSizeToDrop)
			nodes["c1r1:9000"].Tables["default.t"] = danger.TableHolding{
				Engine: "MergeTree", Amount: danger.Amount{Known: true, Rows: 1, Bytes: 60_000_000_000},
			}
		}, want: []string{"default.t holds 55.9 GiB on c1r1:9000, which does not tell its max_table_size_to_drop: taken to be 46.6 GiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			nodes := held()
			operation := sql(test.sql, nil)
			if test.change != nil {
				test.change(nodes, &operation)
			}
			large := assess(t, nodes, operation)[0].TooLarge
			if len(large) != len(test.want) {
				t.Fatalf("have %v, want %q", large, test.want)
			}
			for i, part := range test.want {
				if !strings.Contains(large[i].String(), part) {
					t.Errorf("have %q, want %q", large[i], part)
				}
			}
		})
	}
}

// What need not be known is not asked, and what is asked is by the names of now.
func TestInquiryAsksForWhatIsTouchedAlone(t *testing.T) {
	operations := []ops.Operation{
		addColumn(local("t")), create("u"), ops.TruncateTable{Table: local("u")}, modify(ops.Column{Name: "v", Type: "UInt32"}),
	}
	drop := []ops.Operation{ops.RenameTable{From: local("t"), To: "old"}, ops.DropTable{Table: local("old")}}
	for name, test := range map[string]struct {
		operations []ops.Operation
		everything bool
		want       []string
	}{
		"metadata":   {operations: operations[:3], everything: true},
		"everything": {operations: operations, everything: true, want: []string{"default.t"}},
		"drops":      {operations: operations},
		"a drop":     {operations: drop, want: []string{"default.t"}},
		"both":       {operations: slices.Concat(operations, drop), everything: true, want: []string{"default.t"}},
	} {
		t.Run(name, func(t *testing.T) {
			var have []string
			for _, inquiry := range danger.Inquire(steps(t, replicated(), test.operations...), test.everything) {
				if len(inquiry.Nodes) != 4 {
					t.Errorf("%d nodes are asked, want 4", len(inquiry.Nodes))
				}
				for _, table := range inquiry.Tables {
					have = append(have, table.String())
				}
			}
			if diff := cmp.Diff(test.want, have); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRowsThatAreAddedHarmNothing(t *testing.T) {
	got := assess(t, held(), ops.InsertSelect{Into: local("t"), Query: "SELECT 1"})[0]
	if got.Class != danger.AddsData || !got.Harmless() {
		t.Errorf("an INSERT: %+v", got)
	}
}
