package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
)

func runs() []coordinator.RunStory {
	key := func(group, id string) journal.Key { return journal.Key{Group: group, ID: id} }
	at := func(hour int) time.Time { return time.Date(2026, 11, 20, hour, 12, 3, 0, time.UTC) }
	end := at(9)
	return []coordinator.RunStory{
		{
			Run: "01KAG3W2Q0ABCDEFGHJKMNPQR5", Started: at(14), Duration: 2300, By: "deploy@ci-7", Epoch: 20, Command: "skein resume --assume-done",
			Migrations: []coordinator.RunMigration{
				{Key: key("events", "0005_big"), Direction: journal.Backward, Outcome: journal.TrailStarted, Step: 2, Steps: 3},
			},
		},
		{
			Run: "01KAG3W2Q0ABCDEFGHJKMNPQR4", Started: at(13), Ended: &end, Duration: 754_321, By: "deploy@ci-7", Epoch: 19,
			Command: "skein migrate --force --config environments/production/skein.yaml", Ending: journal.EndedFailed,
			Error: "events/0005_big stopped at step 2 of 3 (ALTER TABLE t); failed on ch-2b:9000: Code: 44, e.displayText() = " +
				strings.Repeat("column trace_id already exists, ", 6) + "\nand more",
			Migrations: []coordinator.RunMigration{
				{Key: key("events", "0002_add_trace_id"), Direction: journal.Forward, Outcome: journal.TrailFinished},
				{Key: key("events", "0003_rollup"), Direction: journal.Forward, Outcome: journal.TrailFinished},
				{Key: key("events", "0004_index_trace_id"), Direction: journal.Forward, Outcome: journal.TrailFinished},
				{Key: key("events", "0005_big"), Direction: journal.Forward, Outcome: journal.TrailStopped, Step: 2, Steps: 3},
			},
		},
		{Run: "01KAG3W2Q0ABCDEFGHJKMNPQR3", Started: at(12), Ended: &end, By: "deploy@ci-7", Epoch: 18, Command: "skein migrate", Ending: journal.EndedCompleted, Migrations: []coordinator.RunMigration{}},
		{
			Run: "01KAG3W2Q0ABCDEFGHJKMNPQR2", Started: at(11), Ended: &end, By: "deploy@ci-7", Epoch: 17, Command: "skein run", Ending: journal.EndedRefused,
			Error: "no nodes for storage set \"events\"", Migrations: []coordinator.RunMigration{},
		},
		{
			Run: "01KAG3W2Q0ABCDEFGHJKMNPQR1", Started: at(10), Ending: journal.EndedLockLost, Ended: &end, Error: "the lock was lost",
			Migrations: []coordinator.RunMigration{
				{Key: key("events", "0001_create"), Direction: journal.Backward, Outcome: journal.TrailFinished},
				{Key: key("events", "0000_first"), Direction: journal.Backward, Outcome: journal.TrailMarked},
			},
		},
	}
}

func TestHistoryText(t *testing.T) {
	var out bytes.Buffer
	printSilent(&out, []journal.NoAnswer{{Node: "ch-2b:9000", Why: "connection refused"}})
	printHistory(&out, coordinator.History{Runs: runs(), More: true})
	golden(t, "history.txt", out.String())
	for line := range strings.Lines(out.String()) {
		if len([]rune(line)) > 81 && !strings.HasPrefix(line, "skein: warning") {
			t.Errorf("wider than 80 columns: %s", line)
		}
	}
}

func TestHistoryJSON(t *testing.T) {
	var out bytes.Buffer
	if err := writeJSON(&out, coordinator.History{Runs: runs()[:2], More: true, Silent: []journal.NoAnswer{{Node: "ch-2b:9000", Why: "refused"}}}); err != nil {
		t.Fatal(err)
	}
	golden(t, "history.json", out.String())
}

