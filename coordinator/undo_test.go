package coordinator

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// stuck is a bench with events/0001, of some operations, in progress. All its
// tables are known to the servers, so that planning has nothing to refuse.
func stuck(t *testing.T, entry journal.Entry, note journal.Note, forward ...ops.Operation) (*Coordinator, *world) {
	t.Helper()
	c, w := bench(t, group("events", makes("0001", forward...)))
	entry.Key, entry.Status, entry.Version = key("events", "0001"), journal.InProgress, journal.Version(3, 9)
	if entry.Direction == "" {
		entry.Direction = journal.Forward
	}
	setNote(&entry, note)
	w.entries[entry.Key] = entry
	for _, name := range []string{"default.t", "default.u"} {
		w.facts[0].Tables[name] = tableOf(w.facts[0])
	}
	return c, w
}

func verdicts(text string) []journal.NodeVerdict {
	var out []journal.NodeVerdict
	for i, word := range strings.Fields(text) {
		out = append(out, journal.NodeVerdict{
			Node: []string{"n1:9000", "n2:9000", "n3:9000", "n4:9000"}[i],
			Verdict: map[string]journal.Verdict{
				"holds": journal.Holds, "notyet": journal.NotYet, "conflict": journal.Conflict, "down": journal.Unreachable,
			}[word],
			Why: word,
		})
	}
	return out
}

func undone(t *testing.T, c *Coordinator) {
	t.Helper()
	if _, err := c.ReverseInProgress(t.Context(), Request{}); err != nil {
		t.Fatal(err)
	}
}

// after is the log behind the preflight check.
func after(w *world) []string {
	return w.log[slices.Index(w.log, "check replicas of main")+1:]
}

func TestUndoRunsOnTheNodesThatHaveSomethingToUndo(t *testing.T) {
	c, w := stuck(t, journal.Entry{Step: 2}, journal.Note{Direction: journal.Forward}, create("events", "t"), addColumn("t", "x"))
	w.verdicts["ALTER TABLE t DROP COLUMN x"] = verdicts("holds holds notyet conflict")
	w.verdicts["DROP TABLE t"] = verdicts("notyet notyet notyet holds")
	undone(t, c)
	want := []string{
		"row events/0001 in_progress backward 1/2",
		"send ALTER TABLE t DROP COLUMN x to n3",
		"row events/0001 in_progress backward 2/2",
		"send DROP TABLE t to n1 n2 n3",
		"row events/0001 not_started", "finished events/0001 not_started", "unlock",
	}
	if diff := cmp.Diff(want, after(w)); diff != "" {
		t.Error(diff)
	}
	for _, step := range w.sent {
		if step.OnCluster != "" {
			t.Errorf("%s went ON CLUSTER %s, to nodes that have nothing to undo", step.Statement.Summary, step.OnCluster)
		}
	}
	growing(t, w)
}

func TestWhatWasThereBeforeIsNeverRemoved(t *testing.T) {
	before := journal.Note{Direction: journal.Forward, Before: map[string][]string{"table default.t": {"n3:9000"}}}
	c, w := stuck(t, journal.Entry{Step: 1}, before, create("events", "t"))
	undone(t, c)
	want := []string{
		"row events/0001 in_progress backward 1/1",
		"skip DROP TABLE t: left alone on n3:9000: it was there before this migration",
		"send DROP TABLE t to n1 n2 n4",
		"row events/0001 not_started", "finished events/0001 not_started", "unlock",
	}
	if diff := cmp.Diff(want, after(w)); diff != "" {
		t.Error(diff)
	}
}

func TestAColumnThatWasThereBeforeIsNeverRemoved(t *testing.T) {
	for _, ifNotExists := range []bool{false, true} {
		add := addColumn("t", "x")
		add.IfNotExists = ifNotExists
		note := journal.Note{Direction: journal.Forward, Before: map[string][]string{"column default.t.x": {"n1:9000", "n2:9000"}}}
		c, w := stuck(t, journal.Entry{Step: 1}, note, add)
		w.facts[0].Since = map[ops.Feature]ops.Version{ops.FeatureIfExists: {Major: 19, Minor: 1}}
		undone(t, c)
		if diff := cmp.Diff([]string{"n3 n4"}, sentTo(w, "ALTER TABLE t DROP COLUMN x")); diff != "" {
			t.Errorf("AddColumn with IfNotExists %v: its column is dropped where it was before (-want +got):\n%s", ifNotExists, diff)
		}
	}
}

func sentTo(w *world, summary string) []string {
	var out []string
	for _, step := range w.sent {
		if step.Statement.Summary == summary {
			out = append(out, hosts(step.Nodes))
		}
	}
	return out
}

