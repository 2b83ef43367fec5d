package cluster

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

func set(names ...string) map[string]bool {
	out := map[string]bool{}
	for _, name := range names {
		out[name] = true
	}
	return out
}

func chosen(known map[string]bool, stmt ops.Statement, onCluster bool) map[string]string {
	c := &Cluster{options: Options{DDLTimeout: 90 * time.Second, WaitLimit: 5 * time.Minute}.withDefaults()}
	out := map[string]string{}
	for _, setting := range c.settings(known, stmt, onCluster) {
		out[setting.Name] = setting.Value
	}
	return out
}

func TestSettingsGoByTheNamesThatTheServerHas(t *testing.T) {
	old := set("replication_alter_partitions_sync", "max_execution_time", "distributed_ddl_task_timeout")
	want := map[string]string{"replication_alter_partitions_sync": "2", "max_execution_time": "0"}
	if diff := cmp.Diff(want, chosen(old, ops.Statement{}, false)); diff != "" {
		t.Errorf("an old server: %s", diff)
	}
	today := set("alter_sync", "replication_alter_partitions_sync", "mutations_sync", "max_execution_time",
		"database_atomic_wait_for_drop_and_detach_synchronously", "distributed_ddl_task_timeout", "distributed_ddl_output_mode")
	want = map[string]string{
		"alter_sync": "2", "mutations_sync": "2", "max_execution_time": "0",
		"database_atomic_wait_for_drop_and_detach_synchronously": "1",
		"distributed_ddl_task_timeout":                           "90", "distributed_ddl_output_mode": "throw",
	}
	if diff := cmp.Diff(want, chosen(today, ops.Statement{}, true)); diff != "" {
		t.Errorf("one of today, ON CLUSTER: %s", diff)
	}
	if have := chosen(set(), ops.Statement{}, true); len(have) != 0 {
		t.Errorf("a server that has none would answer 115: %v", have)
	}
}

func TestAMutationIsAwaitedBySkeinAndNotByTheServer(t *testing.T) {
	stmt := ops.Statement{Traits: ops.Traits{Mutation: true, RewritesData: true}}
	have := chosen(set("alter_sync", "mutations_sync"), stmt, false)
	if diff := cmp.Diff(map[string]string{"alter_sync": "0", "mutations_sync": "0"}, have); diff != "" {
		t.Error(diff)
	}
}

func TestAStatementsOwnSettingWins(t *testing.T) {
	stmt := ops.Statement{Settings: []ops.Setting{{Name: "alter_sync", Value: "1"}, {Name: "own", Value: "x"}}}
	have := chosen(set("alter_sync"), stmt, false)
	if diff := cmp.Diff(map[string]string{"alter_sync": "1", "own": "x"}, have); diff != "" {
		t.Error(diff)
	}
}

func TestALimitBelowASecondIsNotNoLimit(t *testing.T) {
	if have := seconds(10 * time.Millisecond); have != "1" {
		t.Errorf("%s seconds: 0 would return at once", have)
	}
}

func TestTheQueryLogIsToldWhichMigrationAStatementIsOf(t *testing.T) {
	step := plan.Step{Key: journal.Key{Group: "events", ID: "0003_\"x"}, Index: 2}
	s := &sending{cluster: &Cluster{options: Options{}.withDefaults()}, x: plan.Execution{RunID: "01KA"}, step: step}
	comments := func(node nodeFacts) []string {
		var out []string
		for _, setting := range s.settings(node, false) {
			if setting.Name == logComment {
				out = append(out, setting.Value)
			}
		}
		return out
	}
	want := []string{`{"skein_run":"01KA","group":"events","migration":"0003_\"x","step":2}`}
	if diff := cmp.Diff(want, comments(nodeFacts{NodeFacts: plan.NodeFacts{Settings: set(logComment)}})); diff != "" {
		t.Error(diff)
	}
	if have := comments(nodeFacts{NodeFacts: plan.NodeFacts{Settings: set("max_execution_time")}}); len(have) > 0 {
		t.Errorf("18.16 would answer 115: %s", have)
	}
	s.step.Statement.Settings = []ops.Setting{{Name: logComment, Value: "the author's"}}
	if diff := cmp.Diff([]string{"the author's"}, comments(nodeFacts{NodeFacts: plan.NodeFacts{Settings: set(logComment)}})); diff != "" {
		t.Error(diff)
	}
}
