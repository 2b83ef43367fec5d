package zk

import (
	"context"
	"errors"
	"fmt"

	zookeeper "github.com/go-zookeeper/zk"

	"github.com/skein-migrate/skein/journal"
)

// Lease is a lock that is held, over a connection of its own. It is never
// renewed: once lost, it stays lost. It may be used by several goroutines.
type Lease struct {
	session      *session
	lock         lock
	epoch        uint64
	epochVersion int32 // of the counter, as our own claim left it
}

// Epoch is the fencing number: greater than that of every lease before.
func (l *Lease) Epoch() uint64 { return l.epoch }

// Done is closed at the first sign that the lock may be lost, and by Release.
// A server's silence closes it after two thirds of the session timeout, before
// the server gives the lock to another.
func (l *Lease) Done() <-chan struct{} { return l.session.lost }

// Confirm asks the ensemble whether the lock is held still. It answers
// *journal.LockLostError if not, or if nobody answers within the session
// timeout or ctx's deadline; the lease is then over. A cancelled ctx is returned
// as such and leaves the lease as it is.
//
// The question is a write that changes nothing. Unlike a read it passes through
// the quorum, so a server that has fallen behind cannot answer it: the holder
// node is there, and nobody claimed the lock after us, which would have moved
// the counter.
func (l *Lease) Confirm(ctx context.Context) error {
	_, err := call(ctx, l.session, func(c *zookeeper.Conn) (struct{}, error) {
		_, err := c.Multi(
			&zookeeper.CheckVersionRequest{Path: l.lock.epoch(), Version: l.epochVersion},
			&zookeeper.CheckVersionRequest{Path: l.lock.holder(), Version: 0},
		)
		return struct{}{}, err
	})
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return fmt.Errorf("confirm lock %s: %w", l.lock.key, err)
	}
	l.session.lose()
	return &journal.LockLostError{Err: fmt.Errorf("confirm lock %s: %w", l.lock.key, err)}
}

// Release gives the lock back and closes the connection. The holder is deleted
// only while the counter is as we left it, which makes it impossible to delete
// another run's. A lease that was lost answers *journal.LockLostError. Where the
// server did not say that it is done, the lock is free when the session times
// out; the error says so.
func (l *Lease) Release(ctx context.Context) error {
	defer l.session.close()
	select {
	case <-l.session.lost:
		return &journal.LockLostError{Err: fmt.Errorf("release lock %s: its session had ended", l.lock.key)}
	default:
	}
	_, err := call(ctx, l.session, func(c *zookeeper.Conn) (struct{}, error) {
		_, err := c.Multi(
			&zookeeper.CheckVersionRequest{Path: l.lock.epoch(), Version: l.epochVersion},
			&zookeeper.DeleteRequest{Path: l.lock.holder(), Version: 0},
		)
		return struct{}{}, err
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errUnknown) || ctx.Err() != nil:
		return fmt.Errorf("release lock %s: it is free in %s at the latest: %w",
			l.lock.key, l.session.options.SessionTimeout, err)
	}
	return &journal.LockLostError{Err: fmt.Errorf("release lock %s: %w", l.lock.key, err)}
}
