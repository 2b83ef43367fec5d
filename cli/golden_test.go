package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

func golden(t *testing.T, name, have string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(file, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (make it with -update)", err)
	}
	if diff := cmp.Diff(string(want), have); diff != "" {
		t.Errorf("%s (-want +got), -update accepts it:\n%s", file, diff)
	}
}

func statuses() []coordinator.GroupStatus {
	at := func(second int) *time.Time {
		t := time.Date(2026, 11, 20, 10, 12, second, 0, time.UTC)
		return &t
	}
	done := func(id string, second int) coordinator.MigrationStatus {
		return coordinator.MigrationStatus{ID: id, Status: journal.Completed, Timestamp: at(second)}
	}
	head := func(m coordinator.MigrationStatus) coordinator.MigrationStatus { m.Head = true; return m }
	owed := done("0001_create_events", 4)
	owed.Owed = []string{"ch-3:9000"}
	modified, faked, missing := done("0002_add_trace_id", 5), done("0003_rollup", 6), done("0009_gone", 7)
	modified.Modified, faked.Fake, missing.Missing = true, true, true
	owed.Baseline = true
	return []coordinator.GroupStatus{
		{Name: "system", Readiness: migration.Complete, Migrations: []coordinator.MigrationStatus{head(done("0001_migrations", 3))}},
		{Name: "events", Readiness: migration.Complete, Migrations: []coordinator.MigrationStatus{
			owed, modified, head(faked), {ID: "0004_index", Status: journal.NotStarted},
		}},
		{Name: "transactions", Readiness: migration.Limited, DependsOn: []string{"events"}, Migrations: []coordinator.MigrationStatus{
			{
				ID: "0001_create_transactions", Status: journal.InProgress, Timestamp: at(59), Direction: journal.Backward, Step: 2, Steps: 3,
				Error: (&journal.PartialError{
					Key: journal.Key{Group: "transactions", ID: "0001_create_transactions"}, Step: 2, Of: 3, Summary: "DROP TABLE transactions_dist",
					Hosts: []journal.HostOutcome{
						{Node: "ch-1a:9000", Outcome: journal.Failed, Error: "no"},
						{Node: "ch-2a:9000", Outcome: journal.Done},
						{Node: "ch-2b:9000", Outcome: journal.Failed, Error: "no"},
						{Node: "ch-3:9000", Outcome: journal.Unknown, Error: "no answer for 5m0s"},
					},
				}).Error(), PendingNodes: []string{"ch-2b:9000"}, AppliedBy: "deploy@ci",
			},
			{ID: "0002_backfill", Status: journal.NotStarted, Blocking: true},
		}},
		{Name: "lost", Unknown: true, Migrations: []coordinator.MigrationStatus{missing}},
	}
}

func TestListText(t *testing.T) {
	var out bytes.Buffer
	printList(&out, statuses())
	golden(t, "list.txt", out.String())
}

func TestListTextWithNothingInProgress(t *testing.T) {
	var out bytes.Buffer
	printList(&out, statuses()[:2])
	golden(t, "list-pending.txt", out.String())
}

func TestListOfGroupsThatAreLeftAlone(t *testing.T) {
	groups := append(statuses()[:2],
		coordinator.GroupStatus{
			Name: "replays", Readiness: migration.Complete, Optional: true, DependsOn: []string{"events"},
			Inactive:   "skipped by skip_groups (skein.yaml:9:1)",
			Migrations: []coordinator.MigrationStatus{{ID: "0001_create_replays", Status: journal.Completed, Head: true}, {ID: "0002_urls", Status: journal.NotStarted}},
		},
		coordinator.GroupStatus{
			Name: "profiles", Readiness: migration.Experimental, Inactive: "its readiness is experimental, and accepted here is complete (skein.yaml:8:1)",
			Migrations: []coordinator.MigrationStatus{{ID: "0001_create_profiles", Status: journal.NotStarted}},
		})
	var out bytes.Buffer
	printList(&out, groups)
	golden(t, "list-left-alone.txt", out.String())
}

