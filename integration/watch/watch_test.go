package watch_test

import (
	"bytes"
	"context"
	"encoding/json"
	osexec "os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/integration/testproxy"
)

// heldUp starts a run that a node holds up which is frozen once the run has looked
// at it.
func heldUp(t *testing.T, ddl string) (*project, *testcluster.Node, *process) {
	t.Helper()
	c := servers.cluster.Cluster(t)
	p := newProject(t, c)
	skein(t)
	n := c.Nodes[3]
	run := p.start("migrate", "--group", "events", "--ddl", ddl, "-v")
	// At once: the statement that is to meet a frozen node takes a tenth of a second.
	for began := time.Now(); !strings.Contains(run.printed(), "events/0001_create_events"); time.Sleep(2 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("the run does not begin:\n%s", run.printed())
		}
	}
	if err := n.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { thaw(t, n) })
	return p, n, run
}

func thaw(t *testing.T, n *testcluster.Node) {
	t.Helper()
	if n.Paused() {
		if err := n.Continue(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
}

// watches types the command.
func (term *terminal) watches(p *project, arguments string) {
	term.types(skein(p.T) + " --config " + p.Config + " watch " + arguments)
}

func TestARunThatAFrozenNodeHoldsUp(t *testing.T) {
	for _, ddl := range []string{"on_cluster", "direct"} {
		t.Run(ddl, func(t *testing.T) {
			p, n, run := heldUp(t, ddl)
			term := newTerminal(t, 80, 24)
			term.watches(p, "")
			screen := term.shows("run 01", "alive, holds the lock since", "epoch ", "--ddl",
				"events/000", " step ", "done     ", "unknown  "+n.Addr(), "no answer", "waits ")
			term.fills(screen, 80, 24)

			// It goes on, and the frozen node's time with it.
			silent := regexp.MustCompile(regexp.QuoteMeta(n.Addr()) + ` +(\d+)s `)
			before := silent.FindStringSubmatch(screen)
			if before == nil {
				t.Fatalf("it does not say for how long %s gave no answer:\n%s", n.Addr(), screen)
			}
			began := time.Now()
			running.Eventually(t, "the time goes on", func() bool {
				now := silent.FindStringSubmatch(term.screen())
				return now != nil && now[1] != before[1]
			})
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("the screen stood still for %s", took)
			}

			for _, size := range [][2]int{{120, 50}, {40, 10}, {80, 24}} {
				term.resize(size[0], size[1])
				running.Eventually(t, "it is redrawn", func() bool {
					lines := strings.Split(strings.TrimSuffix(term.screen(), "\n"), "\n")
					return len(lines) == size[1] && strings.HasPrefix(lines[size[1]-1], "q quit") && len(lines[0]) == size[0]
				})
				term.fills(term.screen(), size[0], size[1])
				if size[0] == 120 {
					term.shows("3 of 4 nodes answer", n.Addr()+" no answer for ")
					if ddl == "on_cluster" {
						term.shows("Distributed DDL, unfinished", "query-000", "not begun "+n.Addr())
					}
				}
			}

			if err := n.Continue(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-run.done
			if run.cmd.ProcessState.ExitCode() == 0 {
				term.shows("No run lives: the lock is free.", "completed at", "No migration is in progress, ", "4 nodes, all answer")
				return
			}
			// The node was frozen in its CREATE for longer than its session with ZooKeeper.
			term.shows("No run lives: the lock is free.", "failed at", "stopped there", "error ")
			term.keys("G")
			term.shows("4 nodes, all answer")
		})
	}
}

func TestARunThatWasKilled(t *testing.T) {
	for _, ddl := range []string{"on_cluster", "direct"} {
		t.Run(ddl, func(t *testing.T) {
			p, n, run := heldUp(t, ddl)
			time.Sleep(4 * time.Second) // the trail is written every 2 s
			if err := run.cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			term := newTerminal(t, 80, 40)
			term.watches(p, "")
			term.shows("No run lives: the lock is free.", "no end is", "it was killed", "stopped there",
				"unknown  "+n.Addr(), "no answer",
				"to finish it, when all nodes answer: skein resume --group events",
				"to go back instead: skein reverse-in-progress --group events",
				"to go on without "+n.Addr()+":", "skein resume --group events --without "+n.Addr())
			term.keys("q")

			var told struct {
				Run        struct{ Life string }
				Migrations []struct {
					Life string
					Next []struct{ Command string }
				}
			}
			out := piped(t, p, "--output", "json")
			if err := json.Unmarshal(out, &told); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if told.Run.Life != "gone" || len(told.Migrations) != 1 || len(told.Migrations[0].Next) != 3 {
				t.Errorf("have %+v", told)
			}
		})
	}
}

// piped runs watch without a terminal, which exits 0.
func piped(t *testing.T, p *project, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := osexec.CommandContext(t.Context(), skein(t), append([]string{"--config", p.Config, "watch"}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout.String(), stderr.String())
	}
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("one snapshot took %s", took)
	}
	return stdout.Bytes()
}

// Every way of quitting gives the terminal back as it was, colours and all.
func TestQuittingLeavesTheTerminalAsItWas(t *testing.T) {
	p := newProject(t, servers.cluster.Cluster(t))
	for name, key := range map[string]string{"q": "q", "Esc": "Escape", "Ctrl-C": "C-c"} {
		t.Run(name, func(t *testing.T) {
			term := newTerminal(t, 80, 24)
			term.types("echo before; stty -g >" + p.Config + ".before")
			term.shows("before\n")
			before, shell := term.state(), term.runs()
			term.watches(p, "")
			term.shows("No run lives: the lock is free.", "4 nodes, all answer")
			if term.state() == before {
				t.Error("it does not draw on a screen of its own")
			}
			began := time.Now()
			term.keys(key)
			// What is typed before it has given the terminal back is thrown away.
			running.Eventually(t, "the shell has the terminal", func() bool { return term.runs() == shell })
			term.prompts()
			if after := term.state(); after != before {
				t.Errorf("%s, and was %s", after, before)
			}
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("it took %s to quit", took)
			}
			term.types("echo exit $?; stty -g | diff - " + p.Config + ".before && echo the same")
			screen := term.shows("before\n", "exit 0", "the same")
			if strings.Contains(screen, "q quit") {
				t.Errorf("the view is still there:\n%s", screen)
			}
		})
	}
}

