package testcluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"
)

const createEvents = `CREATE TABLE events ON CLUSTER skein_local (id UInt64)
	ENGINE = ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/events', '{replica}') ORDER BY id`

func TestReplicatesWithinAShardAndDistributesOverBoth(t *testing.T) {
	c := servers.Cluster(t)
	run(t, c.Node("s1r1"), createEvents)
	run(t, c.Node("s1r1"), "INSERT INTO events VALUES (1), (2)")
	run(t, c.Node("s2r2"), "INSERT INTO events VALUES (3)")
	for _, n := range c.Nodes {
		eventually(t, n, "SELECT count() FROM events", map[int]string{1: "2", 2: "1"}[n.Shard])
	}
	run(t, c.Node("s1r1"), "CREATE TABLE all_events ON CLUSTER skein_dist AS events ENGINE = Distributed(skein_local, default, events)")
	for _, n := range c.Nodes {
		eventually(t, n, "SELECT sum(id) FROM all_events", "6")
	}
}

func TestKilledNodeIsGoneAndComesBackWithItsData(t *testing.T) {
	c := servers.Cluster(t)
	n := c.Node("s2r1")
	run(t, n, "CREATE TABLE kept (id UInt64) ENGINE = MergeTree ORDER BY id")
	run(t, n, "INSERT INTO kept VALUES (7)")
	pid := n.PID()
	check(t, n.Kill(t.Context()))
	if n.Running() || n.PID() != 0 {
		t.Errorf("running %v with pid %d after Kill", n.Running(), n.PID())
	}
	if _, err := n.Query(t.Context(), "SELECT 1"); err == nil {
		t.Error("a killed node answers")
	}
	check(t, n.Start(t.Context()))
	if n.PID() == pid {
		t.Errorf("still pid %d after Kill and Start", pid)
	}
	eventually(t, n, "SELECT id FROM kept", "7")
}

