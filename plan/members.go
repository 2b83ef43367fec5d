package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// members are the nodes of a target on a configured cluster, with what follows from the
// facts of them: what operations render from, and how they share work, each for itself,
// the replicas of a shard together, or one for all. It is worked out once: there may be a
// thousand nodes, each with more than a thousand settings, and ten thousand steps. Steps
// have it in common, and nobody changes it.
type members struct {
	nodes                   []journal.Node
	at                      map[string]int // where a node of a name is among them
	alone, shards, together [][]journal.Node
	env                     ops.Env
	tables                  map[*[]string]*replicaSets // by what their facts have in TableFacts.Sets
}

func newMembers(facts *Facts, target ops.Target) *members {
	nodes := facts.NodesOf(target)
	m := &members{
		nodes: nodes, at: make(map[string]int, len(nodes)),
		alone: alone(nodes), shards: shards(nodes), together: [][]journal.Node{nodes},
		env: facts.Env(target), tables: map[*[]string]*replicaSets{},
	}
	for i, node := range nodes {
		m.at[node.Name()] = i
	}
	return m
}

// replicaSets are the nodes by the replica sets of a table, a node that it says nothing
// of for itself.
type replicaSets struct {
	groups  [][]journal.Node
	missing []string // those that the table says nothing of
	byShard bool     // the sets are the shards
	torn    bool     // a shard's nodes are in more than one
}

// sets are the replica sets of a table. Facts are not changed: those that are the same in
// memory have the same sets.
func (m *members) sets(table TableFacts) *replicaSets {
	var key *[]string
	if len(table.Sets) > 0 {
		key = &table.Sets[0]
	}
	known := m.tables[key]
	if known == nil {
		known = m.divide(table.Sets)
		m.tables[key] = known
	}
	return known
}

func (m *members) divide(sets [][]string) *replicaSets {
	var out replicaSets
	setOf := make([]int, len(m.nodes)) // from 1, 0 for a node that is in none
	for _, names := range sets {
		var inside []int
		for _, name := range names {
			if i, ours := m.at[name]; ours {
				inside = append(inside, i)
			}
		}
		slices.Sort(inside)
		inside = slices.Compact(inside)
		if len(inside) == 0 {
			continue
		}
		group := make([]journal.Node, 0, len(inside))
		for _, i := range inside {
			out.torn = out.torn || setOf[i] != 0
			group, setOf[i] = append(group, m.nodes[i]), len(out.groups)+1
		}
		out.groups = append(out.groups, group)
	}
	for i, node := range m.nodes {
		if setOf[i] == 0 {
			out.groups, out.missing = append(out.groups, m.alone[i]), append(out.missing, node.Name())
			setOf[i] = len(out.groups)
		}
	}
	for _, shard := range m.shards {
		first := setOf[m.at[shard[0].Name()]]
		out.torn = out.torn || slices.ContainsFunc(shard, func(node journal.Node) bool { return setOf[m.at[node.Name()]] != first })
	}
	out.byShard = sameGroups(out.groups, m.shards)
	for _, usual := range [][][]journal.Node{m.shards, m.alone, m.together} {
		if slices.EqualFunc(out.groups, usual, slices.Equal) {
			out.groups = usual // so that most tables have theirs in common
		}
	}
	return &out
}

func alone(nodes []journal.Node) [][]journal.Node {
	groups := make([][]journal.Node, len(nodes))
	for i, node := range nodes {
		groups[i] = []journal.Node{node}
	}
	return groups
}

func shards(nodes []journal.Node) [][]journal.Node {
	byShard := map[int][]journal.Node{}
	for _, node := range nodes {
		byShard[node.Shard] = append(byShard[node.Shard], node)
	}
	groups := make([][]journal.Node, 0, len(byShard))
	for _, shard := range slices.Sorted(maps.Keys(byShard)) {
		groups = append(groups, byShard[shard])
	}
	return groups
}

// oneTableAShard refuses a Replicated table that is not one table on all replicas
// of a shard: seen after a node came back from an old copy, with two tables
// exchanged. A statement would change two different tables.
func oneTableAShard(table ops.Table, sets, shards [][]journal.Node) error {
	for _, shard := range shards {
		var parts []string
		for _, set := range sets {
			var part []string
			for _, node := range shard {
				if slices.Contains(set, node) {
					part = append(part, node.Name())
				}
			}
			if len(part) > 0 {
				parts = append(parts, strings.Join(part, " and "))
			}
		}
		if len(parts) > 1 {
			return journal.Refusef("%s is not one table on all replicas of shard %d, nothing was changed: its path in ZooKeeper on %s. "+
				"Look: skein verify, and SELECT zookeeper_path FROM system.replicas on these nodes",
				table, shard[0].Shard, strings.Join(parts, " differs from that on "))
		}
	}
	return nil
}

func sameGroups(a, b [][]journal.Node) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) > 0 && &a[0] == &b[0] {
		return true // as where both are those of one table
	}
	if slices.EqualFunc(a, b, slices.Equal) {
		return true // as where both are in the order of the shards
	}
	key := func(group []journal.Node) string {
		return strings.Join(slices.Sorted(slices.Values(journal.Names(group))), "\x00")
	}
	have := map[string]bool{}
	for _, group := range a {
		have[key(group)] = true
	}
	for _, group := range b {
		if !have[key(group)] {
			return false
		}
	}
	return true
}
