package plan_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

var (
	eachOfFour = [][]string{{"c1r1"}, {"c1r2"}, {"c2r1"}, {"c2r2"}}
	byShard    = [][]string{{"c1r1", "c1r2"}, {"c2r1", "c2r2"}}
	allAsOne   = [][]string{{"c1r1", "c1r2", "c2r1", "c2r2"}}
)

func names(sets [][]string) [][]string {
	out := make([][]string, len(sets))
	for i, set := range sets {
		for _, host := range set {
			out[i] = append(out[i], host+":9000")
		}
	}
	return out
}

// DESIGN §4: the table of scopes.
func TestWhoIsAskedAndWhetherThroughOnCluster(t *testing.T) {
	direct := func(f plan.Facts) plan.Facts { f.Direct = true; return f }
	local := ops.LocalTable("events", "t")
	sharded := func() plan.Facts { return with(cluster(2, 2), "t", "ReplicatedMergeTree", names(byShard)...) }
	runSQL := ops.RunSQL{
		Place: local.Place, SQL: "OPTIMIZE TABLE t {on_cluster}", Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{local},
	}
	unmarked, everywhere, once := runSQL, runSQL, runSQL
	unmarked.SQL = "SYSTEM SYNC REPLICA t"
	everywhere.Scope, everywhere.SQL = ops.RunEveryNode, "SYSTEM RELOAD CONFIG {on_cluster}"
	once.Scope, once.SQL = ops.RunOneNode, "INSERT INTO t VALUES (1)"
	call := ops.RunGo{Place: local.Place, Name: "fill", Version: 1, Func: func(context.Context, ops.DB) error { return nil }}

	for _, test := range []struct {
		name      string
		facts     plan.Facts
		operation ops.Operation
		onCluster string
		groups    [][]string
	}{
		{"CREATE goes to every node in one ON CLUSTER", cluster(2, 2), create("t"), "local", eachOfFour},
		{"CREATE of a Distributed table names the query nodes' cluster", cluster(2, 2), createDist("d"), "dist", eachOfFour},
		{"ALTER of a sharded Replicated table: one of each shard, ON CLUSTER", sharded(), addColumn(local), "local", byShard},
		{"ALTER of an unsharded one on two shards: directly to one node of all", with(cluster(2, 2), "t", "ReplicatedMergeTree", names(allAsOne)...), addColumn(local), "", allAsOne},
		{"the same on servers whose DDL workers it may end: directly to one of each shard", aged(sharded()), addColumn(local), "", byShard},
		{"ALTER of an unsharded one where all is one shard: ON CLUSTER", with(cluster(1, 2), "t", "ReplicatedMergeTree", names([][]string{{"c1r1", "c1r2"}})...), addColumn(local), "local", [][]string{{"c1r1", "c1r2"}}},
		{"ALTER of a table that is not Replicated: directly to each (371)", with(cluster(2, 2), "t", "MergeTree", names(eachOfFour)...), addColumn(local), "", eachOfFour},
		{"ALTER of a Distributed table, whose cluster may be replicated by definition: directly to each", with(cluster(2, 2), "d", "Distributed", names(eachOfFour)...), addColumn(ops.DistributedTable("events", "d")), "", eachOfFour},
		{"a statement of the author's with {on_cluster}, once a shard", sharded(), runSQL, "local", byShard},
		{"one without the mark: never ON CLUSTER", sharded(), unmarked, "", byShard},
		{"one for every node", sharded(), everywhere, "local", eachOfFour},
		{"one for one node: never ON CLUSTER", sharded(), once, "", allAsOne},
		{"a Go function: one node, never ON CLUSTER", cluster(2, 2), call, "", allAsOne},
		{"ddl: direct sends a CREATE to each", direct(cluster(2, 2)), create("t"), "", eachOfFour},
		{"ddl: direct sends an ALTER to one of each shard", direct(sharded()), addColumn(local), "", byShard},
		{"a single node is always asked directly", single(), create("t"), "", [][]string{{"c1r1"}}},
		{"so is its ALTER", with(single(), "t", "MergeTree", []string{"c1r1:9000"}), addColumn(local), "", [][]string{{"c1r1"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			made := steps(t, test.facts, test.operation)
			if len(made) != 1 {
				t.Fatalf("%d steps", len(made))
			}
			step := made[0]
			if step.OnCluster != test.onCluster {
				t.Errorf("ON CLUSTER %q, want %q", step.OnCluster, test.onCluster)
			}
			if diff := cmp.Diff(test.groups, groups(step)); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
			if has := strings.Contains(step.Text, "ON CLUSTER 'local'") || strings.Contains(step.Text, "ON CLUSTER 'dist'"); has != (test.onCluster != "") {
				t.Errorf("the text that is sent does not say what was decided: %s", step.Text)
			}
		})
	}
}

func TestDistributedOperationsAreSkippedOnASingleNodeAndSaidSo(t *testing.T) {
	made, notes, err := planner(t, single()).Operations([]ops.Operation{create("t"), createDist("d")})
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != 1 || made[0].Index != 1 || made[0].Of != 1 {
		t.Errorf("steps %+v", made)
	}
	if diff := cmp.Diff([]string{"CreateTable d skipped: single node"}, notes); diff != "" {
		t.Error(diff)
	}
}

func TestStepsAreNumberedThroughTheMigration(t *testing.T) {
	for i, step := range steps(t, cluster(2, 2), create("t"), createDist("d"), addColumn(ops.LocalTable("events", "t"))) {
		if step.Index != i+1 || step.Of != 3 {
			t.Errorf("step %d is %d of %d", i+1, step.Index, step.Of)
		}
		if step.Cluster != "events" {
			t.Errorf("cluster %q", step.Cluster)
		}
	}
}

// aged makes the nodes servers of 2018.
func aged(f plan.Facts) plan.Facts {
	for name, node := range f.Nodes {
		node.Version = ops.Version{Major: 18, Minor: 16, Patch: 1}
		f.Nodes[name] = node
	}
	return f
}

// What the nodes of a cluster keep together is written by one of them, and looked
// for on all.
func TestASharedStorageIsWrittenByOneNode(t *testing.T) {
	statement := conditioned{ops.Statement{
		Head: "CREATE FUNCTION f", Tail: "AS x -> x", Place: ops.Place{StorageSet: "events", Target: ops.Local},
		Scope: ops.EveryNode, Storage: ops.StorageFunctions,
		After: []ops.Condition{ops.ObjectIs{Object: ops.Object{Kind: ops.ObjectFunction, Name: "f"}}},
	}}
	facts := cluster(2, 2)
	if made := steps(t, facts, statement); made[0].OnCluster != "local" || len(made[0].Groups) != 4 {
		t.Errorf("each node has its own: %+v", made[0])
	}
	facts.Shared = map[ops.Storage]bool{ops.StorageFunctions: true}
	made := steps(t, facts, statement)
	if made[0].OnCluster != "" || len(made[0].Groups) != 1 || len(made[0].Nodes) != 4 {
		t.Errorf("shared: ON CLUSTER %q, groups %v, nodes %v", made[0].OnCluster, made[0].Groups, made[0].Nodes)
	}
}

// Without a node nothing goes through the queue, where an entry for it would
// stay, and every step says whether the node misses it.
func TestStepsWithoutANode(t *testing.T) {
	local := ops.LocalTable("events", "t")
	facts := func(f plan.Facts) plan.Facts {
		f.LeftLocal, f.Local = f.Local[3:], f.Local[:3]
		f.LeftDist, f.Dist = f.Dist[3:], f.Dist[:3]
		return f
	}
	here := [][]string{{"c1r1", "c1r2"}, {"c2r1"}}
	each := [][]string{{"c1r1"}, {"c1r2"}, {"c2r1"}}
	once := ops.RunSQL{Place: local.Place, SQL: "INSERT INTO t SELECT 1", Scope: ops.RunOneNode}
	for name, test := range map[string]struct {
		facts     plan.Facts
		operation ops.Operation
		shared    bool
	}{
		"CREATE": {facts(cluster(2, 2)), create("t"), false},
		"ALTER of a Replicated table, which replication brings": {facts(with(cluster(2, 2), "t", "ReplicatedMergeTree", names(here)...)), addColumn(local), true},
		"ALTER of another":           {facts(with(cluster(2, 2), "t", "MergeTree", names(each)...)), addColumn(local), false},
		"what one node does for all": {facts(cluster(2, 2)), once, true},
	} {
		t.Run(name, func(t *testing.T) {
			steps, _, err := planner(t, test.facts).Operations([]ops.Operation{test.operation})
			if err != nil {
				t.Fatal(err)
			}
			step := steps[0]
			if step.OnCluster != "" || len(step.Nodes) != 3 || len(step.LeftOut) != 1 || step.LeftOut[0].Host != "c2r2" || step.Shared != test.shared {
				t.Errorf("on cluster %q, to %v, without %v, shared %v", step.OnCluster, step.Nodes, step.LeftOut, step.Shared)
			}
		})
	}
}
