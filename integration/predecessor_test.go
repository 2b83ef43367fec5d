package integration

import (
	"context"
	"os"
	osexec "os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// childVariable makes TestSkeinAsAProcess a skein of its own, with these
// arguments and the groups of a test.
const childVariable = "SKEIN_TEST_CHILD"

// slowly is what a run dies of: statements with which a server goes on when its
// client is gone. An INSERT … SELECT it ends, on 18.16 and on 26.7.
func slowly(name string) []migration.Group {
	switch name {
	case "18.16": // each node makes a table out of a query that takes 6 s
		return []migration.Group{group("events", migration.Migration{
			ID: "0001_a", Forward: []ops.Operation{ops.RunSQL{
				Place: local("").Place, Scope: ops.RunEveryNode, Writes: []ops.Table{{Name: "a_local"}},
				SQL: "CREATE TABLE {db}.a_local ENGINE = Memory AS SELECT sleepEachRow(0.2) AS s FROM " +
					"(SELECT number FROM system.numbers LIMIT 30) SETTINGS max_block_size = 1",
			}},
			Backward: []ops.Operation{ops.DropTable{Table: local("a_local")}},
		})}
	case "26.7":
		return []migration.Group{group("events", migration.Migration{
			ID: "0001_a", Irreversible: "a test", Forward: []ops.Operation{
				createTable("m_local", ops.Column{Name: "v", Type: "UInt64"}),
				do("fill", func(ctx context.Context, db ops.DB) error {
					return db.Exec(ctx, db.Nodes()[0], "INSERT INTO m_local SELECT number, 0 FROM system.numbers LIMIT 40")
				}),
				ops.RunSQL{
					Place: local("").Place, SQL: "ALTER TABLE {db}.m_local UPDATE v = v + 1 + sleepEachRow(0.07) WHERE 1 SETTINGS mutations_sync = 2",
					Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{{Name: "m_local"}}, Mutation: true, RewritesData: true,
				},
			},
		})}
	}
	return []migration.Group{group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}})}
}

