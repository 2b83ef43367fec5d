package integration

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/integration/testproxy"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// withEachLock runs a test on a cluster with ZooKeeper and on a single node
// with a lease.
func withEachLock(t *testing.T, test func(t *testing.T, c *testcluster.Cluster, lock coordination)) {
	t.Helper()
	t.Run("zookeeper", func(t *testing.T) { test(t, servers.cluster.Cluster(t), "root: /skein") })
	t.Run("lease", func(t *testing.T) { test(t, servers.modern.Cluster(t), "lock: lease") })
}

// coordination is the kind of lock that a configuration has.
type coordination string

// of gives a session this kind of lock. Its holders live for long enough on a busy machine.
func (c coordination) of(s *session) { s.Edit("root: /skein", string(c)) }

// within says how long the lock of a holder that is stopped or dead stays held.
func (c coordination) within(s *session, timeout string) {
	s.Edit(string(c), string(c)+", session_timeout: "+timeout)
}

// working makes two sessions; the first has a migration that says when it is in
// the middle of its work, and waits there until it may leave.
func working(t *testing.T, c *testcluster.Cluster, lock coordination) (first, second *session, inside, leave chan struct{}) {
	t.Helper()
	inside, leave = make(chan struct{}), make(chan struct{})
	first = newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
		do("wait", func(context.Context, ops.DB) error { close(inside); <-leave; return nil }),
		createTable("after_local"),
	}}))
	lock.of(first)
	second = newSession(t, c, first.Groups...)
	lock.of(second)
	return first, second, inside, leave
}

// comes waits until a run is in the middle of its work; one that has ended never is.
func comes(t *testing.T, inside <-chan struct{}, ended <-chan result) {
	t.Helper()
	select {
	case <-inside:
	case r := <-ended:
		t.Fatalf("the run ended before its work began: exit %d", r.Code)
	}
}

// While one run works, another is told who holds the lock and changes nothing;
// one that waits goes on when it is free.
func TestSecondRunIsKeptOut(t *testing.T) {
	t.Parallel()
	withEachLock(t, func(t *testing.T, c *testcluster.Cluster, lock coordination) {
		first, second, inside, leave := working(t, c, lock)
		done := make(chan result, 1)
		go func() { done <- first.Run("migrate") }()
		comes(t, inside, done)
		running.Says(t, second.Must(4, "migrate").Stderr, "another run holds the lock", "pid", "--lock-wait")
		running.Says(t, second.Must(0, "list").Stdout, "[-] 0001_a")
		waited := make(chan result, 1)
		go func() { waited <- second.Run("migrate", "--lock-wait", "1m") }()
		close(leave)
		if r := <-done; r.Code != 0 {
			t.Errorf("the first run: exit %d", r.Code)
		}
		if r := <-waited; r.Code != 0 || r.Stdout != "Nothing to do.\n" {
			t.Errorf("the second run: exit %d, %s", r.Code, r.Stdout)
		}
	})
}

// A live holder's lock is released by force alone. It then ends with exit code
// 4, and sends nothing more.
func TestLockIsReleasedByForceAlone(t *testing.T) {
	t.Parallel()
	withEachLock(t, func(t *testing.T, c *testcluster.Cluster, lock coordination) {
		first, second, inside, leave := working(t, c, lock)
		lock.within(first, "5s")
		lock.within(second, "5s")
		running.Says(t, second.Must(0, "lock", "status").Stdout, "is free")
		running.Says(t, second.Must(0, "lock", "release").Stdout, "nothing to release")
		running.Says(t, second.Must(0, "lock", "release", "--force").Stdout, "nothing to release")
		done := make(chan result, 1)
		go func() { done <- first.Run("migrate") }()
		comes(t, inside, done)
		running.Says(t, second.Must(0, "lock", "status").Stdout, "is held", "pid", "skein migrate")
		var status struct {
			Lock   string
			Held   bool
			Holder struct{ Run, Command string }
		}
		if err := json.Unmarshal([]byte(second.Must(0, "lock", "status", "-o", "json").Stdout), &status); err != nil {
			t.Fatal(err)
		}
		if status.Lock != t.Name()[len("TestLockIsReleasedByForceAlone/"):] || !status.Held || status.Holder.Run == "" ||
			status.Holder.Command != "skein migrate" {
			t.Errorf("lock status --output json: %+v", status)
		}
		running.Says(t, second.Must(4, "lock", "release").Stderr, status.Holder.Run, "it is alive", "skein lock release --force")
		running.Says(t, second.Must(0, "lock", "release", "--force").Stdout, "is released", status.Holder.Run, "in flight was not stopped")
		running.Says(t, second.Must(0, "lock", "status").Stdout, "is free")
		close(leave)
		r := <-done
		if r.Code != 4 {
			t.Errorf("the run whose lock was taken: exit %d, want 4", r.Code)
		}
		running.Says(t, r.Stderr, "the lock was lost", "events/0001_a was at step 1 of 2", "Another run may have taken over")
		if names := first.tables(c.Nodes[0]); len(names) > 0 {
			t.Errorf("it went on and made %v", names)
		}
		second.Must(5, "migrate") // the lock is free, the migration is not
	})
}

// ZooKeeper does not answer: each command that needs the lock says at once what it
// waits for, and then that nothing was changed.
func TestWaitingForZooKeeperIsSaid(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	coordination("root: /skein").within(s, "2s")
	nobody := testproxy.New(t, c.Nodes[0].Addr(), testproxy.Options{})
	nobody.Silence()
	s.Edit(c.ZooKeeperAddr, nobody.Address())
	for _, args := range [][]string{{"migrate"}, {"lock", "status"}, {"lock", "release"}, {"lock", "release", "--force"}} {
		running.Says(t, s.Must(1, args...).Stderr, "waiting: no answer yet from ZooKeeper ("+nobody.Address()+")", "no answer for 2s", "Nothing was changed")
	}
}
