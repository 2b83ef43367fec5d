package integration

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/integration/testproxy"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// statuses are the state without what differs from run to run.
func statuses(t *testing.T, c *testcluster.Cluster) [][]string {
	t.Helper()
	rows := query(t, c.Nodes[0], "SELECT version, group, migration_id, status, step, steps, error, note, checksum FROM migrations_dist "+
		"FINAL ORDER BY group, migration_id") // 18.16 cannot do FINAL without the version
	for i := range rows {
		rows[i] = rows[i][1:]
	}
	return rows
}

// skein dies by SIGKILL when it sends one of its statements or rows, which the
// server gets or not. Resumed, and run to the end, schema, rows and state are
// those of a run that did not die.
func TestAKilledRunThatIsResumedEndsAsIfItHadNotDied(t *testing.T) {
	t.Parallel()
	program := exampleProgram(t)
	c := servers.cluster.Cluster(t)
	straight := examples(t, c)
	straight.Must(0, "migrate", "--force")
	wantSchema, wantState := schemas(t, c), statuses(t, c)
	for _, at := range []struct {
		text string // in the packet
		nth  int
		lost bool // the server does not get it
	}{
		{"`events_hourly_dist`", 1, false},
		{"`events_hourly_dist`", 1, true},
		{"ADD COLUMN `trace_id`", 2, true}, // one of two shards has it
		{"`migrations_local`", 2, false},
		{"INTO currencies", 1, false},
		{"MODIFY COLUMN `duration_ms`", 1, false},
	} {
		t.Run(fmt.Sprintf("%s lost %v", at.text, at.lost), func(t *testing.T) {
			c := servers.cluster.Cluster(t)
			s, other := examples(t, c), examples(t, c)
			s.Edit("root: /skein", "root: /skein, session_timeout: 2s")
			s.Must(0, "migrate", "--group", "system")
			p := s.process(program, "migrate", "--force")
			killed := make(chan struct{})
			var mu sync.Mutex
			seen := 0
			s.behindAll(func(r testproxy.Request) *testproxy.Meddling {
				if !changes(r.Data) || !bytes.Contains(r.Data, []byte(at.text)) {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				if seen++; seen < at.nth {
					return nil
				}
				if seen == at.nth {
					p.signal(syscall.SIGKILL)
					close(killed)
				}
				if at.lost {
					return &testproxy.Meddling{Withhold: true, Cut: true}
				}
				return nil
			})
			p.start()
			happens(t, killed, "the run never came to where it is killed")
			p.wait()
			other.Must(0, "resume", "--lock-wait", "20s")
			running.Says(t, other.Must(0, "list").Stdout, "0 in progress")
			other.Must(0, "migrate", "--force")
			if diff := cmp.Diff(wantSchema, schemas(t, c)); diff != "" {
				t.Errorf("the nodes differ (-straight +resumed):\n%s", diff)
			}
			if diff := cmp.Diff(wantState, statuses(t, c)); diff != "" {
				t.Errorf("the state differs (-straight +resumed):\n%s", diff)
			}
		})
	}
}

// A node is down during a statement. When it is back, resume does the rest, and
// what was done before, a function that must not run twice, is left alone.
func TestResumeWhenANodeIsBack(t *testing.T) {
	t.Parallel()
	for _, ddl := range []string{"on_cluster", "direct"} {
		t.Run(ddl, func(t *testing.T) {
			c := servers.cluster.Cluster(t)
			victim := c.Nodes[3]
			t.Cleanup(func() { restart(t, victim) })
			killed := 0
			s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
				createTable("a_local"),
				do("kill", func(ctx context.Context, _ ops.DB) error {
					killed++
					err := victim.Kill(ctx)
					time.Sleep(time.Second)
					return err
				}),
				createTable("b_local"),
				ops.AddColumn{Table: local("b_local"), Column: ops.Column{Name: "n", Type: "UInt64"}},
				ops.AddColumn{Table: local("a_local"), Column: ops.Column{Name: "n", Type: "UInt64"}},
			}}))
			running.Says(t, s.Must(5, "migrate", "--ddl", ddl).Stderr, "stopped at step 3 of 5", "skein resume --group events")
			s.Must(3, "resume", "--ddl", ddl)
			back(s, victim)
			var resumed result // the node may just then make b_local, which is not active at once
			eventually(t, func() bool { resumed = s.Run("resume", "--ddl", ddl); return resumed.Code != 3 })
			running.Says(t, resumed.Stdout, "1 migration finished: events/0001_a")
			if killed != 1 {
				t.Errorf("the function ran %d times", killed)
			}
			for _, table := range []string{"a_local", "b_local"} {
				if rows := s.everywhere("DESCRIBE TABLE " + table); len(rows) != 2 {
					t.Errorf("%s: %v", table, rows)
				}
			}
			running.Says(t, s.Must(0, "list").Stdout, "[X] 0001_a")
			running.Says(t, s.Must(0, "migrate").Stdout, "Nothing to do.")
		})
	}
}