func story() coordinator.Story {
	at := time.Date(2026, 11, 20, 10, 14, 51, 0, time.UTC)
	seq := 0
	event := func(e coordinator.RunEvent) coordinator.RunEvent {
		seq++
		e.Seq, e.At = seq, at.Add(time.Duration(seq)*time.Second)
		return e
	}
	const alter = "ALTER TABLE `default`.`t` ADD COLUMN `x` UInt8"
	key := journal.Key{Group: "events", ID: "0005_big"}
	run := runs()[1]
	return coordinator.Story{
		Migration: coordinator.MigrationStory{
			Key: key, Status: journal.InProgress, Timestamp: &at, Direction: journal.Forward, Step: 2, Steps: 3, InFlight: alter,
			PendingNodes: []string{"ch-2a:9000", "ch-2b:9000"}, Error: run.Error, AppliedBy: run.By, Run: run.Run, Epoch: 19, Checksum: "7de177",
			Modified: true, Notes: []string{"table default.t was there before it began, on ch-1a:9000, ch-1b:9000, ch-2a:9000, ch-2b:9000"},
		},
		Runs: []coordinator.RunEvents{
			{RunStory: run, Events: []coordinator.RunEvent{
				event(coordinator.RunEvent{Outcome: journal.TrailWaiting, Text: "run 01KA holds the lock: deploy@ci, skein run"}),
				event(coordinator.RunEvent{Outcome: journal.TrailRunStarted, Node: run.By, Statement: run.Command}),
				event(coordinator.RunEvent{Outcome: journal.TrailDecided, Statement: "--force", Text: "blocking migrations may run"}),
				event(coordinator.RunEvent{Outcome: journal.TrailPreflight, Text: "main: 12 replicated tables, all active"}),
				event(coordinator.RunEvent{Outcome: journal.TrailStarted, Step: 3}),
				event(coordinator.RunEvent{Outcome: journal.TrailNotSent, Text: "CreateTable t_dist skipped: single node"}),
				event(coordinator.RunEvent{Outcome: journal.TrailNotSent, Step: 1, Statement: "CREATE TABLE t", Text: "it is so on every node"}),
				event(coordinator.RunEvent{Outcome: journal.TrailSent, Step: 2, Statement: alter + "\nSETTINGS a = 1", Text: "ON CLUSTER c, 4 nodes"}),
				event(coordinator.RunEvent{Outcome: journal.TrailRetrying, Step: 2, Node: "ch-1a:9000", Text: "517 metadata changed", Duration: 1500}),
				event(coordinator.RunEvent{Outcome: journal.TrailWaiting, Step: 2, Text: "ch-2b:9000 unfinished", Duration: 2000}),
				event(coordinator.RunEvent{Outcome: journal.TrailMutating, Step: 2, Node: "ch-1a:9000", Text: "default.t (0003): 4 parts to do"}),
				event(coordinator.RunEvent{Outcome: journal.Done, Step: 2, Node: "ch-1a:9000", Duration: 120}),
				event(coordinator.RunEvent{Outcome: journal.Failed, Step: 2, Node: "ch-2b:9000", Code: 44, Text: "Code: 44, e.displayText() = column x already exists", Duration: 130}),
				event(coordinator.RunEvent{Outcome: journal.TrailConverged, Step: 2, Text: "4 nodes", Duration: 140}),
				event(coordinator.RunEvent{Outcome: journal.TrailWarning, Text: "the error of events/0005_big is not recorded"}),
				event(coordinator.RunEvent{Outcome: journal.TrailStopped, Step: 3, Text: "interrupted"}),
				event(coordinator.RunEvent{Outcome: journal.EndOf(journal.EndedFailed), Step: 3, Text: "no"}),
			}},
			{RunStory: runs()[0], Events: []coordinator.RunEvent{
				event(coordinator.RunEvent{Outcome: journal.TrailStarted, Step: 3}),
				event(coordinator.RunEvent{Outcome: journal.TrailFinished, Text: "not started", Duration: 1000}),
			}},
		},
	}
}

func TestShowText(t *testing.T) {
	var out bytes.Buffer
	printStory(&out, story())
	golden(t, "show.txt", out.String())
	out.Reset()
	printStory(&out, coordinator.Story{Migration: coordinator.MigrationStory{
		Key: journal.Key{Group: "events", ID: "0006_next"}, Status: journal.NotStarted, Blocking: true,
	}})
	golden(t, "show-pending.txt", out.String())
}

func TestShowJSON(t *testing.T) {
	var out bytes.Buffer
	if err := writeJSON(&out, story()); err != nil {
		t.Fatal(err)
	}
	golden(t, "show.json", out.String())
}

func TestTheCommandLineCanBeTypedAgain(t *testing.T) {
	a := &app{program: Program{Args: []string{"migrate", "--group", "a b", "", "it's", "--limit=3"}}}
	if have, want := a.commandLine(), `skein migrate --group 'a b' '' 'it'\''s' --limit=3`; have != want {
		t.Errorf("have %s, want %s", have, want)
	}
}
