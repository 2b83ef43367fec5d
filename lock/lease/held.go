package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Lease is a lock that is held. Once lost, it stays lost. It may be used by
// several goroutines.
type Lease struct {
	locker *Locker
	own    claim
	stop   context.CancelFunc // of what renews it
	ended  chan struct{}      // nothing renews it any more
	// renewing: a row that makes it live for longer is under way, or has not been
	// looked at.
	renewing atomic.Bool
	asking   atomic.Bool // beside the work; see stale

	mu       sync.Mutex
	done     chan struct{}
	isDone   bool
	released bool
	deadline *time.Timer
	held     time.Time // see answered
}

// errOver says that the lease ran out or was taken away, as the server has it.
var errOver = errors.New("its lease ran out, or was broken")

// hold keeps a claim alive. From is when, at the latest, the server's clock was
// read that its expiry is made of.
func (l *Locker) hold(ctx context.Context, own claim, from time.Time) *Lease {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) // a run that is interrupted holds it to its end
	lease := &Lease{locker: l, own: own, stop: stop, ended: make(chan struct{}), done: make(chan struct{})}
	// Made first, armed then: it may go off at once.
	lease.mu.Lock()
	lease.deadline = time.AfterFunc(time.Until(from.Add(lease.trust())), lease.lose)
	lease.mu.Unlock()
	go lease.keep(ctx)
	return lease
}

// trust is how long after a renewal the lease is held without asking: less than
// the server keeps it, whose clock has whole seconds.
func (l *Lease) trust() time.Duration { return (l.locker.options.Timeout - time.Second) * 3 / 4 }

// keep renews the lease until it is over.
func (l *Lease) keep(ctx context.Context) {
	defer close(l.ended)
	every := time.NewTicker(l.locker.options.Timeout / 5)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		asked := time.Now()
		l.renewing.Store(true)
		err := l.renew(ctx)
		if err != nil {
			l.renewing.Store(false)
			continue // the deadline ends it, if nothing else does
		}
		err = l.check(ctx, true)
		l.renewing.Store(false)
		switch {
		case err == nil:
			l.extend(asked)
		case errors.Is(err, errOver):
			l.lose()
			return
		}
	}
}

// renew adds a row with a later expiry, if the lease has not expired: what has
// may have been given to another.
func (l *Lease) renew(ctx context.Context) error {
	table := l.locker.table(l.own.Epoch)
	_, err := l.locker.query(ctx, fmt.Sprintf(
		"INSERT INTO %s (`expires`, `released`) SELECT toUInt64(toUnixTimestamp(now()) + %d), toUInt8(0) FROM system.one"+
			" WHERE (SELECT %s FROM %s) = '1'", table, l.locker.seconds(), l.locker.liveSQL(l.own), table))
	return err
}

func (l *Lease) extend(asked time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.isDone {
		l.deadline.Reset(time.Until(asked.Add(l.trust())))
	}
}

// check asks the server once whether the lock is held: errOver if not. A claim that is
// live, by its own rows, has the lock: who wants it withdraws beside one that is. Only
// while it is renewed that may be wrong, where it had expired just before: beside then
// has higher claims looked for too, which costs the server twice as much.
func (l *Lease) check(ctx context.Context, beside bool) error {
	name := l.locker.name(l.own.Epoch)
	prefix := l.locker.options.Table + "_"
	// With a suffix that is no number the claim is of another lock, and 0 here.
	higher := fmt.Sprintf("(SELECT count() FROM system.tables WHERE database = %s AND startsWith(name, %s)"+
		" AND toUInt64OrZero(substring(name, %d)) > %d)",
		ops.String(l.locker.options.Database), ops.String(prefix), len(prefix)+1, l.own.Epoch)
	if !beside {
		higher = "0"
	}
	rows, err := l.locker.query(ctx, fmt.Sprintf("SELECT %s, toString(%s) FROM %s",
		l.locker.liveSQL(l.own), higher, l.locker.table(l.own.Epoch)))
	if err == nil {
		if rows[0][0] != "1" || rows[0][1] != "0" {
			return errOver
		}
		return nil
	}
	if found, listErr := l.locker.claims(ctx); listErr == nil && (view{claims: found}).find(l.own) == nil {
		return fmt.Errorf("%w: there is no %s any more", errOver, name)
	}
	return err
}

