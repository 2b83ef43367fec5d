package coordinator

import (
	"context"
	"errors"
	"slices"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/plan"
)

// ReverseInProgress takes back what stopped half-way in the groups of the
// request: the backward operations, each on the nodes where it has something
// to undo. It never drops what was there before the migration began.
func (c *Coordinator) ReverseInProgress(ctx context.Context, r Request) (Result, error) {
	unlocked, err := c.readAnyhow(ctx)
	if err != nil {
		return Result{}, err
	}
	result, err := c.locked(ctx, unlocked.epoch(), func(ctx context.Context, s *session) error {
		s.decided(r)
		targets, err := c.selectInProgress(s.state, r)
		if err != nil || len(targets) == 0 {
			return err
		}
		for i := range targets {
			if m := targets[i].migration; m.Irreversible != "" && !r.Fake {
				return journal.Refusef("%s cannot be reversed: %s. If it has to be: bring every node to where it was "+
					"by hand, then skein reverse-in-progress --fake", targets[i].key, m.Irreversible)
			}
		}
		if err := c.unsettled(s.state, targets, r.Fake); err != nil {
			return err
		}
		if !r.Fake {
			if err := s.preflight(ctx, targets, r.SkipChecks, nil); err != nil {
				return err
			}
		}
		for _, t := range targets {
			if s.stopped() {
				return &journal.InterruptedError{}
			}
			if r.Fake {
				err = s.fake(ctx, t)
			} else {
				err = s.undo(ctx, t, s.state[t.key])
			}
			if err != nil {
				return err
			}
			s.result.Applied = append(s.result.Applied, t.key)
		}
		return nil
	})
	return result, c.interrupted(ctx, err, unlocked, r, result)
}

// selectInProgress picks the migrations in progress, later groups first.
func (c *Coordinator) selectInProgress(e entries, r Request) ([]target, error) {
	for _, name := range r.Groups {
		if _, err := c.options.Registry.Group(name); err != nil {
			return nil, &journal.UsageError{Err: err}
		}
	}
	var out []target
	for _, group := range slices.Backward(c.options.Registry.Groups()) {
		if len(r.Groups) > 0 && !slices.Contains(r.Groups, group.Name) {
			continue
		}
		for _, m := range slices.Backward(group.Migrations) {
			if e.status(group.Name, m.ID) == journal.InProgress {
				out = append(out, target{key: journal.Key{Group: group.Name, ID: m.ID}, migration: m, direction: journal.Backward})
			}
		}
	}
	for key, entry := range e {
		known := slices.ContainsFunc(out, func(t target) bool { return t.key == key })
		wanted := len(r.Groups) == 0 || slices.Contains(r.Groups, key.Group)
		if entry.Status == journal.InProgress && wanted && !known {
			if t, err := c.asApplied(target{key: key, direction: journal.Backward}, entry, false); err == nil && goesBack(entry) {
				out = append(out, t)
				continue
			}
			return nil, journal.Refusef("%s is in progress, and this program does not have it: "+
				"use the program that started it (run %s, %s)", key, entry.RunID, entry.AppliedBy)
		}
	}
	return out, nil
}

// undo runs a half-done migration backward. One that stopped while a completed
// migration was reversed goes on as resume has it.
func (s *session) undo(ctx context.Context, t target, was journal.Entry) error {
	began := s.c.now()
	note := noteOf(was)
	if was.Direction == journal.Backward && note.Direction == journal.Backward && unchanged(t, was) == nil {
		return s.resume(ctx, t, was, Undecided)
	}
	t.stepwise = true
	planner, err := s.c.planner(ctx, []target{t, {key: t.key, migration: t.migration, direction: journal.Forward}})
	if err != nil {
		return err
	}
	planner.Lenient = true
	p, err := planOne(planner, t)
	if err != nil {
		return err
	}
	if was.Direction == journal.Forward {
		note.Direction, note.Reached = journal.Forward, was.Step
	}
	forward, err := s.forwardSteps(ctx, t)
	if err != nil {
		return err
	}
	// What is still under way would come back after it was undone.
	if err := s.c.options.Observer.AwaitPredecessor(ctx, s.execution(), was.RunID, slices.Concat(forward, p.Steps)); err != nil {
		return journal.Refusef("%s stays in progress: %w", t.key, err)
	}
	entry, err := s.entry(t, journal.InProgress)
	if err != nil {
		return err
	}
	entry.Steps, entry.Step = len(p.Steps), 1
	if was.Direction == journal.Backward && was.Steps == len(p.Steps) {
		entry.Step = max(1, was.Step) // what was confirmed is not looked at again
	}
	u := undoing{note: note, forward: forward, backward: p.Steps, spare: spared(forward, note), confirmed: entry.Step - 1}
	owesUndone(&note, was, u)
	setNote(&entry, note)
	if err := s.write(ctx, entry); err != nil {
		return err
	}
	s.emit(journal.MigrationStarted{Key: t.key, Direction: t.direction, Steps: len(p.Steps)})
	u.trace()
	rows := announced(p.Steps)
	for i, step := range p.Steps {
		if i > 0 && s.stopped() {
			return s.fail(ctx, entry, step, nil, &journal.InterruptedError{})
		}
		if err := s.undoStep(ctx, &entry, step, rows[i], was, u); err != nil {
			return err
		}
		entry.Step = max(entry.Step, step.Index+1)
	}
	s.finish(t, entry, began)
	return nil
}

func (s *session) undoStep(ctx context.Context, entry *journal.Entry, step plan.Step, announce bool, was journal.Entry, u undoing) error {
	if step.Index <= u.confirmed {
		s.skip(step, "done before it stopped")
		return nil
	}
	if isBlind(step) {
		return s.undoBlind(ctx, entry, step, was, u)
	}
	if u.unreached(step) {
		s.skip(step, "what it undoes was never reached")
		return nil
	}
	entry.Step, entry.StepHash, entry.PendingNodes = step.Index, step.Hash, journal.Names(step.Nodes)
	if announce {
		if err := s.rewrite(ctx, entry); err != nil {
			return s.fail(ctx, *entry, step, nil, err)
		}
	}
	err := s.where(ctx, step, u.spare)
	var partial *journal.PartialError
	if errors.As(err, &partial) {
		return s.fail(ctx, *entry, step, partial.Hosts, partial.Cause)
	}
	if err != nil {
		return s.fail(ctx, *entry, step, nil, err)
	}
	return nil
}

func (s *session) undoBlind(ctx context.Context, entry *journal.Entry, step plan.Step, was journal.Entry, u undoing) error {
	if was.Direction == journal.Backward && step.Index == was.Step && step.Hash == was.StepHash &&
		was.Error == "" && !step.Statement.Traits.Repeatable {
		return journal.Refusef("%s: step %d of the way back (%s) was in flight when run %s ended, and may have run. "+
			"Look; if it has, and the rest is undone by hand: skein reverse-in-progress --group %s --fake",
			step.Key, step.Index, step.Statement.Summary, was.RunID, step.Key.Group)
	}
	why := ""
	if u.unreached(step) {
		why = "what it undoes was never reached"
	} else {
		step, why = u.whereTaken(step)
	}
	if why != "" {
		s.skip(step, why)
		return nil
	}
	return s.step(ctx, entry, step, true)
}

func (s *session) forwardSteps(ctx context.Context, t target) ([]plan.Step, error) {
	t.direction, t.stepwise = journal.Forward, false
	planner, err := s.c.planner(ctx, []target{t})
	if err != nil {
		return nil, err
	}
	planner.Lenient = true
	p, err := planOne(planner, t)
	return p.Steps, err
}
