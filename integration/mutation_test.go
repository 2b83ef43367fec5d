package integration

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// update is a mutation of an author's own SQL over 40 rows, one block each.
func update(expression string) ops.RunSQL {
	return ops.RunSQL{
		Place: local("").Place, SQL: "ALTER TABLE {db}.m_local {on_cluster} UPDATE v = " + expression + " WHERE 1",
		Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{{Name: "m_local"}},
		Mutation: true, RewritesData: true, Repeatable: true,
	}
}

func mutated(t *testing.T, c *testcluster.Cluster, expression string) *session {
	t.Helper()
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_m", Forward: []ops.Operation{
			createTable("m_local", ops.Column{Name: "v", Type: "UInt64"}),
		}},
		migration.Migration{ID: "0002_update", Irreversible: "a test", Forward: []ops.Operation{update(expression)}},
	))
	s.Must(0, "migrate", "--group", "events", "0001")
	for _, n := range c.Nodes {
		if n.Replica == 1 {
			exec(t, n, "INSERT INTO m_local SELECT number, 0 FROM system.numbers LIMIT 40")
		}
	}
	return s
}

// A mutation is awaited on every replica before its migration is completed, and
// what each has yet to do is said.
func TestMutationIsAwaitedOnEveryNode(t *testing.T) {
	t.Parallel()
	for name, shared := range map[string]*testcluster.Pool{"2x2": &servers.cluster, "26.7": &servers.modern} {
		t.Run(name, func(t *testing.T) {
			c := shared.Cluster(t)
			s := mutated(t, c, "id + 1 + sleepEachRow(0.05)")
			done := s.Must(0, "migrate")
			for _, n := range c.Nodes {
				running.Says(t, done.Stderr, n.Addr()+" mutates ")
				if rows := query(t, n, "SELECT count() FROM m_local WHERE v = id + 1"); rows[0][0] != "40" {
					t.Errorf("%s is said to be done, and has %s of 40 rows", n.Name, rows[0][0])
				}
			}
			running.Says(t, done.Stderr, ": 1 part to do ", ": 0 parts to do ")
		})
	}
}

// A mutation that is killed is not done.
func TestMutationThatIsKilledIsNotCompleted(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	s := mutated(t, c, "id + sleepEachRow(0.07)")
	s.On = map[string]func(){"mutates": func() {
		go exec(t, c.Nodes[0], "KILL MUTATION WHERE table = 'm_local'")
	}}
	stopped := s.Must(5, "migrate", "-v")
	running.Says(t, stopped.Stderr, "it was killed", "unknown")
	if strings.Contains(s.Must(0, "list").Stdout, "[X] 0002_update") {
		t.Error("it is said to be completed")
	}
}

// A mutation that fails ends the wait at once with its reason and the statement
// that ends it, which does; so does resume as long as it is there.
func TestMutationThatFailsSaysWhyAndHowItIsEnded(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	n := c.Nodes[0]
	s := mutated(t, c, "toUInt64(concat('x', toString(id)))")
	began := time.Now()
	stopped := s.Must(5, "migrate")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s to say so", took)
	}
	kill := regexp.MustCompile(`End it on (\S+): (KILL MUTATION WHERE database = '\w+' AND table = 'm_local' AND mutation_id = '[^']+')`)
	for _, r := range []result{stopped, s.Must(3, "resume")} {
		running.Says(t, r.Stderr, ".m_local fails on "+n.Addr(), "Cannot parse string 'x")
		if kill.FindStringSubmatch(r.Stderr) == nil {
			t.Fatal("it does not say how the mutation is ended")
		}
	}
	exec(t, n, "%s", kill.FindStringSubmatch(stopped.Stderr)[2])
	if rows := query(t, n, "SELECT 1 FROM system.mutations WHERE table = 'm_local' AND NOT is_done"); len(rows) > 0 {
		t.Error("the statement did not end it")
	}
	s.Must(0, "resume", "--assume-done")
}

// 18.16 tells why only in the queue of a replica, and has no KILL MUTATION: the
// znode that is named ends it everywhere.
func TestMutationThatFailsOnAServerWithoutReasons(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := mutated(t, c, "toUInt64(concat('x', toString(id)))")
	stopped := s.Must(5, "migrate")
	znode := regexp.MustCompile(`This server has no KILL MUTATION\. To end it: delete the znode (\S+/mutations/\d+) in ZooKeeper`)
	running.Says(t, stopped.Stderr, ".m_local fails on ", "Cannot parse string 'x")
	found := znode.FindAllStringSubmatch(stopped.Stderr, -1)
	if len(found) == 0 {
		t.Fatal("it does not say how the mutation is ended")
	}
	running.Says(t, s.Must(3, "resume").Stderr, ".m_local fails on ", found[0][1])
	conn, _, err := zk.Connect([]string{c.ZooKeeperAddr}, 5*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, shard := range []string{"1", "2"} { // both fail, and one may have been quicker
		path := regexp.MustCompile(`/events/\d/`).ReplaceAllString(found[0][1], "/events/"+shard+"/")
		if err := conn.Delete(path, -1); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	eventually(t, func() bool {
		return !slices.ContainsFunc(c.Nodes, func(n *testcluster.Node) bool {
			return len(query(t, n, "SELECT 1 FROM system.mutations WHERE table = 'm_local' AND is_done = 0")) > 0
		})
	})
	s.Must(0, "resume", "--assume-done")
}

// A mutation that does no part for limits.mutation ends the wait, in words; it
// goes on, and resume waits for it again.
func TestMutationThatDoesNotGetOnEndsTheWait(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	n := c.Nodes[0]
	s := mutated(t, c, "id + 1")
	s.Edit("wait: 8s", "wait: 8s, mutation: 2s")
	exec(t, n, "SYSTEM STOP MERGES m_local")
	t.Cleanup(func() { exec(t, n, "SYSTEM START MERGES") })
	running.Says(t, s.Must(5, "migrate").Stderr, ".m_local (mutation_", "1 part to do", "did no part for 2s (limits.mutation) on "+n.Addr(),
		"KILL MUTATION WHERE database = ", "skein resume waits again")
	running.Says(t, s.Must(3, "resume").Stderr, ".m_local (mutation_", "did no part for 2s")
	exec(t, n, "SYSTEM START MERGES m_local")
	s.Must(0, "resume")
	if rows := query(t, n, "SELECT count() FROM m_local WHERE v = id + 1"); rows[0][0] != "40" {
		t.Errorf("%s of 40 rows are changed", rows[0][0])
	}
}
