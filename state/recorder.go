package state

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// The times of the audit trail's writing.
const (
	flushEvery   = 2 * time.Second        // so much a killed run loses
	flushPause   = 500 * time.Millisecond // between two inserts, also of many short migrations
	insertLimit  = 5 * time.Second        // of one node, which may hang
	flushLimit   = 12 * time.Second       // at the end of a run
	flushGoodbye = time.Second            // for an insert that is under way then
)

// Recorder keeps the audit trail of one run: rows for all of its events. They
// are written by a goroutine of its own, at the ends of migrations and every
// 2 s, so that nothing waits for them but Flush. Nothing is decided by them.
// Record may be called from several goroutines.
type Recorder struct {
	store *Store
	now   func() time.Time
	every time.Duration

	kick chan struct{}
	quit chan struct{}
	done chan struct{} // nil: nothing runs in the background
	next int           // the node to write to, of whoever writes

	mu   sync.Mutex
	told told
	rows []journal.Record // not written yet
}

// Recorder makes the recorder of one run. Its goroutine starts when the run has
// the lock, and ends with Flush.
func (s *Store) Recorder(runID string) *Recorder {
	return &Recorder{
		store: s, now: time.Now, every: flushEvery, told: newTold(runID),
		kick: make(chan struct{}, 1), quit: make(chan struct{}),
	}
}

// Record takes an event into the trail. It does not block.
func (r *Recorder) Record(event journal.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, r.told.records(event, r.now())...)
	switch event.(type) {
	case journal.LockAcquired:
		if r.done == nil {
			r.done = make(chan struct{})
			go r.keep()
		}
	case journal.MigrationStarted, journal.MigrationFinished, journal.MigrationFailed:
		select {
		case r.kick <- struct{}{}:
		default:
		}
	}
}

// keep writes what there is, until Flush ends it. What cannot be written is
// kept: another node may take it, or the end of the run says that it is lost.
func (r *Recorder) keep() {
	defer close(r.done)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-r.quit:
			time.AfterFunc(flushGoodbye, cancel)
		case <-ctx.Done():
		}
	}()
	ticker := time.NewTicker(r.every)
	defer ticker.Stop()
	for {
		select {
		case <-r.quit:
			return
		case <-ticker.C:
		case <-r.kick:
		}
		if !r.writable() {
			continue
		}
		_ = r.write(ctx)
		select {
		case <-r.quit:
			return
		case <-time.After(flushPause):
		}
	}
}

// writable says that the trail's own tables are not being made or dropped.
func (r *Recorder) writable() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.told.system
}

// Flush ends the recording and writes what is left, for 12 s at most. An error
// says how many rows are lost. Where the tables were never made, or this run
// has dropped them, there is nothing to be lost.
func (r *Recorder) Flush(ctx context.Context) error {
	r.mu.Lock()
	background := r.done
	r.mu.Unlock()
	if background != nil {
		close(r.quit)
		<-background
		r.mu.Lock()
		r.done = nil
		r.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := r.write(ctx)
		if err != nil && !r.store.options.Unknown(err) && !r.store.options.TryAgain(err) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithMaxElapsedTime(flushLimit/2))
	if err == nil {
		return nil
	}
	r.mu.Lock()
	lost, changed := len(r.rows), r.told.changed
	r.mu.Unlock()
	if !changed && r.store.hasNoTrail(ctx) {
		return nil
	}
	return fmt.Errorf("%d rows of the audit trail are lost: %w", lost, err)
}

// write inserts what has been collected on the first node that takes it. Rows
// whose insert may have landed are written again: reading knows them by Seq.
func (r *Recorder) write(ctx context.Context) error {
	r.mu.Lock()
	n := len(r.rows)
	rows := rowsOf(r.rows)
	r.mu.Unlock()
	if n == 0 {
		return nil
	}
	nodes := r.store.nodes.Nodes(ops.Local)
	last := errors.New("the state's cluster has no nodes")
	for range nodes {
		if last = r.insert(ctx, nodes[r.next%len(nodes)].Name(), rows); last == nil {
			r.mu.Lock()
			r.rows = r.rows[n:]
			r.mu.Unlock()
			return nil
		}
		r.next++
	}
	return last
}

func (r *Recorder) insert(ctx context.Context, node string, rows [][]any) error {
	ctx, cancel := context.WithTimeout(ctx, insertLimit)
	defer cancel()
	names := make([]string, 0, len(stepColumns()))
	for _, column := range stepColumns() {
		names = append(names, column.Name)
	}
	return r.store.nodes.Insert(ctx, node, r.store.table(stepsLocal), names, rows, 0)
}
