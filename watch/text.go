package watch

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Tone is how a text looks. Nothing is said by it alone: without colour all is
// there.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Strong
	Faint
	Good
	Busy
	Bad
)

// Line is a line of the screen, in spans of one tone each.
type Line []Span

// Span is text in one tone.
type Span struct {
	Tone Tone
	Text string
}

// String is the line without colour.
func (l Line) String() string {
	var b strings.Builder
	for _, span := range l {
		b.WriteString(span.Text)
	}
	return strings.TrimRight(b.String(), " ")
}

// Coloured is the line for a terminal, with the codes of ECMA-48.
func (l Line) Coloured() string {
	var b strings.Builder
	for _, span := range l {
		if code := span.Tone.code(); code != "" && span.Text != "" {
			b.WriteString("\x1b[" + code + "m" + span.Text + "\x1b[0m")
		} else {
			b.WriteString(span.Text)
		}
	}
	return b.String()
}

func (t Tone) code() string {
	switch t {
	case Strong:
		return "1"
	case Faint:
		return "2"
	case Good:
		return "32"
	case Busy:
		return "33"
	case Bad:
		return "31"
	}
	return ""
}

// page collects lines of at most width cells.
type page struct {
	width int
	lines []Line
}

func (p *page) blank() {
	if len(p.lines) > 0 {
		p.lines = append(p.lines, Line{})
	}
}

// hang is where lines go on that have no column of their own.
const hang = 4

// text writes words behind a head, which need not be one, and goes on a little to
// the right of where the head begins.
func (p *page) text(head string, spans ...Span) {
	begin := len(head) - len(strings.TrimLeft(head, " "))
	p.flow(Line{{Plain, head}}, begin+hang, 0, spans)
}

// column writes words behind a head and below each other, in at most so many lines
// (0: as many as it takes); in a narrow page as text does.
func (p *page) column(head Line, most int, spans ...Span) {
	margin := width(head)
	if margin > p.width/2 {
		margin = min(6, p.width/4)
	}
	p.flow(head, margin, most, spans)
}

func (p *page) flow(head Line, margin, most int, spans []Span) {
	f := &flow{width: p.width, margin: margin}
	for _, span := range head {
		f.add(span)
	}
	for _, span := range spans {
		for _, word := range strings.Fields(plain(span.Text)) {
			f.word(span.Tone, word)
		}
	}
	f.end()
	if most > 0 && len(f.lines) > most {
		f.lines = f.lines[:most]
		last := f.lines[most-1]
		last[len(last)-1].Text += " …"
	}
	p.lines = append(p.lines, f.lines...)
}

// flow breaks words into lines.
type flow struct {
	width, margin int
	lines         []Line
	line          Line
	cells         int
	begun         bool // the line has a word
}

// add writes what is not to be broken, as far as it fits.
func (f *flow) add(span Span) {
	span.Text = ansi.Truncate(span.Text, f.width-f.cells, "…")
	f.line = append(f.line, span)
	f.cells += ansi.StringWidth(span.Text)
}

func (f *flow) word(tone Tone, word string) {
	cells := ansi.StringWidth(word)
	space := 0
	if f.begun {
		space = 1
	}
	// A line of the text has room for a mark that it is cut.
	if f.cells+space+cells > f.width-1 && (f.begun || f.cells > f.margin) {
		f.end()
		space = 0
	}
	if space > 0 {
		f.add(Span{tone, " "})
	}
	f.begun = true
	for room := f.width - 1 - f.cells; cells > room; room = f.width - 1 - f.cells {
		f.add(Span{tone, ansi.Truncate(word, room, "")})
		word = ansi.TruncateLeft(word, room, "")
		f.end()
		f.begun, cells = true, ansi.StringWidth(word)
	}
	f.add(Span{tone, word})
}

// end begins a new line.
func (f *flow) end() {
	f.lines = append(f.lines, f.line)
	f.line, f.cells, f.begun = Line{{Plain, strings.Repeat(" ", f.margin)}}, f.margin, false
}

func width(l Line) int {
	cells := 0
	for _, span := range l {
		cells += ansi.StringWidth(span.Text)
	}
	return cells
}

// plain takes out what a terminal would obey: texts of servers and migrations are
// anybody's.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// ago is short and of whole units: 41s, 2m11s, 1h02m, 3d04h.
func ago(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// clock is the time of day, with the day where it is another one.
func clock(at, now time.Time) string {
	at, now = at.UTC(), now.UTC()
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return at.Format(time.TimeOnly)
	}
	return at.Format(time.DateTime)
}
