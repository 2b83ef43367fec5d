package watch

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// migrationOf is a migration in progress: its row, and what the audit trail has of
// the run that wrote it.
func migrationOf(p Parts, e journal.Entry) Migration {
	records := recordsOf(p.State.Records[e.Key], e)
	m := Migration{
		Key: e.Key, Direction: e.Direction, Run: e.RunID, Life: p.lifeOf(e.RunID), Since: e.Timestamp.UTC(),
		Step: e.Step, Steps: e.Steps, Error: e.Error, Nodes: []NodeState{},
	}
	if len(records) > 0 {
		m.Since = records[0].At.UTC()
	}
	if ended(records) {
		m.Life = Gone
	}
	m.locate(records, e)
	m.Nodes = (&standing{p: p, e: e, m: &m, records: records, silent: silentNodes(p)}).nodes()
	if p.Lock.Holder == nil && m.Life != Alive {
		m.Next = nextOf(p, m)
	}
	return m
}

// recordsOf are those of the run that wrote the row, from when it began with the
// migration last.
func recordsOf(all []journal.Record, e journal.Entry) []journal.Record {
	var out []journal.Record
	for _, r := range all {
		if r.RunID != e.RunID {
			continue
		}
		if r.Outcome == journal.TrailStarted && r.Key == e.Key {
			out = nil
		}
		if r.Key == e.Key || strings.HasPrefix(string(r.Outcome), "run ") && r.Outcome != journal.TrailRunStarted {
			out = append(out, r)
		}
	}
	return out
}

func ended(records []journal.Record) bool {
	return slices.ContainsFunc(records, func(r journal.Record) bool { return strings.HasPrefix(string(r.Outcome), "run ") })
}

// locate finds the step that was sent last. The row may be behind: between
// statements that have conditions none is written.
func (m *Migration) locate(records []journal.Record, e journal.Entry) {
	for _, r := range records {
		switch r.Outcome {
		case journal.TrailSent, journal.TrailStopped:
			if r.Step < e.Step {
				continue // the row knows better
			}
			if r.Outcome == journal.TrailSent || m.Step != r.Step {
				m.Waiting, m.WaitsFrom, m.Converged, m.Sent, m.Whither = "", nil, false, nil, ""
			}
			m.Step = r.Step
			if r.Statement != "" {
				m.Statement = r.Statement
			}
			if r.Outcome == journal.TrailSent {
				at := r.At.UTC()
				m.Sent, m.Whither = &at, r.Error
			} else {
				m.Waiting, m.WaitsFrom = "", nil
			}
		case journal.TrailConverged:
			if r.Step == m.Step {
				m.Converged, m.Waiting, m.WaitsFrom = true, "", nil
			}
		case journal.TrailWaiting, journal.TrailRetrying:
			at := r.At.Add(-r.Duration).UTC()
			m.Waiting, m.WaitsFrom = r.Error, &at
			if r.Outcome == journal.TrailRetrying {
				at = r.At.UTC()
				m.Waiting = "again on " + r.Node + ": " + r.Error
			}
		}
	}
	if m.Life != Alive {
		m.Waiting, m.WaitsFrom = "", nil // nobody waits any more
	}
	if m.Step != e.Step {
		m.From = e.Step
	}
	m.Step, m.From = min(m.Step, max(m.Steps, 1)), min(m.From, m.Steps)
}

// nextOf is what can be done about a migration that no run is at.
func nextOf(p Parts, m Migration) []Next {
	next := []Next{
		{"to finish it", "skein resume --group " + m.Group},
		{"to go back instead", "skein reverse-in-progress --group " + m.Group},
	}
	names := expendable(p)
	if len(names) == 0 {
		return next
	}
	if m.Error == "" { // killed: what is under way on a silent node may go on there
		next[0].To = "to finish it, when all nodes answer"
	}
	return append(next, Next{
		"to go on without " + strings.Join(names, ", "),
		"skein resume --group " + m.Group + " --without " + strings.Join(names, " --without "),
	})
}

// expendable are the silent nodes without which every shard still has a node, and
// so has DISTRIBUTED. A single node has no other to go on with.
func expendable(p Parts) []string {
	silent := silentNodes(p)
	lives := func(n journal.Node) bool { return silent[n.Name()] == 0 }
	var out []string
	for _, c := range p.Clusters {
		for _, n := range c.Local {
			sameShard := func(o journal.Node) bool { return o.Shard == n.Shard && lives(o) }
			if lives(n) {
				continue
			}
			if c.SingleNode || !slices.ContainsFunc(c.Local, sameShard) {
				return nil
			}
			out = append(out, n.Name())
		}
		for _, n := range c.Dist {
			if lives(n) || hasLocal(c, n) {
				continue
			}
			if !slices.ContainsFunc(c.Dist, lives) {
				return nil
			}
			out = append(out, n.Name())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func hasLocal(c Cluster, n journal.Node) bool {
	return slices.ContainsFunc(c.Local, func(o journal.Node) bool { return o.Name() == n.Name() })
}

func silentNodes(p Parts) map[string]time.Duration {
	out := map[string]time.Duration{}
	for _, n := range nodesOf(p) {
		if n.Silent > 0 {
			out[n.Node] = time.Duration(n.Silent)
		}
	}
	return out
}

// stepOfQuery reads the step of a query's ID, if it is of a run's migration.
func stepOfQuery(id, runID string, key journal.Key) (int, bool) {
	rest, ours := strings.CutPrefix(id, "skein-"+runID+"-"+key.String()+"-")
	if !ours {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, "-")
	step, err := strconv.Atoi(digits)
	return step, err == nil
}