func TestListJSON(t *testing.T) {
	var out bytes.Buffer
	if err := writeJSON(&out, listed{Groups: statuses()}); err != nil {
		t.Fatal(err)
	}
	golden(t, "list.json", out.String())
}

// plans are made by the real planner, over a cluster of two nodes.
func plans(t *testing.T) []coordinator.MigrationPlan {
	t.Helper()
	facts := plan.Facts{
		Since:   map[ops.Feature]ops.Version{ops.FeatureAlterOnCluster: {}},
		Cluster: "main", LocalCluster: "events_cluster", DistCluster: "events_dist", Database: "default",
		Nodes: map[string]plan.NodeFacts{}, Tables: map[string]plan.TableFacts{},
	}
	for i, name := range []string{"ch-1", "ch-2"} {
		node := journal.Node{Host: name, Port: 9000, Shard: 1, Replica: i + 1}
		facts.Local, facts.Dist = append(facts.Local, node), append(facts.Dist, node)
		facts.Nodes[node.Name()] = plan.NodeFacts{Macros: map[string]string{"shard": "1", "replica": name}}
	}
	sets, err := storageset.Assign(map[string][]storageset.Key{"main": {"events"}})
	if err != nil {
		t.Fatal(err)
	}
	planner := plan.New(sets, facts)
	table := ops.LocalTable("events", "events_local")
	column := ops.Column{Name: "id", Type: "UInt64"}
	made := func(id string, direction journal.Direction, operations ...ops.Operation) coordinator.MigrationPlan {
		steps, notes, err := planner.Operations(operations)
		if err != nil {
			t.Fatal(err)
		}
		return coordinator.MigrationPlan{Key: journal.Key{Group: "events", ID: id}, Direction: direction, Steps: steps, Notes: notes}
	}
	create := made("0001_create", journal.Forward, ops.CreateTable{
		Table: table, Columns: []ops.Column{column}, Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
	})
	widen := made("0002_widen", journal.Forward,
		ops.ModifyColumn{Table: table, Column: column, Was: &ops.Column{Name: "id", Type: "UInt32"}},
		ops.RunGo{Place: table.Place, Name: "fill", Version: 1, Func: func(context.Context, ops.DB) error { return nil }},
	)
	widen.Blocking, widen.Notes = true, []string{"CreateTable events_dist skipped: single node"}
	back := made("0001_create", journal.Backward, ops.DropTable{Table: table})
	fake := coordinator.MigrationPlan{Key: journal.Key{Group: "events", ID: "0003_fake"}, Direction: journal.Forward, Fake: true, Steps: back.Steps}
	return assessed([]coordinator.MigrationPlan{create, widen, back, fake}, nil)
}

func TestPlanText(t *testing.T) {
	var out bytes.Buffer
	if err := printPlans(&out, "text", overview{plans: plans(t)}); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.txt", out.String())
}

func TestPlanJSON(t *testing.T) {
	var out bytes.Buffer
	if err := printPlans(&out, "json", overview{plans: plans(t)}); err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.json", out.String())
}

const emptyPlan = `{
  "migrations": [],
  "totals": {
    "steps": 0,
    "rewrites_data": {
      "steps": 0
    },
    "drops_data": {
      "steps": 0
    },
    "blocks": 0,
    "not_known": 0
  }
}
`

func TestAnEmptyPlan(t *testing.T) {
	for output, want := range map[string]string{"text": "Nothing to do.\n", "json": emptyPlan} {
		var out bytes.Buffer
		if err := printPlans(&out, output, overview{}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Error(diff)
		}
	}
}

