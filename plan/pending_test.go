package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
)

// An ALTER of what the same plan makes is decided before any server has it.
func TestAPendingCreateDecidesHowItsAlterGoes(t *testing.T) {
	local := ops.LocalTable("events", "t")
	for _, test := range []struct {
		name      string
		create    ops.CreateTable
		onCluster string
		groups    [][]string
	}{
		{"sharded", create("t"), "local", byShard},
		{"unsharded", create("t", unsharded), "", allAsOne},
		{"not Replicated", create("t", localOnly), "", eachOfFour},
	} {
		t.Run(test.name, func(t *testing.T) {
			alter := steps(t, cluster(2, 2), test.create, addColumn(local))[1]
			if alter.OnCluster != test.onCluster {
				t.Errorf("ON CLUSTER %q, want %q", alter.OnCluster, test.onCluster)
			}
			if diff := cmp.Diff(test.groups, groups(alter)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPendingCreateIsSeenByLaterMigrationsOfOnePlan(t *testing.T) {
	p := planner(t, cluster(2, 2))
	if _, _, err := p.Operations([]ops.Operation{create("t")}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Operations([]ops.Operation{addColumn(ops.LocalTable("events", "t"))}); err != nil {
		t.Error(err)
	}
}

func TestAPendingRenameIsSeenUnderTheNewNameAlone(t *testing.T) {
	facts := with(cluster(2, 2), "t", "ReplicatedMergeTree", names(allAsOne)...)
	rename := ops.RenameTable{From: ops.LocalTable("events", "t"), To: "u"}
	alter := steps(t, facts, rename, addColumn(ops.LocalTable("events", "u")))[1]
	if diff := cmp.Diff(allAsOne, groups(alter)); diff != "" {
		t.Errorf("a renamed table keeps its replica sets:\n%s", diff)
	}
	refused(t, facts, []string{"operation 2", "default.t", "on no node"}, rename, addColumn(ops.LocalTable("events", "t")))
}

func TestAPendingDropIsSeen(t *testing.T) {
	facts := with(cluster(2, 2), "t", "ReplicatedMergeTree", names(byShard)...)
	drop := ops.DropTable{Table: ops.LocalTable("events", "t")}
	refused(t, facts, []string{"operation 2", "default.t", "on no node"}, drop, addColumn(ops.LocalTable("events", "t")))
}

func TestATableThatComesBackIsWhatItWas(t *testing.T) {
	events := ops.LocalTable("events", "t")
	detach, attach := ops.DetachTable{Table: events}, ops.AttachTable{Table: events}
	facts := with(cluster(2, 2), "t", "ReplicatedMergeTree", names(allAsOne)...)
	alter := steps(t, facts, detach, attach, addColumn(events))[2]
	if diff := cmp.Diff(allAsOne, groups(alter)); diff != "" {
		t.Errorf("it keeps its replica sets:\n%s", diff)
	}
	if made := steps(t, single(), attach, addColumn(events)); len(made) != 2 {
		t.Errorf("a single node has one set, whatever was detached there: %v", made)
	}
	refused(t, cluster(2, 2), []string{"operation 2", "default.t", "on no node"}, attach, addColumn(events))
	refused(t, facts, []string{"operation 2", "on no node"}, detach, addColumn(events))
}

// What one planner remembers must not leak into the facts that it was made of.
func TestPlanningDoesNotChangeTheFacts(t *testing.T) {
	facts := cluster(2, 2)
	steps(t, facts, create("t"))
	if len(facts.Tables) != 0 {
		t.Errorf("the facts now have %v", facts.Tables)
	}
}

// What a half-done migration did is in the facts: an EXCHANGE that has happened
// does not happen to them again.
func TestStepsOfThePastAreNotRememberedTwice(t *testing.T) {
	a, b := ops.LocalTable("events", "a"), ops.LocalTable("events", "b")
	for past, want := range map[int][][]string{0: eachOfFour, 1: byShard} {
		facts := with(cluster(2, 2), "a", "ReplicatedMergeTree", []string{"c1r1:9000", "c1r2:9000"}, []string{"c2r1:9000", "c2r2:9000"})
		facts = with(facts, "b", "MergeTree", []string{"c1r1:9000"}, []string{"c1r2:9000"}, []string{"c2r1:9000"}, []string{"c2r2:9000"})
		facts.Since[ops.FeatureExchange] = ops.Version{Major: 20, Minor: 1}
		p := planner(t, facts)
		p.Past = past
		made, _, err := p.Operations([]ops.Operation{ops.ExchangeTables{A: a, B: b}, addColumn(a)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, groups(made[1])); diff != "" {
			t.Errorf("%d steps of the past: %s", past, diff)
		}
	}
}
