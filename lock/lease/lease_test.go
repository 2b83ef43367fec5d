package lease_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/integration/testproxy"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/lock/lease"
	"github.com/skein-migrate/skein/lock/locktest"
	"github.com/skein-migrate/skein/ops"
)

var servers = struct{ old, modern testcluster.Shared }{
	old:    testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 1, Replicas: 1}},
	modern: testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, NoZooKeeper: true}},
}

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m, &servers.old, &servers.modern)) }

const timeout = 5 * time.Second

// onBoth runs a test on a server of 2018, whose databases are not Atomic, and
// on one of today.
func onBoth(t *testing.T, test func(t *testing.T, c *testcluster.Cluster)) {
	t.Helper()
	for name, shared := range map[string]*testcluster.Shared{"18.16": &servers.old, "26.7": &servers.modern} {
		t.Run(name, func(t *testing.T) { test(t, shared.Cluster(t)) })
	}
}

func TestContractConnectionBroken(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		locktest.Run(t, func(t *testing.T) locktest.Subject {
			p := testproxy.New(t, c.Nodes[0].Addr(), testproxy.Options{Answered: testproxy.Answered})
			s := subject(t, c, p.Address(), p.Cut)
			s.Restart = func(t *testing.T, lose bool) { restart(t, c, lose) }
			return s
		})
	})
}

func TestContractServerSilent(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		locktest.Run(t, func(t *testing.T) locktest.Subject {
			p := testproxy.New(t, c.Nodes[0].Addr(), testproxy.Options{Answered: testproxy.Answered})
			return subject(t, c, p.Address(), func() { p.Silence() })
		})
	})
}

