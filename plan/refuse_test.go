package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// refused plans operations that must be refused, with exit code 3, and in words.
func refused(t *testing.T, facts plan.Facts, words []string, operations ...ops.Operation) {
	t.Helper()
	made, _, err := planner(t, facts).Operations(operations)
	if err == nil {
		t.Fatalf("was planned: %+v", made)
	}
	var preflight *journal.PreflightError
	if !errors.As(err, &preflight) {
		t.Errorf("want a *journal.PreflightError, have %T", err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no word of %q in: %v", word, err)
		}
	}
}

func TestNoNodesIsAnErrorAndNeverASuccess(t *testing.T) {
	empty := cluster(2, 2)
	empty.Dist = nil
	refused(t, empty, []string{`storage set "events"`, "DISTRIBUTED", `"dist"`, "no nodes"}, createDist("d"))
	empty.Local = nil
	refused(t, empty, []string{"no nodes", "LOCAL", `"local"`}, create("t"))
	one := single()
	one.Local = nil
	refused(t, one, []string{"no nodes"}, create("t"))
}

func TestAStorageSetOnNoClusterIsAUsageError(t *testing.T) {
	elsewhere := create("t")
	elsewhere.Table.StorageSet = "nowhere"
	_, _, err := planner(t, cluster(2, 2)).Operations([]ops.Operation{elsewhere})
	var usage *journal.UsageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), `"nowhere"`) {
		t.Errorf("want a *journal.UsageError that names the set, have %v", err)
	}
}

func TestOneReplicaNameForTwoNodesOfAnUnshardedTableIsRefused(t *testing.T) {
	facts := cluster(2, 2)
	for name, n := range facts.Nodes { // replica names count within a shard
		n.Macros["replica"] = name[2:4]
	}
	refused(t, facts, []string{
		"c1r1:9000 and c2r1:9000", `"r1"`, "/clickhouse/tables/events/all/default/t",
		`unsharded_replica: "{shard}-{replica}"`, "events",
	}, create("t", unsharded))
	if made := steps(t, facts, create("t")); len(made) != 1 {
		t.Error("a sharded table has no such trouble")
	}
	facts.UnshardedReplica = "{shard}-{replica}"
	if made := steps(t, facts, create("t", unsharded)); !strings.Contains(made[0].Text, "'{shard}-{replica}'") {
		t.Errorf("the setting that mends it is not used: %s", made[0].Text)
	}
}

func TestAMissingMacroIsRefusedByNodeAndName(t *testing.T) {
	facts := cluster(2, 2)
	delete(facts.Nodes["c2r1:9000"].Macros, "shard")
	refused(t, facts, []string{"c2r1:9000", "{shard}", "<macros>"}, create("t"))
	if made := steps(t, facts, create("t", localOnly)); len(made) != 1 {
		t.Error("a table that is not Replicated needs no macro")
	}
}

func TestWhatANodeIsTooOldForIsRefusedByNodeAndVersion(t *testing.T) {
	facts := with(cluster(2, 2), "t", "ReplicatedMergeTree", names(byShard)...)
	old := facts.Nodes["c2r2:9000"]
	old.Version = ops.Version{Major: 18, Minor: 16, Patch: 1}
	facts.Nodes["c2r2:9000"] = old
	index := ops.AddIndex{
		Table: ops.LocalTable("events", "t"),
		Index: ops.Index{Name: "i", Expression: "id", Type: "minmax", Granularity: 1},
	}
	refused(t, facts, []string{"operation 1 (AddIndex)", "c2r2:9000 runs 18.16.1", "20.1", "data-skipping indexes"}, index)
}

func TestAnAlterOfATableThatIsNowhereIsRefused(t *testing.T) {
	refused(t, cluster(2, 2), []string{"default.t", "on no node", `"events"`}, addColumn(ops.LocalTable("events", "t")))
}

func TestATruncateIfExistsOfATableThatIsNowhereIsForEachNode(t *testing.T) {
	truncate := ops.TruncateTable{Table: ops.LocalTable("events", "t")}
	refused(t, cluster(2, 2), []string{"default.t", "on no node"}, truncate)
	truncate.IfExists = true
	made := steps(t, cluster(2, 2), truncate)
	if len(made) != 1 || len(made[0].Groups) != 4 {
		t.Errorf("each node is asked, and has nothing to do: %v", made)
	}
}

func TestATableThatIsMadeWithItsIndexesIsThere(t *testing.T) {
	made := create("t")
	made.Indexes = []ops.Index{{Name: "i", Expression: "id", Type: "minmax"}}
	if got := steps(t, cluster(2, 2), made); len(got) != 1 {
		t.Errorf("its conditions are about a table that it makes: %v", got)
	}
}

