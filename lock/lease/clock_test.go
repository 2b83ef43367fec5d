package lease_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/lock/lease"
)

// clock is a server whose clock jumps: now() is so many seconds off in all that
// is sent to it.
type clock struct {
	lease.Nodes
	off atomic.Int64
}

func (c *clock) Query(ctx context.Context, node, sql string) ([][]string, error) {
	return c.Nodes.Query(ctx, node, strings.ReplaceAll(sql, "now()", fmt.Sprintf("(now() + toInt64(%d))", c.off.Load())))
}

// A holder whose server's clock jumps keeps the lock, or knows that it lost it:
// never are there two. Back: it looks live for the longer. Forward: it looks expired.
func TestAClockThatJumpsGivesTheLockToNoSecondRun(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		for _, seconds := range []int64{-3600, 3600} {
			t.Run(fmt.Sprintf("%+ds", seconds), func(t *testing.T) {
				server := &clock{Nodes: open(t, c, c.Nodes[0].Addr())}
				locker := lease.New(server, options(c, t.Name()))
				first, err := locker.Acquire(t.Context(), journal.Holder{RunID: "first"}, 0, 0, nil)
				if err != nil {
					t.Fatal(err)
				}
				server.off.Store(seconds)
				second, err := locker.Acquire(t.Context(), journal.Holder{RunID: "second"}, 0, 0, nil)
				var held *journal.LockHeldError
				var lost *journal.LockLostError
				switch {
				case err == nil:
					if second.Epoch() <= first.Epoch() {
						t.Errorf("epoch %d after %d", second.Epoch(), first.Epoch())
					}
					if err := first.Confirm(t.Context()); !errors.As(err, &lost) {
						t.Errorf("two runs hold the lock: %v", err)
					}
					first = second
				case !errors.As(err, &held) || held.Holder.RunID != "first":
					t.Fatal(err)
				case seconds > 0:
					t.Error("a lease that has run out keeps others out")
				}
				// Whoever has it renews it by the new clock, and gives it back at once.
				time.Sleep(timeout)
				if err := first.Confirm(t.Context()); err != nil {
					t.Error(err)
				}
				if err := first.Release(t.Context()); err != nil {
					t.Error(err)
				}
				third, err := locker.Acquire(t.Context(), journal.Holder{RunID: "third"}, 0, 0, nil)
				if err != nil {
					t.Fatal(err)
				}
				if third.Epoch() <= first.Epoch() {
					t.Errorf("epoch %d after %d", third.Epoch(), first.Epoch())
				}
				if err := third.Release(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	})
}
