// Package journal holds the plain values that skein's packages share: names
// of migrations and nodes, outcomes, state rows, events and typed errors. It
// does nothing by itself.
package journal

import (
	"strconv"
	"strings"
	"time"
)

// Key names a migration.
type Key struct {
	Group string `json:"group"`
	ID    string `json:"id"`
}

func (k Key) String() string { return k.Group + "/" + k.ID }

// Node is one ClickHouse server as system.clusters names it. Shard and
// Replica count from 1 within its cluster.
type Node struct {
	Host    string `json:"host"`
	Port    int    `json:"port"`
	Shard   int    `json:"shard"`
	Replica int    `json:"replica"`
}

// Name is host:port, the form in which skein prints and stores nodes: as
// net.JoinHostPort has it, with one allocation. A plan asks for it millions of times.
func (n Node) Name() string {
	const usual = 64
	text := make([]byte, 0, usual)
	if strings.IndexByte(n.Host, ':') >= 0 {
		text = append(append(append(text, '['), n.Host...), ']')
	} else {
		text = append(text, n.Host...)
	}
	return string(strconv.AppendInt(append(text, ':'), int64(n.Port), 10))
}

// Names lists the names of nodes, in their order.
func Names(nodes []Node) []string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.Name()
	}
	return names
}

// Direction is which list of a migration's operations runs.
type Direction string

// The directions.
const (
	Forward  Direction = "forward"
	Backward Direction = "backward"
)

// Status of a migration, with the numbers of the state table's Enum8.
type Status string

// The statuses. A migration without a row is NotStarted.
const (
	Completed  Status = "completed"
	InProgress Status = "in_progress"
	NotStarted Status = "not_started"
)

// Entry is one row of the state table: all that correctness needs to know of
// a migration. The highest Version of a Key wins.
type Entry struct {
	Key
	Timestamp time.Time
	Status    Status
	Version   uint64 // epoch << 32 | counter

	Direction    Direction
	RunID        string
	Epoch        uint64
	Step, Steps  int // Step: the first statement not confirmed on all its nodes, from 1
	StepHash     string
	PendingNodes []string // where that statement is missing
	Note         string   // JSON of a Note
	Checksum     string
	AppliedBy    string // user@host
	Error        string
	Duration     time.Duration
	Backward     string // the migration as it was applied: migration.Stored
}

// Note is what a run knew before it began to change anything, kept in the
// state row so that another process can tell skein's work from what was there.
type Note struct {
	// Before maps a condition's subject ("table default.events") to the nodes
	// that had it before the migration began to run in Direction.
	Before map[string][]string `json:"before,omitempty"`
	// Tables are the identities (UUID or ZooKeeper path) that the tables which the
	// migration moves had then, by node and name.
	Tables    map[string]string `json:"tables,omitempty"`
	Direction Direction         `json:"direction,omitempty"`
	// Reached is the forward step at which the migration stopped, kept while it
	// is taken back.
	Reached int `json:"reached,omitempty"`
	// Called is the last step without conditions (RunSQL, RunGo) that was sent in
	// Direction, or may have been; 0: none.
	Called int `json:"called,omitempty"`
	// Refused are the nodes on which the server refused the statement Called, so
	// that there is nothing of it to undo.
	Refused []string `json:"refused,omitempty"`
	// Worked are the nodes that answered the statement Called with success, and
	// Unsure those on which it may have happened. A node in no list was not asked,
	// or the run ended before it answered.
	Worked []string `json:"worked,omitempty"`
	Unsure []string `json:"unsure,omitempty"`
	// Moving is the last step that was announced to give tables other names, and
	// Moved the identities that these tables had just before; see Tables.
	Moving int               `json:"moving,omitempty"`
	Moved  map[string]string `json:"moved,omitempty"`
	// Owed are the steps, in the direction of the row, that nodes have yet to get
	// because the run went on without them, by node. A node with none left has yet
	// to be compared with its neighbours.
	Owed map[string][]int `json:"owed,omitempty"`
	// Since orders what nodes are owed: the version of the row that began it.
	Since uint64 `json:"since,omitempty"`
	// Plan is the hash of all steps that Owed counts in.
	Plan string `json:"plan,omitempty"`
	// Settling is what may have been sent to a node of Owed, by node.
	Settling map[string]Settling `json:"settling,omitempty"`
	// Fake says that the status was written without running anything.
	Fake bool `json:"fake,omitempty"`
	// Baseline says that what the migration makes was there before skein came: the
	// status was written by baseline. It is not taken back, and not compared with
	// the file.
	Baseline bool `json:"baseline,omitempty"`
}

// Settling is a step that a node is owed, and that was announced to be sent to it.
type Settling struct {
	Step int `json:"step"`
	// Refused says that the server surely did nothing.
	Refused bool `json:"refused,omitempty"`
}

// Snapshot is what nodes have before a migration begins: see Note.
type Snapshot struct {
	Before map[string][]string
	Tables map[string]string
}

// Outcome is what became of a statement on one node.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Failed  Outcome = "failed"
	Unknown Outcome = "unknown" // may have happened, or may happen yet
	Skipped Outcome = "skipped" // nothing to do there
)

// HostOutcome is one node's answer to a statement.
type HostOutcome struct {
	Node    string  `json:"node"`
	Outcome Outcome `json:"outcome"`
	Code    int     `json:"code,omitempty"`  // ClickHouse error code, 0 when none
	Error   string  `json:"error,omitempty"` // first line, redacted
}

// Alike puts answers that say the same together, in the order of the first of each.
func Alike(hosts []HostOutcome) [][]HostOutcome {
	var out [][]HostOutcome
	at := map[HostOutcome]int{} // by all but the node
	for _, host := range hosts {
		said := host
		said.Node = ""
		i, there := at[said]
		if !there {
			i = len(out)
			at[said], out = i, append(out, nil)
		}
		out[i] = append(out[i], host)
	}
	return out
}

// Run identifies one invocation that changes something.
type Run struct {
	ID        string
	Epoch     uint64
	AppliedBy string
	Command   string
}

// Version makes a state version: a later epoch always wins.
func Version(epoch uint64, counter uint32) uint64 { return epoch<<32 | uint64(counter) }

// EpochOf is the epoch that a state version was written in.
func EpochOf(version uint64) uint64 { return version >> 32 }
