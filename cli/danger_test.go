package cli

import (
	"bytes"
	"testing"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

// assessed gives plans their dangers, as the coordinator does.
func assessed(plans []coordinator.MigrationPlan, nodes map[string]danger.Holding) []coordinator.MigrationPlan {
	var steps []plan.Step
	for _, p := range plans {
		steps = append(steps, p.Steps...)
	}
	dangers := danger.Assess(steps, map[string]map[string]danger.Holding{"main": nodes})
	for i := range plans {
		n := len(plans[i].Steps)
		plans[i].Dangers, dangers = dangers[:n], dangers[n:]
	}
	return plans
}

// dangerous is a plan over two shards that hold rows.
func dangerous(t *testing.T) []coordinator.MigrationPlan {
	t.Helper()
	facts := plan.Facts{
		Cluster: "main", LocalCluster: "events_cluster", DistCluster: "events_dist", Database: "default",
		Nodes:  map[string]plan.NodeFacts{},
		Tables: map[string]plan.TableFacts{},
		Since:  map[ops.Feature]ops.Version{ops.FeatureModifyTTL: {}, ops.FeatureColumnComment: {}},
	}
	held := map[string]danger.Holding{}
	for i, name := range []string{"ch-1", "ch-2"} {
		node := journal.Node{Host: name, Port: 9000, Shard: i + 1, Replica: 1}
		facts.Local = append(facts.Local, node)
		facts.Nodes[node.Name()] = plan.NodeFacts{}
		held[node.Name()] = danger.Holding{Tables: map[string]danger.TableHolding{
			"default.events_local": {
				Engine: "ReplicatedMergeTree", Path: "/" + name, Amount: danger.Amount{Known: true, Rows: 6_200_000, Bytes: 8 << 30},
				Columns: map[string]danger.ColumnHolding{"id": {Type: "UInt64", Bytes: 600 << 20}, "ip": {Type: "String", Bytes: 1 << 20}},
			},
			"default.buffer": {Engine: "Buffer"},
		}}
	}
	for _, name := range []string{"default.events_local", "default.buffer"} {
		facts.Tables[name] = plan.TableFacts{Engine: "ReplicatedMergeTree", Sets: [][]string{{"ch-1:9000"}, {"ch-2:9000"}}}
	}
	sets, err := storageset.Assign(map[string][]storageset.Key{"main": {"events"}})
	if err != nil {
		t.Fatal(err)
	}
	events := ops.LocalTable("events", "events_local")
	steps, _, err := plan.New(sets, facts).Operations([]ops.Operation{
		ops.ModifyColumn{Table: events, Column: ops.Column{Name: "id", Type: "UInt32"}},
		ops.ModifyColumn{Table: events, Column: ops.Column{Name: "ip", Type: "String", Comment: "of the client"}},
		ops.DropColumn{Table: events, Name: "ip"},
		ops.ModifyTTL{Table: events, TTL: "day + INTERVAL 1 MONTH"},
		ops.DetachTable{Table: ops.LocalTable("events", "buffer")},
		ops.DropTable{Table: ops.LocalTable("events", "buffer")},
	})
	if err != nil {
		t.Fatal(err)
	}
	key := journal.Key{Group: "events", ID: "0004_narrow"}
	return assessed([]coordinator.MigrationPlan{{Key: key, Direction: journal.Forward, Steps: steps}}, held)
}

func TestPlanOfWhatIsDangerous(t *testing.T) {
	for name, output := range map[string]string{"plan-danger.txt": "text", "plan-danger.json": "json"} {
		var out bytes.Buffer
		if err := printPlans(&out, output, dangerous(t)); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
	}
}

func TestRefusalOfWhatIsDangerous(t *testing.T) {
	err := coordinator.CheckDangerous(dangerous(t))
	if code := exitCode(err, true); code != exitPreflight {
		t.Errorf("exit %d, want %d", code, exitPreflight)
	}
	golden(t, "error-dangerous.txt", printed(err, exitPreflight))
}