func TestSkeinAsAProcess(t *testing.T) {
	name, args, child := strings.Cut(os.Getenv(childVariable), "\n")
	if !child {
		t.Skip("other tests start it")
	}
	program := cli.Program{Groups: slowly(name), Args: strings.Split(args, "\n"), Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(program.Run(t.Context()))
}

// dies starts a migration in a process of its own, kills that with SIGKILL when
// a server shows what it is to die in, and takes its lock away.
func (s *session) dies(name string, when func() bool) {
	s.T.Helper()
	cmd := osexec.Command(os.Args[0], "-test.run", "^TestSkeinAsAProcess$")
	cmd.Env = append(os.Environ(), childVariable+"="+strings.Join([]string{name, "--config", s.Config, "migrate", "-v"}, "\n"))
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		s.T.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for !when() {
		select {
		case err := <-ended:
			s.T.Fatalf("the run ended before it was killed: %v\n%s", err, out.String())
		case <-time.After(30 * time.Millisecond):
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		s.T.Fatal(err)
	}
	if err := <-ended; err == nil {
		s.T.Fatalf("the run ended by itself when it was killed\n%s", out.String())
	}
	s.T.Logf("killed, after\n%s", out.String())
	s.Must(0, "lock", "release", "--force") // it is dead
}

func processes(t *testing.T, n *testcluster.Node) int {
	t.Helper()
	return len(query(t, n, "SELECT query_id FROM system.processes WHERE query_id LIKE 'skein-%'"))
}

// A run was killed with SIGKILL while each node still runs a statement of it.
// Resume says so at once, node by node, and decides nothing before they end.
func TestResumeWaitsForTheQueriesOfAKilledRunOnEveryNode(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, slowly("18.16")...)
	s.Must(0, "migrate", "--group", "system")
	all := func() bool {
		for _, n := range c.Nodes {
			if processes(t, n) == 0 {
				return false
			}
		}
		return true
	}
	s.dies("18.16", all)
	if !all() {
		t.Fatal("a node ended the statement with its client")
	}
	// Not within the limit: each query is named, and how it is ended.
	s.Edit("wait: 8s", "wait: 1s")
	refused := s.Must(3, "resume")
	for _, n := range c.Nodes {
		running.Says(t, refused.Stderr, "waiting: ", n.Addr()+" still runs CREATE TABLE", n.Addr()+" runs query skein-",
			"end it on "+n.Addr())
	}
	running.Says(t, refused.Stderr, "KILL QUERY WHERE query_id = 'skein-", " s: CREATE TABLE", "limits.wait", "nothing was changed", "the same command again")
	if !all() {
		t.Fatal("resume ended a query")
	}
	s.Edit("wait: 1s", "wait: 20s")
	// Then nobody can say whether it ran but the row: it is asked about, not repeated.
	waited := s.Must(3, "resume")
	running.Says(t, waited.Stderr, "still runs CREATE TABLE", "it may have run on")
	for _, n := range c.Nodes {
		if processes(t, n) > 0 {
			t.Errorf("resume did not wait for %s", n.Name)
		}
	}
	s.Must(0, "resume", "--assume-done")
	for _, n := range c.Nodes {
		if rows := query(t, n, "SELECT count() FROM a_local"); rows[0][0] != "30" {
			t.Errorf("%s has %s rows", n.Name, rows[0][0])
		}
	}
}

// The same on a current server, where an ALTER waits for its mutation.
func TestResumeWaitsForTheQueryOfAKilledRunOnACurrentServer(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	s := newSession(t, c, slowly("26.7")...)
	s.Must(0, "migrate", "--group", "system")
	s.dies("26.7", func() bool {
		return len(query(t, c.Nodes[0], "SELECT 1 FROM system.mutations WHERE table = 'm_local'")) > 0
	})
	if processes(t, c.Nodes[0]) == 0 {
		t.Fatal("the server ended the statement with its client")
	}
	waited := s.Must(3, "resume")
	running.Says(t, waited.Stderr, c.Nodes[0].Addr()+" still runs ALTER TABLE", "it may have run on")
	if n := processes(t, c.Nodes[0]); n > 0 {
		t.Errorf("resume did not wait: %d queries", n)
	}
	s.Must(0, "resume", "--assume-done")
	if rows := query(t, c.Nodes[0], "SELECT count() FROM m_local WHERE v = 1"); rows[0][0] != "40" {
		t.Errorf("%s of 40 rows are changed", rows[0][0])
	}
}

// Nodes are busy with an entry of somebody's, so that the one of a killed run
// waits behind it. Going back is refused, and says which entry on which hosts
// could still make the table; when they have done it, it goes back.
func TestNothingIsUndoneWhileAnEntryOfAKilledRunWaits(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, slowly("entry")...)
	s.Must(0, "migrate", "--group", "system")
	busy := make(chan struct{})
	go func() {
		defer close(busy)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, _ = c.Nodes[1].Query(ctx, "CREATE TABLE busy_local ON CLUSTER skein_local ENGINE = Memory AS SELECT sleepEachRow(0.2) AS s FROM "+
			"(SELECT number FROM system.numbers LIMIT 50) SETTINGS max_block_size = 1") // what it answers is not looked at
	}()
	entries := func() int {
		return len(query(t, c.Nodes[0], "SELECT name FROM system.zookeeper WHERE path = '/clickhouse/task_queue/ddl'"))
	}
	eventually(t, func() bool {
		return len(query(t, c.Nodes[0], "SELECT 1 FROM system.processes WHERE query LIKE '%busy_local%sleepEachRow%'")) > 1
	})
	before := entries()
	s.dies("entry", func() bool { return entries() > before })
	s.Edit("wait: 8s", "wait: 1s")
	refused := s.Must(3, "reverse-in-progress")
	running.Says(t, refused.Stderr, "waiting: ", "distributed DDL query-", "is unfinished on ", "CREATE TABLE", "a_local", "nothing was changed")
	for _, n := range c.Nodes {
		running.Says(t, refused.Stderr, n.Addr())
	}
	running.Says(t, s.Must(3, "resume", "--ddl", "direct").Stderr, "is unfinished on ") // however this one sends its own
	s.Edit("wait: 1s", "wait: 30s")
	running.Says(t, s.Must(0, "reverse-in-progress").Stderr, "unfinished on ")
	<-busy
	time.Sleep(time.Second) // what came late would show
	for _, n := range c.Nodes {
		for _, name := range s.tables(n) {
			if name == "a_local" {
				t.Errorf("%s still has it", n.Name)
			}
		}
		exec(t, n, "DROP TABLE IF EXISTS busy_local")
	}
}

// A node was frozen when the run was killed. As long as it is, going back is
// refused.
func TestNothingIsUndoneWhileANodeIsFrozen(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	frozen := c.Nodes[3]
	t.Cleanup(func() { _ = frozen.Continue(context.Background()) }) // it runs already, if all went well
	s := newSession(t, c, slowly("entry")...)
	s.Must(0, "migrate", "--group", "system")
	paused := false
	s.dies("entry", func() bool {
		if paused {
			return len(query(t, c.Nodes[0], "SELECT 1 FROM system.tables WHERE name = 'a_local'")) > 0
		}
		if processes(t, c.Nodes[0]) > 0 {
			paused = true
			if err := frozen.Pause(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		return false
	})
	running.Says(t, s.Must(3, "reverse-in-progress").Stderr, frozen.Addr(), "nothing was changed")
	// How it comes back is chance: frozen in the middle of its CREATE it is a replica
	// in ZooKeeper without a table, which no client can mend. Nothing was dropped.
	if names := s.tables(c.Nodes[0]); len(names) != 1 {
		t.Errorf("%s has %v", c.Nodes[0].Name, names)
	}
}
