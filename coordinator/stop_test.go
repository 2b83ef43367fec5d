package coordinator

import (
	"errors"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/plan"
)

// stopAt closes Stop while a statement is in flight, as the first signal does.
func stopAt(c *Coordinator, w *world, summary string) {
	stop := make(chan struct{})
	c.options.Stop = stop
	w.before = func(step plan.Step) {
		if step.Statement.Summary == summary {
			close(stop)
		}
	}
}

func TestASignalBetweenStatementsLeavesTheMigrationInProgress(t *testing.T) {
	c, w := bench(t, twoMigrations())
	stopAt(c, w, "CREATE TABLE t")
	_, err := c.Migrate(t.Context(), Request{})
	var partial *journal.PartialError
	var interrupted *journal.InterruptedError
	if !errors.As(err, &partial) || !errors.As(err, &interrupted) || partial.Step != 2 {
		t.Fatalf("want a *journal.PartialError at step 2 by an interrupt, have %v", err)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true", "check replicas of main",
		"row events/0001 in_progress forward 1/2", "send CREATE TABLE t"+allFour,
		"row with whatever is alive events/0001 in_progress forward 2/2", "unlock",
	)
	growing(t, w)
}

func TestASignalInTheLastStatementOfAMigrationEndsTheRunBeforeTheNext(t *testing.T) {
	c, w := bench(t, twoMigrations())
	stopAt(c, w, "ALTER TABLE t ADD COLUMN x")
	result, err := c.Migrate(t.Context(), Request{})
	var partial *journal.PartialError
	var interrupted *journal.InterruptedError
	if !errors.As(err, &interrupted) || errors.As(err, &partial) {
		t.Fatalf("want a *journal.InterruptedError and nothing in progress, have %v", err)
	}
	logged(t, w,
		"read, barrier false", "lock", "read, barrier true", "check replicas of main",
		"row events/0001 in_progress forward 1/2", "send CREATE TABLE t"+allFour,
		"row events/0001 in_progress forward 2/2", "send ALTER TABLE t ADD COLUMN x"+allFour,
		"row events/0001 completed", "finished events/0001 completed", "unlock",
	)
	if len(result.Applied) != 1 {
		t.Errorf("applied %v", result.Applied)
	}
}

func TestASignalInTheVeryLastStatementIsASuccess(t *testing.T) {
	c, w := bench(t, twoMigrations())
	stopAt(c, w, "CREATE TABLE u")
	if _, err := c.Migrate(t.Context(), Request{}); err != nil {
		t.Errorf("all is done: %v", err)
	}
}

func TestASignalStopsReverseInProgressBetweenStatementsToo(t *testing.T) {
	c, w := stuck(t, journal.Entry{Step: 2}, journal.Note{Direction: journal.Forward}, create("events", "t"), addColumn("t", "x"))
	stopAt(c, w, "ALTER TABLE t DROP COLUMN x")
	_, err := c.ReverseInProgress(t.Context(), Request{})
	var partial *journal.PartialError
	if !errors.As(err, &partial) {
		t.Errorf("want a *journal.PartialError, have %v", err)
	}
	if len(w.sent) != 1 {
		t.Errorf("went on after the signal: %v", w.log)
	}
}

// DESIGN §7: 1 says that nothing is left half-way, and 5 that something is.
func TestARunWhoseLastRowIsNotDurableIsInProgress(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001")))
	w.writeErr[2] = errors.New("no quorum")
	result, err := c.Migrate(t.Context(), Request{})
	if err == nil {
		t.Fatal("want an error")
	}
	var partial *journal.PartialError
	if !errors.As(err, &partial) {
		t.Errorf("the row still says in progress, and the error is a %T (exit code 1): %v", err, err)
	}
	if len(result.Applied) != 0 {
		t.Errorf("%v is said to be applied", result.Applied)
	}
}

func TestAMigrationThatIsDoneIsRecordedAlthoughTheNextCannotBegin(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.presentErr["events/0002"] = errors.New("n4 does not answer")
	if _, err := c.Migrate(t.Context(), Request{}); err == nil {
		t.Fatal("want an error")
	}
	if last := w.written[len(w.written)-1]; last.Status != journal.Completed {
		t.Errorf("events/0001 ran on every node and stays %s: %q", last.Status, w.log)
	}
}

func TestAStatementThatWasNotSentIsPendingOnAllItsNodes(t *testing.T) {
	c, w := bench(t, twoMigrations())
	w.fail["CREATE TABLE t"] = failure{err: errors.New("dial")}
	if _, err := c.Migrate(t.Context(), Request{}); err == nil {
		t.Fatal("want an error")
	}
	if have := w.anyhow[0].PendingNodes; len(have) != 4 {
		t.Errorf("pending on %v: the row lost where the statement is missing", have)
	}
}

func TestAStoppedRunSaysTheHashOfTheStatementThatIsNext(t *testing.T) {
	c, w := bench(t, twoMigrations())
	stopAt(c, w, "CREATE TABLE t")
	if _, err := c.Migrate(t.Context(), Request{}); err == nil {
		t.Fatal("want an error")
	}
	if last := w.anyhow[0]; last.StepHash == w.sent[0].Hash {
		t.Error("the row is at step 2 with the hash of step 1")
	}
}