func events() []journal.Event {
	key := journal.Key{Group: "events", ID: "0001_create"}
	host := func(outcome journal.Outcome, text string) journal.Event {
		return journal.HostFinished{Key: key, Step: 1, Host: journal.HostOutcome{Node: "ch-1:9000", Outcome: outcome, Error: text}}
	}
	return []journal.Event{
		journal.LockWaiting{Holder: journal.Holder{RunID: "01KA", User: "deploy", Host: "ci", Command: "skein migrate"}, Limit: 10 * time.Minute},
		journal.LockAcquired{Run: journal.Run{ID: "01KB", Epoch: 17}},
		journal.LockAcquired{Unlocked: true},
		journal.PreflightPassed{Clusters: []string{"main", "other"}, ReplicatedTables: 12},
		journal.MigrationStarted{Key: key, Direction: journal.Forward, Steps: 2},
		journal.StatementSent{Key: key, Step: 1, Of: 2, Summary: "CREATE TABLE t", Text: "CREATE TABLE t\n(id UInt64)", Nodes: 2},
		host(journal.Done, ""), host(journal.Failed, "Code: 57"),
		journal.Waiting{Key: key, Step: 1, Reason: "ch-2:9000 unfinished", Since: 41 * time.Second, Limit: 5 * time.Minute},
		journal.MutationProgress{Key: key, Step: 1, Node: "ch-2:9000", Table: "default.t", MutationID: "0000000003", PartsToDo: 12, Since: 42 * time.Second},
		journal.MutationProgress{Key: key, Step: 1, Node: "ch-2:9000", Table: "default.t", MutationID: "0000000003", PartsToDo: 1, Since: 61 * time.Second},
		journal.Retrying{Key: key, Step: 1, Nodes: []string{"ch-2:9000"}, Why: "517", In: 1500 * time.Millisecond},
		journal.Converged{Key: key, Step: 1, Of: 2, Summary: "CREATE TABLE t", Nodes: 2, Took: 110 * time.Millisecond},
		journal.Converged{Key: key, Step: 2, Of: 2, Summary: "RUN GO fill", Nodes: 1, Took: time.Second},
		journal.MigrationFinished{Key: key, Direction: journal.Forward, Status: journal.Completed, Took: 1240 * time.Millisecond},
		journal.MigrationStarted{Key: key, Direction: journal.Backward, Steps: 1},
		journal.StepSkipped{Key: key, Step: 1, Of: 1, Summary: "DROP TABLE t", Why: "nothing to do on any node"},
		journal.MigrationFinished{Key: key, Direction: journal.Backward, Status: journal.NotStarted, Took: time.Second},
		journal.MigrationFinished{Key: key, Direction: journal.Backward, Status: journal.NotStarted, Fake: true},
		journal.MigrationFailed{Key: key, Step: 2, Of: 3, Summary: "DROP TABLE t"},
		journal.Warning{Text: "release the lock: gone"},
	}
}

func TestProgressText(t *testing.T) {
	for name, p := range map[string]*printer{"progress": {}, "progress-verbose": {verbose: true}, "progress-quiet": {quiet: true}, "progress-lanes": {lanes: true}, "progress-lanes-verbose": {lanes: true, verbose: true}} {
		var out bytes.Buffer
		p.w = io.Writer(&out)
		for _, event := range events() {
			p.event(event)
		}
		golden(t, name+".txt", out.String())
	}
}

