package preview_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// terminal is a real one, of tmux, on which one command of skein's runs.
type terminal struct {
	t      *testing.T
	socket string
}

// on starts skein on a terminal of 100 × 50. The test is skipped where there is no tmux.
func (p *project) on(args ...string) *terminal {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	return open(p.t, fmt.Sprintf("%s=1 '%s' --config '%s' %s; echo exit=$?.; exec sleep 300",
		asSkein, self, filepath.Join(p.dir, "skein.yaml"), strings.Join(args, " ")))
}

func open(t *testing.T, command string) *terminal {
	t.Helper()
	testcluster.Need(t, "tmux")
	term := &terminal{t: t, socket: filepath.Join(t.TempDir(), "tmux")}
	term.tmux(t.Context(), "-f", os.DevNull, "new-session", "-d", "-x", "100", "-y", "50", command)
	t.Cleanup(func() { term.tmux(context.WithoutCancel(t.Context()), "kill-server") })
	return term
}

// tmux talks to a server of its own: whoever runs the tests may have another one.
func (term *terminal) tmux(ctx context.Context, args ...string) string {
	term.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "tmux", append([]string{"-S", term.socket}, args...)...).CombinedOutput()
	if err != nil {
		term.t.Fatalf("tmux %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// shows waits until a text is on the screen, and returns all of it.
func (term *terminal) shows(text string) string {
	term.t.Helper()
	screen := ""
	err := await.Wait{Limit: time.Minute}.Until(term.t.Context(), func(ctx context.Context) (await.Look, error) {
		screen = term.tmux(ctx, "capture-pane", "-p", "-J")
		return await.Look{Done: strings.Contains(screen, text), Reason: "the screen"}, nil
	})
	if err != nil {
		term.t.Fatalf("%q does not come on the screen: %v\n%s", text, err, screen)
	}
	term.t.Logf("%s", strings.TrimRight(screen, "\n"))
	return screen
}

func (term *terminal) types(keys ...string) {
	term.tmux(term.t.Context(), append([]string{"send-keys"}, keys...)...)
}

// narrowed is a project whose table has 20,000 rows on each shard, and a migration
// that rewrites them.
func narrowed(t *testing.T, c *testcluster.Cluster) *project {
	t.Helper()
	p := newProject(t, c)
	p.must(0, "migrate")
	p.fill(20_000)
	p.file("events/0002_narrow.yaml",
		"modify_column: {table: d_local, column: {name: v, type: UInt32}, was: {name: v, type: UInt64}}",
		"add_column: {table: d_local, column: {name: note, type: String}}")
	return p
}

func rows(c *testcluster.Cluster) string {
	if len(c.Nodes) > 1 {
		return "40,000 rows"
	}
	return "20,000 rows"
}

// Nobody rewrites rows by pressing Enter; yes is asked for once.
func TestMigrateOnATerminalAsksOnceBeforeRowsAreRewritten(t *testing.T) {
	engines(t, func(t *testing.T, c *testcluster.Cluster) {
		p := narrowed(t, c)
		p.file("events/0003_narrower.yaml", "modify_column: {table: d_local, column: {name: v, type: UInt16}, was: {name: v, type: UInt32}}")

		term := p.on("migrate")
		screen := term.shows("[y/N]")
		running.Says(t, screen, "events ", fmt.Sprintf("%d node", len(c.Nodes)), c.Nodes[0].Addr(),
			"0002_narrow", "2 steps", "rewrites data: "+rows(c), "step 1 narrows UInt64 to UInt32", "0003_narrower",
			"2 migrations in 1 group, 3 steps on", "Go on, with data rewritten in 2 steps (")
		term.types("Enter")
		running.Says(t, term.shows("exit="), "not confirmed, nothing was changed", "exit=3.")
		if have := p.types(); have != p.all("UInt64") {
			t.Errorf("after a no, v is %s", have)
		}
		running.Says(t, p.must(0, "list").stdout, "[ ] 0002_narrow")

		term = p.on("migrate")
		term.shows("[y/N]")
		term.types("y", "Enter")
		screen = term.shows("exit=")
		running.Says(t, screen, "2 migrations completed.", "exit=0.")
		if n := strings.Count(screen, "[y/N]"); n != 1 {
			t.Errorf("asked %d times", n)
		}
		if have := p.types(); have != p.all("UInt16") {
			t.Errorf("after a yes, v is %s", have)
		}
	})
}

// Ctrl-C at the question ends the run at once, and lets the lock go.
func TestInterruptAtTheQuestionChangesNothing(t *testing.T) {
	engines(t, func(t *testing.T, c *testcluster.Cluster) {
		p := narrowed(t, c)
		term := p.on("migrate")
		term.shows("[y/N]")
		term.types("C-c")
		running.Says(t, term.shows("exit="), "skein: interrupted", "exit=130.")
		if have := p.types(); have != p.all("UInt64") {
			t.Errorf("v is %s", have)
		}
		p.must(0, "migrate", "--group", "events")
	})
}

// While somebody thinks, nobody else changes what was shown.
func TestTheLockIsHeldWhileAsking(t *testing.T) {
	engines(t, func(t *testing.T, c *testcluster.Cluster) {
		p := narrowed(t, c)
		term := p.on("migrate")
		term.shows("[y/N]")
		running.Says(t, p.must(4, "migrate").stderr, "another run holds the lock")
		term.types("n", "Enter")
		running.Says(t, term.shows("exit="), "exit=3.")
	})
}

// What changes metadata alone, or no row, is not worth a question, nor is what --yes
// answers.
func TestNoQuestionWhereNoneIsNeeded(t *testing.T) {
	engines(t, func(t *testing.T, c *testcluster.Cluster) {
		p := newProject(t, c)
		p.file("events/0002_note.yaml", "add_column: {table: d_local, column: {name: note, type: String}}")
		p.file("events/0003_narrow.yaml", "modify_column: {table: d_local, column: {name: v, type: UInt32}, was: {name: v, type: UInt64}}")
		screen := p.on("migrate").shows("exit=")
		running.Says(t, screen, "0002_note", "metadata only", "exit=0.") // d_local is empty
		if strings.Contains(screen, "[y/N]") {
			t.Error("asked")
		}
		p.fill(20_000)
		p.file("events/0004_narrower.yaml", "modify_column: {table: d_local, column: {name: v, type: UInt16}, was: {name: v, type: UInt32}}")
		screen = p.on("migrate", "--yes").shows("exit=")
		running.Says(t, screen, "rewrites data: "+rows(c), "exit=0.")
		if strings.Contains(screen, "[y/N]") {
			t.Error("asked, with --yes")
		}
	})
}

// Without a terminal nobody is asked: it is shown, and done, or refused by
// --check-dangerous.
func TestWithoutATerminalWhatIsShownIsDone(t *testing.T) {
	engines(t, func(t *testing.T, c *testcluster.Cluster) {
		p := narrowed(t, c)
		p.must(3, "migrate", "--check-dangerous")
		shown := p.must(0, "migrate").stderr
		running.Says(t, shown, "rewrites data: "+rows(c), "1 migration in 1 group, 2 steps on")
		if strings.Index(shown, "rewrites data") > strings.Index(shown, "completed") {
			t.Errorf("shown after it was done:\n%s", shown)
		}
		if have := p.types(); have != p.all("UInt32") {
			t.Errorf("v is %s", have)
		}
		quiet := p.must(0, "migrate", "--quiet")
		if quiet.stderr != "" {
			t.Errorf("--quiet says %q", quiet.stderr)
		}
	})
}

// What takes something away is asked about on a terminal whatever it holds.
func TestRollbackOnATerminalAsks(t *testing.T) {
	p := narrowed(t, servers.modern.Cluster(t))
	p.must(0, "migrate")
	term := p.on("rollback", "--group", "events", "--force")
	running.Says(t, term.shows("[y/N]"), "Reverse events/0002_narrow?", "0002_narrow  (backward)", "drops data: 20,000 rows")
	term.types("Enter")
	running.Says(t, term.shows("exit="), "exit=3.")
	if have := p.types(); have != "UInt32" {
		t.Errorf("v is %s", have)
	}
}
