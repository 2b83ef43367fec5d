package watch

import (
	"encoding/json"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Snapshot is how things stand at one moment. What takes time is in milliseconds
// in JSON.
type Snapshot struct {
	At         time.Time   `json:"at"`
	Lock       Lock        `json:"lock"`
	Run        *Run        `json:"run"` // that holds the lock, else the newest; null: none is recorded
	Completed  int         `json:"completed"`
	Migrations []Migration `json:"migrations"` // in progress
	Mutations  []Mutation  `json:"mutations"`  // unfinished, on every node
	Queue      []Entry     `json:"ddl_queue"`  // entries that some host has not finished
	Queries    []Query     `json:"queries"`    // of skein, that run now
	Nodes      []Node      `json:"nodes"`
	Unread     []Unread    `json:"unread"` // what could not be read, so that nothing above knows of it
}

// Lock says whether a run lives.
type Lock struct {
	Kind   string          `json:"kind"` // as configured: zookeeper, lease, none
	Known  bool            `json:"known"`
	Holder *journal.Holder `json:"holder"` // null: nobody, if Known
}

// Life of a run.
type Life string

// The lives. Whether a run lives cannot be known where there is no lock, or where it
// cannot be read.
const (
	Alive   Life = "alive"
	Gone    Life = "gone"
	Unclear Life = "unknown"
)

// Run is one run of skein.
type Run struct {
	ID      string         `json:"run"`
	Life    Life           `json:"life"`
	By      string         `json:"by,omitempty"` // user@host
	PID     int            `json:"pid,omitempty"`
	Command string         `json:"command,omitempty"`
	Epoch   uint64         `json:"epoch,omitempty"`
	Since   time.Time      `json:"since"`
	Ended   *time.Time     `json:"ended,omitempty"`
	Ending  journal.Ending `json:"ending,omitempty"` // empty of one that is gone: it was killed
	Error   string         `json:"error,omitempty"`
	Done    int            `json:"done"` // migrations that it finished
}

// Migration is one in progress.
type Migration struct {
	journal.Key
	Direction journal.Direction `json:"direction"`
	Run       string            `json:"run"` // that touched it last
	Life      Life              `json:"life"`
	Since     time.Time         `json:"since"` // it was begun, or gone on with
	Step      int               `json:"step"`
	Steps     int               `json:"steps"`
	// From is where resume begins to look, if that is not Step.
	From      int         `json:"from,omitempty"`
	Statement string      `json:"statement,omitempty"` // empty: the audit trail does not have it yet
	Whither   string      `json:"whither,omitempty"`   // "ON CLUSTER c, 4 nodes"
	Sent      *time.Time  `json:"sent,omitempty"`
	Waiting   string      `json:"waiting,omitempty"` // what the run says that it waits for
	WaitsFrom *time.Time  `json:"waits_from,omitempty"`
	Converged bool        `json:"converged,omitempty"` // this step is done everywhere
	Nodes     []NodeState `json:"nodes"`
	Error     string      `json:"error,omitempty"`
	Next      []Next      `json:"next,omitempty"` // what to type if no run lives
}

// NodeState is how a node stands to the step.
type NodeState struct {
	Node   string          `json:"node"`
	State  journal.Outcome `json:"state"` // done, waiting, failed, unknown or skipped
	Reason string          `json:"reason,omitempty"`
	For    Duration        `json:"for_ms,omitempty"`
}

// Waiting is the state of a node that has yet to do a step, beside the outcomes.
const Waiting journal.Outcome = "waiting"

// Next is a command and what it is for.
type Next struct {
	To      string `json:"to"`
	Command string `json:"command"`
}

// Mutation is one that a node has not finished.
type Mutation struct {
	Node      string     `json:"node"`
	Table     string     `json:"table"` // database.table
	ID        string     `json:"id"`
	Command   string     `json:"command"`
	PartsToDo int        `json:"parts_to_do"`
	Since     *time.Time `json:"since,omitempty"`
	// Left is an estimate by the parts done while it was watched; 0: there is none.
	Left    Duration `json:"left_ms,omitempty"`
	Failure string   `json:"failure,omitempty"`
}

// Key tells mutations apart, of all nodes.
func (m Mutation) Key() string { return m.Node + " " + m.Table + " " + m.ID }

// Entry is one of the distributed DDL queue.
type Entry struct {
	Cluster string      `json:"cluster"` // the configured name
	Name    string      `json:"name"`    // query-0000000123
	Query   string      `json:"query"`
	Since   *time.Time  `json:"since,omitempty"`
	Hosts   []EntryHost `json:"hosts"`
}

// EntryHost is how a host stands to an entry.
type EntryHost struct {
	Node  string    `json:"node"`
	State HostState `json:"state"`
	Error string    `json:"error,omitempty"` // it finished with
}

// HostState is how far a host came with an entry.
type HostState string

// The states.
const (
	HostFinished HostState = "finished"
	HostActive   HostState = "running"
	HostWaiting  HostState = "not begun"
)

// Query is a statement of skein's that a node runs.
type Query struct {
	Node    string   `json:"node"`
	ID      string   `json:"query_id"` // skein-<run>-<migration>-<step>-<node>-…
	Elapsed Duration `json:"elapsed_ms"`
	Text    string   `json:"text"`
}

// Node is how a node answers.
type Node struct {
	Node   string   `json:"node"`
	Silent Duration `json:"silent_ms,omitempty"` // no answer for so long
	Why    string   `json:"why,omitempty"`
}

// Unread is a source that does not answer.
type Unread struct {
	What string   `json:"what"`
	For  Duration `json:"for_ms"`
	Why  string   `json:"why,omitempty"`
}

// Duration is in milliseconds in JSON.
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).Milliseconds()) }
