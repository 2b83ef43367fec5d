package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/lock/lease"
	"github.com/skein-migrate/skein/lock/zk"
	"github.com/skein-migrate/skein/ops"
)

func (a *app) lockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "Who holds the lock; end a dead holder's",
		Long: `lock looks at what keeps two runs apart: a znode in ZooKeeper or Keeper, or on a
single node without them a lease in its tables (coordination.lock).`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.lockStatusCommand(), a.lockReleaseCommand())
	return cmd
}

// heldLease is a lease that says when it is over.
type heldLease interface {
	coordinator.Lease
	Done() <-chan struct{}
}

// lock is the configured one, whichever it is.
type lock struct {
	kind config.Lock
	// limit is how long at most a run that died keeps it.
	limit   time.Duration
	over    string // what happened when a lease is done
	acquire func(ctx context.Context, h journal.Holder, floor uint64, wait time.Duration, sink journal.Sink) (heldLease, error)
	status  func(ctx context.Context) (*journal.Holder, error)
	// glance is status that tells nobody what it waits for: watch shows that itself.
	glance func(ctx context.Context) (*journal.Holder, error)
	broken func(ctx context.Context) (*journal.Holder, error)
	// probe measures what the lock is kept in; nil: that is the state's own node, or
	// there is none.
	probe func(ctx context.Context) (zk.Health, error)
}

func (a *app) lock(ctx context.Context, cfg *config.Config, state *cluster.Cluster) (*lock, error) {
	switch cfg.Coordination.Lock {
	case config.LockNone:
		return noLock(), nil
	case config.LockLease:
		return leaseLock(cfg, state), nil
	}
	return a.zkLock(ctx, cfg, state)
}

// limitOf leaves room for a server's ticks, and for its clock's whole seconds.
func limitOf(timeout time.Duration) time.Duration {
	return max(timeout, 3*time.Second)*3/2 + time.Second
}

func (a *app) zkLock(ctx context.Context, cfg *config.Config, state *cluster.Cluster) (*lock, error) {
	c := cfg.Coordination
	auth, err := c.Auth.Resolve(ctx)
	if err != nil {
		return nil, cfg.Errorf("coordination.auth", "%v", err)
	}
	a.warnOfPlainAuth(cfg)
	key, err := lockKey(ctx, state)
	if err != nil {
		return nil, err
	}
	options := zk.Options{Servers: c.ZooKeeper, Root: c.Root, SessionTimeout: c.SessionTimeout, Auth: auth, Owner: lockOwner(state)}
	if c.TLS != nil {
		if options.TLS, err = c.TLS.Load(); err != nil {
			return nil, cfg.Errorf("coordination.tls", "%v", err)
		}
	}
	quiet := zk.New(options) // for watch and doctor, which say themselves what gives no answer
	options.Waiting = func(reason string, limit time.Duration) {
		a.events(journal.Waiting{Reason: reason, Since: await.Quiet, Limit: limit})
	}
	locker := zk.New(options)
	status := func(of *zk.Locker) func(context.Context) (*journal.Holder, error) {
		return func(ctx context.Context) (*journal.Holder, error) {
			holder, err := of.Status(ctx, key)
			return holder, unreachable(err)
		}
	}
	return &lock{
		kind: c.Lock, limit: limitOf(c.SessionTimeout), over: "the session with ZooKeeper ended",
		acquire: func(ctx context.Context, h journal.Holder, floor uint64, wait time.Duration, sink journal.Sink) (heldLease, error) {
			l, err := locker.AcquireWithin(ctx, key, h, floor, wait, sink)
			if err != nil {
				return nil, unreachable(err) // not a nil *zk.Lease in an interface
			}
			return l, nil
		},
		status: status(locker), glance: status(quiet),
		broken: func(ctx context.Context) (*journal.Holder, error) {
			holder, err := locker.Break(ctx, key)
			return holder, unreachable(err)
		},
		probe: func(ctx context.Context) (zk.Health, error) { return quiet.Probe(ctx, key) },
	}, nil
}

// unreachable says of servers without an answer what to do, and leaves out what was
// to be done there: nothing was.
func unreachable(err error) error {
	var silent *zk.UnreachableError
	if !errors.As(err, &silent) {
		return err
	}
	return fmt.Errorf("%w\nNothing was changed. Start ZooKeeper or Keeper, or mend coordination in skein.yaml. skein doctor looks at all of it", silent)
}

// lockOwner names the state table. On a single node the key itself does: its
// server, which clients may know by different names.
func lockOwner(c *cluster.Cluster) zk.Owner {
	if c.SingleNode() {
		return zk.Owner{}
	}
	owner := zk.Owner{Cluster: c.LocalCluster(), Database: c.Database()}
	for _, node := range c.Nodes(ops.Local) {
		owner.Nodes = append(owner.Nodes, node.Name())
	}
	return owner
}

func leaseLock(cfg *config.Config, state *cluster.Cluster) *lock {
	timeout := cfg.Coordination.SessionTimeout
	locker := lease.New(state, lease.Options{
		Node: state.Nodes(ops.Local)[0].Name(), Database: state.Database(), Timeout: timeout,
	})
	return &lock{
		kind: cfg.Coordination.Lock, limit: limitOf(timeout), over: "the lease ran out, or was taken away",
		acquire: func(ctx context.Context, h journal.Holder, floor uint64, wait time.Duration, sink journal.Sink) (heldLease, error) {
			l, err := locker.Acquire(ctx, h, floor, wait, sink)
			if err != nil {
				return nil, err // not a nil *lease.Lease in an interface
			}
			return l, nil
		},
		status: locker.Status, glance: locker.Status,
		broken: locker.Break,
	}
}

// noLock is coordination.lock: none. It keeps nobody out.
func noLock() *lock {
	nobody := func(context.Context) (*journal.Holder, error) { return nil, nil }
	return &lock{
		kind: config.LockNone,
		acquire: func(_ context.Context, _ journal.Holder, floor uint64, _ time.Duration, _ journal.Sink) (heldLease, error) {
			return noLease{epoch: floor + 1}, nil
		},
		status: nobody, glance: nobody, broken: nobody,
	}
}

type noLease struct{ epoch uint64 }

func (l noLease) Epoch() uint64               { return l.epoch }
func (noLease) Confirm(context.Context) error { return nil }
func (noLease) Release(context.Context) error { return nil }
func (noLease) Done() <-chan struct{}         { return nil }

// locker ends the run's context when its lease is lost.
type locker struct {
	lock   *lock
	wait   time.Duration
	events journal.Sink
}

// Acquire implements coordinator.Locker.
func (l locker) Acquire(ctx context.Context, holder journal.Holder, floor uint64) (context.Context, coordinator.Lease, error) {
	lease, err := l.lock.acquire(ctx, holder, floor, l.wait, l.events)
	if err != nil {
		return nil, nil, fmt.Errorf("take the lock: %w", err)
	}
	held, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-ctx.Done():
			cancel(context.Cause(ctx)) // it may come here before it comes to held
		case <-lease.Done(): // closed by Release too, when nothing is left to cancel
			cancel(&journal.LockLostError{Err: errors.New(l.lock.over)})
		}
	}()
	return held, lease, nil
}

func printHolder(w io.Writer, h journal.Holder) {
	fmt.Fprintf(w, "  %s  since %s (%s ago)  %s@%s, pid %d, %s\n",
		h.RunID, h.Since.UTC().Format(time.TimeOnly), max(time.Since(h.Since), 0).Round(time.Second), h.User, h.Host, h.PID, h.Command)
}
