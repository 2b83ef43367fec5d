package coordinator

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/plan"
)

const allFour = " to n1 n2 n3 n4"

func logged(t *testing.T, w *world, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, w.log); diff != "" {
		t.Errorf("what happened, in order (-want +got):\n%s", diff)
	}
}

func growing(t *testing.T, w *world) {
	t.Helper()
	for i, e := range w.written {
		if journal.EpochOf(e.Version) != e.Epoch || e.Epoch != w.Epoch() {
			t.Errorf("row %d (%s) has version %d, epoch %d", i, row(e), e.Version, e.Epoch)
		}
		if i > 0 && e.Version <= w.written[i-1].Version {
			t.Errorf("row %d (%s) has version %d after %d: it would not win", i, row(e), e.Version, w.written[i-1].Version)
		}
	}
}

func twoMigrations() migration.Group {
	return group("events", makes("0001", create("events", "t"), addColumn("t", "x")), makes("0002", create("events", "u")))
}

func TestARowIsDurableBeforeWhatItAnnouncesIsSent(t *testing.T) {
	c, w := bench(t, twoMigrations())
	result, err := c.Migrate(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true", "check replicas of main",
		"row events/0001 in_progress forward 1/2",
		"send CREATE TABLE t"+allFour,
		"row events/0001 in_progress forward 2/2", "send ALTER TABLE t ADD COLUMN x"+allFour,
		"row events/0001 completed + events/0002 in_progress forward 1/1",
		"finished events/0001 completed",
		"send CREATE TABLE u"+allFour,
		"row events/0002 completed", "finished events/0002 completed",
		"unlock",
	)
	growing(t, w)
	if diff := cmp.Diff([]journal.Key{key("events", "0001"), key("events", "0002")}, result.Applied); diff != "" {
		t.Error(diff)
	}
	if w.confirms != 7 {
		t.Errorf("the lock was confirmed %d times before 3 statements and 4 writes", w.confirms)
	}
}

func TestRowsOfTwoGroupsAreTwoInserts(t *testing.T) {
	c, w := bench(t, group("a", numbered("0001")), group("b", numbered("0002")))
	if _, err := c.Migrate(t.Context(), Request{}); err != nil {
		t.Fatal(err)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true", "check replicas of main",
		"row a/0001 in_progress forward 1/1", "send CREATE TABLE t0001"+allFour,
		"row a/0001 completed", "finished a/0001 completed",
		"row b/0002 in_progress forward 1/1", "send CREATE TABLE t0002"+allFour,
		"row b/0002 completed", "finished b/0002 completed", "unlock",
	)
	growing(t, w)
}

func TestAStatementWithoutConditionsHasARowBeforeAndAfter(t *testing.T) {
	c, w := bench(t, group("events", makes("0001", create("events", "t"), blindly("fill"), addColumn("t", "x"), blindly("more"))))
	if _, err := c.Migrate(t.Context(), Request{}); err != nil {
		t.Fatal(err)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true", "check replicas of main",
		"row events/0001 in_progress forward 1/4",
		"send CREATE TABLE t"+allFour,
		"row events/0001 in_progress forward 2/4", "send RUN GO fill"+allFour, "row events/0001 in_progress forward 3/4",
		"send ALTER TABLE t ADD COLUMN x"+allFour,
		"row events/0001 in_progress forward 4/4", "send RUN GO more"+allFour,
		"row events/0001 completed", "finished events/0001 completed", "unlock",
	)
	growing(t, w)
	if noteOf(w.written[1]).Called != 2 || noteOf(w.written[0]).Called != 0 {
		t.Error("the row before a statement without conditions says that it was called, and none earlier")
	}
}

