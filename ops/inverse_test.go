package ops_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/skein-migrate/skein/ops"
)

// TestInversesUndoThemselves: what an operation's inverse says is valid, and its
// own inverse is the operation again.
func TestInversesUndoThemselves(t *testing.T) {
	// A view's query, and a dropped view, cannot be had back from DROP, nor a backup from UNFREEZE.
	oneWay := map[string]bool{"create_materialized_view": true, "create_materialized_view_typed": true, "freeze_partition": true}
	for name, op := range operations() {
		inverter, ok := op.(ops.Inverter)
		if !ok {
			t.Errorf("%s is no Inverter", name)
			continue
		}
		inverse, err := inverter.Inverse()
		var irreversible *ops.IrreversibleError
		if errors.As(err, &irreversible) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v is no *IrreversibleError", name, err)
			continue
		}
		if inverse == nil {
			continue // nothing to undo
		}
		if err := inverse.Check(); err != nil {
			t.Errorf("the inverse of %s is refused: %v", name, err)
		}
		if oneWay[name] {
			continue
		}
		again, _ := inverse.(ops.Inverter)
		back, err := again.Inverse()
		if err != nil {
			t.Errorf("%s there and back: %v", name, err)
			continue
		}
		if diff := cmp.Diff(canonical(t, op), canonical(t, back)); diff != "" && name != "run_go" && name != "run_sql" {
			t.Errorf("%s there and back (-before +after):\n%s", name, diff)
		}
	}
}

func TestWithoutWasThereIsNoWayBack(t *testing.T) {
	for _, op := range []ops.Inverter{
		ops.DropTable{Table: local("t")},
		ops.DropColumn{Table: local("t"), Name: "c"},
		ops.DropIndex{Table: local("t"), Name: "i"},
		ops.ModifyColumn{Table: local("t"), Column: ops.Column{Name: "c", Type: "UInt8"}},
		ops.ModifyColumn{
			Table: local("t"), Column: ops.Column{Name: "c", Type: "Nullable(UInt8)"}, Was: &ops.Column{Name: "c", Type: "UInt8"},
		},
		ops.ModifyOrderBy{Table: local("t"), OrderBy: "a", Was: "(a, b)"},
		ops.RunSQL{Place: atLocal(), SQL: "SELECT 1"},
		ops.RunGo{Place: atLocal(), Name: "f", Version: 1},
		ops.When{Then: ops.Operations{ops.DropTable{Table: local("t")}}},
	} {
		_, err := op.Inverse()
		var irreversible *ops.IrreversibleError
		if !errors.As(err, &irreversible) || irreversible.Why == "" {
			t.Errorf("%T: %v is no *IrreversibleError with a reason", op, err)
		}
	}
}

// TestBranchesAreUndoneBackwards: the last operation is undone first.
func TestBranchesAreUndoneBackwards(t *testing.T) {
	first := ops.AddColumn{Table: local("t"), Column: ops.Column{Name: "a", Type: "UInt8"}}
	second := ops.AddColumn{Table: local("t"), Column: ops.Column{Name: "b", Type: "UInt8"}, After: "a"}
	got, err := ops.When{If: ops.Test{SingleNode: true}, Then: ops.Operations{first, second}}.Inverse()
	if err != nil {
		t.Fatal(err)
	}
	want := ops.When{If: ops.Test{SingleNode: true}, Then: ops.Operations{
		ops.DropColumn{Table: local("t"), Name: "b", Was: &second.Column, After: "a"},
		ops.DropColumn{Table: local("t"), Name: "a", Was: &first.Column},
	}}
	if diff := cmp.Diff(ops.Operation(want), got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAChoiceOfWhatNeedsNoUndoNeedsNone: a When without operations would be refused.
func TestAChoiceOfWhatNeedsNoUndoNeedsNone(t *testing.T) {
	reload := ops.ReloadDictionary{Table: local("d")}
	if got, err := (ops.When{If: ops.Test{SingleNode: true}, Then: ops.Operations{reload}}).Inverse(); got != nil || err != nil {
		t.Errorf("%v, %v: want no operation and no error", got, err)
	}
}

// TestUndoTakesThePlaceOfItsOperation: an Undo need not repeat it.
func TestUndoTakesThePlaceOfItsOperation(t *testing.T) {
	for _, name := range []string{"run_sql", "run_go"} {
		inverter, _ := operations()[name].(ops.Inverter)
		inverse, err := inverter.Inverse()
		if err != nil {
			t.Fatal(err)
		}
		statements, err := inverse.Statements(environments()[1].env)
		if err != nil || len(statements) != 1 || statements[0].Place != atLocal() {
			t.Errorf("%s: %v %v: want one statement at %v", name, statements, err, atLocal())
		}
	}
}
