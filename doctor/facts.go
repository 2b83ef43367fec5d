package doctor

import (
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Part is a set of what can be read of a cluster, by what it costs.
type Part uint

// The parts of a node, and then what is beside the nodes.
const (
	// PartVitals is one query that asks nothing of ZooKeeper: it is what is read
	// before each change.
	PartVitals Part = 1 << iota
	PartReplicas
	PartQueues
	PartCoordination
	PartDDL
	PartGrants
	PartLock
	PartState
	PartPlan
	PartTables
)

// Has says that a part is among them.
func (p Part) Has(part Part) bool { return p&part != 0 }

// Inquiry is what is to be read of one configured cluster.
type Inquiry struct {
	Cluster string
	Parts   Part
	// Limit is how long one node may take for each part; 10 s when 0. Nodes and
	// parts are read at the same time.
	Limit time.Duration
}

// Facts are all that is judged.
type Facts struct {
	Clusters []Cluster
	Lock     Lock
	State    State
	Plan     Plan
}

// Cluster is what was found of one configured cluster.
type Cluster struct {
	Name       string
	Closed     string // why nothing could be asked of it; "": it was
	SingleNode bool
	// LocalName and QueryName are those of its local and query nodes in
	// system.clusters; empty on a single node.
	LocalName, QueryName string
	Strangers            []Stranger
	UnshardedReplica     string // with macros, as configured; "": {replica}
	Nodes                []Node
	Inactive             []journal.InactiveReplica
	DDL                  DDL
	Tables               Tables
}

// Stranger is a configured host that system.clusters does not have.
type Stranger struct {
	Host   string
	Silent string // why it does not answer; "": it does
}

// Node is what was found on one node.
type Node struct {
	Name  string
	Shard int // 0: a query node alone
	// Unread says of parts why they could not be read.
	Unread map[Part]string
	// Silent says that it does not answer at all, and why.
	Silent string

	// What follows is of PartVitals.
	Version string
	// Ahead is by how much its clock is before ours, give or take Precision.
	Ahead, Precision time.Duration
	Macros           map[string]string
	// Clusters are those that are configured, as this node's system.clusters has
	// them; one that it has not is not there.
	Clusters  map[string][]journal.Node
	Mutations []Mutation
	// Free is on the disk with the most of it, in bytes; FreeKnown: this server tells.
	Free      uint64
	FreeKnown bool

	// Queues are of PartQueues.
	Queues []Queue
	// Coordination is of PartCoordination.
	Coordination Coordination
	// Grants are of PartGrants.
	Grants Grants
}

// Mutation is one that is not done.
type Mutation struct {
	Table     string // database.table
	ID        string
	Age       time.Duration // by the node's own clock
	PartsToDo string
	Failure   string // "": it is not known to fail
	End       string // how to end it
}

// Queue is what waits in the replication queue of one table.
type Queue struct {
	Table  string
	Length int
	Oldest time.Duration // age of the oldest entry
	Delay  time.Duration // behind the other replicas, as the server has it
	Why    string        // why the oldest entry waits, as far as the server says it
}

// Coordination is how a node speaks with ZooKeeper or Keeper.
type Coordination struct {
	None    string // why this node cannot be asked; "": it can
	Problem string // what came instead of an answer
	Latency time.Duration
}

// Lock is how this machine speaks with what holds skein's lock.
type Lock struct {
	Kind    string // "zookeeper", "lease", "none"
	Problem string
	Server  string // which one answered
	Latency time.Duration
	Holder  *journal.Holder // who holds it; nil: nobody
}

// DDL is the distributed DDL queue of a cluster.
type DDL struct {
	None    string // why it is not looked at
	Problem string
	Looked  int // at so many of the newest entries
	Open    []DDLEntry
}

// DDLEntry is one that not all of its nodes have finished.
type DDLEntry struct {
	Name  string
	Query string
	Age   time.Duration
	Nodes []string // that have not
}

// Grants are what the user may not do.
type Grants struct {
	None string // why it cannot be asked
	// Needed are missing without which skein cannot work; Wanted those without which
	// some migrations cannot.
	Needed, Wanted []string
}

// Tables are how those of a cluster differ between its nodes.
type Tables struct {
	Problem string
	Looked  int
	Gaps    []Gap
	Other   int // tables that differ in another way
}

// Gap is a table on some of its nodes only.
type Gap struct {
	Table         string
	On, Missing   []string
	OfAMigration  bool // one names it
	FoundNotGiven bool // most nodes have none
}

// State is how the tables of skein's own state are.
type State struct {
	Problem    string
	Missing    []string // nodes without them
	Of         int
	Rows       bool // other nodes have rows
	Migrations int
	InProgress []Open
	Owed       []Owed
}

// Open is a migration in progress.
type Open struct {
	Key       journal.Key
	Since     time.Time
	Step, Of  int
	Direction journal.Direction
	Error     string
}

// Owed is what a node misses that a run went on without.
type Owed struct {
	Node       string
	Migrations []string
}

// Plan is what a change would do.
type Plan struct {
	Problem string // why it is not known
	// Rewrites are bytes by configured cluster and node.
	Rewrites map[string]map[string]uint64
	// Writes are the tables, "database.table", that it changes, Mutates those whose
	// rows it does; for Before alone.
	Writes, Mutates map[string]bool
}
