package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// row is one line of the area: text, perhaps a bar, and times on the right.
type row struct {
	left, right string
	done, total int64 // of the bar; no bar when total is 0
	waits       bool
}

// The widths of a row, in columns.
const (
	widest = 79 // what a terminal that is made smaller, to 80 columns, need not fold
	narrow = 60 // a terminal that has no room for bars
	tiny   = 24 // one that has no room for times
	barOf  = 12 // a bar with its ends, on terminals that are not narrow
)

// rows are the lines of the area. The first is the migration or its statement; it
// is empty when neither goes on.
func (a *area) rows(width int) []row {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	out := a.general.rows(now, width, false)
	if len(a.under) > 0 && len(out) == 1 {
		out = nil // an empty line
	}
	for _, u := range a.under {
		out = append(out, u.rows(now, width, len(a.under) > 1)...)
	}
	if len(out) > mostRows {
		hidden := len(out) - mostRows + 1
		out = append(out[:mostRows-1], row{left: fmt.Sprintf("      and %d lines more", hidden)})
	}
	return out
}

// rows are those of a migration; named says of which they are.
func (u underWay) rows(now time.Time, width int, named bool) []row {
	out := []row{u.head(now, named)}
	for _, m := range u.mutations {
		out = append(out, m.row(now, width))
	}
	for _, w := range u.waits {
		out = append(out, w.rows(now, width)...)
	}
	return out
}

func (u underWay) head(now time.Time, named bool) row {
	name := ""
	if named {
		name = u.key.String() + "  "
	}
	switch s := u.statement; {
	case s != nil && now.Sub(s.began) >= shy:
		return row{left: fmt.Sprintf("  %s%d/%d %s", name, s.step, s.of, s.text), right: clock(now.Sub(s.began))}
	case !u.began.IsZero() && now.Sub(u.began) >= shy:
		return row{left: "  " + u.key.String() + " goes on", right: clock(now.Sub(u.began))}
	}
	return row{}
}

// row is a mutation's: what is left of it is guessed from how long the parts took
// that are done.
func (m mutation) row(now time.Time, width int) row {
	since, done := now.Sub(m.began), m.most-m.left
	_, table, _ := strings.Cut(m.table, ".")
	r := row{left: "    " + m.node + "  " + table, done: int64(done), total: int64(m.most)}
	if width < narrow {
		r.right = fmt.Sprintf("%d/%d  %s", done, m.most, clock(since))
		return r
	}
	left := ""
	if done > 0 {
		left = "~" + clock(since*time.Duration(m.left)/time.Duration(done)) + " left"
	}
	r.right = fmt.Sprintf("%d/%d parts  %s  %-11s", done, m.most, clock(since), left)
	return r
}

// rows are a wait's: its reason is never cut off, but goes on in a line below.
func (w wait) rows(now time.Time, width int) []row {
	since := now.Sub(w.began)
	first := row{waits: true, right: clock(since)}
	if w.limit > 0 && width >= narrow {
		first.right += " / " + clock(w.limit)
		first.done, first.total = int64(min(since, w.limit)), int64(w.limit)
	}
	const indent, again = "    waiting: ", "             "
	lines := fold(w.text, first.room(width)-len(indent))
	first.left = indent + lines[0]
	out := []row{first}
	for _, line := range lines[1:] {
		out = append(out, row{left: again + line, waits: true})
	}
	return out
}

// fold breaks a text at spaces into lines of a width. A longer word is a line of
// its own, which is cut off.
func fold(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case runewidth.StringWidth(line)+1+runewidth.StringWidth(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// room is what a row has for its text in a terminal of a width.
func (r row) room(width int) int {
	room := min(width-1, widest) // a full line wraps on some terminals
	if r.right != "" {
		room -= len(r.right) + 2
	}
	if r.bar(width) > 0 {
		room -= barOf + 2
	}
	return max(room, 0)
}

// bar is how wide the row's bar is.
func (r row) bar(width int) int {
	if r.total == 0 || width < narrow {
		return 0
	}
	return barOf
}

// text is the row's, cut off or padded to its room.
func (r row) text(width int) string {
	room := r.room(width)
	return runewidth.FillRight(runewidth.Truncate(r.left, room, "…"), room)
}

func clock(d time.Duration) string {
	d = d.Round(time.Second)
	if d >= time.Hour {
		return fmt.Sprintf("%d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
	}
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

func short(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