// A migration that drops a table and makes it anew may drop the new one.
func TestWhatAnEarlierConfirmedStepRemovedIsItsOwnAgain(t *testing.T) {
	old := create("events", "t")
	drop := ops.DropTable{Table: old.Table, Was: &old}
	note := journal.Note{Direction: journal.Forward, Before: map[string][]string{"table default.t": {"n1:9000", "n2:9000", "n3:9000", "n4:9000"}}}
	for _, test := range []struct {
		step int
		want []string
	}{
		{step: 1, want: nil},                     // the DROP is not confirmed: what is there may be the old table
		{step: 2, want: []string{"n1 n2 n3 n4"}}, // it is: what is there is the new one
	} {
		c, w := stuck(t, journal.Entry{Step: test.step}, note, drop, create("events", "t"))
		w.verdicts["CREATE TABLE t"] = verdicts("holds holds holds holds")
		undone(t, c)
		if diff := cmp.Diff(test.want, sentTo(w, "DROP TABLE t")); diff != "" {
			t.Errorf("stopped at step %d (-want +got):\n%s", test.step, diff)
		}
	}
}

func TestAReversalThatStoppedTakesAwayAllThatTheMigrationMade(t *testing.T) {
	// It was completed, so what is there is its own, whatever was before.
	note := journal.Note{Direction: journal.Backward, Before: map[string][]string{"table default.t": {"n1:9000", "n2:9000", "n3:9000", "n4:9000"}}}
	c, w := stuck(t, journal.Entry{Step: 1, Direction: journal.Backward}, note, create("events", "t"))
	undone(t, c)
	if diff := cmp.Diff([]string{"n1 n2 n3 n4"}, sentTo(w, "DROP TABLE t")); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsSparedStaysSparedWhenTheUndoIsInterrupted(t *testing.T) {
	before := map[string][]string{"table default.t": {"n3:9000"}}
	c, w := stuck(t, journal.Entry{Step: 1}, journal.Note{Direction: journal.Forward, Before: before}, create("events", "t"))
	w.fail["DROP TABLE t"] = failure{err: errors.New("dial")}
	if _, err := c.ReverseInProgress(t.Context(), Request{}); err == nil {
		t.Fatal("want an error")
	}
	w.entries[key("events", "0001")] = w.anyhow[0]
	w.sent, w.fail = nil, nil
	undone(t, c)
	if diff := cmp.Diff([]string{"n1 n2 n4"}, sentTo(w, "DROP TABLE t")); diff != "" {
		t.Error(diff)
	}
}

func TestAStatementWithoutConditionsIsUndoneOnlyIfItMayHaveRun(t *testing.T) {
	for _, test := range []struct {
		name   string
		called int
		want   []string
	}{
		{"never reached", 0, nil},
		{"sent, or maybe sent", 2, []string{"n1 n2 n3 n4"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			note := journal.Note{Direction: journal.Forward, Called: test.called}
			c, w := stuck(t, journal.Entry{Step: 1}, note, create("events", "t"), blindly("fill"))
			undone(t, c)
			if diff := cmp.Diff(test.want, sentTo(w, "RUN GO unfill")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOfTwoStatementsWithoutConditionsOnlyTheReachedOneIsUndone(t *testing.T) {
	note := journal.Note{Direction: journal.Forward, Called: 2}
	c, w := stuck(t, journal.Entry{Step: 2}, note, create("events", "t"), blindly("fill"), blindly("more"))
	undone(t, c)
	if got := sentTo(w, "RUN GO unfill"); len(got) != 1 {
		t.Errorf("fill was sent, its undo ran %d times", len(got))
	}
	if got := sentTo(w, "RUN GO unmore"); len(got) != 0 {
		t.Error("more was never sent, and was undone")
	}
}

func TestAWayBackThatStoppedDoesNotRepeatWhatHasNoConditions(t *testing.T) {
	note := journal.Note{Direction: journal.Forward, Called: 2, Reached: 2}
	c, w := stuck(t, journal.Entry{Step: 2, Steps: 2, Direction: journal.Backward}, note, create("events", "t"), blindly("fill"))
	undone(t, c)
	if diff := cmp.Diff([]string(nil), sentTo(w, "RUN GO unfill")); diff != "" {
		t.Errorf("it ran before the stop: %s", diff)
	}
	// A crash right behind the first row must leave the same knowledge.
	if first := w.written[0]; first.Step != 2 {
		t.Errorf("the first row is at step %d, so that after a crash step 1 would run again", first.Step)
	}
}

func TestANodeThatCannotSayStopsTheUndo(t *testing.T) {
	c, w := stuck(t, journal.Entry{Step: 1}, journal.Note{Direction: journal.Forward}, create("events", "t"))
	w.verdicts["DROP TABLE t"] = verdicts("notyet notyet notyet down")
	_, err := c.ReverseInProgress(t.Context(), Request{})
	var partial *journal.PartialError
	if !errors.As(err, &partial) || len(partial.Hosts) != 1 || partial.Hosts[0].Node != "n4:9000" {
		t.Fatalf("want a *journal.PartialError that names n4, have %v", err)
	}
	if len(w.sent) != 0 || len(w.anyhow) != 1 {
		t.Errorf("%q", w.log)
	}
}

func TestUndoOfWhatIsIrreversibleIsRefused(t *testing.T) {
	m := makes("0001", ops.DropTable{Table: ops.LocalTable("events", "t")})
	m.Irreversible = "its rows are gone"
	c, w := bench(t, group("events", m))
	w.entries.and(state(journal.InProgress, key("events", "0001")))
	_, err := c.ReverseInProgress(t.Context(), Request{})
	if kind(err) != preflight || !strings.Contains(err.Error(), "its rows are gone") || !strings.Contains(err.Error(), "--fake") {
		t.Errorf("have %v", err)
	}
	if _, err := c.ReverseInProgress(t.Context(), Request{Fake: true}); err != nil {
		t.Error(err)
	}
	if last := w.written[len(w.written)-1]; last.Status != journal.NotStarted || len(w.sent) != 0 {
		t.Errorf("%q", w.log)
	}
}

func TestUndoGoesThroughLaterGroupsFirst(t *testing.T) {
	c, w := bench(t, group("a", numbered("0001")), group("b", numbered("0002")))
	w.entries.and(state(journal.InProgress, key("a", "0001"), key("b", "0002")))
	result, err := c.ReverseInProgress(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]journal.Key{key("b", "0002"), key("a", "0001")}, result.Applied); diff != "" {
		t.Error(diff)
	}
}

func TestUndoRefusesWhatThisProgramDoesNotHave(t *testing.T) {
	c, w := bench(t)
	w.entries.and(state(journal.InProgress, key("gone", "0001")))
	_, err := c.ReverseInProgress(t.Context(), Request{})
	if kind(err) != preflight || !strings.Contains(err.Error(), "gone/0001") {
		t.Errorf("have %v", err)
	}
}

func TestWhatAnEarlierRunBeganIsWaitedForBeforeAnythingIsUndone(t *testing.T) {
	c, w := stuck(t, journal.Entry{Step: 1, RunID: "dead"}, journal.Note{Direction: journal.Forward}, create("events", "t"))
	w.pending = errors.New("distributed DDL query-0000000007 unfinished on n4:9000")
	_, err := c.ReverseInProgress(t.Context(), Request{})
	if err == nil || !strings.Contains(err.Error(), "query-0000000007") {
		t.Errorf("want a refusal that names the entry, have %v", err)
	}
	if len(w.sent) != 0 || len(w.written) != 0 {
		t.Errorf("something was sent or written: %q", w.log)
	}
	if diff := cmp.Diff([]string{"dead"}, w.awaited); diff != "" {
		t.Error(diff)
	}
}

func TestAStatementThatEveryNodeRefusedIsNotUndone(t *testing.T) {
	for name, test := range map[string]struct {
		refused []string
		want    []string
	}{
		"by all":  {[]string{"n1:9000", "n2:9000", "n3:9000", "n4:9000"}, nil},
		"by none": {nil, []string{"n1 n2 n3 n4"}},
	} {
		t.Run(name, func(t *testing.T) {
			note := journal.Note{Direction: journal.Forward, Called: 2, Refused: test.refused}
			c, w := stuck(t, journal.Entry{Step: 2}, note, create("events", "t"), blindly("fill"))
			undone(t, c)
			if diff := cmp.Diff(test.want, sentTo(w, "RUN GO unfill")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAForeignTableThatHasTheNewNameIsNotRenamedBack(t *testing.T) {
	before := map[string][]string{"table default.rb": {"n1:9000", "n2:9000", "n3:9000", "n4:9000"}}
	c, w := stuck(t, journal.Entry{Step: 1}, journal.Note{Direction: journal.Forward, Before: before},
		ops.RenameTable{From: ops.LocalTable("events", "ra"), To: "rb"})
	undone(t, c)
	if len(w.sent) != 0 {
		t.Errorf("sent: %q", w.log)
	}
}

func TestABackwardStatementThatMayHaveRunWhenTheProcessDiedIsNotRepeated(t *testing.T) {
	note := journal.Note{Direction: journal.Forward, Called: 2, Reached: 2}
	for name, test := range map[string]struct {
		text    string
		refused bool
	}{"killed in flight": {"", true}, "failed, and said so": {"it failed", false}} {
		t.Run(name, func(t *testing.T) {
			c, w := stuck(t, journal.Entry{Step: 1, Direction: journal.Backward, Error: test.text}, note, create("events", "t"), blindly("fill"))
			entry := w.entries[key("events", "0001")]
			entry.StepHash = backwardHash(t, c)
			w.entries[key("events", "0001")] = entry
			_, err := c.ReverseInProgress(t.Context(), Request{})
			if got := err != nil; got != test.refused {
				t.Errorf("refused: %v (%v)", got, err)
			}
		})
	}
}

// backwardHash is the hash of the first statement of the way back of events/0001.
func backwardHash(t *testing.T, c *Coordinator) string {
	t.Helper()
	group, err := c.options.Registry.Group("events")
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.plan(t.Context(), entries{}, []target{{key: key("events", "0001"), migration: group.Migrations[0], direction: journal.Backward}}, Request{})
	if err != nil {
		t.Fatal(err)
	}
	return p[0].Steps[0].Hash
}
