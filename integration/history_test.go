package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/integration/testproxy"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// emitted collects what a run emits, until its trail is written.
type emitted struct {
	mu     sync.Mutex
	runID  string
	events []journal.Event
}

func (e *emitted) ports(o coordinator.Options) coordinator.Options {
	sink := o.Events
	o.Events = func(event journal.Event) {
		e.mu.Lock()
		e.events = append(e.events, event)
		e.mu.Unlock()
		sink(event)
	}
	e.runID = o.Holder.RunID
	return o
}

// said is the outcome that a row of the trail has for an event.
func said(event journal.Event) string {
	switch e := event.(type) {
	case journal.LockAcquired:
		return "run started"
	case journal.PreflightPassed:
		return "preflight"
	case journal.MigrationStarted:
		return "started"
	case journal.StatementSent:
		return "sent " + e.Text
	case journal.HostFinished:
		return string(e.Host.Outcome) + " " + e.Host.Node
	case journal.Converged:
		return "converged"
	case journal.MigrationFinished:
		return "finished"
	case journal.MigrationFailed:
		return "stopped"
	case journal.Waiting:
		return "waiting"
	case journal.Retrying:
		return "retrying"
	case journal.StepSkipped, journal.OperationSkipped:
		return "not sent"
	case journal.Warning:
		return "warning"
	case journal.Decided:
		return "decided"
	case journal.RunEnded:
		return "run " + string(e.Ending)
	}
	return fmt.Sprintf("%T", event)
}

// trailOf reads the rows of a run from every node, by their place in the run.
func trailOf(t *testing.T, c *testcluster.Cluster, runID string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, n := range c.Nodes {
		for _, row := range query(t, n, "SELECT toString(seq), outcome, node, statement FROM migration_steps_local WHERE run_id = '"+runID+"'") {
			what := row[1]
			switch what {
			case "sent":
				what += " " + row[3]
			case "done", "failed", "unknown", "skipped":
				what += " " + row[2]
			}
			if !slices.Contains(out[row[0]], what) {
				out[row[0]] = append(out[row[0]], what)
			}
		}
	}
	return out
}

// eachDDL runs a test on four nodes, ON CLUSTER and directly, and on one of 26.7.
func eachDDL(t *testing.T, test func(t *testing.T, c *testcluster.Cluster, ddl string)) {
	t.Helper()
	for _, ddl := range []string{"on_cluster", "direct"} {
		t.Run(ddl, func(t *testing.T) { test(t, servers.cluster.Cluster(t), ddl) })
	}
	t.Run("single node", func(t *testing.T) { test(t, servers.modern.Cluster(t), "direct") })
}

