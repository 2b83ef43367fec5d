package watch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Of puts parts together.
func Of(p Parts) Snapshot {
	s := Snapshot{
		At: p.At.UTC(), Lock: p.Lock, Run: runOf(p), Completed: p.State.Completed, Migrations: []Migration{},
		Mutations: []Mutation{}, Queue: []Entry{}, Queries: []Query{}, Nodes: nodesOf(p), Unread: unreadOf(p),
	}
	for _, node := range s.Nodes {
		doing := p.Nodes[node.Node]
		s.Queries = append(s.Queries, doing.Queries...)
		for _, m := range doing.Mutations {
			m.Left = Duration(left(p.Trends[m.Key()], m.PartsToDo, p.At))
			s.Mutations = append(s.Mutations, m)
		}
	}
	slices.SortStableFunc(s.Mutations, func(a, b Mutation) int {
		return cmp.Or(strings.Compare(a.Table, b.Table), strings.Compare(a.ID, b.ID))
	})
	for _, name := range slices.Sorted(maps.Keys(p.Queue)) {
		s.Queue = append(s.Queue, p.Queue[name]...)
	}
	for _, entry := range p.State.InProgress {
		s.Migrations = append(s.Migrations, migrationOf(p, entry))
	}
	return s
}

// left is by the parts that were done since the first figure.
func left(first Trend, parts int, now time.Time) time.Duration {
	done := first.PartsToDo - parts
	if first.At.IsZero() || done <= 0 || parts <= 0 {
		return 0
	}
	return now.Sub(first.At) * time.Duration(parts) / time.Duration(done)
}

// lifeOf a run, by the lock.
func (p Parts) lifeOf(runID string) Life {
	switch {
	case p.Lock.Holder != nil && p.Lock.Holder.RunID == runID:
		return Alive
	case !p.Lock.Known:
		return Unclear
	}
	return Gone
}

// runOf is the run that holds the lock, else the newest that is recorded.
func runOf(p Parts) *Run {
	var run *Run
	if h := p.Lock.Holder; h != nil {
		run = &Run{ID: h.RunID, Life: Alive, By: h.User + "@" + h.Host, PID: h.PID, Command: h.Command, Since: h.Since.UTC()}
	}
	last := p.State.Last
	if len(last) == 0 || run != nil && run.ID != last[0].RunID {
		return run // the holder's own first rows are not written yet
	}
	if run == nil {
		run = &Run{ID: last[0].RunID, Life: p.lifeOf(last[0].RunID), Since: last[0].At.UTC()}
	}
	for _, r := range last {
		run.add(r)
	}
	return run
}

func (run *Run) add(r journal.Record) {
	switch {
	case r.Outcome == journal.TrailRunStarted:
		run.Command, run.By = r.Statement, r.Node
		_, _ = fmt.Sscanf(r.Error, "epoch %d", &run.Epoch) // as state writes it; without it there is none to show
	case r.Outcome == journal.TrailFinished, r.Outcome == journal.TrailMarked:
		run.Done++
	case strings.HasPrefix(string(r.Outcome), "run ") && run.Life != Alive:
		at := r.At.UTC()
		run.Ended, run.Ending, run.Error = &at, journal.Ending(strings.TrimPrefix(string(r.Outcome), "run ")), r.Error
		run.Life = Gone // whatever the lock says, it said so itself
	}
}

// nodesOf lists every node once, in the order of the clusters.
func nodesOf(p Parts) []Node {
	out := []Node{}
	seen := map[string]bool{}
	for _, c := range p.Clusters {
		for _, n := range slices.Concat(c.Local, c.Dist) {
			if seen[n.Name()] {
				continue
			}
			seen[n.Name()] = true
			silent, why := p.Pulses[n.Name()].silent(p.At, p.Began)
			out = append(out, Node{Node: n.Name(), Silent: Duration(silent), Why: why})
		}
	}
	return out
}

func unreadOf(p Parts) []Unread {
	out := []Unread{}
	for _, name := range slices.Sorted(maps.Keys(p.Sources)) {
		if silent, why := p.Sources[name].silent(p.At, p.Began); silent > 0 {
			out = append(out, Unread{What: name, For: Duration(silent), Why: why})
		}
	}
	return out
}
