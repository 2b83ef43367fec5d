// Package zk holds skein's lock in ZooKeeper or ClickHouse Keeper. One znode a
// state table: <root>/locks/<key>/epoch, a persistent counter, and beside it
// the ephemeral holder, written together in one multi-op.
package zk

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	zookeeper "github.com/go-zookeeper/zk"

	"github.com/skein-migrate/skein/journal"
)

// Options say where the lock is. Servers are needed, the rest has defaults.
type Options struct {
	Servers []string // host:port; any that answers is used
	Root    string   // default /skein; made if it is not there
	// SessionTimeout is how long a dead holder keeps the lock, and the limit of
	// every wait for a server; default 10s. The server bounds it by its tickTime.
	SessionTimeout time.Duration
	// Auth is a digest identity, user:password. What skein creates with it is
	// for that identity alone. Empty: open to all.
	Auth string
	TLS  *tls.Config // nil: no TLS. An empty ServerName becomes the host of each server
	// Owner is the state table that the locks are for. One of another is refused, as
	// a *journal.PreflightError. Without nodes: nothing is compared.
	Owner Owner
	// Waiting is told, by another goroutine, when servers have given no session for a
	// moment, and how long that may last. Nil: nobody is.
	Waiting func(reason string, limit time.Duration)
	// Logger gets the client library's messages; nil drops them.
	Logger zookeeper.Logger
}

// Locker takes and reads locks. It holds no connection and may be used by
// several goroutines.
type Locker struct{ options Options }

// New makes a Locker. Nothing is connected yet.
func New(options Options) *Locker {
	if options.Root == "" {
		options.Root = "/skein"
	}
	if options.SessionTimeout <= 0 {
		options.SessionTimeout = 10 * time.Second
	}
	if options.Logger == nil {
		options.Logger = silent{}
	}
	return &Locker{options: options}
}

type silent struct{}

func (silent) Printf(string, ...any) {}

// Acquire takes the lock of a state table for a run, or answers
// *journal.LockHeldError at once. The lease's epoch is greater than every epoch
// that this lock ever gave and than floor, the highest in the state table.
// Servers that do not answer are an *UnreachableError, within SessionTimeout.
func (l *Locker) Acquire(ctx context.Context, key string, holder journal.Holder, floor uint64) (*Lease, error) {
	return l.acquire(ctx, request{lock: l.lock(key), holder: holder, floor: floor, sink: func(journal.Event) {}})
}

// AcquireWithin is Acquire that waits up to limit for the lock to be free, then
// answers *journal.LockHeldError. Sink is told who is waited for, at once and
// when another run gets ahead; it may be nil.
func (l *Locker) AcquireWithin(
	ctx context.Context, key string, holder journal.Holder, floor uint64, limit time.Duration, sink journal.Sink,
) (*Lease, error) {
	if sink == nil {
		sink = func(journal.Event) {}
	}
	return l.acquire(ctx, request{
		lock: l.lock(key), holder: holder, floor: floor,
		limit: limit, until: time.Now().Add(limit), sink: sink,
	})
}

// Status says who holds a lock, nil if nobody does.
func (l *Locker) Status(ctx context.Context, key string) (*journal.Holder, error) {
	s, err := open(ctx, l.options)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.owned(ctx, l.lock(key), false); err != nil {
		return nil, err
	}
	holder, err := s.holder(ctx, l.lock(key))
	if err != nil {
		return nil, fmt.Errorf("read the holder of lock %s: %w", key, err)
	}
	return holder, nil
}

