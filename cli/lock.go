package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/lock/zk"
)

func (a *app) locker(ctx context.Context, cfg *config.Config, state *cluster.Cluster) (coordinator.Locker, error) {
	c := cfg.Coordination
	if c.Lock == config.LockNone {
		return noLock{}, nil
	}
	auth, err := c.Auth.Resolve(ctx)
	if err != nil {
		return nil, cfg.Errorf("coordination.auth", "%v", err)
	}
	key, err := lockKey(ctx, state)
	if err != nil {
		return nil, err
	}
	options := zk.Options{Servers: c.ZooKeeper, Root: c.Root, SessionTimeout: c.SessionTimeout, Auth: auth}
	if c.TLS != nil {
		if options.TLS, err = c.TLS.Load(); err != nil {
			return nil, cfg.Errorf("coordination.tls", "%v", err)
		}
	}
	return &zkLock{locker: zk.New(options), key: key, wait: a.lockWait, events: a.printer().event}, nil
}

// zkLock ends the run's context when its lease is lost.
type zkLock struct {
	locker *zk.Locker
	key    string
	wait   time.Duration
	events journal.Sink
}

// Acquire implements coordinator.Locker.
func (l *zkLock) Acquire(ctx context.Context, holder journal.Holder, floor uint64) (context.Context, coordinator.Lease, error) {
	lease, err := l.locker.AcquireWithin(ctx, l.key, holder, floor, l.wait, l.events)
	if err != nil {
		return nil, nil, fmt.Errorf("take the lock: %w", err)
	}
	held, cancel := context.WithCancelCause(ctx)
	go func() {
		<-lease.Done() // closed by Release too, when nothing is left to cancel
		cancel(&journal.LockLostError{Err: fmt.Errorf("the session with ZooKeeper ended")})
	}()
	return held, lease, nil
}

// noLock is coordination.lock: none. It keeps nobody out.
type noLock struct{}

// Acquire implements coordinator.Locker.
func (noLock) Acquire(ctx context.Context, _ journal.Holder, floor uint64) (context.Context, coordinator.Lease, error) {
	return ctx, noLease{epoch: floor + 1}, nil
}

type noLease struct{ epoch uint64 }

func (l noLease) Epoch() uint64               { return l.epoch }
func (noLease) Confirm(context.Context) error { return nil }
func (noLease) Release(context.Context) error { return nil }
