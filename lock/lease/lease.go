// Package lease holds skein's lock on one ClickHouse server, for a single node
// that has no ZooKeeper or Keeper.
//
// A claim is a table of its own, named for its epoch: <Table>_<epoch>. CREATE
// TABLE without IF NOT EXISTS is the one statement that a server without a
// coordinator gives to only one of many; rows cannot be, there is no unique key.
// The claim carries its holder and its first expiry in the default of a column,
// so that nothing is ever seen half-written. The holder adds rows to it, each
// with a later expiry, and one when it is done. All times are the server's.
//
// The lock is held by a claim that is neither released nor expired. Who wants it
// looks, claims an epoch above all others, and then looks again: a claim beside
// its own that is live, or higher, makes it withdraw. A holder renews, and then
// looks for higher claims. Each writes before it reads, so at least one of two
// sees the other. The highest claim is never dropped, and so epochs grow over
// restarts of the server.
package lease

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"os"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Nodes is what a lease needs of the server that it is on.
type Nodes interface {
	// Query runs any statement on a node, and returns its rows as text.
	Query(ctx context.Context, node, sql string) ([][]string, error)
}

// Options say where the lock is.
type Options struct {
	Node     string // as Nodes knows it
	Database string // which must be there
	Table    string // what the names of the claims begin with; default migrations_lock
	// Timeout is how long a dead holder keeps the lock, and the limit of every wait
	// for the server; default 10s. Less than 3s counts as 3s: the server's clock is
	// read in whole seconds.
	Timeout time.Duration
}

// Locker takes and reads locks. It may be used by several goroutines.
type Locker struct {
	nodes   Nodes
	options Options
}

// New makes a Locker. Nothing is asked yet.
func New(nodes Nodes, options Options) *Locker {
	if options.Table == "" {
		options.Table = "migrations_lock"
	}
	if options.Timeout == 0 {
		options.Timeout = 10 * time.Second
	}
	options.Timeout = max(options.Timeout.Truncate(time.Second), 3*time.Second)
	return &Locker{nodes: nodes, options: options}
}

// tries bounds what is lost to others without any of them having the lock.
const tries = 20

// Acquire takes the lock for a run. Where another run has it, it waits up to
// limit, not at all when that is 0, and then answers *journal.LockHeldError.
// Sink is told who is waited for, at once and when another run gets ahead; it
// may be nil. The lease's epoch is greater than every one that this lock ever
// gave and than floor, the highest in the state table.
func (l *Locker) Acquire(
	ctx context.Context, holder journal.Holder, floor uint64, limit time.Duration, sink journal.Sink,
) (*Lease, error) {
	r := request{holder: holder, floor: floor, limit: limit, until: time.Now().Add(limit), sink: sink, nonce: rand.Text()}
	for {
		seen, err := l.look(ctx)
		if err != nil {
			if r.mayBeSlow(ctx, err) {
				continue
			}
			return nil, fmt.Errorf("look for the lock: %w", err)
		}
		until := r.until
		switch holding := seen.holding(); {
		case holding == nil:
			lease, err := l.claim(ctx, seen, &r)
			if lease != nil || err != nil && !r.mayBeSlow(ctx, err) {
				return lease, err
			}
			until = time.Now().Add(time.Duration(r.attempts) * pollEvery)
		case holding.Nonce == r.nonce: // the answer to our own CREATE came not, or too late
			l.withdraw(ctx, *holding)
			until = time.Now().Add(pollEvery)
		case time.Until(until) <= 0:
			return nil, &journal.LockHeldError{Holder: holding.Holder}
		default:
			r.tell(holding.Holder)
		}
		if err := pause(ctx, until); err != nil {
			return nil, fmt.Errorf("wait for the lock: %w", err)
		}
	}
}

// request is one call of Acquire.
type request struct {
	holder   journal.Holder
	floor    uint64
	limit    time.Duration
	until    time.Time
	sink     journal.Sink
	told     string // the run that the sink was told of
	nonce    string
	attempts int    // claims that met others which did not get the lock either
	refused  uint64 // claims that the server refused for no reason seen
}

func (r *request) tell(holder journal.Holder) {
	if r.sink != nil && r.told != holder.RunID {
		r.told = holder.RunID
		r.sink(journal.LockWaiting{Holder: holder, Limit: r.limit})
	}
}

// mayBeSlow says that an answer took too long and there is still time to wait for
// the lock: a server under load is no reason to give up.
func (r *request) mayBeSlow(ctx context.Context, err error) bool {
	slow := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
	return slow && ctx.Err() == nil && time.Now().Before(r.until)
}

