package compare

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Table is what one node says of one table, view or dictionary. Nodes that have it alike
// may share Parts and Replica: they are then not compared.
type Table struct {
	Engine string
	// Parts are all that is compared of it.
	Parts map[Part]Value
	// Columns are the names of the columns in their order.
	Columns []string
	// Replica is where a Replicated engine says that it is in ZooKeeper; nil: its
	// engine has no such arguments.
	Replica *Replica
	// Meets is where it is in ZooKeeper; empty when it is not replicated.
	Meets string
	UUID  string // empty before Atomic databases
}

// Replica are the first two arguments of a Replicated engine, as they are
// written.
type Replica struct{ Path, Name string }

// Value is what a node has of a part. The zero value: nothing.
type Value struct {
	Key  string // what is compared
	Text string // what people are shown; without secrets
}

// Text is a value that is shown as it is compared.
func Text(text string) Value { return Value{Key: text, Text: text} }

// Part is one thing of a table that is compared.
type Part struct {
	Kind Kind
	Name string // of a column, an index, a setting…
}

func (p Part) String() string { return strings.TrimSpace(string(p.Kind) + " " + p.Name) }

// Kind says what a part is.
type Kind string

// The kinds that have meaning here. Others are the keywords of clauses.
const (
	KindTable   Kind = "table" // whether there is one
	KindEngine  Kind = "engine"
	KindPath    Kind = "ZooKeeper path" // as it is written
	KindReplica Kind = "replica name"
	KindMeets   Kind = "place in ZooKeeper" // with the macros of the node
	KindColumn  Kind = "column"
	KindOrder   Kind = "order of columns"
)

// partsOf lists the parts that any of the tables has: engines first, columns
// next, then the rest by name.
func partsOf(tables map[string]Table) []Part {
	seen := map[Part]bool{}
	for _, table := range tables {
		for part := range table.Parts {
			seen[part] = true
		}
	}
	first := []Kind{KindEngine, KindPath, KindReplica, KindColumn, KindOrder}
	rank := func(kind Kind) int {
		if at := slices.Index(first, kind); at >= 0 {
			return at
		}
		return len(first)
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b Part) int {
		return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
}

// settle returns the tables of the nodes, by node, with the parts for which all
// of them have to be seen at once: paths in ZooKeeper, the order of the columns.
func settle(name Name, holders []Node) map[string]Table {
	out := map[string]Table{}
	for _, node := range holders {
		table := node.Tables[name]
		table.Parts = maps.Clone(table.Parts)
		if table.Parts == nil {
			table.Parts = map[Part]Value{}
		}
		out[node.Name] = table
	}
	shared := sharedColumns(out)
	for _, table := range out {
		order := slices.DeleteFunc(slices.Clone(table.Columns), func(c string) bool { return !shared[c] })
		table.Parts[Part{Kind: KindOrder}] = Text(strings.Join(order, ", "))
	}
	for kind, of := range map[Kind]func(*Replica) string{
		KindPath:    func(r *Replica) string { return r.Path },
		KindReplica: func(r *Replica) string { return r.Name },
	} {
		for node, text := range written(name, holders, of) {
			out[node].Parts[Part{Kind: kind}] = Text(text)
		}
	}
	return out
}

// alike says that the nodes share what they have: that they are the same needs no look. A
// UUID in a path is another one on each node, and makes the same text mean two things.
func alike(name Name, holders []Node) bool {
	first := holders[0].Tables[name]
	shared := reflect.ValueOf(first.Parts).Pointer()
	for _, node := range holders {
		t := node.Tables[name]
		if t.Replica != first.Replica || t.Parts == nil || reflect.ValueOf(t.Parts).Pointer() != shared ||
			t.Replica != nil && t.UUID != "" && strings.Contains(t.Replica.Path+t.Replica.Name, t.UUID) {
			return false
		}
	}
	return true
}

// sharedColumns are the columns that all of the tables have: one that is too
// much somewhere is no other order.
func sharedColumns(tables map[string]Table) map[string]bool {
	count := map[string]int{}
	for _, table := range tables {
		for _, column := range table.Columns {
			count[column]++
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < len(tables) })
	shared := map[string]bool{}
	for column := range count {
		shared[column] = true
	}
	return shared
}
