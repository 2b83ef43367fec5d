package progress

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// story makes this test binary a program that shows bars, in a terminal of tmux.
const story = "SKEIN_PROGRESS_STORY"

func TestMain(m *testing.M) {
	if os.Getenv(story) == "" {
		os.Exit(m.Run())
	}
	bars := New(os.Stderr, false)
	fmt.Fprintln(bars, "preflight       main: 4 replicated tables, all active")
	fmt.Fprintln(bars, aKey())
	bars.Event(journal.MigrationStarted{Key: aKey(), Steps: 1})
	bars.Event(journal.StatementSent{Key: aKey(), Step: 1, Of: 1, Summary: "ALTER TABLE t UPDATE v"})
	bars.Event(mutates("ch-1:9000", 4, 0))
	bars.Event(journal.Waiting{Key: aKey(), Step: 1, Limit: time.Minute, Reason: "ch-2:9000: the first part of a reason that is long; ch-3:9000: not there"})
	for i := range 300 {
		switch i {
		case 10:
			fmt.Fprintln(bars, "skein: warning: a warning stands above the bars")
		case 15:
			bars.Event(mutates("ch-1:9000", 1, time.Second))
		}
		time.Sleep(100 * time.Millisecond)
		if _, err := os.Stat(os.Getenv(story)); err == nil {
			break
		}
	}
	bars.Event(journal.RunEnded{})
	fmt.Println("1 migration completed.")
	fmt.Fprintln(bars, "the end of stderr")
	time.Sleep(10 * time.Second) // tmux keeps the screen
}

// screen is a terminal of tmux in which something runs.
type screen struct {
	t      *testing.T
	socket string
}

func newScreen(t *testing.T, width, height int, command string) *screen {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("SKEIN_INTEGRATION") == "1" { // scripts/deps.sh installs it
			t.Fatal(err)
		}
		t.Skip(err)
	}
	s := &screen{t: t, socket: filepath.Join(t.TempDir(), "tmux")}
	s.tmux("-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height), command)
	t.Cleanup(func() { s.tmux("kill-server") })
	return s
}

func (s *screen) tmux(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// shows waits until the screen has all of some texts, and returns it.
func (s *screen) shows(texts ...string) string {
	s.t.Helper()
	have := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		have = s.tmux("capture-pane", "-p")
		missing := false
		for _, text := range texts {
			missing = missing || !strings.Contains(have, text)
		}
		if !missing {
			return have
		}
	}
	s.t.Fatalf("not all of %q are on the screen:\n%s", texts, have)
	return ""
}

func TestTheScreen(t *testing.T) {
	end := filepath.Join(t.TempDir(), "end")
	s := newScreen(t, 80, 24, fmt.Sprintf("%s=%s exec %s", story, end, os.Args[0]))
	have := s.shows("ch-1:9000  events_local", "waiting: ch-2:9000: the first part", "waiting: ch-3:9000: not there", "1/1 ALTER TABLE t UPDATE v")
	if strings.Index(have, "preflight") > strings.Index(have, "1/1 ALTER") {
		t.Errorf("the bars are not at the bottom:\n%s", have)
	}
	have = s.shows("3/4 parts", "a warning stands above the bars")
	if strings.Index(have, "a warning stands") > strings.Index(have, "1/1 ALTER") {
		t.Errorf("a warning is not above the bars:\n%s", have)
	}
	t.Logf("80x24:\n%s", have)
	for _, size := range [][2]string{{"120", "30"}, {"80", "24"}} {
		s.tmux("resize-window", "-x", size[0], "-y", size[1])
		s.next()
		have = s.shows("3/4 parts")
		if strings.Count(have, "1/1 ALTER") != 1 || strings.Count(have, "waiting: ch-2") != 1 {
			t.Errorf("at %s columns there is more than the bars:\n%s", size[0], have)
		}
	}
	if err := os.WriteFile(end, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	have = s.shows("1 migration completed.", "the end of stderr")
	want := "preflight       main: 4 replicated tables, all active\n" + aKey().String() +
		"\nskein: warning: a warning stands above the bars\n1 migration completed.\nthe end of stderr"
	if strings.TrimSpace(have) != want {
		t.Errorf("more is left than what stays:\n%s", have)
	}
}

// A terminal that is made smaller than 80 columns folds the lines that are there,
// and what it folded stays. What comes later is whole.
func TestTheScreenMadeNarrow(t *testing.T) {
	end := filepath.Join(t.TempDir(), "end")
	s := newScreen(t, 80, 24, fmt.Sprintf("%s=%s exec %s", story, end, os.Args[0]))
	s.shows("3/4 parts")
	s.tmux("resize-window", "-x", "50", "-y", "12")
	t.Logf("50x12:\n%s", s.shows("ch-1:9000  events_local            3/4  00:0", "waiting: ch-2:9000: the first part of"))
	if err := os.WriteFile(end, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	have := strings.TrimSpace(s.shows("1 migration completed.", "the end of stderr"))
	if !strings.HasSuffix(have, "\n1 migration completed.\nthe end of stderr") {
		t.Errorf("the result is not the end:\n%s", have)
	}
}

// next waits until the screen was drawn again.
func (s *screen) next() {
	s.t.Helper()
	before := s.tmux("capture-pane", "-p")
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if s.tmux("capture-pane", "-p") != before {
			return
		}
	}
	s.t.Fatalf("the screen stands still:\n%s", before)
}
