package integration

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// withEachLock runs a test on a cluster with ZooKeeper and on a single node
// with a lease.
func withEachLock(t *testing.T, test func(t *testing.T, c *testcluster.Cluster, coordination string)) {
	t.Helper()
	t.Run("zookeeper", func(t *testing.T) {
		test(t, servers.cluster.Cluster(t), "root: /skein, session_timeout: 2s")
	})
	t.Run("lease", func(t *testing.T) {
		test(t, servers.modern.Cluster(t), "lock: lease, session_timeout: 3s")
	})
}

// working makes two sessions; the first has a migration that says when it is in
// the middle of its work, and waits there until it may leave.
func working(t *testing.T, c *testcluster.Cluster, coordination string) (first, second *session, inside, leave chan struct{}) {
	t.Helper()
	inside, leave = make(chan struct{}), make(chan struct{})
	first = newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
		do("wait", func(context.Context, ops.DB) error { close(inside); <-leave; return nil }),
		createTable("after_local"),
	}}))
	first.edit("root: /skein", coordination)
	second = newSession(t, c, first.groups...)
	second.edit("root: /skein", coordination)
	return first, second, inside, leave
}

// comes waits until a run is in the middle of its work; one that has ended never is.
func comes(t *testing.T, inside <-chan struct{}, ended <-chan result) {
	t.Helper()
	select {
	case <-inside:
	case r := <-ended:
		t.Fatalf("the run ended before its work began: exit %d", r.code)
	}
}

// While one run works, another is told who holds the lock and changes nothing;
// one that waits goes on when it is free.
func TestSecondRunIsKeptOut(t *testing.T) {
	t.Parallel()
	withEachLock(t, func(t *testing.T, c *testcluster.Cluster, coordination string) {
		first, second, inside, leave := working(t, c, coordination)
		done := make(chan result, 1)
		go func() { done <- first.run("migrate") }()
		comes(t, inside, done)
		says(t, second.must(4, "migrate").stderr, "another run holds the lock", "pid", "--lock-wait")
		says(t, second.must(0, "list").stdout, "[-] 0001_a")
		waited := make(chan result, 1)
		go func() { waited <- second.run("migrate", "--lock-wait", "1m") }()
		close(leave)
		if r := <-done; r.code != 0 {
			t.Errorf("the first run: exit %d", r.code)
		}
		if r := <-waited; r.code != 0 || r.stdout != "Nothing to do.\n" {
			t.Errorf("the second run: exit %d, %s", r.code, r.stdout)
		}
	})
}

// A live holder's lock is released by force alone. It then ends with exit code
// 4, and sends nothing more.
func TestLockIsReleasedByForceAlone(t *testing.T) {
	t.Parallel()
	withEachLock(t, func(t *testing.T, c *testcluster.Cluster, coordination string) {
		first, second, inside, leave := working(t, c, coordination)
		says(t, second.must(0, "lock", "status").stdout, "is free")
		says(t, second.must(0, "lock", "release").stdout, "nothing to release")
		says(t, second.must(0, "lock", "release", "--force").stdout, "nothing to release")
		done := make(chan result, 1)
		go func() { done <- first.run("migrate") }()
		comes(t, inside, done)
		says(t, second.must(0, "lock", "status").stdout, "is held", "pid", "skein migrate")
		var status struct {
			Lock   string
			Held   bool
			Holder struct{ Run, Command string }
		}
		if err := json.Unmarshal([]byte(second.must(0, "lock", "status", "-o", "json").stdout), &status); err != nil {
			t.Fatal(err)
		}
		if status.Lock != t.Name()[len("TestLockIsReleasedByForceAlone/"):] || !status.Held || status.Holder.Run == "" ||
			status.Holder.Command != "skein migrate" {
			t.Errorf("lock status --output json: %+v", status)
		}
		says(t, second.must(4, "lock", "release").stderr, status.Holder.Run, "it is alive", "skein lock release --force")
		says(t, second.must(0, "lock", "release", "--force").stdout, "is released", status.Holder.Run, "in flight was not stopped")
		says(t, second.must(0, "lock", "status").stdout, "is free")
		close(leave)
		r := <-done
		if r.code != 4 {
			t.Errorf("the run whose lock was taken: exit %d, want 4", r.code)
		}
		says(t, r.stderr, "the lock was lost", "events/0001_a was at step 1 of 2", "Another run may have taken over")
		if names := first.tables(c.Nodes[0]); len(names) > 0 {
			t.Errorf("it went on and made %v", names)
		}
		second.must(5, "migrate") // the lock is free, the migration is not
	})
}
