package zk_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	zookeeper "github.com/go-zookeeper/zk"

	"github.com/skein-migrate/skein/integration/testproxy"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/lock/locktest"
	"github.com/skein-migrate/skein/lock/zk"
)

var server zooKeeper

func TestMain(m *testing.M) {
	code := m.Run()
	server.stop()
	os.Exit(code)
}

const timeout = 2 * time.Second

func options(address string) zk.Options {
	return zk.Options{Servers: []string{address}, SessionTimeout: timeout, Root: "/skein/test"}
}

func holder(run string) journal.Holder {
	return journal.Holder{RunID: run, User: "deploy", Host: "ci-7", PID: 1}
}

func TestContractConnectionBroken(t *testing.T) {
	address := server.start(t)
	locktest.Run(t, func(t *testing.T) locktest.Subject {
		p := newProxy(t, address, nil)
		s := subject(zk.New(options(p.Address())), p.Cut)
		s.Restart = server.restart
		return s
	})
}

func TestContractServerSilent(t *testing.T) {
	address := server.start(t)
	locktest.Run(t, func(t *testing.T) locktest.Subject {
		p := newProxy(t, address, nil)
		return subject(zk.New(options(p.Address())), func() { p.Silence() })
	})
}

func subject(locker *zk.Locker, cut func()) locktest.Subject {
	return locktest.Subject{
		Acquire: func(ctx context.Context, key string, holder journal.Holder, floor uint64,
			limit time.Duration, sink journal.Sink,
		) (locktest.Lease, error) {
			if limit == 0 {
				return locker.Acquire(ctx, key, holder, floor)
			}
			return locker.AcquireWithin(ctx, key, holder, floor, limit, sink)
		},
		Status: locker.Status,
		Break:  locker.Break,
		Cut:    cut,
		Expiry: 2 * timeout,
	}
}

