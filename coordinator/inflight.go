package coordinator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Decision is an operator's word on a statement that may have run.
type Decision string

// The decisions. None: skein stops where it cannot know.
const (
	Undecided  Decision = ""
	AssumeDone Decision = "assume-done"
	Repeat     Decision = "repeat"
)

// inFlight is what is known of the statement at which a run ended, of which
// nodes cannot be asked whether it ran.
type inFlight struct {
	// nodes are where it is to run: nil where it is not known to be missing.
	nodes map[string]bool
	// done says that it is not to run at all.
	done bool
	// doubt says why it cannot be known whether it ran; empty if it can.
	doubt string
}

// unannounced says of the step at which an entry stopped that it was never sent.
// The first row announces the first step.
func unannounced(step plan.Step, note journal.Note) bool {
	if isBlind(step) {
		return note.Called != step.Index
	}
	return moves(step) && step.Index > 1 && note.Moving != step.Index
}

// hidden says that of the step at which an entry stopped nothing but the entry
// can tell whether it ran.
func hidden(step plan.Step, note journal.Note) bool {
	if unannounced(step, note) {
		return false
	}
	if isBlind(step) {
		return true
	}
	return slices.ContainsFunc(step.Statement.After, func(c ops.Condition) bool {
		exchanged, ok := c.(ops.TablesExchanged)
		return ok && slices.ContainsFunc(step.Nodes, func(n journal.Node) bool {
			return step.Was[plan.TableKey(n.Name(), exchanged.A)] == "" || step.Was[plan.TableKey(n.Name(), exchanged.B)] == ""
		})
	})
}

// sureOf says what a row knows of a hidden step. Each group of its nodes did it
// once or not at all.
func sureOf(step plan.Step, note journal.Note) inFlight {
	if step.Statement.Traits.Repeatable {
		return inFlight{nodes: wholeOf(step)}
	}
	if !isBlind(step) {
		return inFlight{nodes: wholeOf(step), doubt: "which table was which before it is not known"}
	}
	out := inFlight{nodes: map[string]bool{}}
	var doubtful []string
	groups := step.Groups
	if step.Statement.Call != nil {
		groups = [][]journal.Node{step.Nodes} // one call for all of them
	}
	for _, group := range groups {
		has := func(names []string) bool {
			return slices.ContainsFunc(group, func(n journal.Node) bool { return slices.Contains(names, n.Name()) })
		}
		refused, worked, unsure := has(note.Refused), has(note.Worked), has(note.Unsure)
		if worked && !refused && !unsure {
			continue
		}
		for _, node := range group {
			out.nodes[node.Name()] = true
		}
		if worked || unsure || !refused || readsAndInserts(step.Statement) {
			doubtful = append(doubtful, journal.Names(group)...)
		}
	}
	if len(doubtful) > 0 {
		out.doubt = "it may have run on " + strings.Join(doubtful, ", ")
	}
	out.done = len(out.nodes) == 0
	return out
}

// readsAndInserts says that a statement may have had a part of its effect
// although the server refused it: INSERT … SELECT writes block by block.
func readsAndInserts(stmt ops.Statement) bool {
	words := strings.Fields(strings.ToUpper(stmt.SQL("")))
	return slices.Contains(words, "INSERT") && slices.ContainsFunc(words, func(w string) bool {
		return strings.TrimLeft(w, "(") == "SELECT"
	})
}

func wholeOf(step plan.Step) map[string]bool {
	out := make(map[string]bool, len(step.Nodes))
	for _, node := range step.Nodes {
		out[node.Name()] = true
	}
	return out
}

// decide joins what is known of a hidden step with what the operator says.
func decide(step plan.Step, was journal.Entry, note journal.Note, d Decision) (inFlight, error) {
	f := sureOf(step, note)
	switch {
	case d == AssumeDone:
		return inFlight{done: true}, nil
	case d == Repeat && f.done:
		return inFlight{nodes: wholeOf(step)}, nil
	case d == Repeat:
		f.doubt = ""
	case f.doubt != "":
		ended := "was in flight when run " + was.RunID + " ended"
		if was.Error != "" {
			ended = "failed in run " + was.RunID
		}
		return f, journal.Refusef("%s: step %d of %d (%s) %s; %s. No node can tell: look for what it was to do\n  %s\n"+
			"If it has run everywhere: %s --assume-done\nIf it has not, or may run again: %s --repeat",
			step.Key, step.Index, step.Of, step.Statement.Summary, ended, f.doubt, strings.ReplaceAll(step.Text, "\n", "\n  "),
			resumeCommand(step.Key), resumeCommand(step.Key))
	}
	return f, nil
}

func resumeCommand(key journal.Key) string { return fmt.Sprintf("skein resume --group %s", key.Group) }

// standing sorts the nodes of a step by how they stand to its conditions.
type standing struct {
	have  []string        // as the statement says
	send  map[string]bool // no node of their group has it
	await []string        // a node of their group has it, and will replicate it
	stop  *journal.NodeVerdict
}

// stand reads verdicts on a step that may have run on some of its nodes.
func stand(step plan.Step, verdicts []journal.NodeVerdict) standing {
	out := standing{send: map[string]bool{}}
	holds := map[string]bool{}
	for _, v := range verdicts {
		switch v.Verdict {
		case journal.Holds:
			holds[v.Node] = true
			out.have = append(out.have, v.Node)
		case journal.NotYet:
		default:
			if out.stop == nil {
				out.stop = &v
			}
		}
	}
	for _, group := range step.Groups {
		landed := slices.ContainsFunc(group, func(n journal.Node) bool { return holds[n.Name()] })
		for _, node := range group {
			switch name := node.Name(); {
			case holds[name]:
			case landed:
				out.await = append(out.await, name)
			default:
				out.send[name] = true
			}
		}
	}
	return out
}
