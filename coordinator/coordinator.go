// Package coordinator decides: which migrations run, in which order, what a
// plan is made of, what is written before and after each statement, and how a
// half-done migration is taken back. It declares what it needs of servers,
// state and lock; package cli wires them.
package coordinator

import (
	"context"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

// Servers say what the clusters are and run steps on them.
type Servers interface {
	// Facts reads the facts of configured clusters, by name. A node that does
	// not answer is an error.
	Facts(ctx context.Context, clusters []string) ([]plan.Facts, error)
	// Run sends a step and waits for every node of it; see package cluster.
	Run(ctx context.Context, x plan.Execution, step plan.Step) ([]journal.HostOutcome, error)
	// InactiveReplicas checks every replicated table of configured clusters.
	InactiveReplicas(ctx context.Context, clusters []string, emit journal.Sink) (tables []journal.InactiveReplica, checked int, err error)
}

// Observer compares nodes with what statements state.
type Observer interface {
	// Check compares every node of a step with its conditions, once.
	Check(ctx context.Context, step plan.Step) []journal.NodeVerdict
	// Present says which nodes have the subjects of the steps' conditions, and
	// which tables the steps move. next are steps that it will be asked about soon.
	Present(ctx context.Context, steps, next []plan.Step) (journal.Snapshot, error)
	// AwaitPredecessor waits until nothing of an earlier run can still change a
	// node of the steps.
	AwaitPredecessor(ctx context.Context, x plan.Execution, runID string, steps []plan.Step) error
}

// States reads the state tables.
type States interface {
	// Missing lists the nodes without state tables, of how many that answer; all
	// of them: nothing started.
	Missing(ctx context.Context) (missing []string, of int, err error)
	// Rows counts the migrations, system's own left out, that rows on the nodes
	// which have the tables hold to be completed or in progress.
	Rows(ctx context.Context) (int, error)
	// Read returns the newest entry of each migration, after a barrier if asked.
	Read(ctx context.Context, barrier bool) (map[journal.Key]journal.Entry, error)
}

// Witness is a States that knows how much it has seen.
type Witness interface {
	// AllAnswered says that every node which has the state tables answered the last
	// Read, so that no row can be newer than what it returned.
	AllAnswered() bool
}

// Paths looks at where Replicated tables are going to be in ZooKeeper.
type Paths interface {
	// FreePaths refuses steps that make a table where replicas of others are.
	FreePaths(ctx context.Context, steps []plan.Step) error
}

// Rows writes the state tables.
type Rows interface {
	Write(ctx context.Context, entries ...journal.Entry) error
	WriteAnyhow(ctx context.Context, entries ...journal.Entry) error
}

// Trail takes the audit trail of a run, which is written beside the work.
type Trail interface {
	// Record takes every event, in order. It must not block.
	Record(event journal.Event)
	// Flush writes what is not written yet and ends the trail.
	Flush(ctx context.Context) error
}

// Locker keeps two runs apart. Held ends when the lease is lost, with a
// *journal.LockLostError as its cause.
type Locker interface {
	Acquire(ctx context.Context, holder journal.Holder, floor uint64) (held context.Context, lease Lease, err error)
}

// Lease is a held lock.
type Lease interface {
	Epoch() uint64
	// Confirm proves by a round trip that the lease is still held.
	Confirm(ctx context.Context) error
	Release(ctx context.Context) error
}

// Options are what a Coordinator works with. All but Trail are needed.
type Options struct {
	Registry *migration.Registry
	Sets     storageset.Map
	Servers  Servers
	Observer Observer
	Sizer    Sizer
	Comparer Comparer
	Definer  Definer
	Paths    Paths  // nil: not looked at
	Parser   Parser // nil: servers are not asked to parse
	Health   Health // for Doctor, and before each change; nil: not looked at then
	// Rehearser is for Baseline with Verify alone.
	Rehearser Rehearser
	States    States
	Rows      Rows
	Locker    Locker
	// Trail makes the audit trail of a run; nil: none is kept.
	Trail  func(runID string) Trail
	Trails Trails         // for History and Show alone
	Holder journal.Holder // RunID included
	// Command is the command line as it was typed, for the audit trail; empty:
	// Holder.Command.
	Command string
	Events  journal.Sink
	// Stop, once closed, lets the statement in flight end and stops then.
	Stop <-chan struct{}
	// WaitLimit is how long replicas of a configured cluster may take to get what
	// their neighbours have; nil, or 0: 30 s.
	WaitLimit func(cluster string) time.Duration
	// Without are the nodes, by name, that the run goes on without: Servers and
	// States know nothing of them. What they miss is noted as owed to them.
	Without []string
	// Cautions are said once when a run begins to change anything.
	Cautions []string
	// Unlocked says that Locker keeps nobody out.
	Unlocked bool
}

// Coordinator runs commands over one configuration. One command at a time.
type Coordinator struct {
	options Options
	now     func() time.Time
	// patience is how long replicas may take to get what their neighbours have,
	// where Options.WaitLimit does not say.
	patience time.Duration
}

// New makes a Coordinator.
func New(options Options) *Coordinator {
	if options.Events == nil {
		options.Events = func(journal.Event) {}
	}
	return &Coordinator{options: options, now: time.Now, patience: 30 * time.Second}
}

func (c *Coordinator) waitLimit(cluster string) time.Duration {
	if c.options.WaitLimit != nil {
		if limit := c.options.WaitLimit(cluster); limit > 0 {
			return limit
		}
	}
	return c.patience
}

// Request says what a command is to do. Which fields a command reads is said
// with the command.
type Request struct {
	Groups    []string              // empty: all
	Readiness []migration.Readiness // empty: any
	ID        string                // run, reverse: exact
	Through   string                // migrate, revert: a prefix of one ID
	Count     int                   // migrate, rollback: at most so many; 0: all (migrate) or 1 (rollback)
	Force     bool
	Fake      bool // write status alone
	// CheckDangerous refuses to run what does more than change metadata; see the
	// function of that name. A dry run does not look at it.
	CheckDangerous bool
	// MaxDrop is, in bytes, above what a server that does not tell is taken to drop
	// nothing; 0: it drops all; nil: 50 GB, as servers have it by default.
	MaxDrop *uint64
	// Decision says of the statement at which a run ended whether it is done.
	Decision Decision
	// IncludeSystem lets revert take back skein's own group.
	IncludeSystem bool
	// AllowDirty lets migrate and run go on where completed migrations are modified
	// or missing.
	AllowDirty bool
	// NoValidate leaves out that servers parse every statement first.
	NoValidate bool
	// Approve is asked once, under the lock, when all is planned and looked at and
	// before anything is changed; its error ends the run. The plans have the amounts of
	// all that is rewritten or dropped. nil: nobody is asked.
	Approve func(ctx context.Context, plans []MigrationPlan) error
	// Jobs is how many groups migrate runs at a time, where they do not depend on one
	// another and touch no table in common; one when 0.
	Jobs int
	// SkipChecks are names of doctor.Before that a change is not checked for.
	SkipChecks []string
	// Verify has Baseline compare what is there with what the migrations make.
	Verify bool
	// baseline marks the rows that Fake writes.
	baseline bool
	// dry says that nothing is going to run: what is completed may be looked at.
	dry bool
}
