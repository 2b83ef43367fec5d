package zk_test

import (
	"errors"
	"strings"
	"testing"

	zookeeper "github.com/go-zookeeper/zk"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/lock/zk"
)

func ownedBy(address, cluster string, nodes ...string) *zk.Locker {
	o := options(address)
	o.Owner = zk.Owner{Cluster: cluster, Database: "default", Nodes: nodes}
	return zk.New(o)
}

func isRefused(t *testing.T, err error, words ...string) {
	t.Helper()
	var preflight *journal.PreflightError
	if !errors.As(err, &preflight) {
		t.Fatalf("want a *journal.PreflightError, have %v", err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no %q in: %v", word, err)
		}
	}
}

// Two projects whose keys are the same: the second is told, whether the first
// holds the lock or not, and can neither look at it nor end it.
func TestALockOfAnotherStateTableIsRefused(t *testing.T) {
	address := server.start(t)
	ours, theirs := ownedBy(address, "east", "a:9000", "b:9000"), ownedBy(address, "west", "x:9000", "y:9000")
	lease, err := ours.Acquire(t.Context(), "two projects", holder("first"), 0)
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"another project's", "east", "a:9000, b:9000", "west", "x:9000", "coordination.root", "zkCli.sh -server " + address + " delete"}
	for _, held := range []bool{true, false} {
		_, err := theirs.Acquire(t.Context(), "two projects", holder("second"), 0)
		isRefused(t, err, words...)
		_, err = theirs.Status(t.Context(), "two projects")
		isRefused(t, err, words...)
		_, err = theirs.Break(t.Context(), "two projects")
		isRefused(t, err, words...)
		if !held {
			break
		}
		if err := lease.Confirm(t.Context()); err != nil {
			t.Fatalf("the first run's lock: %v", err)
		}
		if err := lease.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	next, err := ours.Acquire(t.Context(), "two projects", holder("third"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if next.Epoch() != lease.Epoch()+1 {
		t.Errorf("epoch %d after %d: the other project took one", next.Epoch(), lease.Epoch())
	}
	if err := next.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// Nodes come and go; one that stays tells that the cluster is the same.
func TestNodesMayChangeOneByOne(t *testing.T) {
	address := server.start(t)
	for _, nodes := range [][]string{{"a:1", "b:1"}, {"b:1", "c:1"}, {"c:1", "d:1"}} {
		lease, err := ownedBy(address, "east", nodes...).Acquire(t.Context(), "change", holder("run"), 0)
		if err != nil {
			t.Fatalf("%s: %v", nodes, err)
		}
		if err := lease.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_, err := ownedBy(address, "east", "a:1", "b:1").Acquire(t.Context(), "change", holder("run"), 0)
	isRefused(t, err, "c:1, d:1")
}

// The way out that the message names works, and looking leaves nothing behind.
func TestTheOwnerCanBeDeletedAndStatusWritesNone(t *testing.T) {
	address := server.start(t)
	if _, err := ownedBy(address, "east", "a:1").Status(t.Context(), "delete"); err != nil {
		t.Fatal(err)
	}
	take := func(locker *zk.Locker) error {
		lease, err := locker.Acquire(t.Context(), "delete", holder("run"), 0)
		if err == nil {
			err = lease.Release(t.Context())
		}
		return err
	}
	if err := take(ownedBy(address, "west", "x:1")); err != nil {
		t.Fatal(err)
	}
	err := take(ownedBy(address, "east", "a:1"))
	isRefused(t, err)
	_, at, _ := strings.Cut(err.Error(), " delete ")
	conn, _, dialErr := zookeeper.Connect([]string{address}, timeout, zookeeper.WithLogInfo(false))
	if dialErr != nil {
		t.Fatal(dialErr)
	}
	defer conn.Close()
	if err := conn.Delete(at, -1); err != nil {
		t.Fatalf("delete %s: %v", at, err)
	}
	if err := take(ownedBy(address, "east", "a:1")); err != nil {
		t.Error(err)
	}
}
