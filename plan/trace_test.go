package plan_test

import (
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Trace follows tables through the names that they bear.
func TestTraceFollowsTables(t *testing.T) {
	node := journal.Node{Host: "n", Port: 1}
	named := func(name string) ops.Table { return ops.Table{Database: "d", Name: name} }
	key := func(name string) string { return plan.TableKey(node.Name(), named(name)) }
	step := func(conditions ...ops.Condition) plan.Step {
		return plan.Step{Nodes: []journal.Node{node}, Statement: ops.Statement{After: conditions}}
	}
	steps := []plan.Step{
		step(ops.TablesExchanged{A: named("a"), B: named("b")}),
		step(ops.TableRenamed{From: named("a"), To: named("c")}),
		{Nodes: []journal.Node{node}, Statement: ops.Statement{Creates: &ops.Created{Table: named("a")}}},
		step(ops.TableGone{Table: named("b")}),
	}
	after := plan.Trace(map[string]string{key("a"): "1", key("b"): "2"}, steps)
	if steps[0].Was[key("a")] != "1" || steps[1].Was[key("a")] != "2" || steps[1].Was[key("b")] != "1" {
		t.Errorf("before the exchange %v, after it %v", steps[0].Was, steps[1].Was)
	}
	if steps[2].Was[key("c")] != "2" || steps[2].Was[key("a")] != "" {
		t.Errorf("after the rename %v", steps[2].Was)
	}
	if len(after) != 1 || after[key("c")] != "2" {
		t.Errorf("in the end %v, want c alone, which was b", after)
	}
}

// One statement may rename a table to the name that it takes from another.
func TestRenamesOfOneStatementHappenAtOnce(t *testing.T) {
	node := journal.Node{Host: "n", Port: 1}
	named := func(name string) ops.Table { return ops.Table{Database: "d", Name: name} }
	key := func(name string) string { return plan.TableKey(node.Name(), named(name)) }
	steps := []plan.Step{{Nodes: []journal.Node{node}, Statement: ops.Statement{After: []ops.Condition{
		ops.TableRenamed{From: named("a"), To: named("old")}, ops.TableRenamed{From: named("new"), To: named("a")},
	}}}}
	after := plan.Trace(map[string]string{key("a"): "1", key("new"): "2"}, steps)
	if len(after) != 2 || after[key("old")] != "1" || after[key("a")] != "2" {
		t.Errorf("%v", after)
	}
	facts := with(with(cluster(1, 1), "a", "MergeTree", []string{"c1r1:9000"}), "new", "MergeTree", []string{"c1r1:9000"})
	made := renames(t, facts, ops.RenameTables{Renames: []ops.RenameTable{
		{From: ops.LocalTable("events", "a"), To: "old"}, {From: ops.LocalTable("events", "new"), To: "a"},
	}})
	if len(made) != 1 {
		t.Errorf("%v", made)
	}
}

func renames(t *testing.T, facts plan.Facts, op ops.Operation) []plan.Step {
	t.Helper()
	return steps(t, facts, op)
}
