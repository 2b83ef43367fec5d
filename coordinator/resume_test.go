package coordinator

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// halted is stuck with what a row of the same migration has besides.
func halted(t *testing.T, entry journal.Entry, note journal.Note, forward ...ops.Operation) (*Coordinator, *world) {
	t.Helper()
	if note.Direction == "" {
		note.Direction = journal.Forward
	}
	c, w := stuck(t, entry, note, forward...)
	k := key("events", "0001")
	entry = w.entries[k]
	entry.RunID, entry.AppliedBy = "dead", "deploy@ci"
	m := c.options.Registry.Groups()[1].Migrations[0]
	var err error
	if entry.Checksum, err = m.Checksum(); err != nil {
		t.Fatal(err)
	}
	if entry.Steps == 0 {
		entry.Steps = len(forward)
	}
	w.entries[k] = entry
	return c, w
}

func resumed(t *testing.T, c *Coordinator, r Request) {
	t.Helper()
	if _, err := c.Resume(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func TestResumeDoesWhatIsMissingWhereItIsMissing(t *testing.T) {
	c, w := halted(t, journal.Entry{Step: 2}, journal.Note{},
		create("events", "s"), create("events", "t"), create("events", "u"), addColumn("t", "x"))
	w.verdicts["CREATE TABLE t"] = verdicts("holds holds holds holds")
	w.verdicts["CREATE TABLE u"] = verdicts("holds notyet holds notyet")
	resumed(t, c, Request{})
	want := []string{
		"row events/0001 in_progress forward 2/4",
		"skip CREATE TABLE s: done before it stopped",
		"skip CREATE TABLE t: it is so on every node",
		"skip CREATE TABLE u: left alone on n1:9000, n3:9000; going to n2:9000, n4:9000",
		"send CREATE TABLE u to n2 n4",
		"row events/0001 in_progress forward 4/4",
		"send ALTER TABLE t ADD COLUMN x" + allFour,
		"row events/0001 completed", "finished events/0001 completed", "unlock",
	}
	if diff := cmp.Diff(want, after(w)); diff != "" {
		t.Error(diff)
	}
	growing(t, w)
	if diff := cmp.Diff([]string{"dead"}, w.awaited); diff != "" {
		t.Error(diff)
	}
	if last := w.written[len(w.written)-1]; last.Steps != 4 || last.Note != "{}" || last.Error != "" {
		t.Errorf("the last row: %+v", last)
	}
}

func TestResumeWaitsForWhatReplicationBringsAndSaysWhenItDoesNot(t *testing.T) {
	c, w := halted(t, journal.Entry{Step: 1}, journal.Note{}, addColumn("t", "x"))
	c.patience = time.Millisecond
	w.verdicts["ALTER TABLE t ADD COLUMN x"] = verdicts("holds notyet notyet notyet")
	_, err := c.Resume(t.Context(), Request{})
	var partial *journal.PartialError
	if !errors.As(err, &partial) || !strings.Contains(err.Error(), "n2:9000: has not replicated it") {
		t.Errorf("have %v", err)
	}
	if len(w.sent) != 0 {
		t.Errorf("%q", w.log)
	}
}

func TestResumeStopsAtWhatIsInTheWay(t *testing.T) {
	for _, word := range []string{"conflict", "down"} {
		c, w := halted(t, journal.Entry{Step: 1}, journal.Note{}, create("events", "t"))
		w.verdicts["CREATE TABLE t"] = verdicts("notyet notyet notyet " + word)
		_, err := c.Resume(t.Context(), Request{})
		var partial *journal.PartialError
		if !errors.As(err, &partial) || partial.Hosts[0].Node != "n4:9000" || len(w.sent) != 0 {
			t.Errorf("%s: %v, %q", word, err, w.log)
		}
	}
}

func TestWhatMayHaveRunIsTheOperatorsToDecide(t *testing.T) {
	inFlight := func() (*Coordinator, *world) {
		return halted(t, journal.Entry{Step: 2}, journal.Note{Called: 2}, create("events", "t"), blindly("fill"), addColumn("t", "x"))
	}
	c, w := inFlight()
	_, err := c.Resume(t.Context(), Request{})
	if kind(err) != preflight || len(w.sent)+w.writes != 0 {
		t.Fatalf("have %v, %q", err, w.log)
	}
	for _, part := range []string{"events/0001: step 2 of 3 (RUN GO fill) was in flight when run dead ended", "--assume-done", "--repeat"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
	for decision, want := range map[Decision][]string{
		AssumeDone: {
			"row events/0001 in_progress forward 3/3", "skip CREATE TABLE t: done before it stopped",
			"skip RUN GO fill: taken to be done on every node", "send ALTER TABLE t ADD COLUMN x" + allFour,
			"row events/0001 completed", "finished events/0001 completed", "unlock",
		},
		Repeat: {
			"row events/0001 in_progress forward 2/3", "skip CREATE TABLE t: done before it stopped",
			"row events/0001 in_progress forward 2/3", "send RUN GO fill" + allFour,
			"row events/0001 in_progress forward 3/3", "send ALTER TABLE t ADD COLUMN x" + allFour,
			"row events/0001 completed", "finished events/0001 completed", "unlock",
		},
	} {
		c, w := inFlight()
		resumed(t, c, Request{Decision: decision})
		if diff := cmp.Diff(want, after(w)); diff != "" {
			t.Errorf("%s: %s", decision, diff)
		}
	}
}

func TestADecisionNeedsSomethingToDecide(t *testing.T) {
	seen, _ := halted(t, journal.Entry{Step: 1}, journal.Note{}, create("events", "t"))
	unsent, _ := halted(t, journal.Entry{Step: 1}, journal.Note{}, blindly("fill"))
	nothing, _ := bench(t)
	two, w := bench(t, group("a", numbered("0001")), group("b", numbered("0002")))
	w.entries.and(state(journal.InProgress, key("a", "0001"), key("b", "0002")))
	for text, c := range map[string]*Coordinator{
		"stopped at no statement of which": seen, "stopped at no statement": unsent, "nothing is in progress": nothing, "--group": two,
	} {
		_, err := c.Resume(t.Context(), Request{Decision: Repeat})
		if kind(err) != usage || !strings.Contains(err.Error(), text) {
			t.Errorf("want a usage error with %q, have %v", text, err)
		}
	}
}

func TestAFailedStatementIsRunAgainOnlyWhereItWasRefused(t *testing.T) {
	insert := ops.RunSQL{
		Place: ops.Place{StorageSet: "events", Target: ops.Local}, SQL: "INSERT INTO {db}.t VALUES (1)", Scope: ops.RunEveryNode,
		Undo: &ops.RunSQL{SQL: "SELECT 1", Scope: ops.RunOneNode},
	}
	c, w := bench(t, group("events", makes("0001", insert)))
	summary := "RUN SQL"
	if p, err := c.Plan(t.Context(), Request{}); err != nil {
		t.Fatal(err)
	} else {
		summary = p[0].Steps[0].Statement.Summary
	}
	w.fail[summary] = failure{hosts: []journal.HostOutcome{
		{Node: "n1:9000", Outcome: journal.Done},
		{Node: "n2:9000", Outcome: journal.Done},
		{Node: "n3:9000", Outcome: journal.Done},
		{Node: "n4:9000", Outcome: journal.Failed, Code: 242, Error: "read-only"},
	}, err: errors.New("not everywhere")}
	if _, err := c.Migrate(t.Context(), Request{}); err == nil {
		t.Fatal("want an error")
	}
	w.entries[key("events", "0001")] = w.anyhow[0]
	// It fails again, and what is known of the others is not forgotten.
	w.fail[summary] = failure{hosts: w.fail[summary].hosts[3:], err: errors.New("not everywhere")}
	if _, err := c.Resume(t.Context(), Request{}); err == nil {
		t.Fatal("want an error")
	}
	w.entries[key("events", "0001")] = w.anyhow[1]
	w.fail = nil
	resumed(t, c, Request{})
	if diff := cmp.Diff([]string{"n1 n2 n3 n4", "n4", "n4"}, sentTo(w, summary)); diff != "" {
		t.Error(diff)
	}
}

func TestAnotherMigrationThanTheOneBegunIsNotResumed(t *testing.T) {
	for name, change := range map[string]func(*journal.Entry){
		"edited":                        func(e *journal.Entry) { e.Checksum = "of another text" },
		"other statements":              func(e *journal.Entry) { e.Steps = 3 },
		"another statement in flight":   func(e *journal.Entry) { e.StepHash = "of another statement" },
		"a note of the other direction": func(e *journal.Entry) { e.Note = "" },
	} {
		t.Run(name, func(t *testing.T) {
			c, w := halted(t, journal.Entry{Step: 1}, journal.Note{}, create("events", "t"))
			entry := w.entries[key("events", "0001")]
			change(&entry)
			w.entries[key("events", "0001")] = entry
			_, err := c.Resume(t.Context(), Request{})
			if kind(err) != preflight || !strings.Contains(err.Error(), "reverse-in-progress --group events") {
				t.Errorf("have %v", err)
			}
			if len(w.sent)+w.writes != 0 {
				t.Errorf("%q", w.log)
			}
		})
	}
}

func TestResumeGoesOnInTheDirectionOfTheRow(t *testing.T) {
	for name, note := range map[string]journal.Note{
		"a reversal":                      {Direction: journal.Backward},
		"what was being taken back":       {Direction: journal.Forward, Reached: 1},
		"what was there before is spared": {Direction: journal.Forward, Reached: 1, Before: map[string][]string{"table default.t": {"n3:9000"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := halted(t, journal.Entry{Step: 1, Direction: journal.Backward}, note, create("events", "t"))
			resumed(t, c, Request{})
			want := "n1 n2 n3 n4"
			if note.Before != nil {
				want = "n1 n2 n4"
			}
			if diff := cmp.Diff([]string{want}, sentTo(w, "DROP TABLE t")); diff != "" {
				t.Error(diff)
			}
			if last := w.written[len(w.written)-1]; last.Status != journal.NotStarted {
				t.Errorf("%q", w.log)
			}
		})
	}
}

func TestWhatIsIrreversibleCanBeResumed(t *testing.T) {
	m := makes("0001", ops.DropTable{Table: ops.LocalTable("events", "t")})
	m.Irreversible = "its rows are gone"
	c, w := bench(t, group("events", m))
	w.facts[0].Tables["default.t"] = tableOf(w.facts[0])
	w.fail["DROP TABLE t"] = failure{err: errors.New("dial")}
	if _, err := c.Run(t.Context(), Request{Groups: []string{"events"}, ID: "0001"}); err == nil {
		t.Fatal("want an error")
	}
	w.entries[key("events", "0001")], w.sent, w.fail = w.anyhow[0], nil, nil
	resumed(t, c, Request{})
	if diff := cmp.Diff([]string{"n1 n2 n3 n4"}, sentTo(w, "DROP TABLE t")); diff != "" {
		t.Error(diff)
	}
}

func TestResumeRunsNothingThatIsPending(t *testing.T) {
	c, w := bench(t, migration.Group{Name: "events", Migrations: []migration.Migration{numbered("0001")}})
	result, err := c.Resume(t.Context(), Request{})
	if err != nil || len(result.Applied) != 0 || len(w.sent)+w.writes != 0 {
		t.Errorf("%v, %q", err, w.log)
	}
}
