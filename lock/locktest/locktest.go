// Package locktest is the contract of skein's locks: what every implementation
// must do, whatever it keeps the lock in.
package locktest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Lease is a lock that is held.
type Lease interface {
	Epoch() uint64
	Confirm(ctx context.Context) error
	Done() <-chan struct{}
	Release(ctx context.Context) error
}

// Subject is an implementation under test.
type Subject struct {
	// Acquire waits up to limit, not at all when it is 0.
	Acquire func(ctx context.Context, key string, holder journal.Holder, floor uint64,
		limit time.Duration, sink journal.Sink) (Lease, error)
	// Status answers nil for a lock that nobody holds.
	Status func(ctx context.Context, key string) (*journal.Holder, error)
	// Break takes the lock from its holder, alive or not, and says who that was;
	// nil if nobody held it.
	Break func(ctx context.Context, key string) (*journal.Holder, error)
	// Restart stops the server that all subjects use, and starts it again; with
	// lose, all that it knew of locks is gone. It returns when it serves. Nil
	// leaves those tests out.
	Restart func(t *testing.T, lose bool)
	// Cut cuts this subject, and no other, off from the servers, for good. The
	// servers must not learn of it but by silence or a broken connection.
	Cut func()
	// Expiry is how long at most a lock that was cut off stays held.
	Expiry time.Duration
}

// New makes a subject for one process; all of a test's subjects share a lock.
type New func(t *testing.T) Subject

// Run runs the whole contract. Keys are named for their test, so that one
// server serves all of it.
func Run(t *testing.T, newSubject New) {
	t.Helper()
	cases := map[string]func(*testing.T, New){
		"Exclusion":        testExclusion,
		"Epochs":           testEpochs,
		"Held":             testHeld,
		"Keys":             testKeys,
		"Wait":             testWait,
		"WaitEnds":         testWaitEnds,
		"WaitIsCancelled":  testWaitIsCancelled,
		"Release":          testRelease,
		"Cut":              testCut,
		"ConfirmCancelled": testConfirmCancelled,
		"Break":            testBreak,
	}
	if newSubject(t).Restart != nil {
		cases["Restart"], cases["RestartWhileHeld"] = testRestart, testRestartWhileHeld
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) { test(t, newSubject) })
	}
}

func holder(run string) journal.Holder {
	return journal.Holder{
		RunID: run, User: "deploy", Host: "ci-7", PID: 4121, Command: "migrate --group events",
		Since: time.Date(2026, 11, 20, 10, 14, 50, 0, time.UTC),
	}
}

func (s Subject) take(t *testing.T, run string, floor uint64) Lease {
	t.Helper()
	lease, err := s.Acquire(t.Context(), t.Name(), holder(run), floor, 0, nil)
	if err != nil {
		t.Fatalf("acquire as %s: %v", run, err)
	}
	return lease
}

func release(t *testing.T, lease Lease) {
	t.Helper()
	if err := lease.Release(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("release: %v", err)
	}
}

func wantHeldBy(t *testing.T, err error, run string) {
	t.Helper()
	var held *journal.LockHeldError
	if !errors.As(err, &held) {
		t.Fatalf("want *journal.LockHeldError, have %v", err)
	}
	if held.Holder != holder(run) {
		t.Errorf("held by %+v, want %+v", held.Holder, holder(run))
	}
}

func wantLost(t *testing.T, err error) {
	t.Helper()
	var lost *journal.LockLostError
	if !errors.As(err, &lost) {
		t.Errorf("want *journal.LockLostError, have %v", err)
	}
}

