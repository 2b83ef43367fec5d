package watch_test

import (
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// terminal is a terminal of tmux's, with a shell in it.
type terminal struct {
	t      *testing.T
	socket string
}

// newTerminal starts a tmux server of its own, of one terminal.
func newTerminal(t *testing.T, width, height int, environment ...string) *terminal {
	t.Helper()
	testcluster.Need(t, "tmux")
	term := &terminal{t: t, socket: filepath.Join(t.TempDir(), "tmux")}
	args := []string{"-f", os.DevNull, "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height)}
	for _, variable := range append([]string{"NO_COLOR="}, environment...) {
		args = append(args, "-e", variable)
	}
	term.tmux(append(args, "sh")...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(term.screen())
		}
		term.tmux("kill-server")
	})
	term.prompts()
	return term
}

func (term *terminal) tmux(args ...string) string {
	term.t.Helper()
	out, err := osexec.Command("tmux", append([]string{"-S", term.socket}, args...)...).CombinedOutput()
	if err != nil {
		term.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// screen is what is seen, line by line.
func (term *terminal) screen() string { return term.tmux("capture-pane", "-p") }

// codes is that with the codes of colours.
func (term *terminal) codes() string { return term.tmux("capture-pane", "-p", "-e") }

func (term *terminal) types(line string) {
	term.tmux("send-keys", "-l", line)
	term.tmux("send-keys", "Enter")
}

func (term *terminal) keys(keys ...string) { term.tmux(append([]string{"send-keys"}, keys...)...) }

func (term *terminal) resize(width, height int) {
	term.tmux("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height))
}

// state is what a program can leave changed behind it.
func (term *terminal) state() string {
	return strings.TrimSpace(term.tmux("display-message", "-p", "alternate #{alternate_on}, cursor #{cursor_flag}, mouse #{mouse_any_flag}, "+
		"keypad #{keypad_flag}, wrap #{wrap_flag}"))
}

// runs is the command that has the terminal.
func (term *terminal) runs() string {
	return strings.TrimSpace(term.tmux("display-message", "-p", "#{pane_current_command}"))
}

// shows waits until the screen has all of some parts, and gives it.
func (term *terminal) shows(parts ...string) string {
	term.t.Helper()
	var screen string
	running.Eventually(term.t, fmt.Sprintf("%q is on the screen", parts), func() bool {
		screen = term.screen()
		for _, part := range parts {
			if !strings.Contains(screen, part) {
				return false
			}
		}
		return true
	})
	return screen
}

// prompts waits for the shell: what is typed while a program gives the terminal back
// is lost.
func (term *terminal) prompts() {
	term.t.Helper()
	running.Eventually(term.t, "the shell prompts", func() bool {
		lines := strings.Split(strings.TrimSpace(term.screen()), "\n")
		last := strings.TrimSpace(lines[len(lines)-1])
		return last != "" && strings.Trim(last, "$# ") == "" // it may prompt twice
	})
}

// fills checks that a screen has its first and its last line where they belong.
func (term *terminal) fills(screen string, width, height int) {
	term.t.Helper()
	lines := strings.Split(strings.TrimSuffix(screen, "\n"), "\n")
	if len(lines) != height {
		term.t.Errorf("%d lines, want %d:\n%s", len(lines), height, screen)
		return
	}
	for _, line := range lines {
		if len([]rune(line)) > width {
			term.t.Errorf("wider than %d: %q", width, line)
		}
	}
	if !strings.HasPrefix(lines[0], "skein watch") || !strings.HasSuffix(lines[0], " UTC") || len([]rune(lines[0])) != width {
		term.t.Errorf("the first line is %q", lines[0])
	}
	if !strings.HasPrefix(lines[height-1], "q quit") {
		term.t.Errorf("the last line is %q", lines[height-1])
	}
}