func (l *Lease) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isDone {
		return
	}
	l.isDone = true
	l.deadline.Stop()
	l.stop()
	close(l.done)
}

// Epoch is the fencing number: greater than that of every lease before.
func (l *Lease) Epoch() uint64 { return l.own.Epoch }

// Done is closed at the first sign that the lock may be lost, and by Release.
// A server's silence closes it before the lease runs out there.
func (l *Lease) Done() <-chan struct{} { return l.done }

// fresh is how long an answer counts. Within it nobody takes the lock: a lease takes
// seconds to run out, and Break waits for as long. Statements of some milliseconds would
// else take twice their time.
const fresh = 50 * time.Millisecond

// stale is when an answer is old enough that the next is asked for beside the work, so
// that statements of some milliseconds never wait for one.
const stale = fresh * 7 / 10

// Confirm asks the server whether the lock is held still, unless it has said so in the
// last 50 ms. It answers *journal.LockLostError if not, or if nothing but errors came until the lease
// could not be trusted any more, or ctx's deadline; the lease is then over. A
// cancelled ctx is returned as such and leaves the lease as it is.
func (l *Lease) Confirm(ctx context.Context) error {
	last := errOver
	for !l.over() {
		asked := time.Now()
		if age := asked.Sub(l.answered()); !l.renewing.Load() && age < fresh && ctx.Err() == nil {
			if age > stale && l.asking.CompareAndSwap(false, true) {
				go l.askBeside(context.WithoutCancel(ctx))
			}
			return nil
		}
		err := l.check(ctx, l.renewing.Load())
		switch {
		case err == nil && !l.over():
			l.answer(asked)
			return nil
		case err == nil:
			continue
		case errors.Is(ctx.Err(), context.Canceled):
			return fmt.Errorf("confirm the lock: %w", ctx.Err())
		case errors.Is(err, errOver), ctx.Err() != nil:
			l.lose()
		}
		last = err
		_ = pause(ctx, time.Now().Add(pollEvery/4)) // seen at the top of the loop
	}
	return &journal.LockLostError{Err: fmt.Errorf("confirm lock %s: %w", l.locker.name(l.own.Epoch), last)}
}

// askBeside asks once. What goes wrong is for the next Confirm to find out.
func (l *Lease) askBeside(ctx context.Context) {
	defer l.asking.Store(false)
	ctx, cancel := context.WithTimeout(ctx, l.trust())
	defer cancel()
	asked := time.Now()
	if l.check(ctx, l.renewing.Load()) == nil {
		l.answer(asked)
	}
}

// answered is when the server was last asked and said that the lock is held.
func (l *Lease) answered() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

func (l *Lease) answer(asked time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if asked.After(l.held) {
		l.held = asked
	}
}

func (l *Lease) over() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// Release gives the lock back. It writes to its own claim alone, and cannot hit
// another run's. A lease that was lost answers *journal.LockLostError. Where the
// server did not say that it is done, the lock is free when the lease runs out;
// the error says so.
func (l *Lease) Release(ctx context.Context) error {
	l.mu.Lock()
	again := l.released
	l.released = true
	l.mu.Unlock()
	var lost error
	if again {
		lost = &journal.LockLostError{Err: errors.New("it was released before")}
	} else {
		lost = l.Confirm(ctx)
	}
	l.lose()
	<-l.ended // a renewal must not come after
	if again {
		return lost
	}
	_, err := l.locker.query(ctx, l.locker.releaseSQL(l.own.Epoch))
	switch {
	case lost != nil:
		return lost
	case err != nil:
		return fmt.Errorf("release the lock: it is free in %s at the latest: %w", l.locker.options.Timeout, err)
	}
	return nil
}