func open(t *testing.T, c *testcluster.Cluster, address string) *cluster.Cluster {
	t.Helper()
	node := c.Nodes[0].Addr()
	opened, err := cluster.Open(t.Context(), cluster.Options{
		Name: "one", Hosts: []string{node}, SingleNode: true, Database: c.Database, User: "default",
		Address: func(string) string { return address }, ConnectTimeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened
}

func options(c *testcluster.Cluster, key string) lease.Options {
	return lease.Options{Node: c.Nodes[0].Addr(), Database: c.Database, Table: "lock of " + key, Timeout: timeout}
}

// subject keeps each key in tables that begin with it.
func subject(t *testing.T, c *testcluster.Cluster, address string, cut func()) locktest.Subject {
	t.Helper()
	nodes := open(t, c, address)
	locker := func(key string) *lease.Locker { return lease.New(nodes, options(c, key)) }
	return locktest.Subject{
		Acquire: func(ctx context.Context, key string, holder journal.Holder, floor uint64,
			limit time.Duration, sink journal.Sink,
		) (locktest.Lease, error) {
			if key == "" {
				return nil, errors.New("no key")
			}
			l, err := locker(key).Acquire(ctx, holder, floor, limit, sink)
			if err != nil {
				return nil, err // not a nil *Lease in an interface
			}
			return l, nil
		},
		Status: func(ctx context.Context, key string) (*journal.Holder, error) { return locker(key).Status(ctx) },
		Break:  func(ctx context.Context, key string) (*journal.Holder, error) { return locker(key).Break(ctx) },
		Cut:    cut,
		Expiry: timeout + 2*time.Second, // the clock's whole seconds, and the time between two looks
	}
}

// beside counts the answers that came while nobody waited for one, but for those that a
// renewal asks for.
type beside struct {
	lease.Nodes
	confirming atomic.Bool
	answers    atomic.Int32
}

func (b *beside) Query(ctx context.Context, node, sql string) ([][]string, error) {
	time.Sleep(5 * time.Millisecond)
	rows, err := b.Nodes.Query(ctx, node, sql)
	if !b.confirming.Load() && strings.Contains(sql, "toString(0)") {
		b.answers.Add(1)
	}
	return rows, err
}

// Whoever confirms at every turn does not wait for answers: they are asked for before
// the last one is too old.
func TestWorkDoesNotWaitForTheLease(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		server := &beside{Nodes: open(t, c, c.Nodes[0].Addr())}
		l, err := lease.New(server, options(c, t.Name())).Acquire(t.Context(), journal.Holder{RunID: "run"}, 0, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		server.answers.Store(0)
		for began := time.Now(); server.answers.Load() == 0; time.Sleep(time.Millisecond) {
			server.confirming.Store(true)
			err := l.Confirm(t.Context())
			server.confirming.Store(false)
			if err != nil {
				t.Fatal(err)
			}
			if time.Since(began) > 20*time.Second {
				t.Fatal("each answer was waited for")
			}
		}
		if err := l.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// restart kills the server and starts it again. What it knew of locks is its tables.
func restart(t *testing.T, c *testcluster.Cluster, lose bool) {
	t.Helper()
	if err := c.Nodes[0].Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Nodes[0].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lose {
		for _, name := range claims(t, c, "") {
			query(t, c, "DROP TABLE "+ops.Ident(name))
		}
	}
}

func claims(t *testing.T, c *testcluster.Cluster, key string) []string {
	t.Helper()
	var names []string
	for _, row := range query(t, c, "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, "+
		ops.String("lock of "+key)+")") {
		names = append(names, row[0])
	}
	return names
}

func query(t *testing.T, c *testcluster.Cluster, sql string) [][]string {
	t.Helper()
	rows, err := c.Nodes[0].Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

func holder(run string) journal.Holder {
	return journal.Holder{RunID: run, User: `o'neill\dev`, Host: "ci\n7", PID: 1, Command: "skein migrate"}
}

// What the lock stands on: of many CREATE TABLE of one name, sent at once, a
// server does one.
func TestCreateTableIsForOneAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		nodes := open(t, c, c.Nodes[0].Addr())
		for round := range 10 {
			name := "race_" + string(rune('a'+round))
			var won atomic.Int32
			var wg sync.WaitGroup
			start := make(chan struct{})
			for range 24 {
				wg.Go(func() {
					<-start
					_, err := nodes.Query(t.Context(), c.Nodes[0].Addr(), "CREATE TABLE "+name+" (x UInt8) ENGINE = MergeTree ORDER BY tuple()")
					if err == nil {
						won.Add(1)
					} else if !strings.Contains(err.Error(), "exist") && !strings.Contains(err.Error(), "right now") {
						t.Errorf("the loser was told: %v", err)
					}
				})
			}
			close(start)
			wg.Wait()
			if n := won.Load(); n != 1 {
				t.Fatalf("%s was created %d times", name, n)
			}
		}
	})
}

// A claim left behind by a run that died is dropped by the next, and no more
// than one table is there for long.
func TestClaimsDoNotPileUp(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		locker := lease.New(open(t, c, c.Nodes[0].Addr()), options(c, "pile"))
		for range 5 {
			l, err := locker.Acquire(t.Context(), holder("run"), 0, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if names := claims(t, c, "pile"); len(names) != 1 || names[0] != "lock of pile_5" {
			t.Errorf("there is %q, want the highest claim alone", names)
		}
	})
}

// meddling acts before a statement goes to the server, once.
type meddling struct {
	lease.Nodes
	on   string
	act  func()
	once sync.Once // renewals come from a goroutine of their own
}

func (m *meddling) Query(ctx context.Context, node, sql string) ([][]string, error) {
	acted := false
	if strings.Contains(sql, m.on) {
		m.once.Do(func() { acted = true })
	}
	if acted {
		m.act()
		ctx = context.WithoutCancel(ctx) // it is under way, and arrives late
	}
	return m.Nodes.Query(ctx, node, sql)
}

const late = "INSERT INTO %s (expires, released) SELECT toUInt64(toUnixTimestamp(now()) + 60), toUInt8(0)"

func handmade(name, run string, expires int) string {
	return fmt.Sprintf("CREATE TABLE `%s` (claim String DEFAULT '{\"holder\":{\"run\":\"%s\"},\"expires\":%d}', "+
		"expires UInt64, released UInt8) ENGINE = MergeTree ORDER BY tuple()", name, run, expires)
}

// Between a contender's look and its claim the holder renews after all, or
// another claims a higher epoch: the contender withdraws, and they go on.
func TestContenderWithdrawsFromWhatCameBetween(t *testing.T) {
	for name, between := range map[string]string{
		"a late renewal": fmt.Sprintf(late, "`lock of edge_1`"),
		"a higher claim": handmade("lock of edge_9", "other", 1<<40),
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
				query(t, c, handmade("lock of edge_1", "other", 1))
				nodes := &meddling{Nodes: open(t, c, c.Nodes[0].Addr()), on: "CREATE TABLE", act: func() { query(t, c, between) }}
				locker := lease.New(nodes, options(c, "edge"))
				_, err := locker.Acquire(t.Context(), holder("run-2"), 0, 0, nil)
				var held *journal.LockHeldError
				if !errors.As(err, &held) || held.Holder.RunID != "other" {
					t.Fatalf("want the lock held by the other, have %v", err)
				}
				if found, err := locker.Status(t.Context()); err != nil || found == nil || found.RunID != "other" {
					t.Errorf("after it withdrew: %+v, %v", found, err)
				}
			})
		})
	}
}

