package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
)

// What is rendered ahead is planned as what is not: tables that earlier lists make are
// known to later ones, and an error is told with its operation.
func TestAheadChangesNoPlan(t *testing.T) {
	lists := [][]ops.Operation{
		{create("t"), createDist("d")},
		{addColumn(ops.LocalTable("events", "t"))},
		{},
		{ops.DropTable{Table: ops.DistributedTable("events", "d"), IfExists: true}, addColumn(ops.LocalTable("nowhere", "t"))},
		{addColumn(ops.LocalTable("events", "missing"))},
	}
	texts := func(ahead bool) (out []string) {
		p := planner(t, cluster(2, 2))
		if ahead {
			p.Ahead(lists...)
		}
		for _, list := range lists {
			made, notes, err := p.Operations(list)
			for _, step := range made {
				out = append(out, step.Text)
			}
			out = append(out, notes...)
			if err != nil {
				out = append(out, err.Error())
			}
		}
		return out
	}
	want := texts(false)
	if len(want) != 5 {
		t.Fatalf("%q", want)
	}
	if diff := cmp.Diff(want, texts(true)); diff != "" {
		t.Errorf("(-one by one +ahead)\n%s", diff)
	}
}
