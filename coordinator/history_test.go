package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
)

// taped is a trail that keeps the events, and what came before its flush.
type taped struct {
	w       *world
	events  []journal.Event
	flushed int // events at the flush
}

func (t *taped) Record(event journal.Event) { t.events = append(t.events, event) }

func (t *taped) Flush(ctx context.Context) error {
	t.flushed = len(t.events)
	t.w.say("flush")
	return ctx.Err()
}

// However a run ends, the trail has its beginning and its end, and is written
// after all else.
func TestTheTrailIsFlushedLast(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(c *Coordinator, w *world, cancel func())
		want  journal.Ending
		step  int
	}{
		"done":   {func(*Coordinator, *world, func()) {}, journal.EndedCompleted, 0},
		"failed": {func(_ *Coordinator, w *world, _ func()) { w.fail["CREATE TABLE t"] = failure{err: errors.New("no")} }, journal.EndedFailed, 1},
		"refused": {func(_ *Coordinator, w *world, _ func()) {
			w.entries[journal.Key{Group: "events", ID: "0001"}] = journal.Entry{
				Key: journal.Key{Group: "events", ID: "0001"}, Status: journal.InProgress, Version: 1, Step: 1, Steps: 1,
			}
		}, journal.EndedRefused, 0},
		"interrupted": {func(c *Coordinator, w *world, _ func()) { stopAt(c, w, "CREATE TABLE t") }, journal.EndedInterrupted, 2},
	} {
		c, w := bench(t, twoMigrations())
		trail := &taped{w: w}
		c.options.Trail = func(string) Trail { return trail }
		c.options.Command = "skein migrate --force"
		ctx, cancel := context.WithCancel(t.Context())
		test.spoil(c, w, cancel)
		_, _ = c.Migrate(ctx, Request{Force: true}) // the trail says how it went
		cancel()
		if len(trail.events) == 0 {
			t.Errorf("%s: nothing is recorded", name)
			continue
		}
		first, begun := trail.events[0].(journal.LockAcquired)
		last, over := trail.events[len(trail.events)-1].(journal.RunEnded)
		if !begun || first.Run.Command != "skein migrate --force" || !over || last.Ending != test.want || last.Step != test.step {
			t.Errorf("%s: from %+v to %+v", name, trail.events[0], trail.events[len(trail.events)-1])
		}
		if trail.flushed != len(trail.events) || w.log[len(w.log)-1] != "flush" {
			t.Errorf("%s: %d of %d events are flushed; %q", name, trail.flushed, len(trail.events), w.log)
		}
		if !slices.ContainsFunc(trail.events, func(e journal.Event) bool { d, ok := e.(journal.Decided); return ok && d.Flag == "--force" }) {
			t.Errorf("%s: --force is not recorded", name)
		}
	}
}

func TestHowRunsEnd(t *testing.T) {
	partial := &journal.PartialError{Cause: context.Canceled}
	for _, test := range []struct {
		err  error
		want journal.Ending
	}{
		{nil, journal.EndedCompleted},
		{fmt.Errorf("%w (%w)", partial, &journal.LockLostError{Err: errors.New("gone")}), journal.EndedLockLost},
		{partial, journal.EndedInterrupted},
		{&journal.InterruptedError{}, journal.EndedInterrupted},
		{&journal.PartialError{Cause: errors.New("no")}, journal.EndedFailed},
		{errors.New("no"), journal.EndedFailed},
		{journal.Refusef("no"), journal.EndedRefused},
		{journal.Usagef("no"), journal.EndedRefused},
		{&journal.InactiveReplicasError{}, journal.EndedRefused},
	} {
		if have := endingOf(test.err); have != test.want {
			t.Errorf("%v: %s, want %s", test.err, have, test.want)
		}
	}
}

// trails is what nodes have of the audit trail.
type trails []journal.Record

func (r trails) Runs(context.Context, string, int) ([]journal.Record, []journal.NoAnswer, error) {
	return r, nil, nil
}

func (r trails) Story(context.Context, journal.Key) ([]journal.Record, []journal.NoAnswer, error) {
	return r, nil, nil
}

func TestHistorySumsUpRuns(t *testing.T) {
	at := func(second int64) time.Time { return time.Unix(second, 0).UTC() }
	key := journal.Key{Group: "events", ID: "0001"}
	row := func(run string, second int64, outcome journal.Outcome, r journal.Record) journal.Record {
		r.RunID, r.At, r.Outcome = run, at(second), outcome
		return r
	}
	c, _ := bench(t, twoMigrations())
	c.options.Trails = trails{
		row("a", 10, journal.TrailRunStarted, journal.Record{Node: "deploy@ci", Statement: "skein migrate", Error: "epoch 7, without a lock"}),
		row("a", 10, journal.TrailStarted, journal.Record{Key: key, Step: 3, Direction: journal.Backward}),
		row("a", 11, journal.TrailSent, journal.Record{Key: key, Step: 2, Direction: journal.Backward}),
		row("a", 12, journal.TrailStopped, journal.Record{Key: key, Step: 2}),
		row("a", 13, journal.EndOf(journal.EndedFailed), journal.Record{Key: key, Step: 2, Error: "no", Duration: 3 * time.Second}),
		row("b", 10, journal.TrailRunStarted, journal.Record{Error: "epoch 8"}),
		row("b", 14, journal.TrailSent, journal.Record{Key: key, Step: 1}),
	}
	end := at(13)
	want := []RunStory{
		{Run: "b", Started: at(10), Duration: 4000, Epoch: 8, Migrations: []RunMigration{{Key: key, Outcome: journal.TrailStarted, Step: 1}}},
		{
			Run: "a", Started: at(10), Ended: &end, Duration: 3000, By: "deploy@ci", Command: "skein migrate", Epoch: 7, Ending: journal.EndedFailed, Error: "no",
			Migrations: []RunMigration{{Key: key, Direction: journal.Backward, Outcome: journal.TrailStopped, Step: 2, Steps: 3}},
		},
	}
	h, err := c.History(t.Context(), "", 2)
	if diff := cmp.Diff(want, h.Runs); err != nil || h.More || diff != "" {
		t.Errorf("%v, more: %t, (-want +have)\n%s", err, h.More, diff)
	}
	if h, err = c.History(t.Context(), "", 1); err != nil || !h.More || len(h.Runs) != 1 {
		t.Errorf("--limit 1: %+v, %v", h, err)
	}
}

func TestNotesInWords(t *testing.T) {
	note := journal.Note{
		Before: map[string][]string{"table default.t": {"n1:9000"}, "table default.u": {}}, Reached: 3, Called: 2, Moving: 1,
		Worked: []string{"n1:9000"}, Refused: []string{"n2:9000"}, Unsure: []string{"n3:9000"},
		Owed: map[string][]int{"n4:9000": {1, 2}, "n5:9000": nil},
	}
	want := []string{
		"n4:9000 was gone without, and is owed what these steps do: 1, 2",
		"n5:9000 was gone without, and has yet to be compared with its neighbours",
		"it is being taken back, after it had come to step 3",
		"table default.t was there before it began, on n1:9000",
		"step 1 gives tables other names: which was which before it is noted in the state row",
		"step 2 was sent, or may have been, and no node can tell whether it ran; it worked on n1:9000; was refused by n2:9000; may have run on n3:9000",
	}
	if diff := cmp.Diff(want, inWords(note, true)); diff != "" {
		t.Error(diff)
	}
	if have := inWords(journal.Note{Fake: true, Called: 2}, false); len(have) != 1 {
		t.Errorf("completed by --fake: %q", have)
	}
}
