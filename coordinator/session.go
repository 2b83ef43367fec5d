package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/plan"
)

// releaseLimit bounds what is still written and released after the end.
const releaseLimit = 20 * time.Second

// Result is what a command did.
type Result struct {
	Run     journal.Run
	Applied []journal.Key // in order
	Plans   []MigrationPlan
	Settled []Settled // by resume
	// Differences and Unseen are by baseline with Verify: what is not as migrations
	// would have made it, and tables of which it is only known that they are there.
	Differences []Lack
	Unseen      []string
}

// Migrate runs all pending migrations of the request: Groups, Readiness,
// Through, Count, Force, Fake, Jobs. With several jobs the error may be of several
// migrations, joined; those that are under way when one stops go on to their end.
func (c *Coordinator) Migrate(ctx context.Context, r Request) (Result, error) {
	return c.change(ctx, migrate, r)
}

// Run runs one migration: Groups, ID, Force, Fake.
func (c *Coordinator) Run(ctx context.Context, r Request) (Result, error) {
	return c.change(ctx, run, r)
}

// Reverse runs one completed migration backward: Groups, ID, Force, Fake.
func (c *Coordinator) Reverse(ctx context.Context, r Request) (Result, error) {
	return c.change(ctx, reverse, r)
}

// Rollback runs the last Count migrations of a group backward.
func (c *Coordinator) Rollback(ctx context.Context, r Request) (Result, error) {
	return c.change(ctx, rollback, r)
}

// Revert runs all completed migrations backward, to Through: Groups, Through,
// Force, Fake, IncludeSystem.
func (c *Coordinator) Revert(ctx context.Context, r Request) (Result, error) {
	return c.change(ctx, revert, r)
}

// change is what every changing command does: take the lock, read the state,
// pick migrations, plan, look before the leap, and run.
func (c *Coordinator) change(ctx context.Context, pick verb, r Request) (Result, error) {
	began := c.now()
	unlocked, err := c.readAnyhow(ctx)
	if err != nil {
		return Result{}, err
	}
	// A wrong request is said before another run's end is waited for.
	var usage *journal.UsageError
	targets, err := pick(c, unlocked, r)
	switch {
	case errors.As(err, &usage):
		return Result{}, err
	case err == nil && len(targets) == 0 && len(c.options.Without) == 0 && c.sawAll():
		// The newest row of each migration counts: what is completed is. Most
		// deployments have nothing to do, and need no lock for it.
		c.warnDirty(unlocked, r, targets, c.options.Events)
		c.warnOwed(unlocked, c.options.Events)
		c.options.Events(ended(nil, c.now().Sub(began)))
		return Result{}, nil
	}
	return c.locked(ctx, unlocked.epoch(), func(ctx context.Context, s *session) error {
		s.decided(r)
		targets, err := pick(c, s.state, r)
		if err == nil {
			c.warnDirty(s.state, r, targets, s.emit)
		}
		if err == nil && len(targets) == 0 {
			c.warnOwed(s.state, s.emit)
		}
		if err != nil || len(targets) == 0 {
			return err
		}
		if err := c.unsettled(s.state, targets, r.Fake); err != nil {
			return err
		}
		plans, err := c.plan(ctx, s.state, targets, r)
		if err != nil {
			return err
		}
		s.result.Plans = plans
		if err := s.look(ctx, targets, plans, r); err != nil {
			return err
		}
		s.baseline = r.baseline
		if r.Jobs > 1 {
			return s.sideBySide(ctx, targets, plans, r.Jobs)
		}
		return s.all(ctx, targets, plans)
	})
}

// sawAll says that every node answered when the state was read last.
func (c *Coordinator) sawAll() bool {
	witness, ok := c.options.States.(Witness)
	return ok && witness.AllAnswered()
}

// session is one run under the lock.
type session struct {
	c     *Coordinator
	run   journal.Run
	lease Lease
	trail Trail
	*common
	state entries
	// finished is the completed row of the last migration, which goes into one
	// insert with the next one's first row.
	finished *journal.Entry
	done     func()          // announces it
	upcoming []MigrationPlan // planned after the one that is run
	baseline bool            // what is faked was there before
	result   Result
}

// common is what the lanes of a run have in common; see sideBySide.
type common struct {
	// emitting makes the trail's order that of the sinks: nodes answer side by side.
	emitting sync.Mutex
	// writing keeps rows one after the other: of two quorum inserts at a time a server
	// refuses one (286).
	writing sync.Mutex
	counter atomic.Uint32
}

