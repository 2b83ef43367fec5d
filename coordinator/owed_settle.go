package coordinator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Definer knows what neighbours of a node have.
type Definer interface {
	// Definition is the statement that makes a node's replica of a Replicated table
	// as its neighbours have it now; empty: none has it.
	Definition(ctx context.Context, cluster, node string, created ops.Created) (string, error)
}

// Settled is a node that has got what it was owed.
type Settled struct {
	Node string        `json:"node"`
	Keys []journal.Key `json:"migrations"`
}

// debt is what one node is owed of one migration.
type debt struct {
	node  string
	t     target
	steps []plan.Step // of the migration, all of them, for all nodes
	later []debt      // of the same node
	// decision is the operator's word on the step that may have run.
	decision *Decision
}

// settleOwed brings nodes that earlier runs went on without to where the others
// are, each in the order in which it missed things. It is safe to repeat: a row
// says after each step what is left. The decision is about one step, and is gone
// when it was needed.
func (s *session) settleOwed(ctx context.Context, d *Decision) error {
	for _, node := range s.state.owedNodes() {
		keys := s.state.owedTo(node)
		if s.c.isLeftOut(node) {
			s.emit(journal.Warning{Text: fmt.Sprintf("%s is left out, and is still owed %s", node, keyList(keys))})
			continue
		}
		debts, err := s.debts(ctx, node, keys, d)
		if err != nil {
			return journal.Refusef("%s is owed %s, which ran without it: %w", node, keyList(keys), err)
		}
		for i, debt := range debts {
			debt.later = debts[i+1:]
			if err := s.settleDebt(ctx, debt); err != nil {
				return err
			}
		}
	}
	return nil
}

// debts plans what a node is owed, all of it before any of it is sent.
func (s *session) debts(ctx context.Context, node string, keys []journal.Key, d *Decision) ([]debt, error) {
	var out []debt
	var targets []target
	for _, key := range keys {
		was := s.state[key]
		t, known := s.c.targetOf(key, was.Direction)
		if !known {
			return nil, journal.Refusef("this program does not have %s: use the one that ran it (run %s, %s)", key, was.RunID, was.AppliedBy)
		}
		planner, err := s.c.planner(ctx, []target{t})
		if err != nil {
			return nil, err
		}
		// What it made, and later ones dropped or renamed, the nodes show.
		planner.Lenient, planner.Past = true, int(^uint(0)>>1)
		p, err := planOne(planner, t)
		if err != nil {
			return nil, err
		}
		out, targets = append(out, debt{node: node, t: t, steps: p.Steps, decision: d}), append(targets, t)
	}
	return out, s.preflight(ctx, targets, nil, nil)
}

func (s *session) settleDebt(ctx context.Context, d debt) error {
	was := s.state[d.t.key]
	todo := d.open(was)
	if len(todo) == 0 {
		return nil
	}
	if sum, err := d.t.migration.Checksum(); err != nil || sum != was.Checksum || planHash(d.steps) != noteOf(was).Plan {
		if *d.decision != AssumeDone {
			return journal.Refusef("%s has other statements here than when it ran without %s: settle it with the program and the "+
				"configuration that run had. If the node has been made like its neighbours by hand: skein resume --assume-done", d.t.key, d.node)
		}
		*d.decision = Undecided
		return s.paid(ctx, d, todo...)
	}
	// What a run before this one sent, or what is still in the node's queue, would come in between.
	x := s.execution()
	x.Mutations = true
	if err := s.c.options.Observer.AwaitPredecessor(ctx, x, was.RunID, d.steps); err != nil {
		return journal.Refusef("%s is still owed %s: %w", d.node, d.t.key, err)
	}
	began := s.c.now()
	s.emit(journal.MigrationStarted{Key: d.t.key, Direction: d.t.direction, Steps: len(d.steps)})
	for _, index := range todo {
		if s.stopped() {
			return &journal.InterruptedError{}
		}
		if err := s.settleStep(ctx, d, d.steps[index-1]); err != nil {
			return err
		}
	}
	if was.Status != journal.InProgress {
		s.emit(journal.MigrationFinished{Key: d.t.key, Direction: d.t.direction, Status: was.Status, Took: s.c.now().Sub(began)})
	}
	return nil
}

