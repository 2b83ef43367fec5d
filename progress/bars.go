// Package progress shows on a terminal what a run does now: its statement, a bar
// for each mutation and each wait, below the lines that stay. It is the only
// package that knows mpb.
package progress

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/skein-migrate/skein/journal"
)

// Bars is the area at the bottom of a terminal, and the writer of the lines above
// it. It is safe for concurrent use.
type Bars struct {
	out   io.Writer
	color bool
	area  area

	mu        sync.Mutex
	container *mpb.Progress // nil: nothing is shown
	bar       *mpb.Bar
}

// lineStart goes to the first column. A terminal echoes Ctrl-C as two characters, and
// mpb goes up from where they end.
const lineStart = "\r"

// New makes the bars of a terminal. Nothing is shown before something goes on.
func New(terminal io.Writer, color bool) *Bars {
	return &Bars{out: terminal, color: color, area: area{now: time.Now}}
}

// Event takes an event. It is a journal.Sink. The end of the run clears the area,
// so that what is written next, to whatever, stands below the lines that stay.
func (b *Bars) Event(event journal.Event) {
	b.area.event(event)
	switch event.(type) {
	case journal.MigrationStarted, journal.StatementSent, journal.Waiting, journal.LockWaiting, journal.MutationProgress:
		b.show()
	case journal.RunEnded:
		b.Close()
	}
}

// Write implements io.Writer: whole lines, above the area. What does not end a
// line is a question: it takes the place of the area until something goes on again.
func (b *Bars) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !bytes.HasSuffix(text, []byte("\n")) {
		b.clear()
	}
	if b.container != nil {
		// An error is that the terminal could not be drawn on: perhaps it can be written to.
		if _, err := b.container.Write(append([]byte(lineStart), text...)); err == nil {
			return len(text), nil
		}
	}
	return b.out.Write(text)
}

// Close clears the area. What is written later goes straight to the terminal.
func (b *Bars) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
}

func (b *Bars) clear() {
	if b.container == nil {
		return
	}
	b.bar.Abort(true)
	b.container.Wait()
	b.container, b.bar = nil, nil
	fmt.Fprint(b.out, lineStart+"\x1b[J")
}

// show starts to draw. One bar of mpb's is the whole area: its own line is the
// first row, its extension the others, which come and go in one piece.
func (b *Bars) show() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.container != nil {
		return
	}
	b.container = mpb.New(mpb.WithOutput(b.out))
	first := func(w io.Writer, s decor.Statistics) error {
		fmt.Fprint(w, lineStart)
		return b.draw(w, s.AvailableWidth, b.area.rows(s.AvailableWidth)[:1])
	}
	others := func(w io.Writer, s decor.Statistics) error {
		for _, r := range b.area.rows(s.AvailableWidth)[1:] {
			if err := b.draw(w, s.AvailableWidth, []row{r}); err != nil {
				return err
			}
			fmt.Fprintln(w)
		}
		return nil
	}
	b.bar = b.container.MustAdd(0, mpb.BarFillerFunc(first), mpb.BarFillerTrim(), mpb.BarExtender(mpb.BarFillerFunc(others), false))
}

// draw writes rows as they fit into a width.
func (b *Bars) draw(w io.Writer, width int, rows []row) error {
	for _, r := range rows {
		if width < tiny {
			r.right, r.total = "", 0
		}
		left, bar := r.text(width), r.bar(width)
		if r.waits {
			left = b.paint(yellow, left)
		}
		if bar == 0 && r.right == "" {
			left = strings.TrimRight(left, " ")
		}
		fmt.Fprint(w, left)
		if bar > 0 {
			fmt.Fprint(w, "  ")
			if err := b.style().Build().Fill(w, decor.Statistics{AvailableWidth: bar, RequestedWidth: bar, Current: r.done, Total: r.total}); err != nil {
				return err
			}
		}
		if r.right != "" {
			fmt.Fprint(w, "  ", r.right)
		}
	}
	return nil
}

// The colours of terminals, as SGR parameters.
const (
	yellow = "33"
	cyan   = "36"
)

func (b *Bars) paint(color, text string) string {
	if !b.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (b *Bars) style() mpb.BarStyleComposer {
	paint := func(text string) string { return b.paint(cyan, text) }
	return mpb.BarStyle().FillerMeta(paint).TipMeta(paint)
}
