package progress_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
)

// A slow mutation has a bar for each node, which go when it is done. What stays is
// what is printed without a terminal.
func TestASlowMutationOnATerminal(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c)
	s.filled()
	screen := newTerminal(t)
	screen.skein(s.Config, "migrate", "--yes", "--group", "events", "0002")
	at := screen.shows("1/1 ALTER TABLE", " parts  00:0", "left")
	t.Logf("80x24:\n%s", at)
	for _, line := range strings.Split(at, "\n") {
		if regexp.MustCompile(`\[[=>-]{10}\]`).MatchString(line) && !strings.Contains(line, "m_local") {
			t.Errorf("a bar of what? %q", line)
		}
	}
	screen.resize(120, 30)
	screen.resize(80, 24)
	end := screen.shows("exit 0")
	t.Logf("at the end:\n%s", end)
	running.Says(t, end, "events/0002_update\n", "1/1 ALTER TABLE", "completed", "1 migration completed.\nexit 0")
	for _, gone := range []string{"parts", "[=", "waiting", "mutates"} {
		if strings.Contains(end, gone) {
			t.Errorf("%q is left on the screen:\n%s", gone, end)
		}
	}
}

// A node that stops is named as long as it is waited for. The first Ctrl-C is
// answered above the bars; the second ends them, and what is said then is whole.
func TestAStoppedNodeAndCtrlCOnATerminal(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c)
	s.filled()
	n := c.Node("s2r2")
	screen := newTerminal(t)
	screen.skein(s.Config, "migrate", "--yes", "--group", "events", "0002")
	screen.shows(" parts  00:0", n.Addr())
	if err := n.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("80x24:\n%s", screen.shows("waiting: ", n.Addr()))
	screen.tmux("send-keys", "C-c")
	at := screen.shows("once more to stop now")
	t.Logf("after Ctrl-C:\n%s", at)
	if strings.Index(at, "once more") > strings.Index(at, "1/1 ALTER") {
		t.Error("a message is not above the bars")
	}
	if !strings.Contains(at, "\nskein: interrupted: stopping") {
		t.Error("a message does not begin its line")
	}
	screen.shows("waiting: ")
	screen.tmux("send-keys", "C-c")
	end := screen.shows("exit 5")
	t.Logf("at the end:\n%s", end)
	running.Says(t, end, "skein: events/0002_update stopped at step 1 of 1 and is left in progress", "ALTER TABLE", n.Addr(),
		"To finish it: skein resume --group events\n", "exit 5")
	for _, gone := range []string{" parts", "[=", "waiting:"} {
		if strings.Contains(end, gone) {
			t.Errorf("%q is left on the screen", gone)
		}
	}
}

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	for name, want := range map[string]bool{"": true, "export NO_COLOR=1": false} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t, servers.modern.Cluster(t))
			s.filled()
			screen := newTerminal(t)
			if name != "" {
				screen.tmux("send-keys", name, "Enter")
			}
			screen.skein(s.Config, "migrate", "--yes", "--group", "events", "0002")
			screen.shows("[==")
			if have := strings.Contains(screen.tmux("capture-pane", "-p", "-e"), "\x1b[36m"); have != want {
				t.Errorf("colours: %v, want %v", have, want)
			}
			screen.shows("exit 0")
		})
	}
}

// Quiet is quiet on a terminal too, and a pipe has the lines that it always had.
func TestNoBarsWhereNobodyLooks(t *testing.T) {
	s := newSession(t, servers.modern.Cluster(t))
	s.filled()
	screen := newTerminal(t)
	screen.skein(s.Config, "migrate", "--yes", "-q", "--group", "events", "0002")
	end := screen.shows("exit 0")
	if strings.TrimSpace(end) != "1 migration completed.\nexit 0\n$" {
		t.Errorf("-q says:\n%s", end)
	}
	screen.skein(s.Config, "migrate", "--yes", "2>&1 | cat -v")
	end = screen.shows("exit 0")
	running.Says(t, end, "events/0003_column\n", "1/1 ALTER TABLE m_local", "1 node    0.")
	if strings.Contains(end, "^[") {
		t.Errorf("a pipe gets escapes:\n%s", end)
	}
}
