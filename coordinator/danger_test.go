package coordinator

import (
	"errors"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// endangered is a bench with one migration, over a table of 60 GB on each node.
func endangered(t *testing.T, limit *danger.Limit, operations ...ops.Operation) (*Coordinator, *world) {
	t.Helper()
	m := makes("0001", operations...)
	m.Irreversible = "a test"
	c, w := bench(t, group("events", m))
	w.facts[0].Tables["default.t"] = tableOf(w.facts[0])
	w.holdings = map[string]danger.Holding{}
	for _, node := range w.facts[0].Local {
		holding := danger.Holding{Tables: map[string]danger.TableHolding{"default.t": {
			Engine: "ReplicatedMergeTree", Path: "/t", Amount: danger.Amount{Known: true, Rows: 5, Bytes: 60_000_000_000},
			Columns: map[string]danger.ColumnHolding{"id": {Type: "UInt64"}},
		}}}
		if limit != nil {
			holding.Limits = map[string]danger.Limit{danger.MaxTableSizeToDrop: *limit}
		}
		w.holdings[node.Name()] = holding
	}
	return c, w
}

func dropT() ops.Operation { return ops.DropTable{Table: ops.LocalTable("events", "t")} }

func narrowT() ops.Operation {
	return ops.ModifyColumn{Table: ops.LocalTable("events", "t"), Column: ops.Column{Name: "id", Type: "UInt32"}}
}

// Only what is dropped is looked at before a run, and only if something is.
func TestARunAsksForNoSizesThatItDoesNotNeed(t *testing.T) {
	for name, test := range map[string]struct {
		operation ops.Operation
		check     bool
		want      int
	}{
		"metadata":          {operation: addColumn("t", "x")},
		"metadata, checked": {operation: addColumn("t", "x"), check: true},
		"a rewrite":         {operation: narrowT()},
		"a drop":            {operation: dropT(), want: 1},
		"a table made":      {operation: create("events", "u")},
		"a harmless one, checked": {
			operation: ops.ModifyColumn{Table: ops.LocalTable("events", "t"), Column: ops.Column{Name: "id", Type: "UInt64"}},
			check:     true, want: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := endangered(t, &danger.Limit{}, test.operation)
			if _, err := c.Migrate(t.Context(), Request{CheckDangerous: test.check}); err != nil {
				t.Fatal(err)
			}
			if len(w.asked) != test.want {
				t.Errorf("%d inquiries, want %d", len(w.asked), test.want)
			}
		})
	}
}

func TestDangerRefusesBeforeAnythingIsChanged(t *testing.T) {
	small := &danger.Limit{Bytes: 1}
	for name, test := range map[string]struct {
		operation ops.Operation
		limit     *danger.Limit
		request   Request
		says      []string // none: it runs
	}{
		"too large":           {operation: dropT(), limit: small, says: []string{"events/0001 step 1, DROP TABLE t", "default.t holds 55.9 GiB on n1:9000", "359"}},
		"too large, forced":   {operation: dropT(), limit: small, request: Request{Force: true}, says: []string{"max_table_size_to_drop"}},
		"too large, fake":     {operation: dropT(), limit: small, request: Request{Fake: true}},
		"no limit":            {operation: dropT(), limit: &danger.Limit{}},
		"not told":            {operation: dropT(), says: []string{"does not tell its max_table_size_to_drop", "46.6 GiB", "--max-drop"}},
		"not told, forced":    {operation: dropT(), request: Request{Force: true}, says: []string{"--max-drop"}},
		"not told, assumed":   {operation: dropT(), request: Request{MaxDrop: new(uint64)}},
		"told, not assumed":   {operation: dropT(), limit: small, request: Request{MaxDrop: new(uint64)}, says: []string{"max_table_size_to_drop"}},
		"checked drop":        {operation: dropT(), limit: &danger.Limit{}, request: Request{CheckDangerous: true}, says: []string{"drops data: 5 rows, 55.9 GiB", "without --check-dangerous"}},
		"checked type":        {operation: narrowT(), request: Request{CheckDangerous: true}, says: []string{"rewrites data: 5 rows", "narrows UInt64 to UInt32"}},
		"checked Go":          {operation: blindly("go"), request: Request{CheckDangerous: true}, says: []string{"Go code"}},
		"checked, forced":     {operation: narrowT(), request: Request{CheckDangerous: true, Force: true}, says: []string{"rewrites data"}},
		"checked, metadata":   {operation: addColumn("t", "x"), request: Request{CheckDangerous: true}},
		"unchecked is not so": {operation: narrowT()},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := endangered(t, test.limit, test.operation)
			_, err := c.Migrate(t.Context(), test.request)
			if len(test.says) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var refused *journal.PreflightError
			if !errors.As(err, &refused) {
				t.Fatalf("have %v, want a refusal", err)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in:\n%v", part, err)
				}
			}
			if len(w.sent) > 0 || len(w.written) > 0 {
				t.Errorf("%d statements were sent and %d rows written", len(w.sent), len(w.written))
			}
		})
	}
}

func TestAPlanSaysWhatItsStepsDo(t *testing.T) {
	c, _ := endangered(t, nil, addColumn("t", "x"), narrowT(), dropT())
	plans, err := c.Plan(t.Context(), Request{MaxDrop: new(uint64)})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]danger.Class{{danger.MetadataOnly, danger.RewritesData, danger.DropsData}}
	for i, p := range plans {
		for j, danger := range p.Dangers {
			if danger.Class != want[i][j] {
				t.Errorf("%s step %d: %s, want %s", p.Key, j+1, danger.Class, want[i][j])
			}
		}
		if p.Key.Group != migration.System && len(p.Dangers) != len(p.Steps) {
			t.Errorf("%s: %d dangers for %d steps", p.Key, len(p.Dangers), len(p.Steps))
		}
	}
}
