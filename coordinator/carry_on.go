package coordinator

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/plan"
)

// resuming is how a half-done migration goes on.
type resuming struct {
	steps []plan.Step
	rows  []bool // see announced
	at    int    // the first step, from 1, that may not be done everywhere
	// hidden is set when nodes cannot say whether that step ran, and flight then
	// what is to be done about it.
	hidden bool
	flight inFlight
}

// settle decides about the statement that was in flight.
func (g *resuming) settle(was journal.Entry, note journal.Note, d Decision) error {
	if g.at < 1 || g.at > len(g.steps) || !hidden(g.steps[g.at-1], note) {
		if d != Undecided {
			return journal.Usagef("--%s: %s stopped at no statement of which it is not known whether it ran: skein resume alone goes on",
				d, was.Key)
		}
		return nil
	}
	g.hidden = true
	var err error
	g.flight, err = decide(g.steps[g.at-1], was, note, d)
	return err
}

// what is done about a step.
type move int

const (
	passed  move = iota // confirmed on every node before the run ended
	decided             // hidden: as settled
	looked              // it may have run: its conditions say where
	fresh               // it was never sent
)

// move says what is done about a step, by its place. reached is set once a step
// was not done everywhere: none behind it was ever sent. Nor was one that is announced,
// and that the row does not announce.
func (g resuming) move(i int, was journal.Entry, reached bool) move {
	step, note := g.steps[i], noteOf(was)
	switch {
	case step.Index < g.at:
		return passed
	case reached || step.Index > g.at && g.rows[i]:
		return fresh
	case step.Index == g.at && g.hidden:
		return decided
	case step.Index == g.at && unannounced(step, note):
		return fresh
	}
	return looked
}

// carryOn writes that the migration goes on and does what it lacks.
func (s *session) carryOn(ctx context.Context, t target, was journal.Entry, g resuming) error {
	began := s.c.now()
	entry, err := s.entry(t, journal.InProgress)
	if err != nil {
		return err
	}
	entry.Steps, entry.Step, entry.StepHash, entry.PendingNodes = was.Steps, was.Step, was.StepHash, was.PendingNodes
	entry.Note = was.Note
	if g.hidden && g.flight.done { // nobody has to be asked twice
		entry.Step, entry.StepHash, entry.PendingNodes = g.at+1, "", nil
	}
	if err := s.write(ctx, entry); err != nil {
		return err
	}
	s.emit(journal.MigrationStarted{Key: t.key, Direction: t.direction, Steps: len(g.steps)})
	reached := false
	for i, step := range g.steps {
		if step.Index >= g.at && s.stopped() {
			entry.Step, entry.StepHash = step.Index, step.Hash
			return s.fail(ctx, entry, step, nil, &journal.InterruptedError{})
		}
		switch g.move(i, was, reached) {
		case passed:
			s.skip(step, "done before it stopped")
			continue
		case decided:
			reached, err = s.asDecided(ctx, &entry, step, g.flight)
		case looked:
			reached, err = s.lookAndDo(ctx, &entry, step)
		case fresh:
			reached, err = true, s.step(ctx, &entry, step, g.rows[i])
		}
		if err != nil {
			return err
		}
	}
	s.finish(t, entry, began)
	return nil
}

// asDecided runs a hidden step where it is missing, or not at all.
func (s *session) asDecided(ctx context.Context, entry *journal.Entry, step plan.Step, f inFlight) (ran bool, err error) {
	if f.done {
		s.skip(step, "taken to be done on every node")
		return false, nil
	}
	narrowed := step
	if len(f.nodes) < len(step.Nodes) {
		narrowed = step.Only(f.nodes)
		s.skip(step, "left alone where it worked; going to "+strings.Join(slices.Sorted(maps.Keys(f.nodes)), ", "))
	}
	return true, s.step(ctx, entry, narrowed, true)
}

// lookAndDo runs a step where its conditions do not hold yet.
func (s *session) lookAndDo(ctx context.Context, entry *journal.Entry, step plan.Step) (ran bool, err error) {
	entry.Step, entry.StepHash, entry.PendingNodes = step.Index, step.Hash, journal.Names(step.Nodes)
	now, err := s.replicated(ctx, step)
	if err != nil {
		return false, err
	}
	switch {
	case now.stop != nil:
		return false, s.fail(ctx, *entry, step, []journal.HostOutcome{{Node: now.stop.Node, Outcome: journal.Failed, Error: now.stop.Why}}, nil)
	case len(now.await) > 0:
		hosts := make([]journal.HostOutcome, len(now.await))
		for i, node := range now.await {
			hosts[i] = journal.HostOutcome{Node: node, Outcome: journal.Unknown, Error: "has not replicated it from its neighbours, " +
				"which have it: look at its replication queue, or SYSTEM RESTART REPLICA there"}
		}
		return false, s.fail(ctx, *entry, step, hosts, nil)
	case step.Statement.Traits.Repeatable:
		// Its conditions do not say all of it: that a user is there, not which password it has.
		return len(now.send) > 0, s.step(ctx, entry, step, false)
	case len(now.send) == 0:
		s.skip(step, "it is so on every node")
	default:
		if len(now.have) > 0 {
			s.skip(step, "left alone on "+strings.Join(now.have, ", ")+"; going to "+
				strings.Join(slices.Sorted(maps.Keys(now.send)), ", "))
		}
		err := s.on(ctx, step, now.send)
		var partial *journal.PartialError
		if errors.As(err, &partial) {
			return false, s.fail(ctx, *entry, step, partial.Hosts, partial.Cause)
		}
		ran = true
	}
	entry.Step, entry.StepHash, entry.PendingNodes = step.Index+1, "", nil
	return ran, nil
}

// replicated looks at a step's nodes, and again while a replica has yet to get
// what its neighbours have: it was there to replicate, or preflight had refused.
func (s *session) replicated(ctx context.Context, step plan.Step) (standing, error) {
	var now standing
	wait := await.Wait{
		Key: step.Key, Step: step.Index, Emit: s.emit, Limit: s.c.waitLimit(step.Cluster),
		Asking: func() string { return "the answers of " + strings.Join(journal.Names(step.Nodes), ", ") },
	}
	err := wait.Until(ctx, func(ctx context.Context) (await.Look, error) {
		now = stand(step, s.c.options.Observer.Check(ctx, step))
		return await.Look{
			Done:   len(now.await) == 0 || now.stop != nil,
			Reason: strings.Join(now.await, ", ") + " has yet to replicate it",
		}, nil
	})
	var over *await.OverError
	switch {
	case err == nil, errors.As(err, &over): // the caller says what is missing where
		return now, nil
	case ctx.Err() != nil:
		return now, context.Cause(ctx)
	}
	return now, err
}
