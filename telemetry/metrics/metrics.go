// Package metrics counts what a run did and writes it as a file in Prometheus'
// text format, for the textfile collector of node_exporter or a push.
package metrics

import (
	"sync"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Run is the metrics of one run: a journal.Sink that counts. It may be used by
// several goroutines.
type Run struct {
	command string
	began   time.Time

	mu         sync.Mutex
	id         string
	ending     journal.Ending
	duration   time.Duration
	migrations map[string]int
	statements map[string]int
	retries    int
	behind     map[string]bool
	open       map[statement]bool // sent, and not known to be done
}

type statement struct {
	key  journal.Key
	step int
}

// The results of migrations and of statements.
const (
	completed = "completed"
	reversed  = "reversed"
	marked    = "marked" // --fake: the status alone
	failed    = "failed"
	converged = "converged"
	skipped   = "skipped"
)

// New begins to count. The nodes that are left out of the run are behind.
func New(id, command string, leftOut []string) *Run {
	r := &Run{
		id: id, command: command, began: time.Now(), ending: journal.EndedRefused,
		migrations: map[string]int{completed: 0, reversed: 0, marked: 0, failed: 0},
		statements: map[string]int{converged: 0, skipped: 0, failed: 0},
		behind:     map[string]bool{}, open: map[statement]bool{},
	}
	for _, node := range leftOut {
		r.behind[node] = true
	}
	return r
}

// Event counts an event.
func (r *Run) Event(event journal.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := event.(type) {
	case journal.StatementSent:
		r.open[statement{e.Key, e.Step}] = true
	case journal.Converged:
		delete(r.open, statement{e.Key, e.Step})
		r.statements[converged]++
	case journal.StepSkipped:
		r.statements[skipped]++
	case journal.Retrying:
		r.retries++
	case journal.MigrationFinished:
		r.migrations[resultOf(e)]++
	case journal.MigrationFailed:
		r.migrations[failed]++
		if r.open[statement{e.Key, e.Step}] {
			delete(r.open, statement{e.Key, e.Step})
			r.statements[failed]++
		}
		for _, host := range e.Hosts {
			if host.Outcome == journal.Failed || host.Outcome == journal.Unknown {
				r.behind[host.Node] = true
			}
		}
	case journal.RunEnded:
		r.ending, r.duration = e.Ending, e.Took
	}
}

func resultOf(e journal.MigrationFinished) string {
	switch {
	case e.Fake:
		return marked
	case e.Direction == journal.Backward:
		return reversed
	}
	return completed
}
