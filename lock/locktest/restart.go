package locktest

import (
	"errors"
	"testing"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// testBreak: what was taken away is not confirmed any more, and nobody is told
// that he broke what nobody held.
func testBreak(t *testing.T, newSubject New) {
	first, second := newSubject(t), newSubject(t)
	if found, err := second.Break(t.Context(), t.Name()); err != nil || found != nil {
		t.Errorf("break of a lock that nobody ever held: %+v, %v", found, err)
	}
	lease := first.take(t, "run-0", 0)
	if err := lease.Confirm(t.Context()); err != nil { // whatever is remembered of it counts no more
		t.Fatal(err)
	}
	if _, err := second.Break(t.Context(), t.Name()); err != nil {
		t.Fatal(err)
	}
	wantLost(t, lease.Confirm(t.Context()))
	lease = first.take(t, "run-1", 0)
	found, err := second.Break(t.Context(), t.Name())
	if err != nil || found == nil || *found != holder("run-1") {
		t.Fatalf("break: %+v, %v", found, err)
	}
	next := second.take(t, "run-2", 0)
	defer release(t, next)
	if next.Epoch() <= lease.Epoch() {
		t.Errorf("epoch %d came after %d", next.Epoch(), lease.Epoch())
	}
	wantLost(t, lease.Confirm(t.Context()))
	select {
	case <-lease.Done():
	case <-time.After(time.Second):
		t.Error("a lease that was found lost is not done")
	}
	wantLost(t, lease.Release(t.Context()))
	if err := next.Confirm(t.Context()); err != nil {
		t.Errorf("the successor: %v", err)
	}
}

// testRestart: epochs grow over restarts, and over the loss of all data as far
// as the state table, whose highest epoch is the floor, can tell.
func testRestart(t *testing.T, newSubject New) {
	subject := newSubject(t)
	last := uint64(0)
	for _, lose := range []bool{false, false, true, false} {
		lease := subject.take(t, "run-1", last)
		if lease.Epoch() <= last {
			t.Errorf("epoch %d came after %d", lease.Epoch(), last)
		}
		last = lease.Epoch()
		release(t, lease)
		subject.Restart(t, lose)
		floor := uint64(0)
		if lose {
			floor = last
		}
		lease = newSubject(t).take(t, "run-2", floor)
		if lease.Epoch() <= last {
			t.Errorf("epoch %d came after %d and a restart, data lost: %v", lease.Epoch(), last, lose)
		}
		last = lease.Epoch()
		release(t, lease)
	}
}

// testRestartWhileHeld: a holder whose server went away still has its lock, or
// knows that it has not, when another run gets it.
func testRestartWhileHeld(t *testing.T, newSubject New) {
	for _, lose := range []bool{false, true} {
		first := newSubject(t)
		lease := first.take(t, "run-1", 0)
		first.Restart(t, lose)
		second := newSubject(t)
		next, err := second.Acquire(t.Context(), t.Name(), holder("run-2"), lease.Epoch(), first.Expiry, nil)
		var held *journal.LockHeldError
		if errors.As(err, &held) {
			if err := lease.Confirm(t.Context()); err != nil {
				t.Errorf("data lost: %v: nobody has the lock: %v", lose, err)
			}
			release(t, lease)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if next.Epoch() <= lease.Epoch() {
			t.Errorf("epoch %d came after %d", next.Epoch(), lease.Epoch())
		}
		wantLost(t, lease.Confirm(t.Context()))
		if err := next.Confirm(t.Context()); err != nil {
			t.Errorf("the successor: %v", err)
		}
		release(t, next)
	}
}
