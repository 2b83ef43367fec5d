package coordinator

import (
	"context"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// narrowed makes of a step what the one node needs, or says why it needs nothing.
func (s *session) narrowed(ctx context.Context, d debt, step, one plan.Step) (plan.Step, string, error) {
	here, there, err := s.holders(ctx, d, step)
	if err != nil {
		return one, "", err
	}
	made := step.Statement.Creates
	if !here && !there && len(touchedBy(step)) > 0 && (made == nil || !s.movedLater(d, step.Index, made.Table)) {
		return one, "no node has that table any more", nil
	}
	if made != nil && strings.HasPrefix(made.Engine, "Replicated") {
		return s.replica(ctx, d, step, one, here)
	}
	if isBlind(step) {
		return one, "", nil
	}
	for _, v := range s.c.options.Observer.Check(ctx, one) {
		switch {
		case v.Verdict == journal.Holds && !step.Statement.Traits.Repeatable:
			return one, "it is so on " + d.node, nil
		case v.Verdict == journal.Conflict && removes(step):
			return one, "there is nothing to remove on " + d.node, nil
		case v.Verdict == journal.Conflict || v.Verdict == journal.Unreachable:
			return one, "", journal.Refusef("%s: step %d of %d (%s) cannot be settled on %s: %s. It is still owed that. Mend it, then: skein resume",
				step.Key, step.Index, step.Of, step.Statement.Summary, d.node, v.Why)
		}
	}
	return one, "", nil
}

// replica makes a node's replica of a table as its neighbours have it now.
func (s *session) replica(ctx context.Context, d debt, step, one plan.Step, here bool) (plan.Step, string, error) {
	if here {
		return one, "it is there on " + d.node, nil // how it looks is compared in the end
	}
	text, err := s.c.options.Definer.Definition(ctx, step.Cluster, d.node, *step.Statement.Creates)
	if err != nil {
		return one, "", err
	}
	if text == "" {
		return one, "no neighbour of " + d.node + " has it any more", nil
	}
	one.Text, one.Statement.Head, one.Statement.Tail = text, text, ""
	one.Statement.After = []ops.Condition{ops.TableExists{Table: step.Statement.Creates.Table}}
	return one, "", nil
}

// holders says whether the node, or another, has one of the tables that a step
// is about.
func (s *session) holders(ctx context.Context, d debt, step plan.Step) (here, there bool, err error) {
	for _, table := range touchedBy(step) {
		look := step
		look.Statement.After = []ops.Condition{ops.TableExists{Table: table}}
		for _, v := range s.c.options.Observer.Check(ctx, look) {
			switch {
			case v.Verdict == journal.Unreachable:
				return false, false, journal.Refusef("%s is still owed %s: %s %s", d.node, d.t.key, v.Node, v.Why)
			case v.Verdict == journal.Holds && v.Node == d.node:
				here = true
			case v.Verdict == journal.Holds:
				there = true
			}
		}
	}
	return here, there, nil
}

// touchedBy lists the tables that a step changes or is judged by.
func touchedBy(step plan.Step) []ops.Table {
	tables := slices.Clone(step.Statement.Writes)
	for _, condition := range step.Statement.After {
		tables = append(tables, condition.OnTables()...)
	}
	return slices.Compact(tables)
}

// movedLater says that a later step, of those that the node is owed, gives a
// table another name.
func (s *session) movedLater(d debt, index int, table ops.Table) bool {
	for _, later := range append([]debt{d}, d.later...) {
		for _, owed := range later.open(s.state[later.t.key]) {
			if later.t.key == d.t.key && owed <= index || owed > len(later.steps) || !moves(later.steps[owed-1]) {
				continue
			}
			for _, condition := range later.steps[owed-1].Statement.After {
				if slices.Contains(condition.OnTables(), table) {
					return true
				}
			}
		}
	}
	return false
}