// A claim above its own ends a lease when that is renewed next, whatever the claim is worth.
func TestAHigherClaimEndsTheLease(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		l, err := lease.New(open(t, c, c.Nodes[0].Addr()), options(c, "high")).Acquire(t.Context(), holder("run-1"), 8, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		query(t, c, handmade("lock of high_10", "other", 1)) // 9 is below it, as text it is above
		select {
		case <-l.Done():
		case <-time.After(timeout):
			t.Error("it goes on")
		}
		var lost *journal.LockLostError
		if err := l.Confirm(t.Context()); !errors.As(err, &lost) {
			t.Errorf("want *journal.LockLostError, have %v", err)
		}
	})
}

// A lease that has run out is not renewed: another may be about to take it.
func TestWhatHasRunOutStaysSo(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		slow := &meddling{Nodes: open(t, c, c.Nodes[0].Addr()), on: "INSERT INTO", act: func() { time.Sleep(timeout + time.Second) }}
		l, err := lease.New(slow, options(c, "over")).Acquire(t.Context(), holder("run-1"), 0, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		<-l.Done()
		time.Sleep(timeout + time.Second) // the late renewal arrives
		if found, err := lease.New(slow, options(c, "over")).Status(t.Context()); err != nil || found != nil {
			t.Errorf("it was renewed: %+v, %v", found, err)
		}
	})
}

// A run that works for longer than the timeout keeps its lock, and another's
// name beside its claims is no claim.
func TestRenewalKeepsTheLock(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		query(t, c, "CREATE TABLE `lock of long_99x` (claim String) ENGINE = Memory")
		query(t, c, "CREATE TABLE `lock of long_98` (x String) ENGINE = Memory")
		query(t, c, "DROP TABLE `lock of long_98`")
		locker := lease.New(open(t, c, c.Nodes[0].Addr()), options(c, "long"))
		l, err := locker.Acquire(t.Context(), holder("run-1"), 0, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		for began := time.Now(); time.Since(began) < 2*timeout+time.Second; time.Sleep(100 * time.Millisecond) {
			if err := l.Confirm(t.Context()); err != nil {
				t.Fatalf("after %s: %v", time.Since(began), err)
			}
			found, err := locker.Status(t.Context())
			if err != nil || found == nil || *found != holder("run-1") {
				t.Fatalf("after %s: status %+v, %v", time.Since(began), found, err)
			}
		}
		if err := l.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// The answer to CREATE did not come, but the table did: the lock is ours, or
// free for us again; never held by a run that does not know.
func TestUnknownClaimIsSettled(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		p := testproxy.New(t, c.Nodes[0].Addr(), testproxy.Options{Answered: testproxy.Answered})
		nodes := open(t, c, p.Address())
		var swallowed atomic.Bool
		p.Meddle(func(r testproxy.Request) *testproxy.Meddling {
			if strings.Contains(string(r.Data), "CREATE TABLE") && swallowed.CompareAndSwap(false, true) {
				return &testproxy.Meddling{Cut: true}
			}
			return nil
		})
		l, err := lease.New(nodes, options(c, "swallow")).Acquire(t.Context(), holder("run-1"), 0, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Confirm(t.Context()); err != nil {
			t.Error(err)
		}
		if !swallowed.Load() {
			t.Error("nothing was swallowed")
		}
		if err := l.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A claim that this skein cannot read holds the lock all the same, until it is
// broken.
func TestUnreadableClaimIsHeld(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		query(t, c, "CREATE TABLE `lock of later_7` (claim String DEFAULT 'not JSON', expires UInt64, released UInt8) "+
			"ENGINE = MergeTree ORDER BY tuple()")
		locker := lease.New(open(t, c, c.Nodes[0].Addr()), options(c, "later"))
		_, err := locker.Acquire(t.Context(), holder("run-2"), 0, 0, nil)
		var held *journal.LockHeldError
		if !errors.As(err, &held) || !strings.Contains(held.Error(), "unreadable") {
			t.Fatalf("want *journal.LockHeldError, have %v", err)
		}
		if _, err := locker.Break(t.Context()); err != nil {
			t.Fatal(err)
		}
		l, err := locker.Acquire(t.Context(), holder("run-2"), 0, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if l.Epoch() != 8 {
			t.Errorf("epoch %d, want 8", l.Epoch())
		}
		_ = l.Release(t.Context())
	})
}

func TestEpochsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		_, err := lease.New(open(t, c, c.Nodes[0].Addr()), options(c, "end")).Acquire(t.Context(), holder("run"), 1<<32-1, 0, nil)
		if err == nil || !strings.Contains(err.Error(), "last one") {
			t.Errorf("an epoch that does not fit into a state version was given: %v", err)
		}
	})
}

// A database that is not there is said, and not tried for long.
func TestNoDatabaseIsAnError(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		o := options(c, "none")
		o.Database = "nowhere"
		_, err := lease.New(open(t, c, c.Nodes[0].Addr()), o).Acquire(t.Context(), holder("run"), 0, time.Minute, nil)
		if err == nil || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("have %v", err)
		}
	})
}