// Every event that a run emits is a row of the trail, however the run ends. The
// run that makes the trail's own tables is one of them.
func TestNoEventOfARunIsLostFromTheTrail(t *testing.T) {
	t.Parallel()
	for _, ending := range []struct {
		name string
		code int
		want journal.Ending
		// within is called in the middle of the migration.
		within func(s *session, interrupt, die func()) error
		// then comes after that.
		then []ops.Operation
	}{
		{name: "done", code: 0, want: journal.EndedCompleted},
		{name: "failed", code: 5, want: journal.EndedFailed, within: func(*session, func(), func()) error { return errors.New("no") }},
		{name: "interrupted", code: 5, want: journal.EndedInterrupted, within: func(_ *session, interrupt, _ func()) error {
			interrupt()
			return nil
		}},
		{name: "interrupted twice", code: 5, want: journal.EndedInterrupted, within: func(_ *session, interrupt, die func()) error {
			interrupt()
			die()
			return nil
		}},
		{name: "lock lost", code: 4, want: journal.EndedLockLost, within: func(s *session, _, _ func()) error {
			s.Must(0, "lock", "release", "--force")
			return nil
		}},
		{name: "refused", code: 3, want: journal.EndedRefused, then: []ops.Operation{
			ops.AddColumn{Table: local("nowhere"), Column: ops.Column{Name: "n", Type: "UInt8"}},
		}},
	} {
		t.Run(ending.name, func(t *testing.T) {
			eachDDL(t, func(t *testing.T, c *testcluster.Cluster, ddl string) {
				ctx, die := context.WithCancel(t.Context())
				defer die()
				stop := make(chan struct{})
				other := newSession(t, c)
				middle := do("middle", func(context.Context, ops.DB) error {
					if ending.within == nil {
						return nil
					}
					return ending.within(other, func() { close(stop) }, die)
				})
				s := newSession(t, c, group("events", migration.Migration{
					ID: "0001_a", Forward: slices.Concat([]ops.Operation{createTable("a_local"), middle, createTable("b_local")}, ending.then),
				}))
				if ending.want == journal.EndedRefused {
					s.Must(0, "migrate", "--group", "system") // or there is no trail that it could be in
				}
				var e emitted
				var stderr bytes.Buffer
				code := cli.Program{
					Groups: s.Groups, Args: []string{"--config", s.Config, "--ddl", ddl, "migrate"}, Stderr: &stderr, Stop: stop, Ports: e.ports,
				}.Run(ctx)
				t.Logf("%s(exit %d)", stderr.String(), code)
				if code != ending.code || strings.Contains(stderr.String(), "audit trail") {
					t.Errorf("exit %d, want %d", code, ending.code)
				}
				rows := trailOf(t, c, e.runID)
				for i, event := range e.events {
					if seq := fmt.Sprint(i + 1); !slices.Contains(rows[seq], said(event)) {
						t.Errorf("event %s is %q, and its rows are %q", seq, said(event), rows[seq])
					}
				}
				if len(rows) != len(e.events) {
					t.Errorf("%d events, of which %d are in the trail", len(e.events), len(rows))
				}
				if last := said(e.events[len(e.events)-1]); last != "run "+string(ending.want) {
					t.Errorf("its last event is %q", last)
				}
				running.Says(t, other.Must(0, "history").Stdout, e.runID, string(ending.want), "--ddl "+ddl+" migrate")
			})
		})
	}
}

// told is the JSON of history and show.
type told struct {
	Migration struct {
		Status, Direction, Error string
		InFlight                 string   `json:"in_flight"`
		PendingNodes             []string `json:"pending_nodes"`
		Step, Steps              int
	}
	Runs []struct {
		Run, By, Command, Ending string
		Epoch                    int
		Migrations               []struct {
			Group, ID, Outcome string
			Step, Steps        int
		}
		Events []struct {
			Seq, Step, Code                int
			Node, Outcome, Text, Statement string
		}
	}
	More   bool
	Silent []journal.NoAnswer
}

func (s *session) told(args ...string) told {
	s.T.Helper()
	var out told
	if err := json.Unmarshal([]byte(s.Must(0, append(args, "--output", "json")...).Stdout), &out); err != nil {
		s.T.Fatal(err)
	}
	return out
}

