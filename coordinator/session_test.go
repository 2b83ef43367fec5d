package coordinator

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

func TestAnInactiveReplicaStopsEveryChangeBeforeAnythingIsTouched(t *testing.T) {
	done := eventsDone("0001")
	for name, change := range map[string]func(*Coordinator) error{
		"migrate": func(c *Coordinator) error { _, err := c.Migrate(t.Context(), Request{}); return err },
		"run": func(c *Coordinator) error {
			_, err := c.Run(t.Context(), Request{Groups: []string{"events"}, ID: "0002"})
			return err
		},
		"revert": func(c *Coordinator) error { _, err := c.Revert(t.Context(), Request{Force: true}); return err },
		"rollback": func(c *Coordinator) error {
			_, err := c.Rollback(t.Context(), Request{Groups: []string{"events"}, Force: true})
			return err
		},
		"reverse": func(c *Coordinator) error {
			_, err := c.Reverse(t.Context(), Request{Groups: []string{"events"}, ID: "0001", Force: true})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := bench(t, group("events", numbered("0001"), numbered("0002")))
			w.entries = done
			w.inactive = []journal.InactiveReplica{{Table: "t", Active: 1, Total: 2}}
			var inactive *journal.InactiveReplicasError
			if err := change(c); !errors.As(err, &inactive) || inactive.Checked != 3 {
				t.Errorf("want *journal.InactiveReplicasError, have %v", err)
			}
			if len(w.sent)+w.writes != 0 {
				t.Errorf("%q", w.log)
			}
		})
	}
}

func TestReverseInProgressChecksReplicasToo(t *testing.T) {
	c, w := stuck(t, journal.Entry{Step: 1}, journal.Note{Direction: journal.Forward}, create("events", "t"))
	w.inactive = []journal.InactiveReplica{{Table: "t"}}
	var inactive *journal.InactiveReplicasError
	if _, err := c.ReverseInProgress(t.Context(), Request{}); !errors.As(err, &inactive) || len(w.sent)+w.writes != 0 {
		t.Errorf("%v, %q", err, w.log)
	}
}

// All is planned before the first statement: what cannot work in the third
// migration stops the run before the first.
func TestAMigrationThatCannotBePlannedStopsTheRunBeforeItsFirstRow(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001"), makes("0002", addColumn("nowhere", "x"))))
	_, err := c.Migrate(t.Context(), Request{})
	if kind(err) != preflight || !strings.Contains(err.Error(), "events/0002") || !strings.Contains(err.Error(), "default.nowhere") {
		t.Errorf("have %v", err)
	}
	if len(w.sent)+w.writes != 0 {
		t.Errorf("%q", w.log)
	}
}

func TestNothingToDoTouchesNothing(t *testing.T) {
	c, w := bench(t)
	result, err := c.Migrate(t.Context(), Request{})
	if err != nil || len(result.Applied) != 0 {
		t.Errorf("%v, %v", result.Applied, err)
	}
	logged(t, w, "read, barrier false")
	// A node that does not answer may have a newer row: then it is looked at behind the barrier.
	c, w = bench(t)
	w.silent = true
	if result, err = c.Migrate(t.Context(), Request{}); err != nil || len(result.Applied) != 0 {
		t.Errorf("%v, %v", result.Applied, err)
	}
	logged(t, w, "read, barrier false", "lock", "read, barrier true", "unlock")
}

