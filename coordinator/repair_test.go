package coordinator

import (
	"slices"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

func TestRepairAcceptsWhatIsHere(t *testing.T) {
	c, w := bench(t, group("events", edited("0001"), numbered("0002"), edited("0004")))
	w.entries = rowsOf(t, numbered("0001"), numbered("0002"), numbered("0003"), numbered("0004"))
	stuck := w.entries[key("events", "0004")]
	stuck.Status, stuck.Step, stuck.Steps = journal.InProgress, 1, 1
	w.entries[stuck.Key] = stuck
	found, err := c.Repairs(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Changed) != 1 || found.Changed[0].Key != key("events", "0001") {
		t.Fatalf("changed: %+v", found.Changed)
	}
	one := found.Changed[0]
	was, _ := one.Was.Forward[0].(ops.CreateTable)
	is, _ := one.Is.Forward[0].(ops.CreateTable)
	if was.Table.Name != "t0001" || is.Table.Name != "other0001" || one.Checksum == one.Row.Checksum {
		t.Errorf("it was %+v and is %+v", was, is)
	}
	skipped := map[string]string{}
	for _, s := range found.Skipped {
		skipped[s.Key.ID] = s.Why
	}
	if len(skipped) != 2 || !strings.Contains(skipped["0003"], "missing") || !strings.Contains(skipped["0004"], "in progress") {
		t.Errorf("skipped: %v", skipped)
	}
	if len(w.written) > 0 {
		t.Errorf("to look writes nothing: %v", w.log)
	}

	if _, err := c.Repair(t.Context(), found.Changed); err != nil {
		t.Fatal(err)
	}
	row := w.written[0]
	if len(w.written) != 1 || len(w.sent) > 0 || !slices.Contains(w.log, "lock") {
		t.Errorf("one row under the lock, and nothing else: %v", w.log)
	}
	if row.Checksum != one.Checksum || row.Version <= one.Row.Version || row.Epoch != journal.EpochOf(row.Version) ||
		row.AppliedBy != one.Row.AppliedBy || row.RunID != one.Row.RunID || !strings.Contains(row.Backward, "other0001") {
		t.Errorf("%+v", row)
	}
	w.entries[row.Key] = row
	again, err := c.Repairs(t.Context(), Request{})
	if err != nil || len(again.Changed) > 0 {
		t.Errorf("once more: %+v, %v", again.Changed, err)
	}
	delete(w.entries, stuck.Key)
	delete(w.entries, key("events", "0003"))
	if _, err := c.Rollback(t.Context(), Request{Groups: []string{"events"}, Count: 2, Force: true}); err != nil {
		t.Fatal(err)
	}
	if last := w.sent[len(w.sent)-1].Statement.Summary; last != "DROP TABLE other0001" {
		t.Errorf("taken back: %s", last)
	}
}

// What was shown is what is accepted, or nothing.
func TestRepairRefusesWhatChangedSinceItWasShown(t *testing.T) {
	c, w := bench(t, group("events", edited("0001")))
	w.entries = rowsOf(t, numbered("0001"))
	found, err := c.Repairs(t.Context(), events(false))
	if err != nil {
		t.Fatal(err)
	}
	other := w.entries[key("events", "0001")]
	other.Version++
	w.entries[other.Key] = other
	if _, err := c.Repair(t.Context(), found.Changed); kind(err) != preflight || len(w.written) > 0 {
		t.Errorf("%v; %v", err, w.log)
	}
}

func TestWhatRepairDoesNotTouch(t *testing.T) {
	c, w := bench(t, group("events", edited("0001"), edited("0002")))
	w.entries = rowsOf(t, numbered("0001"), numbered("0002"))
	owed := w.entries[key("events", "0001")]
	setNote(&owed, journal.Note{Owed: map[string][]int{"n4:9000": {1}}})
	w.entries[owed.Key] = owed
	recorded := w.entries[key("events", "0002")]
	setNote(&recorded, journal.Note{Baseline: true})
	w.entries[recorded.Key] = recorded
	found, err := c.Repairs(t.Context(), Request{})
	if err != nil || len(found.Changed) > 0 || len(found.Skipped) != 1 || !strings.Contains(found.Skipped[0].Why, "owed to n4:9000") {
		t.Errorf("%+v, %v", found, err)
	}
	for _, request := range []Request{{Groups: []string{"nope"}}, {Groups: []string{"events"}, ID: "0009"}} {
		if _, err := c.Repairs(t.Context(), request); kind(err) != usage {
			t.Errorf("%+v: %v", request, err)
		}
	}
	// A row of a state that is not ours to read has its checksum alone.
	w.entries = rowsOf(t, numbered("0001"))
	bare := w.entries[key("events", "0001")]
	bare.Backward = ""
	w.entries[bare.Key] = bare
	found, err = c.Repairs(t.Context(), Request{})
	if err != nil || len(found.Changed) != 1 || found.Changed[0].Was.Backward != nil || found.Changed[0].Was.Text != "" {
		t.Errorf("%+v, %v", found.Changed, err)
	}
}
