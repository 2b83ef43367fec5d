package coordinator

import (
	"context"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// where runs a step directly on the nodes that do not yet meet its conditions,
// except where spare says that what it would remove is not ours.
func (s *session) where(ctx context.Context, step plan.Step, spare map[string]bool) error {
	wanted := map[string]bool{}
	var spared []string
	for _, v := range s.c.options.Observer.Check(ctx, step) {
		switch {
		case v.Verdict == journal.Holds:
		case v.Verdict == journal.Conflict && removes(step):
			// What would be altered is not even there.
		case v.Verdict == journal.NotYet && isSpared(step, v.Node, spare):
			spared = append(spared, v.Node)
		case v.Verdict == journal.NotYet:
			wanted[v.Node] = true
		default:
			return &journal.PartialError{
				Key: step.Key, Step: step.Index, Of: step.Of, Summary: step.Statement.Summary, Text: step.Text,
				Hosts: []journal.HostOutcome{{Node: v.Node, Outcome: journal.Failed, Error: v.Why}},
			}
		}
	}
	if len(spared) > 0 {
		s.skip(step, "left alone on "+strings.Join(spared, ", ")+": it was there before this migration")
	}
	if len(wanted) == 0 {
		if len(spared) == 0 {
			s.skip(step, "nothing to do on any node")
		}
		return nil
	}
	return s.on(ctx, step, wanted)
}

func (s *session) skip(step plan.Step, why string) {
	s.emit(journal.StepSkipped{
		Key: step.Key, Step: step.Index, Of: step.Of, Summary: step.Statement.Summary, Why: why,
	})
}

// on runs a step on some of its nodes, directly unless that is all of them.
func (s *session) on(ctx context.Context, step plan.Step, wanted map[string]bool) error {
	narrowed := step
	if len(wanted) < len(step.Nodes) {
		narrowed = step.Only(wanted)
	}
	hosts, err := s.c.options.Servers.Run(ctx, s.execution(), narrowed)
	if err != nil {
		return &journal.PartialError{
			Key: step.Key, Step: step.Index, Of: step.Of, Summary: step.Statement.Summary, Text: narrowed.Text,
			Hosts: hosts, Cause: err,
		}
	}
	return nil
}

func isSpared(step plan.Step, node string, spare map[string]bool) bool {
	return slices.ContainsFunc(step.Statement.After, func(c ops.Condition) bool {
		if renamed, ok := c.(ops.TableRenamed); ok {
			return spare[ops.TableGone{Table: renamed.From}.Subject()+"\x00"+node]
		}
		return removes(step) && spare[c.Subject()+"\x00"+node]
	})
}

// removes says that all that a step does is to take something away.
func removes(step plan.Step) bool {
	for _, condition := range step.Statement.After {
		if !ops.Removes(condition) {
			return false
		}
	}
	return true
}
