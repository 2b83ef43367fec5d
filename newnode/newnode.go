// Package newnode says what a new node of a cluster lacks that a neighbour has, and
// in which statements it is made there. It is pure: what two nodes have goes in,
// statements come out. Package cluster reads the nodes.
package newnode

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// Node is what one node has.
type Node struct {
	Name      string
	Shard     int // among the local nodes; 0: a query node alone
	Macros    map[string]string
	Databases []Database
	Objects   []Object // tables, views, dictionaries
	Functions []Object // their Database is empty
}

// Database is a database with the text of its engine, as ENGINE = takes it.
type Database struct{ Name, Engine string }

// Object is one thing that a server shows the CREATE of.
type Object struct {
	Database, Name, Engine, Create string
	UUID                           string
}

func (o Object) String() string {
	if o.Database == "" {
		return "function " + o.Name
	}
	return o.Database + "." + o.Name
}

// Making is one statement, with what it makes.
type Making struct {
	What      string `json:"what"`
	Statement string `json:"statement"`

	rank int
}

// Plan is what a node lacks.
type Plan struct {
	Cluster string   `json:"cluster"`
	Node    string   `json:"node"`
	Source  string   `json:"source"` // the neighbour that was read
	Make    []Making `json:"make"`   // in the order of dependencies, as far as kinds tell it
	There   int      `json:"there"`  // how much is there already
	// Conflicts are what is there under a name of the neighbour's, and is not what
	// the neighbour has, and what would go wrong.
	Conflicts []string `json:"conflicts"`
	// LeftOut are what is not made, and why.
	LeftOut []string `json:"left_out"`
	// Notes are what has to be known of what is made.
	Notes []string `json:"notes"`
}

// Compare says what a node lacks of what its neighbour has. paths are those of
// Replicated tables on all other nodes, by "database.table" and node, and shards the
// shards of these nodes.
func Compare(source, node Node, paths map[string]map[string]string, shards map[string]int) Plan {
	p := Plan{Node: node.Name, Source: source.Name, Make: []Making{}, Conflicts: []string{}, LeftOut: []string{}, Notes: []string{}}
	c := &comparer{source: source, node: node, paths: paths, shards: shards, plan: &p, skipped: map[string]bool{}}
	for _, database := range source.Databases {
		c.database(database)
	}
	for _, function := range source.Functions {
		c.object(function, node.Functions)
	}
	for _, object := range source.Objects {
		if !c.skipped[object.Database] {
			c.object(object, node.Objects)
		}
	}
	for _, object := range node.Objects {
		if !slices.ContainsFunc(source.Objects, func(o Object) bool { return o.String() == object.String() }) {
			p.Notes = append(p.Notes, fmt.Sprintf("%s is on %s and not on %s: it is left alone", object, node.Name, source.Name))
		}
	}
	slices.SortStableFunc(p.Make, func(a, b Making) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.What, b.What)) })
	return p
}

type comparer struct {
	source, node Node
	paths        map[string]map[string]string
	shards       map[string]int
	plan         *Plan
	skipped      map[string]bool // databases whose tables are not made
}

// database makes one whose engine needs nothing from outside.
func (c *comparer) database(d Database) {
	at := slices.IndexFunc(c.node.Databases, func(o Database) bool { return o.Name == d.Name })
	engine, _, _ := strings.Cut(d.Engine, "(")
	known := slices.Contains([]string{"Ordinary", "Atomic", "Lazy", "Memory"}, engine)
	switch {
	case at >= 0 && c.node.Databases[at].Engine != d.Engine:
		c.conflict("database %s has the engine %s, and %s on %s", d.Name, c.node.Databases[at].Engine, d.Engine, c.source.Name)
	case at >= 0:
		c.plan.There++
	case !known:
		c.skipped[d.Name] = true
		c.leaveOut("database %s has the engine %s: make it by hand", d.Name, engine)
	default:
		c.plan.Make = append(c.plan.Make, Making{
			What: "database " + d.Name, Statement: "CREATE DATABASE " + ops.Ident(d.Name) + " ENGINE = " + d.Engine, rank: rankDatabase,
		})
	}
}

func (c *comparer) object(o Object, there []Object) {
	statement, why := c.statement(o)
	at := slices.IndexFunc(there, func(other Object) bool { return other.String() == o.String() })
	switch {
	case at >= 0 && why == "" && same(there[at].Create, statement):
		c.plan.There++
		return
	case at >= 0:
		c.conflict("%s is there already, and is not as on %s", o, c.source.Name)
		return
	case why != "":
		c.conflict("%s: %s", o, why)
		return
	case strings.Contains(o.Create, "[HIDDEN]"):
		c.leaveOut("%s: its definition has a secret that %s does not show: make it by hand", o, c.source.Name)
		return
	}
	if strings.HasSuffix(o.Engine, "MergeTree") && !strings.HasPrefix(o.Engine, "Replicated") {
		c.plan.Notes = append(c.plan.Notes, fmt.Sprintf("%s is not Replicated: it is made without rows", o))
	}
	c.plan.Make = append(c.plan.Make, Making{What: o.String(), Statement: statement, rank: rank(o)})
}

func (c *comparer) conflict(format string, args ...any) {
	c.plan.Conflicts = append(c.plan.Conflicts, fmt.Sprintf(format, args...))
}

func (c *comparer) leaveOut(format string, args ...any) {
	c.plan.LeftOut = append(c.plan.LeftOut, fmt.Sprintf(format, args...))
}

// The order in which kinds are made: what keeps rows first, and last what reads.
// A server decides about the rest: what it refuses is tried again behind the others.
const (
	rankDatabase = iota
	rankFunction
	rankTable
	rankDistributed
	rankDictionary
	rankView
	rankMaterialized
)

func rank(o Object) int {
	switch {
	case o.Database == "":
		return rankFunction
	case o.Engine == "Distributed" || o.Engine == "Merge" || o.Engine == "Buffer":
		return rankDistributed
	case o.Engine == "Dictionary":
		return rankDictionary
	case o.Engine == "View" || o.Engine == "LiveView" || o.Engine == "WindowView":
		return rankView
	case o.Engine == "MaterializedView":
		return rankMaterialized
	}
	return rankTable
}

// same compares two CREATE texts as servers write them: UUIDs are each node's own.
func same(a, b string) bool { return squeezed(a) == squeezed(b) }

func squeezed(create string) string {
	return strings.NewReplacer(" ", "", "\n", "", "`", "").Replace(withoutUUID(create))
}

// withoutUUID is a CREATE without the UUIDs that tell one making from another.
func withoutUUID(create string) string {
	return regexp.MustCompile(`^(CREATE [^'(]*?) UUID '[0-9a-f-]+'( TO INNER UUID '[0-9a-f-]+')?`).ReplaceAllString(create, "$1")
}