// locked takes the lock with an epoch above floor, reads the state behind a barrier, and runs f. What
// follows the end — the last row, the audit trail, the release — is done even
// when the context has ended.
func (c *Coordinator) locked(ctx context.Context, floor uint64, f func(context.Context, *session) error) (Result, error) {
	held, lease, err := c.options.Locker.Acquire(ctx, c.options.Holder, floor)
	if err != nil {
		return Result{}, err
	}
	s := &session{c: c, lease: lease, trail: noTrail{}, common: &common{}}
	s.run = journal.Run{
		ID: c.options.Holder.RunID, Epoch: lease.Epoch(), Command: c.options.Holder.Command,
		AppliedBy: c.options.Holder.User + "@" + c.options.Holder.Host,
	}
	if c.options.Command != "" {
		s.run.Command = c.options.Command
	}
	s.result.Run = s.run
	if c.options.Trail != nil {
		s.trail = c.options.Trail(s.run.ID)
	}
	began := c.now()
	s.emit(journal.LockAcquired{Run: s.run, Unlocked: c.options.Unlocked})
	s.leaveOut()
	for _, node := range c.options.Without {
		s.emit(journal.Decided{Flag: "--without", Text: node + " is left out, and owed what it misses"})
	}
	for _, caution := range c.options.Cautions {
		s.emit(journal.Warning{Text: caution})
	}
	err = s.work(held, f)
	var lost *journal.LockLostError
	if cause := context.Cause(held); err != nil && ctx.Err() == nil && errors.As(cause, &lost) {
		err = fmt.Errorf("%w (%w)", err, lost)
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseLimit)
	defer cancel()
	if releaseErr := lease.Release(after); releaseErr != nil && err == nil {
		s.emit(journal.Warning{Text: "release the lock: " + releaseErr.Error()})
	}
	s.emit(ended(err, c.now().Sub(began)))
	// Last, so that nothing is left out, and others need not wait for it.
	if flushErr := s.trail.Flush(context.WithoutCancel(ctx)); flushErr != nil {
		s.emit(journal.Warning{Text: flushErr.Error()})
	}
	return s.result, err
}

func (s *session) work(ctx context.Context, f func(context.Context, *session) error) error {
	var err error
	if s.state, err = s.c.readBehindBarrier(ctx); err != nil {
		return err
	}
	// The lock remembers its epochs. One that lost its data does not, and what was
	// read before it was taken need not have been all.
	if highest := s.state.epoch(); highest >= s.run.Epoch {
		return journal.Refusef("the state has rows of epoch %d, and the lock gave this run %d: another run wrote them "+
			"meanwhile, under no lock or one that was lost. Nothing was changed; the same command again", highest, s.run.Epoch)
	}
	return s.settle(ctx, f(ctx, s))
}

// settle writes the last row of what is done, also when what came after it
// failed. Without that row the migration is still in progress.
func (s *session) settle(ctx context.Context, err error) error {
	if s.finished == nil {
		return err
	}
	last := *s.finished
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseLimit)
	defer cancel()
	if err != nil { // another run may have taken over
		if lost := s.lease.Confirm(after); lost != nil {
			return errors.Join(err, lost)
		}
	}
	failure := s.flushFinished(after)
	if failure == nil {
		return err
	}
	s.result.Applied = slices.DeleteFunc(s.result.Applied, func(k journal.Key) bool { return k == last.Key })
	return &journal.PartialError{
		Key: last.Key, Step: last.Steps, Of: last.Steps, Summary: "write its last row", Cause: errors.Join(failure, err),
	}
}

func (c *Coordinator) readBehindBarrier(ctx context.Context) (entries, error) {
	missing, of, err := c.options.States.Missing(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(missing) == of:
		return entries{}, nil
	case len(missing) > 0:
		return c.halfBorn(ctx, missing)
	}
	return c.options.States.Read(ctx, true)
}

// epoch is the highest epoch that a row was written in.
func (e entries) epoch() uint64 {
	highest := uint64(0)
	for _, entry := range e {
		highest = max(highest, journal.EpochOf(entry.Version))
	}
	return highest
}

func (s *session) emit(event journal.Event) {
	s.emitting.Lock()
	defer s.emitting.Unlock()
	s.trail.Record(event)
	s.c.options.Events(event)
}

// record writes rows, if the lock is still held: a row of an older epoch loses
// against a newer one, but would stand where there is none.
func (s *session) record(ctx context.Context, rows ...journal.Entry) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.lease.Confirm(ctx); err != nil {
		return err
	}
	if err := s.c.options.Rows.Write(ctx, rows...); err != nil {
		return err
	}
	for _, row := range rows {
		s.state[row.Key] = row
	}
	return nil
}

// recordAnyhow writes a row that only adds an error, with whatever is alive. Where
// another run may have taken over, its rows are the ones that count.
func (s *session) recordAnyhow(ctx context.Context, row journal.Entry) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	ctx, cancel := context.WithTimeout(ctx, releaseLimit)
	defer cancel()
	if err := s.lease.Confirm(ctx); err != nil {
		return err
	}
	return s.c.options.Rows.WriteAnyhow(ctx, row)
}

// next is the version of the next row.
func (s *session) next() uint64 {
	return journal.Version(s.run.Epoch, s.counter.Add(1))
}

func (s *session) stopped() bool {
	select {
	case <-s.c.options.Stop:
		return true
	default:
		return false
	}
}

func (s *session) execution() plan.Execution {
	return plan.Execution{RunID: s.run.ID, Confirm: s.lease.Confirm, Emit: s.emit}
}

// all runs planned migrations, one after the other.
func (s *session) all(ctx context.Context, targets []target, plans []MigrationPlan) error {
	for i, t := range targets {
		if s.stopped() {
			if err := s.flushFinished(ctx); err != nil {
				return err
			}
			return &journal.InterruptedError{}
		}
		s.upcoming = plans[i+1:]
		if err := s.one(ctx, t, plans[i]); err != nil {
			return err
		}
		s.result.Applied = append(s.result.Applied, t.key)
	}
	return nil
}

func (s *session) one(ctx context.Context, t target, p MigrationPlan) error {
	switch {
	case p.Fake:
		return s.fake(ctx, t)
	case t.key.Group == migration.System:
		return s.system(ctx, t, p)
	}
	return s.apply(ctx, t, p)
}

type noTrail struct{}

func (noTrail) Record(journal.Event)        {}
func (noTrail) Flush(context.Context) error { return nil }
