package coordinator

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// owe notes what the nodes that a run goes on without miss of its steps from at
// on, beside what nodes missed before. What was not done by then is no debt of
// nodes that are back: they get it with the others. A node that misses nothing
// by itself, since replication brings it all, is noted with no step: it has to
// be compared.
func owe(note *journal.Note, steps []plan.Step, at int) {
	owed := map[string][]int{}
	for node, list := range note.Owed {
		owed[node] = slices.DeleteFunc(slices.Clone(list), func(step int) bool { return step >= at })
	}
	for _, step := range steps {
		if step.Index < at {
			continue
		}
		for _, node := range step.LeftOut {
			owed[node.Name()] = append(owed[node.Name()], missed(step)...)
		}
	}
	for node := range owed {
		if owed[node] == nil {
			owed[node] = []int{}
		}
	}
	note.Owed = owed
	if len(owed) > 0 {
		note.Plan = planHash(steps)
	}
}

// leftOut says in a plan what nodes are going to be owed of it.
func leftOut(steps []plan.Step) []string {
	var note journal.Note
	owe(&note, steps, 1)
	var out []string
	for _, node := range owedNodes(note) {
		text := node + " is left out: replication brings it what it misses"
		if list := note.Owed[node]; len(list) > 0 {
			text = fmt.Sprintf("%s is left out, and will be owed %s", node, stepList(list))
		}
		out = append(out, text)
	}
	return out
}

func stepList(steps []int) string {
	if len(steps) == 1 {
		return fmt.Sprintf("step %d", steps[0])
	}
	return "steps " + strings.Trim(strings.ReplaceAll(fmt.Sprint(steps), " ", ", "), "[]")
}

// missed is a step that nodes which were left out have to be sent, if it is one.
func missed(step plan.Step) []int {
	if step.Shared {
		return nil
	}
	return []int{step.Index}
}

// doubt notes that the step at which a migration stopped may have run on nodes
// that the run which takes it up goes on without.
func doubt(note *journal.Note, steps []plan.Step, at int) {
	if at < 1 || at > len(steps) || steps[at-1].Shared || unannounced(steps[at-1], *note) || !hides(steps[at-1]) {
		return
	}
	for _, node := range steps[at-1].LeftOut {
		name := node.Name()
		switch {
		case slices.Contains(note.Worked, name):
			note.Owed[name] = slices.DeleteFunc(note.Owed[name], func(step int) bool { return step == at })
		case slices.Contains(note.Refused, name) && !readsAndInserts(steps[at-1].Statement):
		default:
			mark(note, name, journal.Settling{Step: at})
		}
	}
}

func mark(note *journal.Note, node string, settling journal.Settling) {
	marks := maps.Clone(note.Settling)
	if marks == nil {
		marks = map[string]journal.Settling{}
	}
	marks[node] = settling
	note.Settling = marks
}

// hides says that a node cannot tell whether a step ran: after an EXCHANGE the
// same names are there.
func hides(step plan.Step) bool {
	return isBlind(step) || slices.ContainsFunc(step.Statement.After, func(c ops.Condition) bool {
		_, exchanged := c.(ops.TablesExchanged)
		return exchanged
	})
}

// owedBack is what a node that is left out misses of the way back, when it has
// missed steps of the way there: nothing, if that was all of them.
func owedBack(back, forward []plan.Step, node string, was []int, reached func(plan.Step) bool) []int {
	var all journal.Note
	owe(&all, forward, 1)
	if len(was) > 0 && slices.Equal(was, all.Owed[node]) {
		return []int{}
	}
	out := []int{}
	u := undoing{forward: forward, backward: back}
	for _, step := range back {
		isLeft := slices.ContainsFunc(step.LeftOut, func(n journal.Node) bool { return n.Name() == node })
		if !isLeft || isBlind(step) && (slices.Contains(was, u.counterpart(step, isBlind)) || !reached(step)) {
			continue
		}
		out = append(out, missed(step)...)
	}
	return out
}

// owes notes what the nodes that the run goes on without are going to miss of
// the steps of a migration that begins.
func (s *session) owes(ctx context.Context, t target, steps []plan.Step, note *journal.Note) error {
	owe(note, steps, 1)
	was := noteOf(s.state[t.key])
	if t.direction != journal.Backward || len(was.Owed) == 0 {
		return nil
	}
	forward, err := s.forwardSteps(ctx, t)
	if err != nil {
		return err
	}
	everything := func(plan.Step) bool { return true }
	for node := range note.Owed {
		if list, owed := was.Owed[node]; owed {
			note.Owed[node] = owedBack(steps, forward, node, list, everything)
		}
	}
	return nil
}

// owesUndone notes what the nodes that the run goes on without are going to miss
// of the way back from a half-done migration.
func owesUndone(note *journal.Note, was journal.Entry, u undoing) {
	if was.Direction == journal.Backward {
		owe(note, u.backward, max(1, was.Step))
		return
	}
	missedThere := note.Owed
	note.Owed, note.Settling, note.Since = nil, nil, was.Version
	owe(note, u.backward, 1)
	for node := range note.Owed {
		note.Owed[node] = owedBack(u.backward, u.forward, node, missedThere[node], func(step plan.Step) bool { return !u.unreached(step) })
	}
}

// planHash is of all statements of a plan, whatever the nodes.
func planHash(steps []plan.Step) string {
	h := sha256.New()
	for _, step := range steps {
		fmt.Fprintln(h, step.Hash)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// kept is what of a note outlives the run that it was written for.
func kept(note journal.Note) journal.Note {
	if len(note.Owed) == 0 {
		return journal.Note{}
	}
	return journal.Note{Owed: note.Owed, Since: note.Since, Plan: note.Plan, Settling: note.Settling}
}

func owedNodes(note journal.Note) []string { return slices.Sorted(maps.Keys(note.Owed)) }

// owedNodes lists the nodes that are owed anything.
func (e entries) owedNodes() []string {
	nodes := map[string]bool{}
	for _, entry := range e {
		for node := range noteOf(entry).Owed {
			nodes[node] = true
		}
	}
	return slices.Sorted(maps.Keys(nodes))
}

// owedTo lists the migrations of which a node is owed steps, in the order in
// which they ran.
func (e entries) owedTo(node string) []journal.Key {
	var keys []journal.Key
	for key, entry := range e {
		if _, owed := noteOf(entry).Owed[node]; owed {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b journal.Key) int {
		return cmp.Or(cmp.Compare(noteOf(e[a]).Since, noteOf(e[b]).Since), cmp.Compare(a.String(), b.String()))
	})
	return keys
}

func keyList(keys []journal.Key) string {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = key.String()
	}
	return strings.Join(names, ", ")
}
