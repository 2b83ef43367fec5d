package journal

import (
	"fmt"
	"strings"
)

// UsageError is a wrong command line or a request that the registry or the
// state makes impossible. Nothing was changed (exit code 2).
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{Err: fmt.Errorf(format, args...)} }

// PreflightError refuses a change before anything was touched (exit code 3).
type PreflightError struct{ Err error }

func (e *PreflightError) Error() string { return e.Err.Error() }
func (e *PreflightError) Unwrap() error { return e.Err }

// Refusef makes a PreflightError.
func Refusef(format string, args ...any) error {
	return &PreflightError{Err: fmt.Errorf(format, args...)}
}

// InactiveReplica is a replicated table that not all of its replicas serve.
type InactiveReplica struct {
	Cluster  string           `json:"cluster"`
	Database string           `json:"database"`
	Table    string           `json:"table"`
	Active   int              `json:"active"`
	Total    int              `json:"total"`
	Nodes    []InactiveDetail `json:"nodes"`
}

// Counted says how many replicas are active. Nodes without a session with ZooKeeper
// know of none.
func (r InactiveReplica) Counted() string {
	if r.Total == 0 {
		return "0 of ?"
	}
	return fmt.Sprintf("%d of %d", r.Active, r.Total)
}

// InactiveDetail says what is wrong on one node.
type InactiveDetail struct {
	Node string `json:"node"`
	Why  string `json:"why"` // "read-only, session expired"
	// Remedy is the statement that mends it there; "": none does.
	Remedy string `json:"remedy,omitempty"`
}

// InactiveReplicasError says which tables have inactive replicas (exit code 3).
type InactiveReplicasError struct {
	Tables  []InactiveReplica
	Checked int
}

func (e *InactiveReplicasError) Error() string {
	names := make([]string, len(e.Tables))
	for i, t := range e.Tables {
		names[i] = fmt.Sprintf("%s.%s (%s active)", t.Database, t.Table, t.Counted())
		for _, n := range t.Nodes {
			names[i] += fmt.Sprintf(", %s: %s", n.Node, n.Why)
		}
	}
	return fmt.Sprintf("%d of %d replicated tables have inactive replicas: %s",
		len(e.Tables), e.Checked, strings.Join(names, "; "))
}

// NodesDifferError says that nodes do not have the same schema (exit code 6).
type NodesDifferError struct {
	Tables int // that differ
	Of     int // that were compared
}

func (e *NodesDifferError) Error() string {
	return fmt.Sprintf("%d of %d tables differ between nodes", e.Tables, e.Of)
}

// InProgressError says that a migration in progress stops the command (exit code 5).
type InProgressError struct{ Entries []Entry }

func (e *InProgressError) Error() string {
	names := make([]string, len(e.Entries))
	for i, entry := range e.Entries {
		names[i] = entry.Key.String()
	}
	return strings.Join(names, ", ") + " is in progress"
}

// PartialError says that a statement failed, or may have failed, on some of
// its nodes, and that its migration is left in progress (exit code 5).
type PartialError struct {
	Key      Key
	Step, Of int
	Summary  string
	Text     string
	Hosts    []HostOutcome
	Cause    error // what ended the run: may be nil when Hosts say it all
}

func (e *PartialError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s stopped at step %d of %d (%s)", e.Key, e.Step, e.Of, e.Summary)
	said := false
	for _, alike := range Alike(e.Hosts) {
		if h := alike[0]; h.Outcome == Failed || h.Outcome == Unknown {
			fmt.Fprintf(&b, "; %s on %s", h.Outcome, nodesOf(alike))
			if h.Error != "" {
				b.WriteString(": " + h.Error)
			}
			said = true
		}
	}
	if e.Cause != nil && !said { // it sums up what the hosts said
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	return b.String()
}

func nodesOf(hosts []HostOutcome) string {
	names := make([]string, len(hosts))
	for i, host := range hosts {
		names[i] = host.Node
	}
	return strings.Join(names, ", ")
}

func (e *PartialError) Unwrap() error { return e.Cause }

// LockHeldError says that another run holds the lock (exit code 4).
type LockHeldError struct{ Holder Holder }

func (e *LockHeldError) Error() string {
	return fmt.Sprintf("another run holds the lock: %s, %s@%s, pid %d, %s",
		e.Holder.RunID, e.Holder.User, e.Holder.Host, e.Holder.PID, e.Holder.Command)
}

// LockLostError says that this run lost the lock while it worked (exit code 4).
type LockLostError struct{ Err error }

func (e *LockLostError) Error() string { return fmt.Sprintf("the lock was lost: %v", e.Err) }
func (e *LockLostError) Unwrap() error { return e.Err }

// UnknownRowError says that a row of the state may have landed, or may yet.
type UnknownRowError struct{ Err error }

func (e *UnknownRowError) Error() string { return e.Err.Error() }
func (e *UnknownRowError) Unwrap() error { return e.Err }

// InterruptedError says that a signal ended the run (exit code 130, or 5 when
// a migration is in progress).
type InterruptedError struct {
	// InProgress is what the run was to bring to an end, and has not.
	InProgress []Entry
}

func (e *InterruptedError) Error() string {
	if len(e.InProgress) == 0 {
		return "interrupted"
	}
	return "interrupted: " + (&InProgressError{Entries: e.InProgress}).Error()
}

// NodeError is what one node answered.
type NodeError struct {
	Node string
	Code int // ClickHouse error code, 0 for a connection error
	// Sent is false when the statement never reached the server.
	Sent bool
	Err  error
}

func (e *NodeError) Error() string { return fmt.Sprintf("%s: %v", e.Node, e.Err) }
func (e *NodeError) Unwrap() error { return e.Err }