// A migration that fails, is shown, and is finished by an operator's decision.
func TestShowTellsTheWholeStoryOfAMigration(t *testing.T) {
	t.Parallel()
	eachDDL(t, func(t *testing.T, c *testcluster.Cluster, ddl string) {
		broken := true
		s := newSession(t, c, group("events",
			migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}},
			migration.Migration{ID: "0002_b", Forward: []ops.Operation{
				createTable("b_local"),
				do("fill", func(context.Context, ops.DB) error {
					if broken {
						return errors.New("the source is empty")
					}
					return nil
				}),
			}}))
		running.Says(t, s.Must(0, "history").Stdout, "No run is recorded")
		running.Says(t, s.Must(0, "show", "events/0002").Stdout, "events/0002_b  not started", "No run is recorded")
		s.Must(5, "migrate", "--ddl", ddl)

		half := s.told("show", "events", "0002")
		if m := half.Migration; m.Status != "in_progress" || m.Step != 2 || m.Steps != 2 || !strings.Contains(m.InFlight, "fill") ||
			len(m.PendingNodes) == 0 || !strings.Contains(m.Error, "the source is empty") {
			t.Errorf("half-way: %+v", m)
		}
		running.Says(t, s.Must(0, "show", "events", "0002").Stdout, "events/0002_b  IN PROGRESS, forward, step 2 of 2", "the source is empty",
			"stopped at step 2 of 2", "skein resume --group events", "step 2 was sent, or may have been")
		broken = false
		s.Must(0, "resume", "--repeat", "--ddl", ddl)

		whole := s.told("show", "events", "0002_b")
		if whole.Migration.Status != "completed" || len(whole.Runs) != 2 {
			t.Fatalf("completed: %+v", whole)
		}
		var outcomes [][]string
		for _, run := range whole.Runs {
			var have []string
			for _, e := range run.Events {
				if !slices.Contains(have, e.Outcome) {
					have = append(have, e.Outcome)
				}
			}
			outcomes = append(outcomes, have)
		}
		want := [][]string{
			{"run started", "preflight", "started", "sent", "done", "converged", "failed", "stopped", "run failed"},
			{"run started", "preflight", "decided", "started", "not sent", "sent", "done", "converged", "finished", "run completed"},
		}
		for i := range outcomes { // how long things take is the machine's
			outcomes[i] = slices.DeleteFunc(outcomes[i], func(outcome string) bool { return outcome == "waiting" })
		}
		if diff := cmp.Diff(want, outcomes); diff != "" {
			t.Errorf("(-want +have)\n%s", diff)
		}
		running.Says(t, s.Must(0, "show", "events/0002_b").Stdout, "decided --repeat", "done before it stopped", "finished: completed")

		h := s.told("history")
		if len(h.Runs) != 2 || h.Runs[0].Ending != "completed" || h.Runs[1].Ending != "failed" || h.Runs[0].Epoch <= h.Runs[1].Epoch ||
			!strings.HasSuffix(h.Runs[0].Command, "resume --repeat --ddl "+ddl) {
			t.Errorf("history: %+v", h)
		}
		if m := h.Runs[1].Migrations; len(m) != 3 || m[0].Group != "system" || m[2].Outcome != "stopped" || m[2].Step != 2 {
			t.Errorf("the first run: %+v", m)
		}
		one := s.told("history", "--limit", "1")
		if len(one.Runs) != 1 || !one.More {
			t.Errorf("--limit 1: %+v", one)
		}
		if only := s.told("history", "--group", "system"); len(only.Runs) != 1 {
			t.Errorf("--group system: %+v", only)
		}
		running.Says(t, s.Must(2, "show", "event", "0002").Stderr, `no group "event"`, "events")
		running.Says(t, s.Must(2, "history", "--group", "event").Stderr, `no group "event"`, "events")
		running.Says(t, s.Must(2, "show", "events", "000").Stderr, "matches 2", "0001_a, 0002_b")
		running.Says(t, s.Must(2, "show", "events", "9").Stderr, `starts with "9"`)
		for line := range strings.Lines(s.Must(0, "history").Stdout) {
			if len(strings.Fields(line)) > 1 && len([]rune(line)) > 81 && !strings.Contains(line, s.Config) {
				t.Errorf("wider than a terminal: %s", line)
			}
		}
		// Programs without these groups read the same.
		stranger := newSession(t, c)
		running.Says(t, stranger.Must(0, "show", "events", "0002").Stdout, "this program does not have the migration", "finished: completed")
		running.Says(t, stranger.Must(0, "history", "--group", "events").Stdout, "0002_b")
	})
}

// A run that is killed has no end, and what it did until then is there.
func TestHistoryTellsOfARunThatWasKilled(t *testing.T) {
	t.Parallel()
	program := exampleProgram(t)
	eachDDL(t, func(t *testing.T, c *testcluster.Cluster, ddl string) {
		s := examples(t, c)
		s.Must(0, "migrate", "--group", "system")
		other := examples(t, c)
		p := s.process(program, "migrate", "--group", "events", "--ddl", ddl)
		killed := make(chan struct{})
		var once sync.Once
		s.behindAll(func(r testproxy.Request) *testproxy.Meddling {
			if changes(r.Data) && isStatement(r.Data) { // of the third migration
				once.Do(func() {
					go func() {
						time.Sleep(3 * time.Second) // the trail is written every 2 s
						p.signal(syscall.SIGKILL)
						close(killed)
					}()
				})
				return &testproxy.Meddling{Hold: killed, Withhold: true}
			}
			return nil
		})
		p.start()
		happens(t, killed, "the run never came to where it is killed")
		p.wait()
		run := other.told("history", "--limit", "1").Runs[0]
		if run.Ending != "" || len(run.Migrations) != 3 || run.Migrations[0].Outcome != "finished" || run.Migrations[2].Outcome != "started" {
			t.Errorf("have %+v", run)
		}
		running.Says(t, other.Must(0, "history").Stdout, "no end recorded", "completed: events/0001_create_events", "begun")
		running.Says(t, other.Must(0, "show", "events/0003").Stdout, "no end is recorded", "IN PROGRESS")
	})
}

