package lease_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/integration/testcluster"
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

const timeout = 3 * time.Second

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
			p := newProxy(t, c.Nodes[0].Addr())
			s := subject(t, c, p.address(), p.breakOff)
			s.Restart = func(t *testing.T, lose bool) { restart(t, c, lose) }
			return s
		})
	})
}

func TestContractServerSilent(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster) {
		locktest.Run(t, func(t *testing.T) locktest.Subject {
			p := newProxy(t, c.Nodes[0].Addr())
			return subject(t, c, p.address(), p.silence)
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
		p := newProxy(t, c.Nodes[0].Addr())
		nodes := open(t, c, p.address())
		p.swallowAnswerTo("CREATE TABLE")
		l, err := lease.New(nodes, options(c, "swallow")).Acquire(t.Context(), holder("run-1"), 0, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Confirm(t.Context()); err != nil {
			t.Error(err)
		}
		if p.swallowing() {
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

// proxy stands between one process's lease and the server.
type proxy struct {
	listener net.Listener
	server   string

	mu      sync.Mutex
	cut     bool // accepts nothing any more
	mute    bool // passes nothing on, in both directions, and closes nothing
	swallow string
	conns   []net.Conn
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, server: server}
	go p.serve()
	t.Cleanup(p.breakOff)
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// breakOff ends every connection and takes no more.
func (p *proxy) breakOff() {
	_ = p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for _, conn := range p.conns {
		_ = conn.Close()
	}
}

// silence passes nothing on any more.
func (p *proxy) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = true
}

// swallowAnswerTo ends a connection, once, after the server did a statement and
// before the client hears of it.
func (p *proxy) swallowAnswerTo(statement string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.swallow = statement
}

func (p *proxy) swallowing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.swallow != ""
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		if p.cut {
			_ = client.Close()
			_ = server.Close()
		}
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		go p.requests(server, client)
		go p.answers(client, server)
	}
}

func (p *proxy) requests(server, client net.Conn) {
	defer server.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if p.silent() {
			continue
		}
		if p.takeSwallow(buffer[:n]) {
			_ = client.Close()
			_, _ = server.Write(buffer[:n])
			time.Sleep(300 * time.Millisecond) // server is closed next; let it work
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) answers(client, server net.Conn) {
	defer client.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := server.Read(buffer)
		if err != nil && !errors.Is(err, io.EOF) || n == 0 {
			return
		}
		if p.silent() {
			continue
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) silent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mute
}

func (p *proxy) takeSwallow(chunk []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.swallow == "" || !strings.Contains(string(chunk), p.swallow) {
		return false
	}
	p.swallow = ""
	return true
}