func TestTheFirstRowSaysWhatWasThereAndWhatIsInFlight(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.present = map[string][]string{"table default.t": {"n3:9000"}}
	if _, err := c.Migrate(t.Context(), Request{Count: 1}); err != nil {
		t.Fatal(err)
	}
	first := w.written[0]
	want := journal.Note{Before: w.present, Direction: journal.Forward}
	if diff := cmp.Diff(want, noteOf(first)); diff != "" {
		t.Error(diff)
	}
	if first.StepHash != w.sent[0].Hash || first.RunID != "run-1" || first.AppliedBy != "deploy@ci" || first.Checksum == "" || first.Backward == "" {
		t.Errorf("row %+v", first)
	}
	if diff := cmp.Diff([]string{"n1:9000", "n2:9000", "n3:9000", "n4:9000"}, first.PendingNodes); diff != "" {
		t.Error(diff)
	}
	last := w.written[len(w.written)-1]
	if last.Error != "" || last.StepHash != "" || len(last.PendingNodes) != 0 || last.Checksum != first.Checksum {
		t.Errorf("the completed row has something left of the way: %+v", last)
	}
}

func TestAFailureIsWrittenWithWhateverIsAliveAndEndsTheRun(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.fail["ALTER TABLE t ADD COLUMN x"] = failure{
		hosts: []journal.HostOutcome{
			{Node: "n1:9000", Outcome: journal.Done},
			{Node: "n2:9000", Outcome: journal.Done},
			{Node: "n3:9000", Outcome: journal.Failed, Code: 44, Error: "column exists"},
			{Node: "n4:9000", Outcome: journal.Unknown},
		},
		err: errors.New("not everywhere"),
	}
	_, err := c.Migrate(t.Context(), Request{})
	var partial *journal.PartialError
	if !errors.As(err, &partial) {
		t.Fatalf("want *journal.PartialError, have %v", err)
	}
	if partial.Key != key("events", "0001") || partial.Step != 2 || partial.Of != 2 || len(partial.Hosts) != 4 {
		t.Errorf("error %+v", partial)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true", "check replicas of main",
		"row events/0001 in_progress forward 1/2",
		"send CREATE TABLE t"+allFour,
		"row events/0001 in_progress forward 2/2", "send ALTER TABLE t ADD COLUMN x"+allFour,
		"row with whatever is alive events/0001 in_progress forward 2/2", "unlock",
	)
	growing(t, w)
	last := w.anyhow[0]
	if diff := cmp.Diff([]string{"n3:9000", "n4:9000"}, last.PendingNodes); diff != "" {
		t.Errorf("pending nodes: %s", diff)
	}
	if last.Error == "" || last.StepHash != w.sent[1].Hash {
		t.Errorf("row %+v", last)
	}
}

func TestNothingIsSentWhenTheFirstRowIsNotDurable(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.writeErr[1] = errors.New("no quorum")
	if _, err := c.Migrate(t.Context(), Request{}); err == nil {
		t.Fatal("want an error")
	}
	if len(w.sent) != 0 {
		t.Errorf("sent %v", w.log)
	}
}

// A row that may have landed says "in progress" to whoever looks next.
func TestAMigrationWhoseFirstRowMayHaveLandedIsInProgress(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{{errors.New("refused"), false}, {&journal.UnknownRowError{Err: errors.New("319")}, true}} {
		c, w := bench(t, group("events", numbered("0001")))
		w.writeErr[1] = test.err
		_, err := c.Migrate(t.Context(), Request{})
		var partial *journal.PartialError
		if got := errors.As(err, &partial); err == nil || got != test.want {
			t.Errorf("%T: a *journal.PartialError %v, want %v: %v", test.err, got, test.want, err)
		}
		if len(w.sent) != 0 {
			t.Errorf("sent %v", w.log)
		}
	}
}

func TestAStatementWithoutConditionsIsNotSentWhenItsRowIsNotDurable(t *testing.T) {
	c, w := bench(t, group("events", makes("0001", create("events", "t"), blindly("fill"))))
	w.writeErr[2] = errors.New("no quorum")
	_, err := c.Migrate(t.Context(), Request{})
	var partial *journal.PartialError
	if !errors.As(err, &partial) || partial.Step != 2 {
		t.Errorf("want a *journal.PartialError at step 2, have %v", err)
	}
	if len(w.sent) != 1 {
		t.Errorf("sent after it: %v", w.log)
	}
}

