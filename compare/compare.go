// Package compare says how the tables of a cluster's nodes differ. It is pure:
// what nodes have goes in, differences come out. Package cluster reads the nodes,
// the coordinator says which tables are meant.
package compare

import (
	"cmp"
	"slices"
)

// Inquiry says what of one configured cluster is to be compared.
type Inquiry struct {
	Cluster string
	// Homes are the nodes that tables are for, as far as migrations say it. An
	// empty Database is the cluster's.
	Homes map[Name]Home
	// Only leaves out what is not in Homes. Otherwise all tables of the cluster's
	// database, and of those that Homes names, are compared.
	Only bool
}

// Name of a table, view or dictionary.
type Name struct {
	Database string `json:"database"`
	Table    string `json:"table"`
}

func (n Name) String() string { return n.Database + "." + n.Table }

// Home says which nodes migrations give a table to: the local ones, the query
// nodes, or, where they name it at both, perhaps a table of that name on each.
type Home struct{ Local, Query bool }

// Node is what one node has.
type Node struct {
	Name   string
	Local  bool
	Query  bool
	Shard  int               // among the local nodes; 0: a query node alone
	Macros map[string]string // its own, for the paths of replicated tables
	Tables map[Name]Table
}

// Report is what came out for one configured cluster.
type Report struct {
	Cluster string `json:"cluster"`
	// Nodes are those that were compared, Silent those that could not be read.
	Nodes  []string `json:"nodes"`
	Silent []Silent `json:"silent"`
	// Versions are those of the nodes, when there is more than one: servers of two
	// versions may write one definition in two ways.
	Versions map[string]string `json:"versions,omitempty"` // by node
	Tables   int               `json:"tables"`             // that at least one node has
	// Differences are in the order of tables, parts and nodes.
	Differences []Difference `json:"differences"`
}

// Silent is a node that could not be read.
type Silent struct {
	Node string `json:"node"`
	Why  string `json:"why"`
}

// Difference is one thing in which one node is not like most.
type Difference struct {
	Name
	Node string `json:"node"`
	// What differs: "table", "column trace_id", "engine", "ORDER BY", "index by_id"…
	What string `json:"what"`
	// Has is what the node has, Most what most of the others have. Empty: it is
	// not there. Passwords are left out.
	Has  string `json:"has"`
	Most string `json:"most"`
	// MostNodes are the nodes that have what most have.
	MostNodes []string `json:"most_nodes"`
}

// Nodes compares the tables of the nodes of one cluster, and says how many there
// are. What most nodes have is taken to be right; of two halves, the one that has
// something, and then the one whose node comes first.
func Nodes(nodes []Node, homes map[Name]Home) (tables int, differences []Difference) {
	names := map[Name]bool{}
	for _, node := range nodes {
		for name := range node.Tables {
			names[name] = true
		}
	}
	for name := range names {
		for _, group := range groups(name, nodes, homes[name]) {
			differences = append(differences, one(name, group)...)
		}
	}
	// What is of one table stays in the order in which it was found.
	slices.SortStableFunc(differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Database, b.Database), cmp.Compare(a.Table, b.Table))
	})
	return len(names), differences
}

// one compares a table on the nodes that should have it.
func one(name Name, nodes []Node) []Difference {
	var holders []Node
	for _, node := range nodes {
		if _, there := node.Tables[name]; there {
			holders = append(holders, node)
		}
	}
	if len(holders) == 0 {
		return nil
	}
	values := make([]value, 0, len(nodes))
	for _, node := range nodes {
		v := value{node: node.Name}
		if t, has := node.Tables[name]; has {
			// Whatever they are, they are there: how they differ comes below.
			v.Value = Value{Key: "there", Text: t.Engine}
		}
		values = append(values, v)
	}
	out := minority(name, Part{Kind: KindTable}, values)
	if alike(name, holders) {
		return append(out, apart(name, holders)...)
	}
	tables := settle(name, holders)
	for _, part := range partsOf(tables) {
		values = values[:0]
		for _, node := range holders {
			values = append(values, value{node.Name, tables[node.Name].Parts[part]})
		}
		out = append(out, minority(name, part, values)...)
	}
	if slices.ContainsFunc(out, func(d Difference) bool { return d.What == string(KindPath) }) {
		return out // which says why they do not meet
	}
	return append(out, apart(name, holders)...)
}

// apart compares where the replicas of a shard meet in ZooKeeper: those that do
// not meet do not replicate, however alike their definitions are.
func apart(name Name, holders []Node) []Difference {
	byShard := map[int][]value{}
	var shards []int
	for _, node := range holders {
		path := node.Tables[name].Meets
		if node.Shard == 0 || path == "" {
			continue
		}
		if byShard[node.Shard] == nil {
			shards = append(shards, node.Shard)
		}
		byShard[node.Shard] = append(byShard[node.Shard], value{node.Name, Text(path)})
	}
	var out []Difference
	for _, shard := range shards {
		out = append(out, minority(name, Part{Kind: KindMeets}, byShard[shard])...)
	}
	return out
}

// value is what one node has of a part. The zero Value: nothing.
type value struct {
	node string
	Value
}

// minority lists the nodes that have not what most have.
func minority(name Name, part Part, values []value) []Difference {
	if !slices.ContainsFunc(values, func(v value) bool { return v.Key != values[0].Key }) {
		return nil // as nearly all are
	}
	nodes := map[string][]string{} // by key
	texts := map[string]string{}
	var keys []string
	for _, v := range values {
		if nodes[v.Key] == nil {
			keys = append(keys, v.Key)
			texts[v.Key] = v.Text
		}
		nodes[v.Key] = append(nodes[v.Key], v.node)
	}
	if len(keys) < 2 {
		return nil
	}
	most := slices.MaxFunc(keys, func(a, b string) int {
		if c := cmp.Compare(len(nodes[a]), len(nodes[b])); c != 0 {
			return c
		}
		return cmp.Compare(min(len(a), 1), min(len(b), 1)) // what is there wins; MaxFunc keeps the first
	})
	var out []Difference
	for _, v := range values {
		if v.Key != most {
			out = append(out, Difference{
				Name: name, Node: v.node, What: part.String(), Has: v.Text, Most: texts[most], MostNodes: nodes[most],
			})
		}
	}
	return out
}
