package integration

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// One of four nodes refuses its part of a statement: the migration is left in
// progress, the node is named with what it said, and going back drops what skein
// made and nothing else.
func TestOneNodeRefusesItsPartOfACreate(t *testing.T) {
	t.Parallel()
	for _, ddl := range []string{"on_cluster", "direct"} {
		t.Run(ddl, func(t *testing.T) {
			c := servers.cluster.Cluster(t)
			s := newSession(t, c, group("events",
				migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}},
				migration.Migration{ID: "0002_b", Forward: []ops.Operation{createTable("b_local"), createTable("c_local")}},
			))
			other := c.Nodes[2]
			exec(t, other, "CREATE TABLE b_local (mine String) ENGINE = Log")
			exec(t, other, "INSERT INTO b_local SELECT 'precious'")

			stopped := s.Must(5, "migrate", "--ddl", ddl)
			running.Says(t, stopped.Stderr, "events/0002_b stopped at step 1 of 2 and is left in progress",
				"failed    "+other.Addr(), "57", "already exists", "skein reverse-in-progress --group events")
			running.Says(t, stopped.Stdout, "2 migrations completed before it stopped: system/0001_migrations, events/0001_a")
			running.Says(t, s.Must(0, "list").Stdout, "[-] 0002_b", "IN PROGRESS", other.Addr())
			running.Says(t, s.Must(5, "migrate", "--ddl", ddl).Stderr, "events/0002_b is in progress", "Nothing was changed")

			back := s.Must(0, "reverse-in-progress", "--ddl", ddl)
			running.Says(t, back.Stderr, "left alone on "+other.Addr())
			if rows := query(t, other, "SELECT mine FROM b_local"); len(rows) != 1 || rows[0][0] != "precious" {
				t.Errorf("the other table has %v", rows)
			}
			for _, n := range c.Nodes {
				want := "a_local"
				if n == other {
					want = "a_local b_local"
				}
				if got := strings.Join(s.tables(n), " "); got != want {
					t.Errorf("%s has %s, want %s", n.Name, got, want)
				}
			}
			running.Says(t, s.Must(0, "list").Stdout, "[ ] 0002_b")
			exec(t, other, "DROP TABLE b_local")
			s.Must(0, "migrate", "--ddl", ddl)
			s.everywhere("DESCRIBE TABLE b_local")
		})
	}
}

// A column that one node of another shard has already, of another type.
func TestOneShardRefusesItsPartOfAnAlter(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}},
		migration.Migration{ID: "0002_column", Forward: []ops.Operation{
			ops.AddColumn{Table: local("a_local"), Column: ops.Column{Name: "n", Type: "UInt64"}},
		}},
	))
	s.Must(0, "migrate", "--group", "events", "0001")
	exec(t, c.Nodes[2], "ALTER TABLE a_local ADD COLUMN n String")
	eventually(t, func() bool { return len(query(t, c.Nodes[3], "DESCRIBE TABLE a_local")) == 2 })

	stopped := s.Must(5, "migrate")
	// Which replica of the shard tries is the servers' choice; neither has it.
	running.Says(t, stopped.Stderr, "events/0002_column stopped at step 1 of 1", "done      "+c.Nodes[0].Addr(),
		"failed    "+c.Nodes[2].Addr(), "failed    "+c.Nodes[3].Addr(), "already exists")
	if strings.Contains(stopped.Stderr, "unknown") {
		t.Error("what is refused is known: there was nothing to wait for")
	}
	s.Must(0, "reverse-in-progress")
	for i, want := range []int{1, 1, 2, 2} {
		if rows := query(t, c.Nodes[i], "DESCRIBE TABLE a_local"); len(rows) != want {
			t.Errorf("%s has columns %v, want %d", c.Nodes[i].Name, rows, want)
		}
	}
}

