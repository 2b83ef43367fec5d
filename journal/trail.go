package journal

import "time"

// Record is one row of the audit trail. What a row says is in Outcome: a node's
// answer has one of the outcomes of statements, all else one of the words below.
type Record struct {
	Key       // empty: it is about the run
	RunID     string
	Seq       int // the event's place in its run, from 1; its rows share it
	At        time.Time
	Direction Direction
	Step      int // TrailStarted: how many there are
	Node      string
	Outcome   Outcome
	Code      int
	Error     string // the error, the reason, or what else there is to say
	Statement string // TrailRunStarted: the command line
	Duration  time.Duration
}

// What the audit trail says besides the outcomes of statements on nodes. The
// words for the end of a run are EndOf's.
const (
	TrailRunStarted Outcome = "run started" // Node: user@host
	TrailPreflight  Outcome = "preflight"
	TrailDecided    Outcome = "decided" // Statement: the flag
	TrailStarted    Outcome = "started"
	TrailSent       Outcome = "sent"
	TrailRetrying   Outcome = "retrying"
	TrailWaiting    Outcome = "waiting"
	TrailMutating   Outcome = "mutating"
	TrailConverged  Outcome = "converged"
	TrailNotSent    Outcome = "not sent" // a step, or an operation where Step is 0
	TrailFinished   Outcome = "finished"
	TrailMarked     Outcome = "marked"  // --fake: finished, and nothing was run
	TrailStopped    Outcome = "stopped" // left in progress
	TrailWarning    Outcome = "warning"
)

// Ending is how a run ended.
type Ending string

// The endings. A run without one was killed, or is still under way.
const (
	EndedCompleted   Ending = "completed"
	EndedRefused     Ending = "refused" // before it changed anything more
	EndedFailed      Ending = "failed"
	EndedInterrupted Ending = "interrupted"
	EndedLockLost    Ending = "lost the lock"
)

// EndOf is the word of the audit trail for an ending: "run completed".
func EndOf(ending Ending) Outcome { return Outcome("run " + string(ending)) }

// Decided says what the one who typed the command decided against, or in the
// place of, what skein would.
type Decided struct {
	Key  Key // empty: of the whole run
	Step int
	Flag string // "--assume-done"
	Text string
}

// RunEnded is the last event of a run.
type RunEnded struct {
	Ending Ending
	Key    Key // where it ended, if at a migration
	Step   int
	Err    error
	Took   time.Duration
}

func (Decided) event()  {}
func (RunEnded) event() {}

// NoAnswer is a node that could not be read, so that what it alone has is not shown.
type NoAnswer struct {
	Node string `json:"node"`
	Why  string `json:"why"`
}
