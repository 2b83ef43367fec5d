package coordinator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/plan"
)

// world stands in for servers, state and lock, and keeps a log of what was
// asked of them, in order, in words that a test can compare.
type world struct {
	mu      sync.Mutex // of log, sent and confirms, which lanes share
	awaited []string   // runs whose leftovers were waited for
	pending error      // what is left of one
	log     []string

	facts    []plan.Facts
	fail     map[string]failure // by summary of the statement
	inactive []journal.InactiveReplica
	asked    []danger.Inquiry
	holdings map[string]danger.Holding // by node
	before   func(step plan.Step)      // called when a statement is sent
	sent     []plan.Step

	verdicts   map[string][]journal.NodeVerdict // by summary
	present    map[string][]string
	presentErr map[string]error // by migration

	silent      bool // not every node answers
	missing, of int
	rowCount    int
	entries     entries

	written  []journal.Entry
	writes   int           // calls of Write
	writeErr map[int]error // by number of the call, from 1
	anyhow   []journal.Entry

	confirms   int
	confirmErr map[int]error // by number of the call, from 1
	floor      uint64
	locked     func() // called when the lock was taken
	held       context.CancelCauseFunc
}

type failure struct {
	hosts []journal.HostOutcome
	err   error
}

func (w *world) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

// Facts implements Servers.
func (w *world) Facts(_ context.Context, clusters []string) ([]plan.Facts, error) {
	var out []plan.Facts
	for _, f := range w.facts {
		for _, name := range clusters {
			if f.Cluster == name {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// Run implements Servers. Like the real one it confirms before it sends.
func (w *world) Run(ctx context.Context, x plan.Execution, step plan.Step) ([]journal.HostOutcome, error) {
	if err := x.Confirm(ctx); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.say("send %s to %s", step.Statement.Summary, hosts(step.Nodes))
	w.mu.Lock()
	w.sent = append(w.sent, step)
	w.mu.Unlock()
	if w.before != nil {
		w.before(step)
	}
	if f, ok := w.fail[step.Statement.Summary]; ok {
		return f.hosts, f.err
	}
	outcomes := make([]journal.HostOutcome, len(step.Nodes))
	for i, node := range step.Nodes {
		outcomes[i] = journal.HostOutcome{Node: node.Name(), Outcome: journal.Done}
	}
	return outcomes, nil
}

func hosts(nodes []journal.Node) string {
	names := make([]string, len(nodes))
	for i, node := range nodes {
		names[i] = node.Host
	}
	return strings.Join(names, " ")
}

// InactiveReplicas implements Servers.
func (w *world) InactiveReplicas(_ context.Context, clusters []string, _ journal.Sink) ([]journal.InactiveReplica, int, error) {
	w.say("check replicas of %s", strings.Join(clusters, " "))
	return w.inactive, 3, nil
}

// Holdings implements Sizer.
func (w *world) Holdings(_ context.Context, inquiry danger.Inquiry) (map[string]danger.Holding, error) {
	w.asked = append(w.asked, inquiry)
	return w.holdings, nil
}

// Check implements Observer: NotYet everywhere, where nothing else is said.
func (w *world) Check(_ context.Context, step plan.Step) []journal.NodeVerdict {
	if v, ok := w.verdicts[step.Statement.Summary]; ok {
		return v
	}
	out := make([]journal.NodeVerdict, len(step.Nodes))
	for i, node := range step.Nodes {
		out[i] = journal.NodeVerdict{Node: node.Name(), Verdict: journal.NotYet, Why: "not yet"}
	}
	return out
}

// Present implements Observer.
func (w *world) AwaitPredecessor(_ context.Context, _ plan.Execution, runID string, _ []plan.Step) error {
	w.awaited = append(w.awaited, runID)
	return w.pending
}

func (w *world) Present(ctx context.Context, steps, _ []plan.Step) (journal.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return journal.Snapshot{}, err
	}
	if len(steps) > 0 && w.presentErr[steps[0].Key.String()] != nil {
		return journal.Snapshot{}, w.presentErr[steps[0].Key.String()]
	}
	return journal.Snapshot{Before: w.present}, nil
}

// Missing implements States.
func (w *world) Missing(context.Context) ([]string, int, error) {
	missing := make([]string, w.missing)
	for i := range missing {
		missing[i] = fmt.Sprintf("n%d:9000", i+1)
	}
	return missing, max(w.of, 1), nil
}

// Rows implements States.
func (w *world) Rows(context.Context) (int, error) { return w.rowCount, nil }

// AllAnswered implements Witness.
func (w *world) AllAnswered() bool { return !w.silent }

// Read implements States.
func (w *world) Read(_ context.Context, barrier bool) (map[journal.Key]journal.Entry, error) {
	w.say("read, barrier %v", barrier)
	out := map[journal.Key]journal.Entry{}
	for key, entry := range w.entries {
		out[key] = entry
	}
	return out, nil
}

// Write implements Rows.
func (w *world) Write(ctx context.Context, entries ...journal.Entry) error {
	w.writes++
	if err := errors.Join(ctx.Err(), w.writeErr[w.writes]); err != nil {
		w.say("row refused")
		return err
	}
	texts := make([]string, len(entries))
	for i, e := range entries {
		texts[i] = row(e)
	}
	w.written = append(w.written, entries...)
	w.say("row %s", strings.Join(texts, " + "))
	return nil
}

// WriteAnyhow implements Rows.
func (w *world) WriteAnyhow(_ context.Context, entries ...journal.Entry) error {
	for _, e := range entries {
		w.say("row with whatever is alive %s", row(e))
	}
	w.anyhow = append(w.anyhow, entries...)
	w.written = append(w.written, entries...)
	return nil
}

func row(e journal.Entry) string {
	if e.Status != journal.InProgress {
		return fmt.Sprintf("%s %s", e.Key, e.Status)
	}
	return fmt.Sprintf("%s %s %s %d/%d", e.Key, e.Status, e.Direction, e.Step, e.Steps)
}

// Acquire implements Locker.
func (w *world) Acquire(ctx context.Context, _ journal.Holder, floor uint64) (context.Context, Lease, error) {
	w.floor = floor
	w.say("lock")
	if w.locked != nil {
		w.locked()
	}
	held, cancel := context.WithCancelCause(ctx)
	w.held = cancel
	return held, w, nil
}

// Epoch implements Lease.
func (w *world) Epoch() uint64 { return w.floor + 1 }

// Confirm implements Lease.
func (w *world) Confirm(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.confirms++
	return w.confirmErr[w.confirms]
}

// Release implements Lease.
func (w *world) Release(context.Context) error {
	w.say("unlock")
	return nil
}
