package state

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Recorder keeps the audit trail: a row for each run, statement and node. It
// collects from the stream of events and is flushed beside the work. Nothing
// is decided by it, so a flush that fails is a warning and no more.
type Recorder struct {
	store *Store
	runID string
	now   func() time.Time

	mu        sync.Mutex
	direction map[journal.Key]journal.Direction
	sent      map[journal.Key]sent
	rows      [][]any
}

type sent struct {
	at   time.Time
	text string
	step int
}

// Recorder makes the recorder of one run.
func (s *Store) Recorder(runID string) *Recorder {
	return &Recorder{
		store: s, runID: runID, now: time.Now,
		direction: map[journal.Key]journal.Direction{}, sent: map[journal.Key]sent{},
	}
}

// Record takes what belongs in the trail out of the stream of events.
func (r *Recorder) Record(event journal.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := event.(type) {
	case journal.MigrationStarted:
		r.direction[e.Key] = e.Direction
	case journal.StatementSent:
		r.sent[e.Key] = sent{at: r.now(), text: e.Text, step: e.Step}
	case journal.HostFinished:
		r.add(e.Key, e.Step, e.Host)
	case journal.Converged:
		r.add(e.Key, e.Step, journal.HostOutcome{Outcome: "converged"})
	case journal.MigrationFailed:
		for _, host := range e.Hosts {
			r.add(e.Key, e.Step, host)
		}
	}
}

func (r *Recorder) add(key journal.Key, step int, host journal.HostOutcome) {
	statement := r.sent[key]
	r.rows = append(r.rows, []any{
		key.Group, key.ID, r.now(), r.runID, string(r.direction[key]), uint32(step), host.Node,
		string(host.Outcome), uint32(host.Code), host.Error, statement.text,
		uint64(r.now().Sub(statement.at) / time.Millisecond),
	})
}

// Flush writes what has been collected to a live node of the state's cluster.
func (r *Recorder) Flush(ctx context.Context) error {
	r.mu.Lock()
	rows := r.rows
	r.rows = nil
	r.mu.Unlock()
	if len(rows) == 0 {
		return nil
	}
	names := make([]string, 0, len(stepColumns()))
	for _, column := range stepColumns() {
		names = append(names, column.Name)
	}
	var last error
	for _, node := range r.store.nodes.Nodes(ops.Local) {
		if last = r.store.nodes.Insert(ctx, node.Name(), r.store.table(stepsLocal), names, rows, 0); last == nil {
			return nil
		}
	}
	return fmt.Errorf("write %d rows of the audit trail: %w", len(rows), last)
}