func TestNothingIsSentOrWrittenAfterTheLockIsLost(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.confirmErr[3] = errors.New("another epoch") // before the second statement
	w.confirmErr[4] = errors.New("another epoch")
	_, err := c.Migrate(t.Context(), Request{})
	var partial *journal.PartialError
	if !errors.As(err, &partial) || partial.Step != 2 {
		t.Errorf("want a *journal.PartialError at step 2, have %v", err)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true", "check replicas of main",
		"row events/0001 in_progress forward 1/2", "send CREATE TABLE t"+allFour,
		"warning: the error of events/0001 is not recorded: another epoch", "unlock",
	)
}

// A run that was paused after its last statement wakes up with the lock gone.
func TestTheLastRowIsNotWrittenAfterTheLockIsLost(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001")))
	w.confirmErr[3] = &journal.LockLostError{Err: errors.New("another epoch")} // a row, a statement, a row
	result, err := c.Migrate(t.Context(), Request{})
	var lost *journal.LockLostError
	if !errors.As(err, &lost) || len(result.Applied) != 0 {
		t.Errorf("want a *journal.LockLostError and nothing applied, have %v and %v", err, result.Applied)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true", "check replicas of main",
		"row events/0001 in_progress forward 1/1", "send CREATE TABLE t0001"+allFour, "unlock",
	)
}

// The lock's data was lost, and with it the epochs that it had given.
func TestARunWhoseEpochIsNotTheHighestChangesNothing(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.locked = func() {
		w.entries[key("gone", "0009")] = journal.Entry{
			Key: key("gone", "0009"), Status: journal.Completed, Version: journal.Version(w.Epoch(), 1),
		}
	}
	_, err := c.Migrate(t.Context(), Request{})
	if kind(err) != preflight || len(w.sent)+w.writes != 0 {
		t.Errorf("%v, %q", err, w.log)
	}
}

func TestALostLockIsTheCauseThatTheCallerSees(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.fail["CREATE TABLE t"] = failure{err: context.Canceled}
	w.before = func(plan.Step) { w.held(&journal.LockLostError{Err: errors.New("session ended")}) }
	_, err := c.Migrate(t.Context(), Request{})
	var lost *journal.LockLostError
	var partial *journal.PartialError
	if !errors.As(err, &lost) || !errors.As(err, &partial) {
		t.Errorf("want both a *journal.LockLostError and a *journal.PartialError, have %v", err)
	}
	if len(w.sent) != 1 {
		t.Errorf("at most one statement was in flight: %v", w.log)
	}
}

func TestTheEpochIsAboveEveryRow(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.entries[key("gone", "0009")] = journal.Entry{
		Key: key("gone", "0009"), Status: journal.Completed, Version: journal.Version(41, 7),
	}
	result, err := c.Migrate(t.Context(), Request{Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	if w.floor != 41 || result.Run.Epoch != 42 {
		t.Errorf("floor %d, epoch %d, want 41 and 42", w.floor, result.Run.Epoch)
	}
	growing(t, w)
}

func TestFakeWritesStatusAlone(t *testing.T) {
	c, w := bench(t, twoMigrations())
	if _, err := c.Migrate(t.Context(), Request{Fake: true}); err != nil {
		t.Fatal(err)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true",
		"row events/0001 completed", "finished events/0001 completed",
		"row events/0002 completed", "finished events/0002 completed", "unlock",
	)
	growing(t, w)
	if !noteOf(w.written[0]).Fake {
		t.Error("list cannot tell that it was faked")
	}
}

func TestReverseGoesBackwardToNotStarted(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.entries = eventsDone("0001", "0002")
	w.facts[0].Tables["default.t"] = tableOf(w.facts[0])
	if _, err := c.Revert(t.Context(), Request{Force: true}); err != nil {
		t.Fatal(err)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true", "check replicas of main",
		"row events/0002 in_progress backward 1/1", "send DROP TABLE u"+allFour,
		"row events/0002 not_started + events/0001 in_progress backward 1/2",
		"finished events/0002 not_started",
		"send ALTER TABLE t DROP COLUMN x"+allFour,
		"row events/0001 in_progress backward 2/2", "send DROP TABLE t"+allFour,
		"row events/0001 not_started", "finished events/0001 not_started", "unlock",
	)
	growing(t, w)
}
