package cli

import (
	"bytes"
	"fmt"
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
		if err := printPlans(&out, output, overview{plans: dangerous(t)}); err != nil {
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

func TestOverviewOfAChange(t *testing.T) {
	all := append(plans(t), dangerous(t)...)
	for i := range 13 {
		quiet := all[0]
		quiet.Key = journal.Key{Group: "sessions", ID: fmt.Sprintf("%04d_more", i+1)}
		all = append(all, quiet)
	}
	var out bytes.Buffer
	overview{environment: "production", plans: all, leftAlone: []leftAloneView{{"replays", "skipped by skip_groups (skein.yaml:9:1)"}}}.print(&out, "")
	golden(t, "overview.txt", out.String())
}

// Asked is where rows that are there would be rewritten or dropped, or where it is
// not known that there are none, and wherever something is taken back.
func TestQuestion(t *testing.T) {
	amounts := func(class danger.Class, rows uint64, known bool) []coordinator.MigrationPlan {
		return []coordinator.MigrationPlan{{
			Key: journal.Key{Group: "events", ID: "0004"}, Steps: make([]plan.Step, 1),
			Dangers: []danger.Assessment{{Class: class, Amount: danger.Amount{Known: known, Rows: rows, Bytes: rows * 8, ReplicaSets: 2}}},
		}}
	}
	faked := amounts(danger.DropsData, 12, true)
	faked[0].Fake = true
	for _, test := range []struct {
		name   string
		plans  []coordinator.MigrationPlan
		always bool
		want   string
	}{
		{"rewritten rows", amounts(danger.RewritesData, 12, true), false, "Go on, with data rewritten in 1 step (12 rows, 96 B on 2 replica sets)?"},
		{"dropped rows", amounts(danger.DropsData, 1000, true), false, "Go on, with data dropped in 1 step (1,000 rows, 7.8 KiB on 2 replica sets)?"},
		{"rows that nobody counts", amounts(danger.DropsData, 0, false), false, "Go on, with data dropped in 1 step (how many rows is not known)?"},
		{"both", append(amounts(danger.RewritesData, 12, true), amounts(danger.DropsData, 1, true)...), false, "Go on, with data rewritten in 1 step (12 rows, 96 B on 2 replica sets) and data dropped in 1 step (1 row, 8 B on 2 replica sets)?"},
		{"an empty table", amounts(danger.DropsData, 0, true), false, ""},
		{"metadata", amounts(danger.MetadataOnly, 0, false), false, ""},
		{"Go code", amounts(danger.NotKnown, 0, false), false, ""},
		{"a status alone", faked, false, ""},
		{"a way back, also of an empty table", amounts(danger.DropsData, 0, true), true, "Reverse events/0004? data dropped in 1 step (no rows now)"},
	} {
		if have := questionOf(test.plans, test.always); have != test.want {
			t.Errorf("%s: asked %q, want %q", test.name, have, test.want)
		}
	}
}
