package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/plan"
)

// Resume goes on with what stopped half-way in the groups of the request, in
// the direction in which it went, from the first statement that is not confirmed
// on every node: Groups, Decision. Only what is missing is done, where it is
// missing. A statement that may have run, and of which nothing tells whether
// it did, is a *journal.PreflightError, unless Decision says. Before that, nodes
// that earlier runs went on without get what they are owed, whatever the groups.
func (c *Coordinator) Resume(ctx context.Context, r Request) (Result, error) {
	unlocked, err := c.readAnyhow(ctx)
	if err != nil {
		return Result{}, err
	}
	result, err := c.locked(ctx, unlocked.epoch(), func(ctx context.Context, s *session) error {
		if err := s.settleOwed(ctx, &r.Decision); err != nil {
			return err
		}
		if err := s.finishAll(ctx, r); err != nil {
			return err
		}
		return s.compareSettled(ctx)
	})
	return result, c.interrupted(ctx, err, unlocked, r, result)
}

// interrupted says of an interrupted recovery what is still in progress: whoever
// reads "interrupted" alone takes it to be over.
func (c *Coordinator) interrupted(ctx context.Context, err error, was entries, r Request, result Result) error {
	var interrupted *journal.InterruptedError
	var partial *journal.PartialError
	if err == nil || errors.As(err, &partial) || ctx.Err() == nil && !errors.As(err, &interrupted) {
		return err
	}
	targets, selectErr := c.selectInProgress(was, r)
	if selectErr != nil {
		return err
	}
	out := &journal.InterruptedError{}
	for _, t := range targets {
		if !slices.Contains(result.Applied, t.key) {
			out.InProgress = append(out.InProgress, was[t.key])
		}
	}
	return out
}

// finishAll goes on with what is in progress.
func (s *session) finishAll(ctx context.Context, r Request) error {
	targets, err := s.c.selectResume(s.state, r)
	if err != nil || len(targets) == 0 {
		return err
	}
	if err := s.preflight(ctx, targets, r.SkipChecks, nil); err != nil {
		return err
	}
	for _, t := range targets {
		if s.stopped() {
			return &journal.InterruptedError{}
		}
		if err := s.resume(ctx, t, s.state[t.key], r.Decision); err != nil {
			return err
		}
		s.result.Applied = append(s.result.Applied, t.key)
	}
	return nil
}

// selectResume picks the migrations in progress, earlier groups first.
func (c *Coordinator) selectResume(e entries, r Request) ([]target, error) {
	targets, err := c.selectInProgress(e, r)
	if err != nil {
		return nil, err
	}
	slices.Reverse(targets)
	for i := range targets {
		entry := e[targets[i].key]
		targets[i].direction = entry.Direction
		// What is being taken back is what was applied, whatever the file is now.
		if t, err := c.asApplied(targets[i], entry, false); err == nil && goesBack(entry) {
			targets[i] = t
		}
	}
	if r.Decision == Undecided {
		return targets, nil
	}
	switch len(targets) {
	case 0:
		return nil, journal.Usagef("--%s: nothing is in progress", r.Decision)
	case 1:
		return targets, nil
	}
	return nil, journal.Usagef("--%s is about one statement, and %s are in progress: name the group with --group",
		r.Decision, strings.Join(keysOf(targets), ", "))
}

func keysOf(targets []target) []string {
	out := make([]string, len(targets))
	for i, t := range targets {
		out[i] = t.key.String()
	}
	return out
}

func (s *session) resume(ctx context.Context, t target, was journal.Entry, d Decision) error {
	note := noteOf(was)
	if err := unchanged(t, was); err != nil {
		return err
	}
	switch {
	case note.Direction == was.Direction:
	case was.Direction != journal.Backward:
		return journal.Refusef("the row of %s has a note that does not fit it: look at it in migrations_dist, then "+
			"skein reverse-in-progress --group %s", t.key, t.key.Group)
	default:
		// It was being taken back half-done: what is its own depends on how far it came.
		if d != Undecided {
			return journal.Usagef("--%s: %s is being taken back half-done, where skein resume goes on alone", d, t.key)
		}
		return s.undo(ctx, t, was)
	}
	steps, err := s.stepsFrom(ctx, t, was)
	if err != nil {
		return err
	}
	owe(&note, steps, was.Step)
	doubt(&note, steps, was.Step)
	if len(note.Owed) > 0 && note.Since == 0 {
		note.Since = was.Version
	}
	setNote(&was, note)
	// Who is to look at what a statement did must not look while it runs.
	x := s.execution()
	x.Mutations = true
	if err := s.c.options.Observer.AwaitPredecessor(ctx, x, was.RunID, steps); err != nil {
		return journal.Refusef("%s stays in progress: %w", t.key, err)
	}
	g := resuming{steps: steps, rows: announced(steps), at: was.Step}
	if err := g.settle(was, note, d); err != nil {
		return err
	}
	if d != Undecided {
		s.emit(journal.Decided{Key: t.key, Step: g.at, Flag: "--" + string(d), Text: "about the statement at which run " + was.RunID + " ended"})
	}
	return s.carryOn(ctx, t, was, g)
}

// unchanged refuses a migration that is not the one which was begun.
func unchanged(t target, was journal.Entry) error {
	if t.stored != nil {
		return nil
	}
	sum, err := t.migration.Checksum()
	if err != nil {
		return err
	}
	if was.Checksum == sum {
		return nil
	}
	return journal.Refusef("%s was changed since run %s (%s) began it: resume it with the program that began it, or take back "+
		"what it has done: skein reverse-in-progress --group %s", t.key, was.RunID, was.AppliedBy, t.key.Group)
}

// stepsFrom plans a half-done migration: what nodes have now shows what its
// confirmed steps did. Its statements have to be those that were announced.
func (s *session) stepsFrom(ctx context.Context, t target, was journal.Entry) ([]plan.Step, error) {
	planner, err := s.c.planner(ctx, []target{t})
	if err != nil {
		return nil, err
	}
	planner.Lenient, planner.Past = true, was.Step-1
	p, err := planOne(planner, t)
	if err != nil {
		return nil, err
	}
	different := fmt.Sprintf("resume it on the servers and with the program that run %s (%s) had, or take back what it has done: "+
		"skein reverse-in-progress --group %s", was.RunID, was.AppliedBy, t.key.Group)
	if len(p.Steps) != was.Steps {
		return nil, journal.Refusef("%s has %d statements here, and had %d when it began: %s", t.key, len(p.Steps), was.Steps, different)
	}
	if was.StepHash != "" && was.Step <= len(p.Steps) && p.Steps[was.Step-1].Hash != was.StepHash {
		return nil, journal.Refusef("statement %d of %s is not the one that was in flight: %s", was.Step, t.key, different)
	}
	note := noteOf(was)
	plan.Trace(note.Tables, p.Steps)
	if at := note.Moving; at > 0 && at == was.Step && at <= len(p.Steps) {
		p.Steps[at-1].Was = note.Moved
	}
	return p.Steps, nil
}