func TestErrorTexts(t *testing.T) {
	key := journal.Key{Group: "transactions", ID: "0001_create"}
	for name, err := range map[string]error{
		"partial": &journal.PartialError{
			Key: key, Step: 2, Of: 3, Summary: "ALTER TABLE t", Text: "ALTER TABLE t\nADD COLUMN x UInt8",
			Hosts: []journal.HostOutcome{
				{Node: "ch-1a:9000", Outcome: journal.Done},
				{Node: "ch-1b:9000", Outcome: journal.Done},
				{Node: "ch-2a:9000", Outcome: journal.Failed, Code: 44, Error: "Code: 44, e.displayText() = column x already exists"},
				{Node: "ch-2b:9000", Outcome: journal.Unknown, Error: "no answer for 5m0s"},
			},
		},
		"partial-alike": &journal.PartialError{
			Key: key, Step: 2, Of: 3, Summary: "ALTER TABLE t", Text: "ALTER TABLE t\nADD COLUMN x UInt8",
			Hosts: []journal.HostOutcome{
				{Node: "ch-1a:9000", Outcome: journal.Failed, Code: 44, Error: "column x already exists"},
				{Node: "ch-1b:9000", Outcome: journal.Skipped},
				{Node: "ch-2a:9000", Outcome: journal.Failed, Code: 44, Error: "column x already exists"},
				{Node: "ch-2b:9000", Outcome: journal.Skipped},
				{Node: "ch-3a:9000", Outcome: journal.Done},
			},
		},
		"interrupted": &journal.PartialError{Key: key, Step: 2, Of: 3, Text: "DROP TABLE t", Cause: &journal.InterruptedError{}},
		"in-progress": &journal.InProgressError{Entries: []journal.Entry{{
			Key: key, Timestamp: time.Date(2026, 11, 20, 10, 14, 51, 0, time.UTC), Step: 4, Steps: 3,
			Direction: journal.Forward, AppliedBy: "deploy@ci", Error: "one\ntwo",
		}}},
		"inactive": &journal.InactiveReplicasError{Checked: 12, Tables: []journal.InactiveReplica{{
			Cluster: "events_cluster", Database: "default", Table: "events_local", Active: 3, Total: 4,
			Nodes: []journal.InactiveDetail{{Node: "ch-2b:9000", Why: "read-only, session expired"}},
		}}},
		"displaced": &journal.InactiveReplicasError{Checked: 12, Tables: []journal.InactiveReplica{{
			Cluster: "events_cluster", Database: "default", Table: "a", Active: 4, Total: 4,
			Nodes: []journal.InactiveDetail{{Node: "ch-2b:9000", Why: "its data are in the folder of c", Remedy: "RENAME TABLE a TO a_aside, a_aside TO a"}},
		}}},
		"rename-cut-off": &journal.PartialError{
			Key: key, Step: 2, Of: 3, Text: "RENAME TABLE a TO c", Hosts: []journal.HostOutcome{
				{Node: "ch-1a:9000", Outcome: journal.Done},
				{Node: "ch-1b:9000", Outcome: journal.Unknown, Code: 999, Error: "Session expired (Session expired)"},
			},
		},
		"rename-in-the-way": &journal.PartialError{
			Key: key, Step: 2, Of: 3, Text: "RENAME TABLE a TO c", Hosts: []journal.HostOutcome{
				{Node: "ch-1a:9000", Outcome: journal.Done},
				{Node: "ch-1b:9000", Outcome: journal.Failed, Code: 84, Error: "Target path already exists: /var/lib/clickhouse/data/default/c/"},
			},
		},
		"lost-renaming": fmt.Errorf("%w (%w)", &journal.PartialError{
			Key: key, Step: 2, Of: 3, Text: "RENAME TABLE a TO c", Cause: context.Canceled,
		}, &journal.LockLostError{Err: errors.New("the session ended")}),
		"lost": &journal.LockLostError{Err: errors.New("the session ended")},
		"lost-midway": fmt.Errorf("%w (%w)", &journal.PartialError{
			Key: key, Step: 2, Of: 3, Text: "ALTER TABLE t\nADD COLUMN x UInt8",
			Cause: context.Canceled,
		}, &journal.LockLostError{Err: errors.New("the session ended")}),
		"partial-several": errors.Join(
			&journal.PartialError{Key: key, Step: 2, Of: 3, Text: "DROP TABLE t", Cause: errors.New("no")},
			&journal.PartialError{Key: journal.Key{Group: "events", ID: "0002"}, Step: 1, Of: 1, Text: "DROP TABLE u", Cause: errors.New("neither")},
		),
		"preflight": journal.Refusef("no nodes for storage set %q", "events"),
	} {
		golden(t, "error-"+name+".txt", printed(err, exitCode(err, true)))
	}
}