// One of four nodes has another table of the name. With that out of the way,
// resume makes the one that is missing and leaves the rest, rows and all.
func TestResumeMakesWhatOneNodeLacks(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local"), createTable("b_local")}}))
	other := c.Nodes[2]
	exec(t, other, "CREATE TABLE b_local (mine String) ENGINE = Log")
	s.Must(5, "migrate")
	running.Says(t, s.Must(5, "resume").Stderr, "stopped at step 2 of 2", other.Addr(), "Log")
	exec(t, other, "DROP TABLE b_local")
	exec(t, c.Nodes[0], "INSERT INTO b_local SELECT 7")
	running.Says(t, s.Must(0, "resume", "-v").Stderr, "going to "+other.Addr(), "done      "+other.Addr())
	s.everywhere("DESCRIBE TABLE b_local")
	if rows := query(t, c.Nodes[1], "SELECT id FROM b_local"); len(rows) != 1 {
		t.Errorf("rows: %v", rows)
	}
}

// A function was running when skein was made to stop at once: nobody knows how
// far it came but who looks.
func TestAFunctionInFlightIsTheOperatorsToDecide(t *testing.T) {
	t.Parallel()
	for flag, calls := range map[string]int{"--assume-done": 1, "--repeat": 2} {
		t.Run(flag, func(t *testing.T) {
			s := newSession(t, servers.modern.Cluster(t))
			s.Die = make(chan struct{})
			called := 0
			s.Groups = []migration.Group{group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
				createTable("a_local"),
				do("fill", func(ctx context.Context, _ ops.DB) error {
					if called++; called > 1 {
						return nil
					}
					close(s.Die)
					<-ctx.Done()
					return ctx.Err()
				}),
				createTable("b_local"),
			}})}
			s.Must(5, "migrate")
			s.Die = nil
			running.Says(t, s.Must(3, "resume").Stderr, "events/0001_a: step 2 of 3 (RUN GO fill)", "it may have run on",
				"skein resume --group events --assume-done", "skein resume --group events --repeat")
			s.Must(2, "resume", "--assume-done", "--repeat")
			s.Must(0, "resume", flag)
			if called != calls {
				t.Errorf("it ran %d times, want %d", called, calls)
			}
			s.everywhere("DESCRIBE TABLE b_local")
			running.Says(t, s.Must(2, "resume", flag).Stderr, "nothing is in progress")
			running.Says(t, s.Must(0, "resume").Stdout, "Nothing is in progress.")
		})
	}
}

// A mutation went on when skein was made to stop. Nothing is completed before it
// is done, whatever the operator says of it.
func TestResumeWaitsForAMutationThatIsUnderWay(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	change := update("v + 1 + sleepEachRow(0.07)")
	change.Repeatable = false
	s := newSession(t, c, group("events", migration.Migration{
		ID: "0001_m", Irreversible: "a test", Forward: []ops.Operation{
			createTable("m_local", ops.Column{Name: "v", Type: "UInt64"}),
			do("fill", func(ctx context.Context, db ops.DB) error {
				return db.Exec(ctx, db.Nodes()[0], "INSERT INTO m_local SELECT number, 0 FROM system.numbers LIMIT 40")
			}),
			change,
		},
	}))
	s.Die = make(chan struct{})
	die := s.Die
	s.On = map[string]func(){"mutates": func() { close(die) }}
	s.Must(5, "migrate")
	s.Die, s.On = nil, nil
	s.Edit("wait: 8s", "wait: 30s")
	// It is waited for before anybody is asked to look.
	running.Says(t, s.Must(3, "resume").Stderr, "m_local (mutation_", "step 3 of 3", "it may have run on")
	s.Must(0, "resume", "--assume-done")
	if rows := query(t, c.Nodes[0], "SELECT count() FROM m_local WHERE v = 1"); rows[0][0] != "40" {
		t.Errorf("it is said to be completed, and %s of 40 rows are changed", rows[0][0])
	}
}
