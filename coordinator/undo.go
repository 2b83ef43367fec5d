package coordinator

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
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
	return c.locked(ctx, unlocked.epoch(), func(ctx context.Context, s *session) error {
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
		if !r.Fake {
			if err := s.preflight(ctx, targets); err != nil {
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
				out = append(out, target{journal.Key{Group: group.Name, ID: m.ID}, m, journal.Backward})
			}
		}
	}
	for key, entry := range e {
		known := slices.ContainsFunc(out, func(t target) bool { return t.key == key })
		wanted := len(r.Groups) == 0 || slices.Contains(r.Groups, key.Group)
		if entry.Status == journal.InProgress && wanted && !known {
			return nil, journal.Refusef("%s is in progress, and this program does not have it: "+
				"use the program that started it (run %s, %s)", key, entry.RunID, entry.AppliedBy)
		}
	}
	return out, nil
}

// undo runs a half-done migration backward. A migration that stopped on its
// way back goes on backward in the same way.
func (s *session) undo(ctx context.Context, t target, was journal.Entry) error {
	began := s.c.now()
	planner, err := s.c.planner(ctx, []target{t, {t.key, t.migration, journal.Forward}})
	if err != nil {
		return err
	}
	planner.Lenient = true
	p, err := planOne(planner, t)
	if err != nil {
		return err
	}
	note := noteOf(was)
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
	if was.Direction == journal.Backward {
		entry.Step = max(1, was.Step) // what has no conditions is not done twice
	}
	setNote(&entry, note)
	if err := s.write(ctx, entry); err != nil {
		return err
	}
	s.emit(journal.MigrationStarted{Key: t.key, Direction: t.direction, Steps: len(p.Steps)})
	spare := spared(forward, note)
	tables := note.Tables
	if note.Direction == journal.Forward {
		tables = plan.Trace(tables, forward)
	}
	plan.Trace(tables, p.Steps)
	for i, step := range p.Steps {
		if i > 0 && s.stopped() {
			return s.fail(ctx, entry, step, nil, &journal.InterruptedError{})
		}
		if err := s.undoStep(ctx, &entry, step, was, undoing{note, forward, p.Steps, spare}); err != nil {
			return err
		}
		entry.Step = step.Index + 1
	}
	s.finish(t, entry, began)
	return nil
}

// undoing is what decides which backward steps have something to undo.
type undoing struct {
	note              journal.Note
	forward, backward []plan.Step
	spare             map[string]bool
}

func (s *session) undoStep(ctx context.Context, entry *journal.Entry, step plan.Step, was journal.Entry, u undoing) error {
	if len(step.Statement.After) > 0 {
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
	why := ""
	switch {
	case was.Direction == journal.Backward && step.Index < was.Step:
		why = "done before it stopped"
	case u.note.Direction == journal.Forward && u.unreached(step):
		why = "what it undoes was never reached"
	}
	if was.Direction == journal.Backward && step.Index == was.Step && step.Hash == was.StepHash &&
		was.Error == "" && !step.Statement.Traits.Repeatable {
		return journal.Refusef("%s: step %d of the way back (%s) was in flight when run %s ended, and may have run. "+
			"Look; if it has, and the rest is undone by hand: skein reverse-in-progress --group %s --fake",
			step.Key, step.Index, step.Statement.Summary, was.RunID, step.Key.Group)
	}
	if why == "" && u.note.Direction == journal.Forward {
		step, why = u.whereTaken(step)
	}
	if why != "" {
		s.skip(step, why)
		return nil
	}
	return s.step(ctx, entry, step, true)
}

// unreached says that a backward statement without conditions has nothing to undo.
func (u undoing) unreached(step plan.Step) bool { return u.counterpart(step) > u.note.Called }

// counterpart is the forward statement without conditions that a backward one
// undoes; 0 if there is none. Where there are as many of them forward as
// backward, the first undoes the last one; otherwise nothing tells them apart,
// and the first is what has to be reached.
func (u undoing) counterpart(step plan.Step) int {
	forward, back := blind(u.forward), blind(u.backward)
	if len(forward) == 0 {
		return 0
	}
	if at := slices.Index(back, step.Index); at >= 0 && len(back) == len(forward) {
		return forward[len(forward)-1-at]
	}
	return forward[0]
}

// whereTaken narrows a backward statement to where its forward one was not
// refused: what bears its name there is not ours.
func (u undoing) whereTaken(step plan.Step) (narrowed plan.Step, why string) {
	if len(u.note.Refused) == 0 || u.counterpart(step) != u.note.Called {
		return step, ""
	}
	wanted := map[string]bool{}
	for _, group := range step.Groups {
		if slices.ContainsFunc(group, func(n journal.Node) bool { return slices.Contains(u.note.Refused, n.Name()) }) {
			continue
		}
		for _, node := range group {
			wanted[node.Name()] = true
		}
	}
	if len(wanted) == 0 {
		return step, "what it undoes was refused by " + strings.Join(u.note.Refused, ", ")
	}
	if len(wanted) == len(step.Nodes) {
		return step, ""
	}
	return step.Only(wanted), ""
}

// blind lists the statements whose effect nothing but the state row can tell.
func blind(steps []plan.Step) []int {
	var out []int
	for _, step := range steps {
		if isBlind(step) {
			out = append(out, step.Index)
		}
	}
	return out
}

func (s *session) forwardSteps(ctx context.Context, t target) ([]plan.Step, error) {
	t.direction = journal.Forward
	planner, err := s.c.planner(ctx, []target{t})
	if err != nil {
		return nil, err
	}
	planner.Lenient = true
	p, err := planOne(planner, t)
	return p.Steps, err
}

// spared lists what must be left alone: subjects that the migration makes and
// that were on a node before it began, by subject and node. What an earlier,
// confirmed step of the same migration had removed is its own again.
func spared(forward []plan.Step, note journal.Note) map[string]bool {
	out := map[string]bool{}
	if note.Direction != journal.Forward {
		return out // it was completed: all that it made is its own
	}
	removed := map[string]bool{}
	for _, step := range forward {
		for _, condition := range step.Statement.After {
			subject := condition.Subject()
			if ops.Removes(condition) {
				removed[subject] = removed[subject] || step.Index < note.Reached
				continue
			}
			for _, node := range note.Before[subject] {
				if !removed[subject] {
					out[subject+"\x00"+node] = true
				}
			}
		}
	}
	return out
}
