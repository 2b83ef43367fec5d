package watch

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Screen is what a viewer sees of snapshots. The zero value has no size yet and
// shows nothing.
type Screen struct {
	Width, Height int
	Colour        bool
	Help          bool
	offset        int // of the first line shown
	snapshot      Snapshot
}

// Showing takes a new snapshot. Where it is looked at stays as near as it can.
func (s Screen) Showing(snapshot Snapshot) Screen {
	s.snapshot = snapshot
	return s.scrolled(0)
}

// Sized takes another size of the terminal.
func (s Screen) Sized(width, height int) Screen {
	s.Width, s.Height = width, height
	return s.scrolled(0)
}

// Key takes a key, by the name that terminals' libraries give it: "q", "esc",
// "ctrl+c", "up". A key without a meaning does nothing.
func (s Screen) Key(name string) (next Screen, quit bool) {
	page := max(s.room()-1, 1)
	switch name {
	case "q", "ctrl+c":
		return s, true
	case "esc":
		if !s.Help {
			return s, true
		}
		s.Help = false
	case "?", "h":
		s.Help = !s.Help
		s.offset = 0
	case "up", "k":
		return s.scrolled(-1), false
	case "down", "j":
		return s.scrolled(1), false
	case "pgup", "b":
		return s.scrolled(-page), false
	case "pgdown", " ", "f":
		return s.scrolled(page), false
	case "home", "g":
		s.offset = 0
	case "end", "G":
		return s.scrolled(len(s.lines())), false
	}
	return s, false
}

func (s Screen) scrolled(by int) Screen {
	s.offset = max(min(s.offset+by, len(s.lines())-s.room()), 0)
	return s
}

// room is the number of lines between the first and the last of the screen.
func (s Screen) room() int { return max(s.Height-2, 1) }

func (s Screen) lines() []Line {
	if s.Help {
		p := &page{width: max(s.Width, 20)}
		for _, row := range help() {
			p.column(Line{{Strong, fmt.Sprintf("  %-14s", row[0])}}, 0, Span{Plain, row[1]})
		}
		return p.lines
	}
	return s.snapshot.Lines(s.Width)
}

func help() [][2]string {
	return [][2]string{
		{"q Esc Ctrl-C", "quit; nothing of the run is changed"},
		{"?", "this help, and back"},
		{"j k ↓ ↑", "down, up by a line"},
		{"space b", "down, up by a page; g and G: to the top, to the end"},
		{"done", "the node has the statement"},
		{"waiting", "it has yet to do it, or does it"},
		{"unknown", "it does not say; it may do it yet"},
		{"no answer", "for so long the node, or the source named, was not heard"},
		{"about 2m left", "by the parts done since this view was opened"},
		{"times", "UTC. This view reads only: it takes no lock and writes nothing"},
	}
}

// View is the whole screen: Height lines of at most Width cells.
func (s Screen) View() string {
	if s.Width <= 0 || s.Height <= 0 {
		return ""
	}
	lines := s.lines()
	first := min(s.offset, len(lines))
	last := min(first+s.room(), len(lines))
	rows := []Line{s.top()}
	rows = append(rows, lines[first:last]...)
	for len(rows) < s.Height-1 {
		rows = append(rows, Line{})
	}
	if s.Height > 1 {
		rows = append(rows[:s.Height-1], s.bottom(first, last, len(lines)))
	}
	rows = rows[:s.Height]
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = row.String()
		if s.Colour {
			out[i] = row.Coloured()
		}
		out[i] = ansi.Truncate(out[i], s.Width, "…")
	}
	return strings.Join(out, "\n")
}

func (s Screen) top() Line {
	clock := "gathering"
	if !s.snapshot.At.IsZero() {
		clock = s.snapshot.At.Format("15:04:05") + " UTC"
	}
	title := "skein watch"
	gap := max(s.Width-len(title)-len(clock), 2)
	return Line{{Strong, title}, {Faint, strings.Repeat(" ", gap) + clock}}
}

func (s Screen) bottom(first, last, total int) Line {
	keys := "q quit  ? help"
	if s.Help {
		keys = "q quit  ? back"
	}
	place := ""
	if total > s.room() {
		keys += "  ↑↓ scroll"
		place = fmt.Sprintf("%d-%d of %d", first+1, last, total)
	}
	gap := max(s.Width-ansi.StringWidth(keys)-len(place), 2)
	return Line{{Faint, keys + strings.Repeat(" ", gap) + place}}
}

// Text is a snapshot for a file or a pipe, in lines of at most 80 columns.
func (s Snapshot) Text() string {
	const columns = 80
	var b strings.Builder
	b.WriteString("At " + s.At.Format("2006-01-02 15:04:05") + " UTC\n\n")
	for _, line := range s.Lines(columns) {
		b.WriteString(line.String() + "\n")
	}
	return b.String()
}