// A replica that died a second before an ALTER: the run ends in progress and
// names it, and is never "completed" while it lags.
func TestReplicaKilledBeforeAlterIsNeverCompleted(t *testing.T) {
	t.Parallel()
	for _, ddl := range []string{"on_cluster", "direct"} {
		t.Run(ddl, func(t *testing.T) {
			c := servers.cluster.Cluster(t)
			victim := c.Nodes[3]
			t.Cleanup(func() { restart(t, victim) })
			s := newSession(t, c, group("events",
				migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}},
				migration.Migration{ID: "0002_alter", Forward: []ops.Operation{
					do("kill", func(ctx context.Context, _ ops.DB) error {
						if err := victim.Kill(ctx); err != nil {
							return err
						}
						time.Sleep(time.Second)
						return nil
					}),
					ops.AddColumn{Table: local("a_local"), Column: ops.Column{Name: "n", Type: "UInt64"}},
				}},
			))
			stopped := s.Must(5, "migrate", "--ddl", ddl)
			running.Says(t, stopped.Stderr, "events/0002_alter stopped at step 2 of 2", victim.Addr())
			if strings.Contains(stopped.Stderr, "failed    "+c.Nodes[0].Addr()) {
				t.Error("a healthy node is said to have failed")
			}
			running.Says(t, s.Must(3, "reverse-in-progress").Stderr, victim.Addr())
			back(s, victim)
			s.Must(0, "reverse-in-progress", "--ddl", ddl)
			if rows := s.everywhere("SELECT name FROM system.columns WHERE database = 'default' AND table = 'a_local'"); len(rows) != 1 {
				t.Errorf("columns: %v", rows)
			}
		})
	}
}

// The same for a statement that goes through the distributed DDL queue, which
// an ALTER does not on servers this old: the dead node's entry stays open, and
// the node runs it when it is back. Going back leaves nothing on any node.
func TestNodeKilledBeforeCreateOnClusterIsNeverCompleted(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	victim := c.Nodes[3]
	t.Cleanup(func() { restart(t, victim) })
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
		do("kill", func(ctx context.Context, _ ops.DB) error {
			if err := victim.Kill(ctx); err != nil {
				return err
			}
			time.Sleep(time.Second)
			return nil
		}),
		createTable("a_local"),
	}}))
	stopped := s.Must(5, "migrate")
	running.Says(t, stopped.Stderr, "ON CLUSTER 'skein_local'", "events/0001_a stopped at step 2 of 2",
		"done      "+c.Nodes[0].Addr(), "unknown   "+victim.Addr(), "still lists it as unfinished")
	running.Says(t, s.Must(0, "list").Stdout, "[-] 0001_a", victim.Addr())
	back(s, victim)
	var reversed result // the node may just then make a_local, which is not active at once
	eventually(t, func() bool { reversed = s.Run("reverse-in-progress"); return reversed.Code != 3 })
	running.Says(t, reversed.Stdout, "1 migration reversed")
	time.Sleep(2 * time.Second) // what came back late would show
	for _, n := range c.Nodes {
		if names := s.tables(n); len(names) > 0 {
			t.Errorf("%s has %v after the way back", n.Name, names)
		}
	}
}

// A node that freezes while a statement runs, and thaws: 159 is not a failure.
// The entry is watched, and the node's doing it later is seen.
func TestFrozenNodeThatThawsConverges(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	frozen := c.Nodes[1]
	t.Cleanup(func() { _ = frozen.Continue(context.Background()) }) // running already, if all went well
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	s.Must(0, "migrate", "--group", "system")
	s.On = map[string]func(){"CREATE TABLE `default`.`a_local` ON CLUSTER": func() {
		if err := frozen.Pause(t.Context()); err != nil {
			t.Error(err)
		}
		time.AfterFunc(6*time.Second, func() { _ = frozen.Continue(context.Background()) })
	}}
	s.Edit("wait: 8s", "wait: 30s")
	done := s.Must(0, "migrate", "-v")
	running.Says(t, done.Stderr, "distributed DDL query-", "unfinished on "+frozen.Addr())
	s.everywhere("DESCRIBE TABLE a_local")
}

