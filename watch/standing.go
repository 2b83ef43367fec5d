package watch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// standing says of each node how it stands to the step that a migration is at.
type standing struct {
	p       Parts
	e       journal.Entry
	m       *Migration
	records []journal.Record
	silent  map[string]time.Duration
}

// nodes lists those that the step is for, in the order of their cluster.
func (s *standing) nodes() []NodeState {
	answers := s.answers()
	entry := s.entry()
	names := s.names(answers, entry)
	out := make([]NodeState, 0, len(names))
	for _, name := range names {
		state := s.of(name, answers, entry)
		if state.State != journal.Done && state.For == 0 && s.m.Sent != nil && s.m.Life == Alive {
			state.For = Duration(max(s.p.At.Sub(*s.m.Sent), 0))
		}
		out = append(out, state)
	}
	return out
}

// answers are the last ones to the step, by node, since it was sent last.
func (s *standing) answers() map[string]journal.Record {
	out := map[string]journal.Record{}
	for _, r := range s.records {
		if r.Step != s.m.Step || r.Key != s.m.Key {
			continue
		}
		switch r.Outcome {
		case journal.TrailSent:
			clear(out)
		case journal.Done, journal.Failed, journal.Unknown, journal.Skipped:
			out[r.Node] = r
		}
	}
	return out
}

// entry is the newest of the queue that is about what the step is about; nil if
// the step was not sent through it.
func (s *standing) entry() *Entry {
	if !strings.HasPrefix(s.m.Whither, "ON CLUSTER") {
		return nil
	}
	about := subjectOf(s.m.Statement)
	for _, entries := range s.p.Queue {
		for _, entry := range slices.Backward(entries) {
			if subjectOf(entry.Query) == about {
				return &entry
			}
		}
	}
	return nil
}

// names are those of the row where that is of this step, else those that ON CLUSTER
// names, else those that were heard of.
func (s *standing) names(answers map[string]journal.Record, entry *Entry) []string {
	var names []string
	if s.e.Step == s.m.Step && s.e.Error == "" {
		names = append(names, s.e.PendingNodes...)
	}
	if cluster, ok := strings.CutPrefix(s.m.Whither, "ON CLUSTER "); ok {
		cluster, _, _ = strings.Cut(cluster, ",")
		for _, c := range s.p.Clusters {
			switch cluster {
			case c.LocalName:
				names = append(names, journal.Names(c.Local)...)
			case c.DistName:
				names = append(names, journal.Names(c.Dist)...)
			}
		}
	}
	for name := range answers {
		names = append(names, name)
	}
	if s.e.Step == s.m.Step {
		names = append(names, s.e.PendingNodes...)
	}
	if entry != nil {
		for _, host := range entry.Hosts {
			names = append(names, host.Node)
		}
	}
	for name, doing := range s.p.Nodes {
		if s.query(doing) != nil {
			names = append(names, name)
		}
	}
	return s.sorted(s.completed(names))
}

// completed adds those that were not heard of, where only one place has as many nodes
// as the step was sent to: the trail tells how many, and not which.
func (s *standing) completed(names []string) []string {
	var many int
	if _, err := fmt.Sscanf(s.m.Whither, "%d node", &many); err != nil {
		return names // ON CLUSTER has named them
	}
	var found []string
	for _, c := range s.p.Clusters {
		for _, nodes := range [][]journal.Node{c.Local, c.Dist} {
			place := s.sorted(journal.Names(nodes))
			outside := slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(place, name) })
			if len(place) != many || outside || slices.Equal(place, found) {
				continue
			}
			if found != nil {
				return names
			}
			found = place
		}
	}
	return append(names, found...)
}

func (s *standing) sorted(names []string) []string {
	slices.Sort(names)
	names = slices.Compact(names)
	order := map[string]int{}
	for i, n := range nodesOf(s.p) {
		order[n.Node] = i
	}
	slices.SortStableFunc(names, func(a, b string) int { return order[a] - order[b] })
	return names
}

// query is the step's own on a node.
func (s *standing) query(d Doing) *Query {
	for _, q := range d.Queries {
		if step, ours := stepOfQuery(q.ID, s.e.RunID, s.m.Key); ours && step == s.m.Step {
			return &q
		}
	}
	return nil
}