// A node that is down is named, and what the others have is shown, whichever
// shard took the rows.
func TestHistoryIsReadWhileANodeIsDown(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := examples(t, c)
	s.Must(0, "migrate", "--group", "events")
	whole := s.told("show", "events", "0002").Runs
	for _, victim := range []int{0, 3} {
		n := c.Nodes[victim]
		eventually(t, func() bool {
			return query(t, c.Nodes[0], "SELECT count() FROM migration_steps_local")[0][0] == query(t, c.Nodes[1], "SELECT count() FROM migration_steps_local")[0][0]
		})
		if err := n.Kill(t.Context()); err != nil {
			t.Fatal(err)
		}
		h := s.Must(0, "history")
		running.Says(t, h.Stderr, n.Addr()+" could not be read")
		running.Says(t, h.Stdout, "events/0001_create_events")
		l := s.Must(0, "list")
		running.Says(t, l.Stderr, n.Addr()+" did not answer")
		running.Says(t, l.Stdout, "[X]")
		have := s.told("show", "events", "0002")
		if len(have.Silent) != 1 || have.Silent[0].Node != n.Addr() {
			t.Errorf("silent: %+v", have.Silent)
		}
		if diff := cmp.Diff(whole, have.Runs); diff != "" {
			t.Errorf("without %s (-before +now):\n%s", n.Name, diff)
		}
		restart(t, n)
	}
}

// What takes the trail's tables away has nowhere to tell it, and does not complain.
func TestTheTrailGoesWithItsTables(t *testing.T) {
	t.Parallel()
	eachDDL(t, func(t *testing.T, c *testcluster.Cluster, ddl string) {
		s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
		s.Must(0, "migrate", "--ddl", ddl)
		if r := s.Must(0, "revert", "--force", "--include-system", "--yes"); strings.Contains(r.Stderr, "warning") {
			t.Error("a warning about what was asked for")
		}
		running.Says(t, s.Must(0, "history").Stdout, "No run is recorded")
	})
}

// A trail that no node takes is a warning with the number of rows, and no more.
func TestATrailThatCannotBeWrittenStopsNothing(t *testing.T) {
	t.Parallel()
	eachDDL(t, func(t *testing.T, c *testcluster.Cluster, ddl string) {
		s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
		s.Must(0, "migrate", "--group", "system", "--ddl", ddl)
		for _, n := range c.Nodes {
			exec(t, n, "DROP TABLE migration_steps_local")
		}
		running.Says(t, s.Must(0, "migrate", "--ddl", ddl).Stderr, "skein: warning: ", " rows of the audit trail are lost")
	})
}

// The values of secrets are in no row, also where the server said them.
func TestSecretsStayReferencesInTheTrail(t *testing.T) {
	eachDDL(t, func(t *testing.T, c *testcluster.Cluster, ddl string) {
		const value = "hunter2-and-more"
		t.Setenv("SKEIN_TEST_WORD", value)
		s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
			ops.RunSQL{Place: local("").Place, SQL: "SELECT 1 WHERE 'x' != '{secret:WORD}'", Scope: ops.RunOneNode},
			ops.RunSQL{Place: local("").Place, SQL: "SELECT nosuchfunction('{secret:WORD}')", Scope: ops.RunOneNode},
		}, Irreversible: "it is a test"}))
		text, err := os.ReadFile(s.Config)
		if err != nil {
			t.Fatal(err)
		}
		s.Write("secrets: {WORD: env:SKEIN_TEST_WORD}\n" + string(text))
		failed := s.Must(5, "migrate", "--ddl", ddl)
		shown := s.Must(0, "show", "events", "0001").Stdout
		running.Says(t, shown, "SELECT nosuchfunction('{secret:WORD}')", "SELECT 1 WHERE 'x' != '{secret:WORD}'", "failed")
		everything := shown + failed.Stderr + s.Must(0, "history").Stdout + fmt.Sprint(s.told("show", "events", "0001"))
		for _, n := range c.Nodes {
			everything += fmt.Sprint(query(t, n, "SELECT statement, error FROM migration_steps_local"))
		}
		if strings.Contains(everything, value) {
			t.Errorf("the secret is told:\n%s", everything)
		}
	})
}
