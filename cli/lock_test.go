package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/lock/zk"
)

// Whoever ends skein is not told that the lock was lost.
func TestAnInterruptIsNoLostLock(t *testing.T) {
	for range 50 {
		ctx, interrupt := context.WithCancel(t.Context())
		for range 3000 { // who are told of it too, some of them earlier
			other, cancel := context.WithCancel(ctx)
			defer cancel()
			_ = other
		}
		held, _, err := locker{lock: noLock()}.Acquire(ctx, journal.Holder{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		interrupt()
		<-held.Done()
		var lost *journal.LockLostError
		if cause := context.Cause(held); errors.As(cause, &lost) {
			t.Fatal(cause)
		}
	}
}

func TestAnUnreachableLockSaysWhatToDo(t *testing.T) {
	silent := &zk.UnreachableError{Servers: []string{"zk-1:2181"}, Err: errors.New("no answer for 10s: connect: connection refused")}
	have := unreachable(fmt.Errorf("acquire lock /clickhouse/tables/migrations: %w", silent)).Error()
	want := "connect to ZooKeeper (zk-1:2181): no answer for 10s: connect: connection refused\n" +
		"Nothing was changed. Start ZooKeeper or Keeper, or mend coordination in skein.yaml. skein doctor looks at all of it"
	if have != want {
		t.Errorf("have %s\nwant %s", have, want)
	}
	other := errors.New("claim: no authentication")
	if have := unreachable(other); !errors.Is(have, other) || have.Error() != other.Error() {
		t.Errorf("have %v, want it as it is", have)
	}
	if unreachable(nil) != nil {
		t.Error("nothing is wrong, and that is an error")
	}
}