// Break takes a lock away from whoever holds it, alive or not, and says who that
// was; nil if nobody did. What the holder has in flight is not stopped. Another
// run that has taken the lock meanwhile keeps it: that is an error.
func (l *Locker) Break(ctx context.Context, key string) (*journal.Holder, error) {
	s, err := open(ctx, l.options)
	if err != nil {
		return nil, err
	}
	defer s.close()
	at := l.lock(key)
	if err := s.owned(ctx, at, false); err != nil {
		return nil, err
	}
	// The counter first: it moves with every claim.
	counter, err := call(ctx, s, func(c *zookeeper.Conn) (node, error) { return get(c, at.epoch()) })
	if errors.Is(err, zookeeper.ErrNoNode) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", at.epoch(), err)
	}
	holder, err := s.holder(ctx, at)
	if err != nil || holder == nil {
		return nil, err
	}
	_, err = call(ctx, s, func(c *zookeeper.Conn) (struct{}, error) {
		_, err := c.Multi(
			&zookeeper.CheckVersionRequest{Path: at.epoch(), Version: counter.stat.Version},
			&zookeeper.DeleteRequest{Path: at.holder(), Version: -1},
		)
		return struct{}{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("break lock %s of run %s, which may have ended just now: %w", key, holder.RunID, err)
	}
	return holder, nil
}

// request is one call of Acquire.
type request struct {
	lock   lock
	holder journal.Holder
	floor  uint64
	limit  time.Duration
	until  time.Time
	sink   journal.Sink
	told   string // the run that the sink was told of
}

// acquire tries with one session after another until the outcome is known. A
// session that ended may have left our holder node behind, for as long as the
// server keeps the session: that one is waited for.
func (l *Locker) acquire(ctx context.Context, r request) (*Lease, error) {
	if r.lock.key == "" {
		return nil, errors.New("acquire the lock: no key")
	}
	var ghost time.Time // until when a holder with our run ID is our own ended session
	for attempt := 1; ; attempt++ {
		lease, err := l.acquireOnce(ctx, &r, ghost)
		var held *journal.LockHeldError
		switch {
		case err == nil, errors.As(err, &held):
			return lease, err
		case errors.Is(err, errUnknown) && attempt < 3 && ctx.Err() == nil:
			// Twice: the server may count the session's time from a later packet.
			ghost = time.Now().Add(2 * l.options.SessionTimeout)
		default:
			return nil, fmt.Errorf("acquire lock %s: %w", r.lock.key, err)
		}
	}
}

func (l *Locker) acquireOnce(ctx context.Context, r *request, ghost time.Time) (*Lease, error) {
	s, err := open(ctx, l.options)
	if err != nil {
		return nil, err
	}
	for {
		lease, err := s.take(ctx, *r)
		var held *journal.LockHeldError
		if errors.As(err, &held) {
			until := r.until
			if held.Holder.RunID == r.holder.RunID && ghost.After(until) {
				until = ghost
			}
			if time.Until(until) > 0 {
				if until.Equal(r.until) && r.told != held.Holder.RunID {
					r.told = held.Holder.RunID
					r.sink(journal.LockWaiting{Holder: held.Holder, Limit: r.limit})
				}
				if err = s.waitFree(ctx, r.lock, until); err == nil {
					continue
				}
			}
		}
		if err != nil {
			s.close()
		}
		return lease, err
	}
}

// take tries once, without waiting. It repeats only where others were quicker
// than our reading of the counter.
func (s *session) take(ctx context.Context, r request) (*Lease, error) {
	if err := s.makeParents(ctx, r.lock); err != nil {
		return nil, err
	}
	if err := s.owned(ctx, r.lock, true); err != nil {
		return nil, err
	}
	text, err := json.Marshal(r.holder)
	if err != nil {
		return nil, fmt.Errorf("write the holder: %w", err)
	}
	for {
		epoch, version, err := s.nextEpoch(ctx, r)
		if err != nil {
			return nil, err
		}
		set, err := s.claim(ctx, r.lock, text, epoch, version)
		switch {
		case err == nil:
			return &Lease{session: s, lock: r.lock, epoch: epoch, epochVersion: set}, nil
		case errors.Is(err, zookeeper.ErrBadVersion):
		case errors.Is(err, zookeeper.ErrNodeExists):
			holder, err := s.holder(ctx, r.lock)
			if err != nil {
				return nil, fmt.Errorf("read the holder: %w", err)
			}
			if holder != nil {
				return nil, &journal.LockHeldError{Holder: *holder}
			}
		default:
			return nil, fmt.Errorf("claim %s: %w", r.lock.holder(), err)
		}
	}
}

// nextEpoch is the epoch to take, and the version of the counter that it follows from.
func (s *session) nextEpoch(ctx context.Context, r request) (epoch uint64, version int32, err error) {
	stored, err := call(ctx, s, func(c *zookeeper.Conn) (node, error) { return get(c, r.lock.epoch()) })
	if err != nil {
		return 0, 0, fmt.Errorf("read %s: %w", r.lock.epoch(), err)
	}
	last, err := strconv.ParseUint(string(stored.data), 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("read %s: %q is not an epoch", r.lock.epoch(), stored.data)
	}
	// A state version has 32 bits for its epoch.
	if last = max(last, r.floor); last >= math.MaxUint32 {
		return 0, 0, fmt.Errorf("epoch %d of %s is the last one there is", last, r.lock.epoch())
	}
	return last + 1, stored.stat.Version, nil
}

// claim writes the holder and the epoch together, or neither.
func (s *session) claim(ctx context.Context, l lock, holder []byte, epoch uint64, version int32) (int32, error) {
	return call(ctx, s, func(c *zookeeper.Conn) (int32, error) {
		answers, err := c.Multi(
			&zookeeper.CreateRequest{Path: l.holder(), Data: holder, Acl: s.acl, Flags: zookeeper.FlagEphemeral},
			&zookeeper.SetDataRequest{Path: l.epoch(), Data: []byte(strconv.FormatUint(epoch, 10)), Version: version},
		)
		// The error of a multi may be that of an operation that was only rolled back.
		for _, answer := range answers {
			if errors.Is(answer.Error, zookeeper.ErrNodeExists) || errors.Is(answer.Error, zookeeper.ErrBadVersion) {
				return 0, answer.Error
			}
		}
		if err != nil {
			return 0, err
		}
		return answers[1].Stat.Version, nil
	})
}

// waitFree returns nil when the lock may be free, else why it stopped waiting.
func (s *session) waitFree(ctx context.Context, l lock, until time.Time) error {
	held, err := call(ctx, s, func(c *zookeeper.Conn) (watched, error) { return watch(c, l.holder()) })
	if err != nil {
		return fmt.Errorf("watch %s: %w", l.holder(), err)
	}
	if !held.exists {
		return nil
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-held.changed:
		return nil
	case <-s.lost:
		return errUnknown
	case <-timer.C:
		return s.heldError(ctx, l)
	case <-ctx.Done():
		return fmt.Errorf("wait for the lock: %w", ctx.Err())
	}
}

func (s *session) heldError(ctx context.Context, l lock) error {
	holder, err := s.holder(ctx, l)
	if err != nil {
		return fmt.Errorf("read the holder: %w", err)
	}
	if holder == nil {
		return nil
	}
	return &journal.LockHeldError{Holder: *holder}
}
