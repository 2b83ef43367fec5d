package ops

import "context"

// Scope says which nodes of its place a statement must reach.
type Scope int

const (
	// EveryNode runs on each node of the place.
	EveryNode Scope = iota
	// OnePerReplicaSet runs on one healthy node of each replica set: the nodes
	// that share the ZooKeeper path of the statement's table. A table that is
	// not Replicated makes every node a replica set of its own, so that the
	// statement then reaches every node.
	OnePerReplicaSet
	// OneNode runs on one healthy node.
	OneNode
)

func (s Scope) String() string {
	switch s {
	case OnePerReplicaSet:
		return "one per replica set"
	case OneNode:
		return "one node"
	default:
		return "every node"
	}
}

// Setting is a query setting sent with a statement. Value is the text that
// the server reads.
type Setting struct {
	Name  string `json:"name" yaml:"name"`
	Value string `json:"value" yaml:"value"`
}

// SQL is the setting as a SETTINGS clause takes it: `name` = value.
func (s Setting) SQL() string { return Ident(s.Name) + " = " + settingValue(s.Value) }

// Traits say what a statement does to data. The zero value is metadata only.
type Traits struct {
	Mutation     bool // becomes a mutation, awaited by its ID
	AddsData     bool // rows, and no more
	RewritesData bool
	DropsData    bool
	Blocks       bool // queries of its tables wait or fail from it on: DETACH
	Repeatable   bool // running it twice is the same as running it once
}

// Statement is one SQL text (or one Go function) with its place, scope,
// settings, traits and conditions. ON CLUSTER goes between Head and Tail, when
// the planner decides that it does.
type Statement struct {
	Head, Tail string
	Call       *Call // instead of SQL; Head is what a plan prints
	Place      Place
	// Reads and Writes name tables with their database filled in. At most one
	// statement at a time writes a table.
	Reads, Writes []Table
	Scope         Scope
	IfExists      bool // where no node has the table, there is nothing to do
	Direct        bool // never ON CLUSTER: INSERT, SYSTEM, EXCHANGE, MODIFY SETTING…
	// Storage is where the servers keep what it makes. Where they share it, one
	// node is sent the statement, whatever Scope says.
	Storage  Storage
	Settings []Setting
	Traits   Traits
	After    []Condition // what must be true on every node once it worked
	// Needs is what must be true on every node before it is sent: servers say OK
	// to MATERIALIZE INDEX of an index that is not there.
	Needs []Condition
	// Joins is what it does, where servers take several that do the same to one table
	// as one ALTER. The zero value: it stands alone.
	Joins Joins
	// Summary is a short name for progress lines: "CREATE TABLE events_local".
	Summary string
	// Creates is set by statements that make a table, so that later statements
	// of the same plan know its engine before any server does.
	Creates *Created
}

// Created describes the table that a statement makes. Path is the ZooKeeper
// path with its macros unexpanded, empty when the engine is not Replicated.
type Created struct {
	Table  Table
	Engine string // as system.tables would name it: ReplicatedMergeTree
	Path   string
	// Replica is the second argument of a Replicated engine, macros unexpanded.
	Replica string
	// LocalOnly: on purpose without replication on a multi-node cluster.
	LocalOnly bool
}

// SQL joins the statement for a cluster; an empty name leaves ON CLUSTER out.
func (s Statement) SQL(onCluster string) string {
	const usual = 1 << 10
	return string(s.AppendSQL(make([]byte, 0, usual), onCluster))
}

// AppendSQL is SQL for those who put it together with something else.
func (s Statement) AppendSQL(sql []byte, onCluster string) []byte {
	sql = append(sql, s.Head...)
	if onCluster != "" {
		sql = appendQuoted(append(sql, " ON CLUSTER "...), onCluster, '\'')
	}
	if s.Tail != "" {
		sql = append(append(sql, ' '), s.Tail...)
	}
	return sql
}

// Call is a named, versioned Go function that runs in place of a statement.
// Its name and version are its identity: a changed function needs a new version.
type Call struct {
	Name    string
	Version int
	Func    func(ctx context.Context, db DB) error
}

// DB is what a Call may do to the nodes of its place.
type DB interface {
	// Nodes lists the nodes of the place as host:port.
	Nodes() []string
	// Exec runs one SQL text on one node, with the settings of every statement.
	Exec(ctx context.Context, node, sql string) error
	// Query runs one SELECT on one node and returns its rows as text.
	Query(ctx context.Context, node, sql string) ([][]string, error)
}