// testExclusion lets 16 contenders run into each other; each holds the lock
// three times.
func testExclusion(t *testing.T, newSubject New) {
	const contenders, rounds = 16, 3
	var inside atomic.Int32
	var mu sync.Mutex
	var epochs []uint64
	var wg sync.WaitGroup
	for i := range contenders {
		subject := newSubject(t)
		wg.Go(func() {
			for round := range rounds {
				run := fmt.Sprintf("run-%d-%d", i, round)
				lease, err := subject.Acquire(t.Context(), t.Name(), holder(run), 0, time.Minute, nil)
				if err != nil {
					t.Errorf("%s: %v", run, err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d hold the lock", n)
				}
				mu.Lock()
				epochs = append(epochs, lease.Epoch())
				mu.Unlock()
				if err := lease.Confirm(t.Context()); err != nil {
					t.Errorf("%s: %v", run, err)
				}
				inside.Add(-1)
				if err := lease.Release(t.Context()); err != nil {
					t.Errorf("%s: %v", run, err)
				}
			}
		})
	}
	wg.Wait()
	if len(epochs) != contenders*rounds {
		t.Errorf("held %d times, want %d", len(epochs), contenders*rounds)
	}
	for i := 1; i < len(epochs); i++ {
		if epochs[i] <= epochs[i-1] {
			t.Fatalf("epoch %d came after %d", epochs[i], epochs[i-1])
		}
	}
}

func testEpochs(t *testing.T, newSubject New) {
	subject := newSubject(t)
	last := uint64(0)
	for i, floor := range []uint64{0, 0, 40, 7, 41, 41} {
		lease := subject.take(t, fmt.Sprint("run-", i), floor)
		if lease.Epoch() <= last || lease.Epoch() <= floor {
			t.Errorf("epoch %d, want more than %d and than the floor %d", lease.Epoch(), last, floor)
		}
		last = lease.Epoch()
		release(t, lease)
	}
}

// testHeld wants an answer at once, the same for those who only look.
func testHeld(t *testing.T, newSubject New) {
	first, second := newSubject(t), newSubject(t)
	lease := first.take(t, "run-1", 0)
	defer release(t, lease)
	began := time.Now()
	_, err := second.Acquire(t.Context(), t.Name(), holder("run-2"), 0, 0, nil)
	wantHeldBy(t, err, "run-1")
	if took := time.Since(began); took > time.Second {
		t.Errorf("the answer took %s", took)
	}
	found, err := second.Status(t.Context(), t.Name())
	if err != nil || found == nil || *found != holder("run-1") {
		t.Errorf("status: %+v, %v", found, err)
	}
	if err := lease.Confirm(t.Context()); err != nil {
		t.Errorf("the holder was disturbed: %v", err)
	}
}

// testKeys holds locks side by side whose keys are alike once written carelessly.
func testKeys(t *testing.T, newSubject New) {
	subject := newSubject(t)
	for _, key := range []string{"a/b", "a%2Fb", "a", ".", "..", "%2E", "ключ", "a b", "a\x00b"} {
		lease, err := subject.Acquire(t.Context(), key, holder(key), 0, 0, nil)
		if err != nil {
			t.Errorf("%q: %v", key, err)
			continue
		}
		defer release(t, lease)
		if found, err := subject.Status(t.Context(), key); err != nil || found == nil || found.RunID != key {
			t.Errorf("%q: status %+v, %v", key, found, err)
		}
	}
	if _, err := subject.Acquire(t.Context(), "", holder("run"), 0, 0, nil); err == nil {
		t.Error("an empty key was taken")
	}
}

func testWait(t *testing.T, newSubject New) {
	first, second := newSubject(t), newSubject(t)
	lease := first.take(t, "run-1", 0)
	told := make(chan journal.Event, 4)
	go func() {
		if waiting, ok := (<-told).(journal.LockWaiting); !ok || waiting.Holder != holder("run-1") || waiting.Limit != time.Minute {
			t.Errorf("told %+v", waiting)
		}
		if err := lease.Release(t.Context()); err != nil {
			t.Errorf("release: %v", err)
		}
	}()
	next, err := second.Acquire(t.Context(), t.Name(), holder("run-2"), 0, time.Minute, func(e journal.Event) { told <- e })
	if err != nil {
		t.Fatalf("wait: %v", err)
	}
	defer release(t, next)
	if next.Epoch() <= lease.Epoch() {
		t.Errorf("epoch %d came after %d", next.Epoch(), lease.Epoch())
	}
}

func testWaitEnds(t *testing.T, newSubject New) {
	first, second := newSubject(t), newSubject(t)
	defer release(t, first.take(t, "run-1", 0))
	began := time.Now()
	_, err := second.Acquire(t.Context(), t.Name(), holder("run-2"), 0, 300*time.Millisecond, nil)
	wantHeldBy(t, err, "run-1")
	if took := time.Since(began); took < 300*time.Millisecond || took > 3*time.Second {
		t.Errorf("waited %s, want 300ms", took)
	}
}

func testWaitIsCancelled(t *testing.T, newSubject New) {
	first, second := newSubject(t), newSubject(t)
	defer release(t, first.take(t, "run-1", 0))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := second.Acquire(ctx, t.Name(), holder("run-2"), 0, time.Minute, nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("want the context's error, have %v", err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("waited %s after the context had ended", took)
	}
}

func testRelease(t *testing.T, newSubject New) {
	first, second := newSubject(t), newSubject(t)
	lease := first.take(t, "run-1", 0)
	select {
	case <-lease.Done():
		t.Fatal("done while it is held")
	default:
	}
	release(t, lease)
	select {
	case <-lease.Done():
	case <-time.After(time.Second):
		t.Error("not done after release")
	}
	if found, err := second.Status(t.Context(), t.Name()); err != nil || found != nil {
		t.Errorf("status after release: %+v, %v", found, err)
	}
	next := second.take(t, "run-2", 0)
	wantLost(t, lease.Confirm(t.Context()))
	if err := lease.Release(t.Context()); err == nil {
		t.Error("released twice without a word")
	}
	// A late Release must not have hit its successor.
	if err := next.Confirm(t.Context()); err != nil {
		t.Errorf("the successor lost its lock: %v", err)
	}
	release(t, next)
}

// testCut is the case that the lock is for: the holder is cut off, its lock goes
// to another, and it must know before that.
func testCut(t *testing.T, newSubject New) {
	first, second := newSubject(t), newSubject(t)
	lease := first.take(t, "run-1", 0)
	first.Cut()
	cut := time.Now()
	acquired := make(chan Lease, 1)
	go func() {
		defer close(acquired)
		next, err := second.Acquire(t.Context(), t.Name(), holder("run-2"), 0, 3*first.Expiry, nil)
		if err != nil {
			t.Errorf("the lock of a holder that was cut off: %v", err)
			return
		}
		if took := time.Since(cut); took > first.Expiry {
			t.Errorf("it stayed held for %s, want %s at most", took, first.Expiry)
		}
		acquired <- next
	}()
	select {
	case <-lease.Done():
	case next := <-acquired:
		t.Error("another run has the lock, and its holder does not know")
		release(t, next)
		return
	case <-time.After(3 * first.Expiry):
		t.Error("not done although cut off")
	}
	wantLost(t, lease.Confirm(t.Context()))
	next, ok := <-acquired
	if !ok {
		return
	}
	defer release(t, next)
	if next.Epoch() <= lease.Epoch() {
		t.Errorf("epoch %d came after %d", next.Epoch(), lease.Epoch())
	}
	wantLost(t, lease.Confirm(t.Context()))
	if err := next.Confirm(t.Context()); err != nil {
		t.Errorf("the successor: %v", err)
	}
}

// testConfirmCancelled: who stops asking has not lost anything.
func testConfirmCancelled(t *testing.T, newSubject New) {
	subject := newSubject(t)
	lease := subject.take(t, "run-1", 0)
	defer release(t, lease)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var lost *journal.LockLostError
	if err := lease.Confirm(ctx); errors.As(err, &lost) {
		t.Errorf("a cancelled question was taken for a lost lock: %v", err)
	}
	if err := lease.Confirm(t.Context()); err != nil {
		t.Errorf("confirm: %v", err)
	}
}
