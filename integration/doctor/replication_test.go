package doctor_test

import (
	"context"
	"testing"
	"time"

	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

func TestFetchesStopped(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"))
	s.Must(0, "migrate")
	running.Query(t, c.Nodes[1], "SYSTEM STOP FETCHES")
	t.Cleanup(func() { running.Query(t, c.Nodes[1], "SYSTEM START FETCHES") })
	for range 3 {
		running.Query(t, c.Nodes[0], "INSERT INTO a_local SELECT rand(), 0")
	}
	time.Sleep(3 * time.Second)
	findings := s.doctor(0, "--max-lag", "1s", "--max-queue", "2")
	finds(t, findings, "replication-queue", doctor.Warning, c.Nodes[1].Addr(), "default.a_local: its oldest entry has waited for ",
		"3 entries wait", "GET_PART", "START FETCHES")
	only(t, findings, "replication-queue", "mutations")
	only(t, s.doctor(0)) // within the limits that there are by default
}

func TestZooKeeperKilled(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"))
	s.Must(0, "migrate")
	if err := c.ZooKeeper.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { restore(t, c) })
	findings := s.doctor(3)
	finds(t, findings, "coordination", doctor.Error, "skein's lock cannot be reached", c.ZooKeeperAddr)
	for _, n := range c.Nodes {
		finds(t, findings, "coordination", doctor.Error, n.Addr(), "cannot reach ZooKeeper")
	}
	finds(t, findings, "connection", doctor.OK)
	// What needs ZooKeeper to be read is not said to be fine.
	for _, check := range []string{"replicas", "ddl-queue"} {
		if has(findings, check, doctor.OK) {
			t.Errorf("%s is said to be fine", check)
		}
	}
	// Once the sessions have run out.
	running.Eventually(t, "replicas are read-only", func() bool {
		return has(s.doctor(3, "--only", "replicas"), "replicas", doctor.Error, "default.a_local", "read-only") ||
			has(s.doctor(3, "--only", "coordination"), "coordination", doctor.Error, c.Nodes[0].Addr())
	})
}

// restore brings ZooKeeper back, and waits until replicas can be dropped again: before
// that a DROP leaves a table's data folder behind, and no table is made there (117).
func restore(t *testing.T, c *testcluster.Cluster) {
	if err := c.ZooKeeper.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
		return
	}
	running.Eventually(t, "replicas are writable", func() bool {
		for _, n := range c.Nodes {
			rows, err := n.Query(context.WithoutCancel(t.Context()), "SELECT sum(is_readonly + is_session_expired), min(active_replicas) FROM system.replicas")
			if err != nil || rows[0][0] != "0" || rows[0][1] != "2" {
				return false
			}
		}
		return true
	})
}

func TestZooKeeperSlow(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c)
	thawed := make(chan error, 1)
	if err := c.ZooKeeper.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(2500*time.Millisecond, func() { thawed <- c.ZooKeeper.Continue(context.Background()) })
	findings := s.doctor(0, "--only", "coordination")
	if err := <-thawed; err != nil {
		t.Fatal(err)
	}
	finds(t, findings, "coordination", doctor.Warning, c.Nodes[0].Addr(), "answered after ")
	only(t, s.doctor(0, "--only", "coordination", "--max-latency", "5s"))
}

// An entry of the queue that a frozen node has not finished, and one behind it.
func TestDDLEntryStuck(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c)
	if err := c.Nodes[2].Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		// The initiator waits for the frozen node; nobody has to wait with it.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := c.Nodes[0].Query(ctx, "CREATE TABLE "+name+" ON CLUSTER skein_local (id UInt64) ENGINE = Memory")
		cancel()
		if err == nil {
			t.Error("a frozen node has answered")
		}
	}
	findings := s.doctor(3, "--max-lag", "500ms")
	finds(t, findings, "ddl-queue", doctor.Error, c.Nodes[2].Addr(), "has not finished distributed DDL query-", "CREATE TABLE default.one", "and 1 after it", "DDLWorker")
	finds(t, findings, "connection", doctor.Error, c.Nodes[2].Addr())
	if err := c.Nodes[2].Continue(t.Context()); err != nil {
		t.Fatal(err)
	}
	running.Eventually(t, "the node works its queue off", func() bool {
		return has(s.doctor(s.Run("doctor", "--only", "ddl-queue", "--max-lag", "500ms").Code, "--only", "ddl-queue", "--max-lag", "500ms"), "ddl-queue", doctor.OK, "0 unfinished")
	})
}

// A RENAME of 18.16 whose session with ZooKeeper is over gives the folder of the data the
// new name, and the table not. It is seen, and what is said mends it.
func TestDataInAnotherFolder(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a.local"))
	s.Must(0, "migrate")
	at := c.Nodes[0]
	running.Query(t, at, "INSERT INTO `a.local` (id) VALUES (1)")
	if err := c.ZooKeeper.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := at.Query(t.Context(), "RENAME TABLE `a.local` TO `b.local`")
	restore(t, c)
	if err == nil {
		t.Fatal("a RENAME without ZooKeeper succeeded: this proves nothing")
	}
	remedy := "RENAME TABLE `default`.`a.local` TO `default`.`a.local_aside`, `default`.`a.local_aside` TO `default`.`a.local`"
	finds(t, s.doctor(3), "replicas", doctor.Error, "default.a.local", at.Addr()+"  its data are in the folder of b.local", "There: "+remedy)
	running.Says(t, s.Must(3, "check-inactive-replicas").Stdout, "default.a.local  4 of 4 active",
		at.Addr()+"  its data are in the folder of b.local", "To mend it, there: "+remedy)
	s.Groups[0].Migrations = append(s.Groups[0].Migrations, update("0002_b", "a.local", "1"))
	running.Says(t, s.Must(3, "migrate").Stderr, remedy, "nothing was changed")
	running.Query(t, at, remedy)
	s.Must(0, "check-inactive-replicas")
	running.Query(t, at, "RENAME TABLE `a.local` TO `b.local`, `b.local` TO `a.local`")
	if rows := running.Query(t, at, "SELECT toString(count()) FROM `a.local`"); rows[0][0] != "1" {
		t.Errorf("the table has %s rows", rows[0][0])
	}
}