// A node that was killed is started before its old session is over. To ZooKeeper its
// replicas are active for as long, and it replicates nothing.
func TestAReplicaThatHasNotBegunToReplicateIsInactive(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	victim := c.Nodes[3]
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	s.Must(0, "migrate")
	s.Groups = []migration.Group{group("events", s.Groups[0].Migrations[0],
		migration.Migration{ID: "0002_n", Forward: []ops.Operation{ops.AddColumn{Table: local("a_local"), Column: number("n")}}})}
	t.Cleanup(func() { restart(t, victim) })
	for try := 1; ; try++ {
		if err := victim.Kill(t.Context()); err != nil {
			t.Fatal(err)
		}
		restart(t, victim)
		// Where that took longer than a session, it replicates already.
		if rows := query(t, victim, "SELECT toString(max(absolute_delay)) FROM system.replicas"); len(rows[0][0]) > 9 {
			break
		}
		if try == 5 {
			t.Fatal("it always took longer than the session")
		}
	}
	says := []string{"default.a_local  3 of 4 active", victim.Addr() + "  has not begun to replicate"}
	running.Says(t, s.Must(3, "check-inactive-replicas").Stdout, says...)
	running.Says(t, s.Must(3, "migrate").Stderr, append(says, "nothing was changed")...)
	eventually(t, func() bool { return s.Run("check-inactive-replicas").Code == 0 })
	s.Must(0, "migrate")
}

// The connection to the initiator breaks in mid-statement: the outcome is
// unknown, and found out.
func TestInitiatorKilledMidStatementIsFoundOut(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	initiator := c.Nodes[0]
	t.Cleanup(func() { restart(t, initiator) })
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	s.Must(0, "migrate", "--group", "system")
	s.On = map[string]func(){"CREATE TABLE `default`.`a_local` ON CLUSTER": func() {
		// Another node holds the statement up, so that it is still under way.
		if err := c.Nodes[3].Pause(t.Context()); err != nil {
			t.Error(err)
		}
		time.AfterFunc(1500*time.Millisecond, func() {
			_ = initiator.Kill(context.Background())
			time.Sleep(2 * time.Second)
			_ = c.Nodes[3].Continue(context.Background())
			_ = initiator.Start(context.Background())
		})
	}}
	s.Edit("wait: 8s", "wait: 30s")
	// The entry is found in the queue although no answer has named it.
	running.Says(t, s.Must(0, "migrate", "-v").Stderr, "distributed DDL query-", "unfinished on")
	s.everywhere("DESCRIBE TABLE a_local")
}

func TestStopBetweenStatementsLeavesTheRestUndone(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c)
	s.Stop = make(chan struct{})
	s.Groups = []migration.Group{group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
		createTable("a_local"),
		do("stop", func(context.Context, ops.DB) error { close(s.Stop); return nil }),
		createTable("b_local"),
	}})}
	running.Says(t, s.Must(5, "migrate").Stderr, "stopped at step 3 of 3", "interrupted")
	if got := strings.Join(s.tables(c.Nodes[0]), " "); got != "a_local" {
		t.Errorf("tables: %s", got)
	}
	s.Stop = nil
	s.Must(0, "reverse-in-progress")
	if names := s.tables(c.Nodes[0]); len(names) > 0 {
		t.Errorf("still there: %v", names)
	}
}

func restart(t *testing.T, n *testcluster.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := n.Start(ctx); err != nil {
		t.Fatalf("start %s: %v", n.Name, err)
	}
}

// back starts a node that was killed, and returns when its replicas are active. Started
// before its old session is over, its replicas of 18.16 look active until that ends, and
// are not for ten seconds after.
func back(s *session, n *testcluster.Node) {
	s.T.Helper()
	neighbour := s.Servers.Nodes[slices.Index(s.Servers.Nodes, n)^1] // of two replicas a shard
	eventually(s.T, func() bool {
		return len(query(s.T, neighbour, "SELECT table FROM system.replicas WHERE active_replicas > 1")) == 0
	})
	restart(s.T, n)
	eventually(s.T, func() bool { return s.Run("check-inactive-replicas").Code == 0 })
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for range 240 {
		if holds() {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	t.Fatal("it did not come true in a minute")
}
