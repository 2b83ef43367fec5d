package watch

import (
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Parts are what was gathered, each part when it was last heard of.
type Parts struct {
	At       time.Time // when they are put together
	Began    time.Time // when the gathering began
	Lock     Lock
	State    State
	Clusters []Cluster // by configured name
	Nodes    map[string]Doing
	Pulses   map[string]Pulse // of nodes, by name
	Queue    map[string][]Entry
	// Trends are the first figures seen of mutations that still run, by Mutation.Key.
	Trends map[string]Trend
	// Sources are the pulses of what is asked besides nodes: "the state", "the lock".
	Sources map[string]Pulse
}

// State is what the state tables and the audit trail have.
type State struct {
	Read       bool            // they were read
	Completed  int             // migrations, skein's own left out
	InProgress []journal.Entry // in the order of their keys
	// Records are the audit trail of those in progress.
	Records map[journal.Key][]journal.Record
	// Last are the records of the newest run.
	Last []journal.Record
}

// Cluster is the topology of a configured cluster.
type Cluster struct {
	Name        string // the configured one
	SingleNode  bool
	Local, Dist []journal.Node
	// LocalName and DistName are what ON CLUSTER calls them.
	LocalName, DistName string
}

// Doing is what a node says that it does.
type Doing struct {
	Queries   []Query
	Mutations []Mutation
}

// Pulse is how a node, or another source, answers.
type Pulse struct {
	Asked    time.Time // zero: no question is open
	Answered time.Time // zero: never
	Why      string    // the last question failed, and why
}

// patience is how long an answer may take before its absence is spoken of.
const patience = 2 * time.Second

// silent says for how long there was no answer, and why; 0: it answers. A source
// that was never heard is silent since the gathering began.
func (p Pulse) silent(now, began time.Time) (time.Duration, string) {
	open := !p.Asked.IsZero() && now.Sub(p.Asked) >= patience
	if p.Why == "" && !open {
		return 0, ""
	}
	last := p.Answered
	if last.IsZero() {
		last = began
	}
	return max(now.Sub(last), time.Second), p.Why
}

// Trend is the first figure that was seen of a mutation on a node.
type Trend struct {
	At        time.Time
	PartsToDo int
}
