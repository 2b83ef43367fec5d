package journal

import "time"

// Event is something that happened in a run. The set is sealed: text, JSON
// lines and logs are renderers of one stream. Events may come from several
// goroutines, one at a time.
type Event interface{ event() }

// Sink receives events in order. It must not block for long.
type Sink func(Event)

// LockAcquired says that the run holds the lock.
type LockAcquired struct {
	Run Run
	// Unlocked is set when coordination is "none": nothing keeps another run out.
	Unlocked bool
}

// LockWaiting says that another run holds the lock and this one waits.
type LockWaiting struct {
	Holder Holder
	Limit  time.Duration
}

// PreflightPassed says what was looked at before the first change.
type PreflightPassed struct {
	Clusters         []string // configured names
	ReplicatedTables int
}

// MigrationStarted says that a migration's first row is durable.
type MigrationStarted struct {
	Key       Key
	Direction Direction
	Steps     int
}

// StatementSent says that a statement is on its way.
type StatementSent struct {
	Key       Key
	Step, Of  int
	Summary   string
	Nodes     int
	Text      string
	OnCluster string // empty: sent to each node directly
}

// HostFinished is one node's answer.
type HostFinished struct {
	Key     Key
	Step    int
	Summary string
	Host    HostOutcome
}

// Waiting says why nothing moves. It comes when a wait lasts longer than
// await.Quiet, and again when Reason changes.
type Waiting struct {
	Key    Key
	Step   int
	Reason string
	Since  time.Duration
	Limit  time.Duration // 0: none
}

// MutationProgress says how much of a mutation a node has yet to do. It comes as
// Waiting does, for each node, and again when the node's figure changes.
type MutationProgress struct {
	Key        Key
	Step       int
	Node       string
	Table      string // database.table
	MutationID string
	PartsToDo  int           // 0 when it is done
	Since      time.Duration // how long it has been waited for
}

// Retrying says that a statement is sent again after an error that allows it.
type Retrying struct {
	Key   Key
	Step  int
	Nodes []string
	Why   string
	In    time.Duration
}

// Converged says that every node that a statement was for meets its conditions.
type Converged struct {
	Key      Key
	Step, Of int
	Summary  string
	Nodes    int
	Took     time.Duration
}

// StepSkipped says that a statement was not sent, and why.
type StepSkipped struct {
	Key      Key
	Step, Of int
	Summary  string
	Why      string
}

// OperationSkipped says that an operation has nothing to do on these nodes:
// "CreateTable events_dist skipped: single node".
type OperationSkipped struct {
	Key  Key
	Text string
}

// MigrationFinished says that a migration's last row is durable.
type MigrationFinished struct {
	Key       Key
	Direction Direction
	Status    Status
	Took      time.Duration
	Fake      bool
}

// MigrationFailed says that a migration is left in progress.
type MigrationFailed struct {
	Key      Key
	Step, Of int
	Summary  string
	Text     string
	Hosts    []HostOutcome
	Err      error
}

// Warning is a thing that the person on call should know, but that stops nothing.
type Warning struct{ Text string }

func (LockAcquired) event()      {}
func (LockWaiting) event()       {}
func (PreflightPassed) event()   {}
func (MigrationStarted) event()  {}
func (StatementSent) event()     {}
func (HostFinished) event()      {}
func (Waiting) event()           {}
func (MutationProgress) event()  {}
func (Retrying) event()          {}
func (Converged) event()         {}
func (StepSkipped) event()       {}
func (OperationSkipped) event()  {}
func (MigrationFinished) event() {}
func (MigrationFailed) event()   {}
func (Warning) event()           {}

// Holder is who holds a lock.
type Holder struct {
	RunID   string    `json:"run"`
	User    string    `json:"user"`
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}