func TestAPlanTakesNoLockAndWritesNothing(t *testing.T) {
	c, w := bench(t, twoMigrations())
	plans, err := c.Plan(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	logged(t, w, "read, barrier false")
	var planned []string
	for _, p := range plans {
		for _, step := range p.Steps {
			planned = append(planned, step.Key.ID+" "+step.Statement.Summary)
		}
	}
	want := []string{"0001 CREATE TABLE t", "0001 ALTER TABLE t ADD COLUMN x", "0002 CREATE TABLE u"}
	if diff := cmp.Diff(want, planned); diff != "" {
		t.Error(diff)
	}
	// What is printed is what runs.
	if _, err := c.Migrate(t.Context(), Request{}); err != nil {
		t.Fatal(err)
	}
	for i, step := range w.sent {
		at := plans[i/2].Steps[i%2]
		if step.Text != at.Text || step.OnCluster != at.OnCluster || step.Hash != at.Hash {
			t.Errorf("planned %q, sent %q", at.Text, step.Text)
		}
	}
}

func TestTheStateTablesAreMadeDirectlyBeforeThereIsARow(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001")))
	w.missing, w.of = 4, 4
	if _, err := c.Migrate(t.Context(), Request{}); err != nil {
		t.Fatal(err)
	}
	logged(t, w,
		"lock", "check replicas of main",
		"send CREATE TABLE migrations_local"+allFour,
		"row system/0001_migrations completed", "finished system/0001_migrations completed",
		"row events/0001 in_progress forward 1/1", "send CREATE TABLE t0001"+allFour,
		"row events/0001 completed", "finished events/0001 completed", "unlock",
	)
	if w.sent[0].OnCluster != "" || strings.Contains(w.sent[0].Text, "ON CLUSTER") {
		t.Errorf("went ON CLUSTER: %s", w.sent[0].Text)
	}
	growing(t, w)
}

func TestAFirstRunThatWasCutShortMakesOnlyWhatIsMissing(t *testing.T) {
	c, w := bench(t)
	w.missing, w.of = 2, 4
	w.verdicts["CREATE TABLE migrations_local"] = verdicts("notyet notyet holds holds")
	if _, err := c.Migrate(t.Context(), Request{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"n1 n2"}, sentTo(w, "CREATE TABLE migrations_local")); diff != "" {
		t.Error(diff)
	}
}

func TestStateTablesWithRowsThatSomeNodesLackStopEveryCommand(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.missing, w.of, w.rowCount = 1, 4, 7
	_, migrated := c.Migrate(t.Context(), Request{})
	_, listed := c.List(t.Context())
	for _, err := range []error{migrated, listed} {
		if kind(err) != preflight || !strings.Contains(err.Error(), "missing on n1:9000") {
			t.Errorf("have %v", err)
		}
	}
}

func TestSkeinsOwnTablesGoLastAndWithoutARow(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001")))
	w.entries = eventsDone("0001")
	if _, err := c.Revert(t.Context(), Request{Force: true, IncludeSystem: true}); err != nil {
		t.Fatal(err)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true", "check replicas of main",
		"row events/0001 in_progress backward 1/1", "send DROP TABLE t0001"+allFour,
		"row events/0001 not_started", "finished events/0001 not_started",
		"send DROP TABLE migrations_local"+allFour, "finished system/0001_migrations not_started", "unlock",
	)
}

func TestListSaysHowEverythingStands(t *testing.T) {
	blocks := numbered("0003")
	blocks.Blocking = true
	c, w := bench(t, group("events", numbered("0001"), numbered("0002"), blocks))
	first := journal.Entry{Key: key("events", "0001"), Status: journal.Completed}
	m := numbered("0001")
	inverse, err := m.Forward[0].(ops.Inverter).Inverse()
	if err != nil {
		t.Fatal(err)
	}
	m.Backward = []ops.Operation{inverse}
	if first.Checksum, err = m.Checksum(); err != nil {
		t.Fatal(err)
	}
	second := journal.Entry{Key: key("events", "0002"), Status: journal.Completed, Checksum: "of another text"}
	setNote(&second, journal.Note{Fake: true})
	w.entries[first.Key], w.entries[second.Key] = first, second
	w.entries.and(state(journal.Completed, key("events", "0009"), key("gone", "0001")))
	w.entries.and(state(journal.NotStarted, key("events", "0010"), key("never", "0001")))
	groups, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, g := range groups {
		for _, m := range g.Migrations {
			text := g.Name + "/" + m.ID + " " + string(m.Status)
			for _, mark := range []struct {
				on   bool
				text string
			}{{m.Head, " head"}, {m.Modified, " modified"}, {m.Fake, " fake"}, {m.Missing, " missing"}, {m.Blocking, " blocking"}, {g.Unknown, " unknown"}} {
				if mark.on {
					text += mark.text
				}
			}
			have = append(have, text)
		}
	}
	want := []string{
		"system/0001_migrations completed head",
		"events/0001 completed", "events/0002 completed modified fake", "events/0003 not_started blocking",
		"events/0009 completed head missing",
		"gone/0001 completed head missing unknown",
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}