func TestPausedNodeIsSilentUntilContinued(t *testing.T) {
	c := servers.Cluster(t)
	n := c.Node("s1r2")
	check(t, n.Pause(t.Context()))
	if !n.Paused() || !n.Running() {
		t.Errorf("paused %v, running %v after Pause", n.Paused(), n.Running())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := n.Query(ctx, "SELECT 1"); ctx.Err() == nil {
		t.Errorf("a paused node answered: %v", err)
	}
	check(t, n.Continue(t.Context()))
	eventually(t, n, "SELECT 1", "1")
}

func TestStoppedAndRestarted(t *testing.T) {
	c := servers.Cluster(t)
	n := c.Node("s1r1")
	check(t, n.Stop(t.Context()), n.Stop(t.Context())) // the second does nothing
	check(t, n.Restart(t.Context()), n.Restart(t.Context()))
	eventually(t, n, "SELECT 1", "1")
}

func TestCleanRevivesADDLWorkerThatDiedWithoutZooKeeper(t *testing.T) {
	c := servers.Cluster(t)
	// A worker that has just started looks at the queue, and finds no ZooKeeper.
	check(t, c.Node("s1r1").Restart(t.Context()), c.ZooKeeper.Restart(t.Context()))
	check(t, c.Clean(t.Context()))
	run(t, c.Node("s2r2"), createEvents)
}

func TestPausedNodeStopsWithinGrace(t *testing.T) {
	c := servers.Cluster(t)
	n := c.Node("s2r2")
	check(t, n.Pause(t.Context()))
	start := time.Now()
	check(t, n.Stop(t.Context()))
	if took := time.Since(start); took > 9500*time.Millisecond { // it would be killed after ten
		t.Errorf("stopping a paused node took %s", took)
	}
}

func TestCleanBringsServersBackAndEmptiesThem(t *testing.T) {
	c := servers.Cluster(t)
	run(t, c.Node("s1r1"), createEvents)
	run(t, c.Node("s1r1"), "INSERT INTO events VALUES (1)")
	run(t, c.Node("s1r2"), "CREATE DATABASE `od``d\\\\`")
	createInZooKeeper(t, c, "/skein/lock/holder")
	check(t, c.Node("s2r1").Kill(t.Context()), c.Node("s2r2").Pause(t.Context()))

	start := time.Now()
	check(t, c.Clean(t.Context()))
	t.Logf("cleaned in %s", time.Since(start))
	for _, n := range c.Nodes {
		eventually(t, n, "SELECT count() FROM system.tables WHERE database != 'system'", "0")
		eventually(t, n, "SELECT groupArray(name) FROM (SELECT name FROM system.databases ORDER BY name)", "['default','system']")
	}
	want := [][]string{{"clickhouse"}, {"zookeeper"}}
	got, err := c.Nodes[0].Query(t.Context(), "SELECT name FROM system.zookeeper WHERE path = '/' ORDER BY name")
	if check(t, err); !cmp.Equal(want, got) {
		t.Error(cmp.Diff(want, got))
	}
	run(t, c.Node("s1r1"), createEvents) // the paths of the first one are gone
}

func TestCleanAfterZooKeeperWasDown(t *testing.T) {
	c := servers.Cluster(t)
	run(t, c.Node("s1r1"), createEvents)
	check(t, c.ZooKeeper.Kill(t.Context()))
	// Refused, with its metadata gone all the same: the case that leaves most behind.
	if _, err := c.Node("s1r1").Query(t.Context(), "DROP TABLE events"); err == nil {
		t.Error("DROP of a Replicated table worked without ZooKeeper")
	}
	check(t, c.Clean(t.Context()))
	run(t, c.Node("s1r1"), createEvents)
}

func TestReplicaMacrosAreUniqueOverAllShards(t *testing.T) {
	c := servers.Cluster(t)
	for _, n := range c.Nodes {
		eventually(t, n, "SELECT substitution FROM system.macros WHERE macro = 'replica'", n.Name)
		eventually(t, n, "SELECT substitution FROM system.macros WHERE macro = 'shard'", fmt.Sprint(n.Shard))
	}
}

func TestStopLeavesNothingBehind(t *testing.T) {
	servers.Cluster(t) // for its gate
	c, err := Start(t.Context(), Options{Shards: 1, Replicas: 1})
	check(t, err)
	var ids []identity
	for _, p := range c.Processes() {
		ids = append(ids, p.identity())
	}
	check(t, c.Stop(t.Context()), c.Stop(t.Context()))
	for _, id := range ids {
		if id.alive() {
			t.Errorf("process %d is in state %c after Stop", id.PID, id.stat().state)
		}
	}
	for _, addr := range []string{c.ZooKeeperAddr, c.Nodes[0].Addr()} {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			t.Errorf("%s still listens after Stop", addr)
		}
	}
	if _, err := os.Stat(c.Dir); !os.IsNotExist(err) {
		t.Errorf("the temporary directory after Stop: %v", err)
	}
}

func createInZooKeeper(t *testing.T, c *Cluster, path string) {
	t.Helper()
	conn, _, err := zk.Connect([]string{c.ZooKeeperAddr}, 5*time.Second, zk.WithLogInfo(false))
	check(t, err)
	defer conn.Close()
	for i, letter := range path + "/" {
		if letter == '/' && i > 0 {
			_, err := conn.Create(path[:i], nil, 0, zk.WorldACL(zk.PermAll))
			check(t, err)
		}
	}
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, n *Node, sql string) {
	t.Helper()
	_, err := n.Query(t.Context(), sql)
	check(t, err)
}

// eventually waits until the only field of a query's answer is what is wanted.
func eventually(t *testing.T, n *Node, sql, want string) {
	t.Helper()
	var got [][]string
	var err error
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		got, err = n.Query(t.Context(), sql)
		if err == nil && cmp.Equal(got, [][]string{{want}}) {
			return
		}
	}
	t.Errorf("%s on %s: got %v, %v; want %s", sql, n.Name, got, err, want)
}
