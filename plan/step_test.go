package plan_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

func TestOnlyKeepsTheWantedNodesAndSendsDirectly(t *testing.T) {
	facts := with(cluster(2, 2), "t", "ReplicatedMergeTree", names(byShard)...)
	step := steps(t, facts, addColumn(ops.LocalTable("events", "t")))[0]
	if step.OnCluster == "" {
		t.Fatal("the fixture is to go through ON CLUSTER")
	}
	few := step.Only(map[string]bool{"c1r2:9000": true})
	if diff := cmp.Diff([][]string{{"c1r2"}}, groups(few)); diff != "" {
		t.Errorf("groups without a wanted node go: %s", diff)
	}
	if diff := cmp.Diff([]string{"c1r2:9000"}, journal.Names(few.Nodes)); diff != "" {
		t.Error(diff)
	}
	if few.OnCluster != "" || few.Text != "ALTER TABLE `default`.`t` ADD COLUMN `x` UInt8" {
		t.Errorf("still through ON CLUSTER %q: %s", few.OnCluster, few.Text)
	}
	if few.Hash != step.Hash || few.Index != step.Index {
		t.Error("it is the same step")
	}
	if len(step.Nodes) != 4 || step.OnCluster == "" {
		t.Error("the step itself was changed")
	}
}

func TestDirectlyKeepsEveryNodeAndGroup(t *testing.T) {
	step := steps(t, cluster(2, 2), create("t"))[0]
	direct := step.Directly()
	if direct.OnCluster != "" || direct.Text != step.Statement.SQL("") {
		t.Errorf("sent as %q", direct.Text)
	}
	if diff := cmp.Diff(groups(step), groups(direct)); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyLeavesTheTextOfAGoFunction(t *testing.T) {
	call := ops.RunGo{
		Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: "fill", Version: 1,
		Func: func(context.Context, ops.DB) error { return nil },
	}
	step := steps(t, cluster(2, 2), call)[0]
	if few := step.Only(map[string]bool{"c1r1:9000": true}); few.Text != step.Text {
		t.Errorf("text %q, was %q", few.Text, step.Text)
	}
}

// The state row tells by the hash what was in flight, whoever asks next time.
func TestHashIsOfWhatIsDoneAndNotOfHow(t *testing.T) {
	direct := cluster(2, 2)
	direct.Direct = true
	bigger := cluster(4, 3)
	first := steps(t, cluster(2, 2), create("t"))[0]
	for name, facts := range map[string]struct{ hash string }{
		"ddl: direct":        {steps(t, direct, create("t"))[0].Hash},
		"on a grown cluster": {steps(t, bigger, create("t"))[0].Hash},
		"planned again":      {steps(t, cluster(2, 2), create("t"))[0].Hash},
	} {
		if facts.hash != first.Hash {
			t.Errorf("%s: hash %s, was %s", name, facts.hash, first.Hash)
		}
	}
	if len(first.Hash) != 16 {
		t.Errorf("hash %q", first.Hash)
	}
}

func TestHashDiffersWithWhatIsDone(t *testing.T) {
	fill := func(name string, version int) ops.RunGo {
		return ops.RunGo{
			Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: name, Version: version,
			Func: func(context.Context, ops.DB) error { return nil },
		}
	}
	seen := map[string]int{}
	for i, step := range steps(t, cluster(2, 2), create("t"), create("u"), createDist("d"),
		addColumn(ops.LocalTable("events", "t")), fill("a", 1), fill("a", 2), fill("b", 1)) {
		if other, same := seen[step.Hash]; same {
			t.Errorf("steps %d and %d have one hash", other+1, i+1)
		}
		seen[step.Hash] = i
	}
}
