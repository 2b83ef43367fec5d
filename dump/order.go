package dump

import (
	"cmp"
	"maps"
	"slices"

	"github.com/skein-migrate/skein/ops"
)

// entry is an object with what it names.
type entry struct {
	Object
	read              statement
	ok                bool
	certain, possible map[string]bool
}

// order puts each object behind what it names, and otherwise what keeps rows first
// and views last, by name. Of objects that name each other, that order decides.
func (m *maker) order() []entry {
	waiting := make([]entry, 0, len(m.schema.Objects))
	for _, object := range m.schema.Objects {
		e := entry{Object: object}
		e.read, e.ok = read(object.Create, m.schema.Database)
		if e.ok {
			e.certain, e.possible = e.read.references(m.known)
		}
		waiting = append(waiting, e)
	}
	slices.SortFunc(waiting, func(a, b entry) int {
		return cmp.Or(cmp.Compare(rank(a.Engine), rank(b.Engine)), cmp.Compare(a.Name, b.Name), slices.Compare(a.Nodes, b.Nodes))
	})
	open := maps.Clone(m.known)
	ordered := make([]entry, 0, len(waiting))
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(e entry) bool { return !names(e.certain, open) && !names(e.possible, open) })
		if next < 0 { // what is only possible may be any text
			next = slices.IndexFunc(waiting, func(e entry) bool { return !names(e.certain, open) })
		}
		e := waiting[max(next, 0)]
		waiting = slices.Delete(waiting, max(next, 0), max(next, 0)+1)
		if !slices.ContainsFunc(waiting, func(other entry) bool { return other.Name == e.Name }) {
			delete(open, e.Name)
		}
		ordered = append(ordered, e)
	}
	return ordered
}

func names(of, open map[string]bool) bool {
	for name := range of {
		if open[name] {
			return true
		}
	}
	return false
}

func rank(engine string) int {
	switch engine {
	case "Dictionary":
		return 1
	case "Distributed", "Merge", "Buffer":
		return 2
	case "View", "LiveView", "WindowView":
		return 3
	case "MaterializedView":
		return 4
	}
	return 0
}

// targets are where an object is made: on the local nodes, on the query nodes, or
// on both where they are not the same and it is on both.
func (m *maker) targets(object Object, readsDistributed bool) []ops.Target {
	has := func(nodes []string) bool {
		return len(nodes) > 0 && !slices.ContainsFunc(nodes, func(n string) bool { return !slices.Contains(object.Nodes, n) })
	}
	some := func(nodes []string) bool {
		return slices.ContainsFunc(nodes, func(n string) bool { return slices.Contains(object.Nodes, n) })
	}
	within := func(nodes, others []string) bool {
		return !slices.ContainsFunc(nodes, func(n string) bool { return !slices.Contains(others, n) })
	}
	local, query := m.schema.Local, m.schema.Query
	distributed := object.Engine == "Distributed" || readsDistributed
	switch {
	case m.schema.SingleNode:
		return []ops.Target{ops.Local}
	case distributed && some(query) && within(object.Nodes, query):
		return []ops.Target{ops.Distributed}
	case has(local) && has(query) && !within(query, local):
		return []ops.Target{ops.Local, ops.Distributed}
	case has(local), some(local) && !within(object.Nodes, query):
		return []ops.Target{ops.Local}
	case some(query) && within(object.Nodes, query) && !within(local, query):
		return []ops.Target{ops.Distributed}
	}
	return []ops.Target{ops.Local}
}

// readsDistributed says that an object names one that is on the query nodes alone.
func (m *maker) readsDistributed(certain map[string]bool) bool {
	for name := range certain {
		if slices.Equal(m.at[name], []ops.Target{ops.Distributed}) {
			return true
		}
	}
	return false
}