func TestHelpAndScrolling(t *testing.T) {
	p, n, _ := heldUp(t, "on_cluster")
	term := newTerminal(t, 60, 12)
	term.watches(p, "")
	top := term.shows("run 01", "1-10 of ", "step 1 of ")
	term.keys("j")
	term.shows("2-11 of ")
	term.keys("Down")
	term.shows("3-12 of ")
	term.keys("k", "Up")
	term.shows("1-10 of ", strings.Split(top, "\n")[1])
	term.keys("G")
	term.shows(n.Addr() + " no answer for ")
	term.keys("?")
	term.shows("nothing of the run is changed", "q quit  ? back")
	term.keys("Escape") // back, and not out
	term.shows("run 01", "q quit  ? help")
}

// NO_COLOR is heeded, and so is a pipe.
func TestColour(t *testing.T) {
	p := newProject(t, servers.cluster.Cluster(t))
	for _, test := range []struct {
		name        string
		environment []string
		coloured    bool
	}{{"colour", nil, true}, {"NO_COLOR", []string{"NO_COLOR=1"}, false}} {
		t.Run(test.name, func(t *testing.T) {
			term := newTerminal(t, 80, 24, test.environment...)
			term.watches(p, "")
			screen := term.shows("No run lives: the lock is free.", "4 nodes, all answer")
			term.fills(screen, 80, 24)
			if coloured := strings.Contains(term.codes(), "\x1b["); coloured != test.coloured {
				t.Errorf("codes on the screen: %v\n%q", coloured, term.codes())
			}
		})
	}
	text := string(piped(t, p))
	if !strings.Contains(text, "No run lives: the lock is free.") || strings.Contains(text, "\x1b") {
		t.Errorf("have %q", text)
	}
	term := newTerminal(t, 80, 24)
	term.watches(p, "--once; echo exit $?")
	term.shows("No run lives: the lock is free.", "exit 0")
	if strings.Contains(term.screen(), "q quit") {
		t.Error("--once draws a view")
	}
}

// Nothing but questions goes to servers, and of one that is frozen never more than
// one at a time.
func TestItReadsOnlyAndDoesNotPileUpQuestions(t *testing.T) {
	p, n, _ := heldUp(t, "on_cluster")
	proxies := p.behindAll()
	var mu sync.Mutex
	var wrong []string
	questions := 0
	connections := map[int]bool{}
	change := regexp.MustCompile(`INSERT INTO|ALTER TABLE|CREATE (TABLE|DATABASE)|DROP TABLE|SYSTEM (SYNC|START|STOP|RESTART)|KILL |OPTIMIZE |TRUNCATE `)
	for i, proxy := range proxies {
		proxy.Meddle(func(r testproxy.Request) *testproxy.Meddling {
			mu.Lock()
			defer mu.Unlock()
			if p.Servers.Nodes[i] == n {
				connections[r.Connection] = true
			}
			if testproxy.BeginsQuery(r.Data) {
				questions++
				if change.Match(r.Data) {
					wrong = append(wrong, string(r.Data))
				}
			}
			return nil
		})
	}
	term := newTerminal(t, 80, 24)
	term.watches(p, "")
	term.shows("unknown  "+n.Addr(), "no answer")
	const watched = 12 * time.Second
	time.Sleep(watched)
	began := time.Now()
	term.keys("q")
	term.prompts()
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s to quit", took)
	}
	mu.Lock()
	dialled := len(connections) // lock status may dial too
	mu.Unlock()
	if lock := p.Run("lock", "status"); !strings.Contains(lock.Stdout, "migrate") {
		t.Error("the lock is not the run's")
	}
	mu.Lock()
	defer mu.Unlock()
	if len(wrong) > 0 || questions < 20 {
		t.Errorf("%d questions, and not one of them: %q", questions, wrong)
	}
	// A look at it has 3 s, and is followed by a pause of one at least; the state's
	// first question may come beside the first look.
	if most := int(watched/(4*time.Second)) + 6; dialled > most {
		t.Errorf("%s was dialled %d times in some %s, want %d at most", n.Addr(), dialled, watched, most)
	}
}

// ZooKeeper frozen: the lock is not known, the rest goes on, and quitting does not
// wait for it.
func TestAFrozenZooKeeper(t *testing.T) {
	c := servers.cluster.Cluster(t)
	p := newProject(t, c)
	term := newTerminal(t, 80, 24)
	term.watches(p, "")
	term.shows("No run lives: the lock is free.", "4 nodes, all answer")
	if err := c.ZooKeeper.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.ZooKeeper.Continue(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	term.shows("the lock gave no answer for ", "4 nodes, all answer")
	began := time.Now()
	term.keys("q")
	term.prompts()
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s to quit", took)
	}
}