// of one node: what is heard from it now counts for more than what the run wrote
// down, and that for more than what may be concluded.
func (s *standing) of(name string, answers map[string]journal.Record, entry *Entry) NodeState {
	out := NodeState{Node: name, State: journal.Done}
	answer, answered := answers[name]
	// A run looks at a node once more after it has answered, and one that was killed
	// may not have come to that.
	did := answered && answer.Outcome == journal.Done
	looked := s.m.Life == Alive && s.said(name) != "" || s.m.Life != Alive && s.e.Error == "" && s.silent[name] > 0
	switch mutation := s.mutation(name); {
	case s.m.Converged:
		return out
	case mutation != nil && mutation.Failure != "":
		out.State, out.Reason = journal.Failed, mutation.Failure
		return out
	case mutation != nil:
		out.State, out.Reason = Waiting, fmt.Sprintf("mutation %s: %s to do", mutation.ID, count(mutation.PartsToDo, "part"))
		return out
	case did && !looked:
		return out
	case answered && (answer.Outcome == journal.Failed || answer.Outcome == journal.Skipped):
		out.State, out.Reason = answer.Outcome, coded(answer)
		return out
	case s.silent[name] > 0:
		out.State, out.For = journal.Unknown, Duration(s.silent[name])
		out.Reason = "no answer"
		if did {
			out.Reason += "; it had said that it is done"
		}
		if host := hostOf(entry, name); host != nil && host.State != HostFinished {
			out.Reason += "; distributed DDL " + entry.Name + " lists it as " + string(host.State)
		}
		return out
	}
	return s.unanswered(out, answer, answered, entry)
}

// unanswered is of a node that answers, and of whose part in the step the run has
// no final word.
func (s *standing) unanswered(out NodeState, answer journal.Record, answered bool, entry *Entry) NodeState {
	if host := hostOf(entry, out.Node); host != nil {
		switch {
		case host.State == HostFinished && host.Error != "":
			out.State, out.Reason = journal.Failed, host.Error
		case host.State != HostFinished:
			out.State, out.Reason = Waiting, "distributed DDL "+entry.Name+" "+string(host.State)
			if entry.Since != nil {
				out.For = Duration(max(s.p.At.Sub(*entry.Since), 0))
			}
		}
		return out
	}
	if query := s.query(s.p.Nodes[out.Node]); query != nil {
		out.State, out.Reason, out.For = Waiting, "runs it", query.Elapsed
		return out
	}
	out.State, out.Reason = journal.Unknown, s.said(out.Node)
	switch {
	case s.m.Life == Alive:
		out.State = Waiting
	case out.Reason == "" && answered && answer.Outcome == journal.Unknown:
		out.Reason = coded(answer)
	case out.Reason == "" && answered:
		out.State = answer.Outcome
	case out.Reason == "" && s.e.Error != "" && s.e.Step == s.m.Step && !slices.Contains(s.e.PendingNodes, out.Node):
		out.State = journal.Done
	case out.Reason == "":
		out.Reason = "the run ended before its answer was written down"
	}
	return out
}

func hostOf(entry *Entry, name string) *EntryHost {
	if entry == nil {
		return nil
	}
	for _, host := range entry.Hosts {
		if host.Node == name {
			return &host
		}
	}
	return nil
}

// mutation is what a node has yet to do of what the step began. Older ones of the
// same table cannot be told from it; they have to be done before it all the same.
func (s *standing) mutation(name string) *Mutation {
	if s.m.Sent == nil || !mutates(s.m.Statement) {
		return nil
	}
	about := subjectOf(s.m.Statement)
	for _, m := range s.p.Nodes[name].Mutations {
		if table := m.Table[strings.LastIndex(m.Table, ".")+1:]; table == about.name {
			return &m
		}
	}
	return nil
}

// said is the node's part of what the run waits for: "a:9000: …; b:9000: …".
func (s *standing) said(name string) string {
	for part := range strings.SplitSeq(s.m.Waiting, "; ") {
		if reason, about := strings.CutPrefix(part, name+": "); about {
			return reason
		}
	}
	return ""
}

// coded is the text of an answer with the server's code, once.
func coded(r journal.Record) string {
	text := strings.TrimPrefix(r.Error, fmt.Sprintf("Code: %d, e.displayText() = ", r.Code))
	if r.Code == 0 {
		return text
	}
	return fmt.Sprintf("%d %s", r.Code, text)
}

// count writes "1 part", "4 nodes".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