// open lists the steps of a debt that the node can be sent: all, or those which
// the others have, if the migration is half-done.
func (d debt) open(was journal.Entry) []int {
	return slices.DeleteFunc(slices.Clone(noteOf(was).Owed[d.node]), func(step int) bool {
		return was.Status == journal.InProgress && step >= was.Step
	})
}

// settleStep does one step on one node, if it is not so already.
func (s *session) settleStep(ctx context.Context, d debt, step plan.Step) error {
	marked, isMarked := noteOf(s.state[d.t.key]).Settling[d.node]
	isMarked = isMarked && marked.Step == step.Index
	decision := Undecided
	if isMarked {
		decision, *d.decision = *d.decision, Undecided
	}
	if decision != Undecided {
		s.emit(journal.Decided{Key: d.t.key, Step: step.Index, Flag: "--" + string(decision), Text: "about what " + d.node + " is owed"})
	}
	if decision == AssumeDone {
		s.skip(step, "taken to be done on "+d.node)
		return s.paid(ctx, d, step.Index)
	}
	one := step.Only(map[string]bool{d.node: true})
	if hides(step) && isMarked && !marked.Refused && !step.Statement.Traits.Repeatable && decision != Repeat {
		return journal.Refusef("%s: step %d of %d (%s) may have run on %s, which is owed it, and the node cannot tell: look for what it was to do\n  %s\n"+
			"If it has run there: skein resume --assume-done\nIf it has not, or may run again: skein resume --repeat",
			step.Key, step.Index, step.Of, step.Statement.Summary, d.node, strings.ReplaceAll(one.Text, "\n", "\n  "))
	}
	one, why, err := s.narrowed(ctx, d, step, one)
	if err != nil {
		return err
	}
	if why != "" {
		s.skip(step, why)
		return s.paid(ctx, d, step.Index)
	}
	if hides(step) {
		if err := s.marked(ctx, d, journal.Settling{Step: step.Index}); err != nil {
			return err
		}
	}
	outcomes, err := s.c.options.Servers.Run(ctx, s.execution(), one)
	if err != nil {
		return s.unpaid(ctx, d, one, outcomes, err)
	}
	return s.paid(ctx, d, step.Index)
}

// unpaid notes that a step did not work, and says so.
func (s *session) unpaid(ctx context.Context, d debt, step plan.Step, outcomes []journal.HostOutcome, cause error) error {
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseLimit)
	defer cancel()
	surely := slices.Contains(refused(outcomes), d.node) && !readsAndInserts(step.Statement)
	if err := s.marked(after, d, journal.Settling{Step: step.Index, Refused: surely}); err != nil {
		s.emit(journal.Warning{Text: fmt.Sprintf("the error of %s on %s is not recorded: %v", d.t.key, d.node, err)})
	}
	return fmt.Errorf("settle %s step %d of %d (%s) on %s: %w\n  %s\nIt is still owed that. Mend it, then: skein resume\n"+
		"If it need not have it: skein resume --assume-done", step.Key, step.Index, step.Of, step.Statement.Summary, d.node, cause,
		strings.ReplaceAll(step.Text, "\n", "\n  "))
}

// marked writes that a step is about to be sent, or was.
func (s *session) marked(ctx context.Context, d debt, settling journal.Settling) error {
	entry := s.state[d.t.key]
	note := noteOf(entry)
	mark(&note, d.node, settling)
	return s.rewriteDebt(ctx, entry, note)
}

// paid writes that a node is no longer owed steps.
func (s *session) paid(ctx context.Context, d debt, steps ...int) error {
	entry := s.state[d.t.key]
	note := noteOf(entry)
	note.Owed[d.node] = slices.DeleteFunc(note.Owed[d.node], func(step int) bool { return slices.Contains(steps, step) })
	delete(note.Settling, d.node)
	return s.rewriteDebt(ctx, entry, note)
}

// rewriteDebt writes the row of a migration with another note. When and by whom
// it was applied stays; the run is the one that a later one has to wait for.
func (s *session) rewriteDebt(ctx context.Context, entry journal.Entry, note journal.Note) error {
	if entry.Status != journal.InProgress {
		entry.PendingNodes = owedNodes(note)
		note = kept(note)
	}
	setNote(&entry, note)
	entry.Version, entry.RunID, entry.Epoch = s.next(), s.run.ID, s.run.Epoch
	return s.write(ctx, entry)
}
