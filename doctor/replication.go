package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
)

func replicas(f Facts, _ Limits) verdict {
	var v verdict
	n := 0
	for _, c := range f.Clusters {
		n += len(c.answering(PartReplicas))
		v.unread(c, PartReplicas)
		for _, group := range alike(c.Inactive) {
			names := make([]string, len(group))
			for i, table := range group {
				names[i] = table.Database + "." + table.Table
			}
			lines := []string{fmt.Sprintf("%s: %s replicas active", some(names), group[0].Counted())}
			do := "Bring the node back, or its session with ZooKeeper. Read-only for long: SYSTEM RESTART REPLICA " + names[0] + " there"
			for _, node := range group[0].Nodes {
				lines = append(lines, node.Node+"  "+node.Why)
				if node.Remedy != "" {
					do = "There: " + node.Remedy
				}
			}
			v.add(Error, c.Name, "", strings.Join(lines, "\n"), do)
		}
	}
	if n == 0 && len(v.findings) == 0 {
		v.skipped = "no node could be asked"
	}
	v.fine = "all active, none read-only, on " + nodes(n)
	return v
}

// alike puts tables together of which the same is wrong. A node that does not answer
// and serves none is left out: connection tells of it.
func alike(tables []journal.InactiveReplica) [][]journal.InactiveReplica {
	var out [][]journal.InactiveReplica
	for _, table := range tables {
		if table.Table == "" {
			continue
		}
		at := slices.IndexFunc(out, func(group []journal.InactiveReplica) bool {
			like := group[0]
			return like.Active == table.Active && like.Total == table.Total && slices.Equal(like.Nodes, table.Nodes)
		})
		if at < 0 {
			out = append(out, []journal.InactiveReplica{table})
			continue
		}
		out[at] = append(out[at], table)
	}
	return out
}

// some names the first of many.
func some(names []string) string {
	const most = 4
	if len(names) <= most {
		return list(names)
	}
	return fmt.Sprintf("%s and %d more", list(names[:most-1]), len(names)-most+1)
}

func queues(f Facts, limits Limits) verdict {
	var v verdict
	n, length := 0, 0
	for _, c := range f.Clusters {
		v.unread(c, PartQueues)
		for _, node := range c.answering(PartQueues) {
			n++
			for _, q := range node.Queues {
				length += q.Length
				var what []string
				if q.Oldest > limits.Lag {
					what = append(what, "its oldest entry has waited for "+lasted(q.Oldest))
				}
				if q.Delay > limits.Lag {
					what = append(what, lasted(q.Delay)+" behind the other replicas")
				}
				if q.Length > limits.Queue {
					what = append(what, count(q.Length, "entry waits", "entries wait"))
				}
				if len(what) == 0 {
					continue
				}
				found := q.Table + ": " + list(what)
				if q.Why != "" {
					found += "\n" + q.Why
				}
				v.add(Warning, c.Name, node.Name, found,
					"Look at system.replication_queue there. Fetches may be stopped (SYSTEM START FETCHES), the disk full, the other replica away")
			}
		}
	}
	if n == 0 && len(v.findings) == 0 {
		v.skipped = "no node could be asked"
	}
	v.fine = fmt.Sprintf("%s on %s, none older than %s", count(length, "entry", "entries"), nodes(n), lasted(limits.Lag))
	return v
}

func mutations(f Facts, limits Limits) verdict {
	var v verdict
	n, under := 0, 0
	for _, c := range f.Clusters {
		asked := c.answering(PartVitals)
		n += len(asked)
		// Replicas share a mutation: it is said once, with all nodes that have it.
		type key struct{ table, id, failure string }
		on := map[key][]string{}
		first := map[key]Mutation{}
		var keys []key
		for _, node := range asked {
			for _, m := range node.Mutations {
				if f.Plan.Writes != nil && !f.Plan.Writes[m.Table] {
					continue
				}
				under++
				if m.Failure == "" && m.Age <= limits.Lag {
					continue
				}
				k := key{m.Table, m.ID, m.Failure}
				if on[k] == nil {
					keys = append(keys, k)
					first[k] = m
				}
				on[k] = append(on[k], node.Name)
			}
		}
		slices.SortStableFunc(keys, func(a, b key) int { return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.id, b.id)) })
		for _, k := range keys {
			m := first[k]
			found := fmt.Sprintf("mutation %s of %s is not done after %s, %s parts to do, on %s", m.ID, m.Table, lasted(m.Age), m.PartsToDo, list(on[k]))
			severity := Warning
			if m.Failure != "" {
				severity = Error
				found = fmt.Sprintf("mutation %s of %s fails on %s\n%s", m.ID, m.Table, list(on[k]), m.Failure)
				if f.Plan.Mutates != nil && !f.Plan.Mutates[m.Table] {
					severity = Warning // the change does not come behind it
				}
			}
			v.add(severity, c.Name, "", found, "Mend what it fails at, or end it. "+m.End)
		}
	}
	if n == 0 && len(v.findings) == 0 {
		v.skipped = "no node could be asked"
	}
	v.fine = "none is open"
	if under > 0 {
		v.fine = fmt.Sprintf("%d open, none fails, none older than %s", under, lasted(limits.Lag))
	}
	return v
}

// lasted is a time that somebody has waited, without what nobody wants to know of it.
func lasted(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours())/24)
	case d >= time.Minute:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return d.Round(time.Second).String()
}