// pollEvery is how often a lock that another run holds is looked at.
const pollEvery = 200 * time.Millisecond

// pause waits for the next look, not beyond until. Its length varies, so that
// contenders do not go on meeting.
func pause(ctx context.Context, until time.Time) error {
	timer := time.NewTimer(min(pollEvery/2+mathrand.N(pollEvery), max(time.Until(until), 0)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// claim tries once to take the epoch above all others. Nil without an error:
// another look is needed.
func (l *Locker) claim(ctx context.Context, seen view, r *request) (*Lease, error) {
	epoch := max(r.floor, seen.highest()) + 1 + r.refused
	if epoch > math.MaxUint32 { // a state version has 32 bits for its epoch
		return nil, fmt.Errorf("take the lock: epoch %d of %s is the last one there is", epoch-1, l.options.Table)
	}
	own := claim{Epoch: epoch, Holder: r.holder, Expires: seen.now + l.seconds(), Nonce: r.nonce}
	text, err := own.text()
	if err != nil {
		return nil, fmt.Errorf("write the holder: %w", err)
	}
	_, createErr := l.query(ctx, "CREATE TABLE "+l.table(epoch)+
		" (`claim` String DEFAULT "+ops.String(text)+", `expires` UInt64, `released` UInt8) ENGINE = MergeTree ORDER BY tuple()")
	// Whether it worked, was refused or is unknown: what is there now decides.
	after, err := l.look(ctx)
	if err != nil {
		l.withdraw(ctx, own)
		return nil, fmt.Errorf("take the lock: %w", errors.Join(createErr, err))
	}
	mine := after.find(own)
	if mine != nil && mine.live && after.highest() == epoch && !after.liveBeside(own) {
		l.drop(ctx, after, epoch)
		return l.hold(ctx, own, seen.asked), nil
	}
	switch {
	case mine != nil:
		l.withdraw(ctx, own)
	case after.highest() >= epoch: // another was quicker, and has it
		return nil, nil
	case createErr != nil:
		// Once or twice it may be what a server that was killed left of a table of
		// that name; 18.16 refuses its folder.
		if r.refused++; r.refused == 3 {
			return nil, fmt.Errorf("take the lock: %w", createErr)
		}
	}
	if r.attempts++; r.attempts == tries {
		return nil, fmt.Errorf("take the lock: %d claims met others, none of which has it: try again", tries)
	}
	return nil, nil
}

// withdraw gives up a claim that did not become the lock. If it cannot be said,
// the claim expires.
func (l *Locker) withdraw(ctx context.Context, c claim) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.options.Timeout/3)
	defer cancel()
	_, _ = l.query(ctx, l.releaseSQL(c.Epoch)) // it expires
}

// drop removes the claims below our own. What is left is tried by the next.
func (l *Locker) drop(ctx context.Context, seen view, below uint64) {
	for _, c := range seen.claims {
		if c.Epoch < below {
			_, _ = l.query(ctx, "DROP TABLE "+l.table(c.Epoch)) // the next one tries again
		}
	}
}

// Status says who holds the lock, nil if nobody does.
func (l *Locker) Status(ctx context.Context) (*journal.Holder, error) {
	seen, err := l.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the holder of the lock: %w", err)
	}
	if holding := seen.holding(); holding != nil {
		return &holding.Holder, nil
	}
	return nil, nil
}

// Break takes the lock away from whoever holds it, alive or not, and says who
// that was; nil if nobody did. When it returns the holder sends nothing more; what it
// has in flight is not stopped.
func (l *Locker) Break(ctx context.Context) (*journal.Holder, error) {
	seen, err := l.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the holder of the lock: %w", err)
	}
	holding := seen.holding()
	if holding == nil {
		return nil, nil
	}
	if _, err := l.query(ctx, l.releaseSQL(holding.Epoch)); err != nil {
		return nil, fmt.Errorf("break the lock of run %s: %w", holding.Holder.RunID, err)
	}
	select { // until the holder has to ask again
	case <-time.After(fresh):
	case <-ctx.Done():
	}
	return &holding.Holder, nil
}

func (l *Locker) releaseSQL(epoch uint64) string {
	return "INSERT INTO " + l.table(epoch) + " (`expires`, `released`) SELECT toUInt64(0), toUInt8(1)"
}

func (l *Locker) seconds() uint64 { return uint64(l.options.Timeout / time.Second) }

// query is one statement, which has a third of the timeout.
func (l *Locker) query(ctx context.Context, sql string) ([][]string, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.Timeout/3)
	defer cancel()
	return l.nodes.Query(ctx, l.options.Node, sql)
}
