package coordinator

import (
	"maps"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// undoing is what decides which backward steps have something to undo.
type undoing struct {
	note              journal.Note
	forward, backward []plan.Step
	spare             map[string]bool
	// confirmed is the last backward step that an earlier run has confirmed.
	confirmed int
}

// unreached says that the forward step which a backward one undoes was never
// sent. Of a statement without conditions and of one that gives tables other
// names only the row can tell; all others are told by their conditions.
func (u undoing) unreached(step plan.Step) bool {
	switch {
	case u.note.Direction != journal.Forward: // it was completed
	case isBlind(step):
		return u.counterpart(step, isBlind) > u.note.Called
	case moves(step):
		return u.counterpart(step, moves) > reach(u.forward, u.note)
	}
	return false
}

// reach is the last forward step that may have been sent: the one at which the
// row stopped, and those behind it that need no row of their own.
func reach(forward []plan.Step, note journal.Note) int {
	at := note.Reached
	if at < 1 || at > len(forward) {
		return min(at, len(forward))
	}
	if unannounced(forward[at-1], note) {
		return at - 1
	}
	rows := announced(forward)
	for at < len(forward) && !isBlind(forward[at-1]) && !rows[at] {
		at++
	}
	return at
}

// counterpart is the forward step of a kind that a backward one of that kind
// undoes; 0 if there is none. Where there are as many of them forward as
// backward, the first undoes the last one; otherwise nothing tells them apart,
// and the first is what has to be reached.
func (u undoing) counterpart(step plan.Step, kind func(plan.Step) bool) int {
	forward, back := indexes(u.forward, kind), indexes(u.backward, kind)
	if len(forward) == 0 {
		return 0
	}
	if at := slices.Index(back, step.Index); at >= 0 && len(back) == len(forward) {
		return forward[len(forward)-1-at]
	}
	return forward[0]
}

// trace tells the backward steps which table bore which name when the migration
// stopped. A step that is skipped moves nothing.
func (u undoing) trace() {
	if u.note.Direction != journal.Forward {
		plan.Trace(u.note.Tables, u.backward)
		return
	}
	last := reach(u.forward, u.note)
	at := u.note.Moving
	if at < 1 || at > last {
		at = last + 1
	}
	tables := plan.Trace(u.note.Tables, u.forward[:at-1])
	if at <= last {
		maps.Copy(tables, u.note.Moved) // tables of its own making have an identity there alone
		tables = plan.Trace(tables, u.forward[at-1:last])
	}
	for i, step := range u.backward {
		if !u.unreached(step) {
			tables = plan.Trace(tables, u.backward[i:i+1])
		}
	}
}

// whereTaken narrows a backward statement to where its forward one was not
// refused: what bears its name there is not ours.
func (u undoing) whereTaken(step plan.Step) (narrowed plan.Step, why string) {
	if u.note.Direction != journal.Forward || len(u.note.Refused) == 0 || u.counterpart(step, isBlind) != u.note.Called {
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

// indexes lists the steps of a kind.
func indexes(steps []plan.Step, kind func(plan.Step) bool) []int {
	var out []int
	for _, step := range steps {
		if kind(step) {
			out = append(out, step.Index)
		}
	}
	return out
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
