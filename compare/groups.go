package compare

import "slices"

// groups divides the nodes into those that should have the same table of a name:
// its home, and the rest. On the rest, what bears the name is another table.
func groups(name Name, nodes []Node, home Home) [][]Node {
	local, query := func(n Node) bool { return n.Local }, func(n Node) bool { return n.Query }
	belongs := local
	switch {
	case home.Query && !home.Local:
		belongs = query
	case home.Local && !home.Query:
	case onQueryNodes(name, nodes):
		belongs = query
	}
	var at, rest []Node
	for _, node := range nodes {
		if belongs(node) {
			at = append(at, node)
		} else {
			rest = append(rest, node)
		}
	}
	return [][]Node{at, rest}
}

// onQueryNodes guesses whose table it is of which no migration says it: the query
// nodes' if only they have it, and it is Distributed, or on one that is no local
// node, or stores nothing and is on all of them.
func onQueryNodes(name Name, nodes []Node) bool {
	reads, distributed, elsewhere, all := true, false, false, true
	for _, node := range nodes {
		table, there := node.Tables[name]
		switch {
		case !there:
			all = all && !node.Query
			continue
		case !node.Query:
			return false
		}
		reads = reads && slices.Contains([]string{"View", "Merge", "Dictionary"}, table.Engine)
		distributed = distributed || table.Engine == "Distributed"
		elsewhere = elsewhere || !node.Local
	}
	return distributed || elsewhere || reads && all
}
