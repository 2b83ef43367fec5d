package events

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// closeLimit is how long Close waits for what takes the lines.
const closeLimit = 3 * time.Second

// mostWaiting bounds the memory for lines that nothing takes.
const mostWaiting = 100_000

// Writer writes the events of one run, each line in one write as it comes. It
// does so in a goroutine of its own: a disk that hangs, or a pipe that nobody
// reads, holds up no migration. After the first error nothing more is written.
type Writer struct {
	w   io.Writer
	run string
	now func() time.Time

	done chan struct{}

	mu      sync.Mutex
	arrived sync.Cond
	seq     int
	lines   [][]byte
	closed  bool
	err     error
}

// NewWriter makes a Writer of a run's events. Its goroutine ends with Close.
func NewWriter(w io.Writer, run string) *Writer {
	out := &Writer{w: w, run: run, now: time.Now, done: make(chan struct{})}
	out.arrived.L = &out.mu
	go out.write()
	return out
}

// Event takes an event. It is a journal.Sink, and does not block.
func (w *Writer) Event(event journal.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.err != nil {
		return
	}
	w.seq++
	line, err := Line(Head{At: w.now(), Run: w.run, Seq: w.seq}, event)
	if err == nil && len(w.lines) == mostWaiting {
		err = fmt.Errorf("%d lines wait to be taken", mostWaiting)
	}
	if err != nil {
		w.err = err
		return
	}
	w.lines = append(w.lines, line)
	w.arrived.Signal()
}

func (w *Writer) write() {
	defer close(w.done)
	for {
		line, ok := w.next()
		if !ok {
			return
		}
		if _, err := w.w.Write(line); err != nil {
			w.mu.Lock()
			w.err = err
			w.mu.Unlock()
			return
		}
	}
}

func (w *Writer) next() ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.lines) == 0 && !w.closed {
		w.arrived.Wait()
	}
	if len(w.lines) == 0 {
		return nil, false
	}
	line := w.lines[0]
	w.lines = w.lines[1:]
	return line, true
}

// Close waits, for 3 s at most, until all lines are written. Its error says why
// some are not. It does not close what is written to.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closed = true
	w.arrived.Signal()
	w.mu.Unlock()
	select {
	case <-w.done:
	case <-time.After(closeLimit):
		return fmt.Errorf("lines were not taken for %s", closeLimit)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}