func TestAnAlterOfATableThatANodeLacksIsRefused(t *testing.T) {
	facts := with(cluster(2, 2), "t", "ReplicatedMergeTree", []string{"c1r1:9000", "c1r2:9000"}, []string{"c2r2:9000"})
	refused(t, facts, []string{"default.t is missing on c2r1:9000"}, addColumn(ops.LocalTable("events", "t")))
}

func TestALenientPlanTakesATableThatNodesLack(t *testing.T) {
	facts := with(cluster(2, 2), "t", "ReplicatedMergeTree", []string{"c1r1:9000", "c1r2:9000"}, []string{"c2r2:9000"})
	p := planner(t, facts)
	p.Lenient = true
	made, _, err := p.Operations([]ops.Operation{
		addColumn(ops.LocalTable("events", "t")), addColumn(ops.LocalTable("events", "gone")),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range made {
		asked := 0
		for _, group := range step.Groups {
			asked += len(group)
		}
		if asked != 4 || len(step.Nodes) != 4 {
			t.Errorf("every node is in a group, also one without the table: %v", groups(step))
		}
	}
}

func TestATableOfAReplicatedDatabaseIsRefused(t *testing.T) {
	facts := cluster(2, 2)
	facts.Databases = map[string]string{"default": "Replicated", "other": "Atomic"}
	refused(t, facts, []string{"database default", "Replicated", "does not support"}, create("t"))
	elsewhere := create("t")
	elsewhere.Table.Database = "other"
	if made := steps(t, facts, elsewhere); len(made) != 1 {
		t.Errorf("a table of an Atomic database: %v", made)
	}
}

func TestWhatNodesLackIsNotChanged(t *testing.T) {
	facts := with(cluster(1, 2), "here", "MergeTree", []string{"c1r1:9000"}, []string{"c1r2:9000"})
	facts = with(facts, "half", "MergeTree", []string{"c1r1:9000"})
	table := func(name string) ops.Table { return ops.LocalTable("events", name) }
	statement := func(condition ops.Condition) ops.Operation {
		return conditioned{ops.Statement{Head: "X", Place: table("t").Place, Scope: ops.EveryNode, After: []ops.Condition{condition}}}
	}
	in := func(name string) ops.Table {
		t := table(name)
		t.Database = "default"
		return t
	}
	refused(t, facts, []string{"default.half is missing on c1r2:9000"}, statement(ops.TablesExchanged{A: in("here"), B: in("half")}))
	refused(t, facts, []string{"default.none is on no node"}, statement(ops.PartIs{Table: in("none"), Kind: ops.PartTTL, Text: "d"}))
	if made := steps(t, facts, statement(ops.PartGone{Table: in("here"), Kind: ops.PartTTL})); len(made) != 1 {
		t.Errorf("a table that all have: %v", made)
	}
}

// conditioned is an operation of one statement.
type conditioned struct{ statement ops.Statement }

func (c conditioned) Tables() []ops.Table { return []ops.Table{{Place: c.statement.Place, Name: "t"}} }

func (c conditioned) Statements(ops.Env) ([]ops.Statement, error) {
	return []ops.Statement{c.statement}, nil
}
func (c conditioned) Check() error { return nil }

func TestASecretThatIsNotThereStopsThePlan(t *testing.T) {
	facts := cluster(1, 1)
	facts.Secrets = map[string]string{"there": "", "unset": "the environment variable is not set"}
	statement := func(name string) ops.Operation {
		return conditioned{ops.Statement{Head: "CREATE USER u IDENTIFIED BY '{secret:" + name + "}'", Place: ops.Place{StorageSet: "events", Target: ops.Local}}}
	}
	if made := steps(t, facts, statement("there")); len(made) != 1 || !strings.Contains(made[0].Text, "{secret:there}") {
		t.Errorf("%v", made)
	}
	for name, word := range map[string]string{"unset": "not set", "none": "not configured"} {
		_, _, err := planner(t, facts).Operations([]ops.Operation{statement(name)})
		var usage *journal.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), word) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Seen after a node came back from an old copy: its a was the others' b.
func TestATableThatIsTwoWithinAShardIsRefused(t *testing.T) {
	alter := addColumn(ops.LocalTable("events", "t"))
	facts := with(cluster(2, 2), "t", "ReplicatedMergeTree", []string{"c1r1:9000"}, []string{"c1r2:9000"}, []string{"c2r1:9000", "c2r2:9000"})
	refused(t, facts, []string{"default.t", "shard 1", "c1r1:9000 differs from that on c1r2:9000", "skein verify"}, alter)
	whole := with(cluster(2, 2), "t", "ReplicatedMergeTree", []string{"c1r1:9000", "c1r2:9000"}, []string{"c2r1:9000", "c2r2:9000"})
	if made := steps(t, whole, alter); len(made) != 1 {
		t.Errorf("planned %+v", made)
	}
}