// The claim went through, its answer did not: the lock is ours all the same
// when the node of the first session is gone.
func TestUnknownClaimIsTriedAnew(t *testing.T) {
	p := newProxy(t, server.start(t), nil)
	var claimed sync.Once
	p.Meddle(func(r testproxy.Request) (m *testproxy.Meddling) {
		if testproxy.IsZooKeeperMulti(r.Data) {
			claimed.Do(func() { m = &testproxy.Meddling{Cut: true} })
		}
		return m
	})
	key := t.Name() + time.Now().String() // new also when the test runs again
	lease, err := zk.New(options(p.Address())).Acquire(deadline(t, 20*time.Second), key, holder("run-1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lease.Release(t.Context()) }()
	if lease.Epoch() != 2 {
		t.Errorf("epoch %d, want 2: the first claim took 1", lease.Epoch())
	}
	if err := lease.Confirm(t.Context()); err != nil {
		t.Error(err)
	}
}

// Confirm must not ask a server for a lock that somebody deleted by hand, and
// Release must not delete the next holder's.
func TestBrokenLockIsLost(t *testing.T) {
	address := server.start(t)
	locker := zk.New(options(address))
	lease, err := locker.Acquire(t.Context(), t.Name(), holder("run-1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, address)
	if err := conn.Delete("/skein/test/locks/"+t.Name()+"/holder", -1); err != nil {
		t.Fatal(err)
	}
	next, err := locker.Acquire(t.Context(), t.Name(), holder("run-2"), 0)
	if err != nil {
		t.Fatal(err)
	}
	var lost *journal.LockLostError
	if err := lease.Release(t.Context()); !errors.As(err, &lost) {
		t.Errorf("release: want *journal.LockLostError, have %v", err)
	}
	if err := next.Confirm(t.Context()); err != nil {
		t.Errorf("the next holder: %v", err)
	}
	if err := conn.Delete("/skein/test/locks/"+t.Name()+"/holder", -1); err != nil {
		t.Fatal(err)
	}
	if err := next.Confirm(t.Context()); !errors.As(err, &lost) {
		t.Errorf("confirm: want *journal.LockLostError, have %v", err)
	}
	select {
	case <-next.Done():
	case <-time.After(time.Second):
		t.Error("a lease that was found lost is not done")
	}
}

func TestUnreachableServersAreNamedInTime(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	refusing := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for name, address := range map[string]string{"refused": refusing, "silent": silent.Addr().String(), "unknown host": "skein.invalid:2181"} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			var told []string
			o := options(address)
			o.Waiting = func(reason string, _ time.Duration) { told = append(told, reason) }
			_, err := zk.New(o).Acquire(t.Context(), "key", holder("run"), 0)
			var unreachable *zk.UnreachableError
			if !errors.As(err, &unreachable) || strings.Count(unreachable.Error(), address) != 1 {
				t.Errorf("want an error that names %s, once, have %v", address, err)
			}
			if len(told) != 1 || !strings.Contains(told[0], address) {
				t.Errorf("want to be told once of %s, have %q", address, told)
			}
			if took := time.Since(began); took > timeout+2*time.Second {
				t.Errorf("took %s", took)
			}
			t.Log(err)
		})
	}
}

// A frozen server still accepts connections; another one must get its turn.
func TestFrozenServerIsPassedOver(t *testing.T) {
	address := server.start(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	o := options(silent.Addr().String())
	o.Servers = append(o.Servers, address)
	o.SessionTimeout = 6 * time.Second
	for range 3 { // the order is random
		if _, err := zk.New(o).Status(t.Context(), t.Name()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAuthKeepsOthersOut(t *testing.T) {
	o := options(server.start(t))
	o.Root, o.Auth = "/skein-auth", "skein:s3cret"
	lease, err := zk.New(o).Acquire(t.Context(), "key", holder("run-1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Confirm(t.Context()); err != nil {
		t.Error(err)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
	o.Auth = "skein:wrong"
	if _, err = zk.New(o).Acquire(t.Context(), "key", holder("run-2"), 0); !errors.Is(err, zookeeper.ErrNoAuth) {
		t.Errorf("want %v, have %v", zookeeper.ErrNoAuth, err)
	}
	if err != nil && strings.Contains(err.Error(), "wrong") {
		t.Errorf("the error holds the password: %v", err)
	}
	o.Auth = "skein:s3cret"
	if lease, err = zk.New(o).Acquire(t.Context(), "key", holder("run-3"), 0); err != nil {
		t.Fatal(err)
	}
	_ = lease.Release(t.Context())
}

// The TLS is a proxy's, the ZooKeeper behind it plain.
func TestTLS(t *testing.T) {
	address := server.start(t)
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	defer certified.Close()
	p := newProxy(t, address, func(l net.Listener) net.Listener {
		return tls.NewListener(l, &tls.Config{Certificates: certified.TLS.Certificates})
	})
	o := options(p.Address())
	o.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
	if _, err := zk.New(o).Status(t.Context(), t.Name()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
	o.TLS.RootCAs.AddCert(certified.Certificate())
	if _, err := zk.New(o).Status(t.Context(), t.Name()); err != nil {
		t.Error(err)
	}
}

func TestUnreadableHolderIsHeldAllTheSame(t *testing.T) {
	address := server.start(t)
	locker := zk.New(options(address))
	lease, err := locker.Acquire(t.Context(), t.Name(), holder("run-1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lease.Release(t.Context()) }()
	if _, err := connect(t, address).Set("/skein/test/locks/"+t.Name()+"/holder", []byte("not JSON"), -1); err != nil {
		t.Fatal(err)
	}
	_, err = locker.Acquire(t.Context(), t.Name(), holder("run-2"), 0)
	var held *journal.LockHeldError
	if !errors.As(err, &held) || !strings.Contains(held.Error(), "unreadable") {
		t.Errorf("want *journal.LockHeldError, have %v", err)
	}
}

func TestEpochsEnd(t *testing.T) {
	_, err := zk.New(options(server.start(t))).Acquire(t.Context(), t.Name(), holder("run"), 1<<32-1)
	if err == nil || !strings.Contains(err.Error(), "last one") {
		t.Errorf("an epoch that does not fit into a state version was given: %v", err)
	}
}

func connect(t *testing.T, address string) *zookeeper.Conn {
	t.Helper()
	conn, _, err := zookeeper.Connect([]string{address}, timeout, zookeeper.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}
