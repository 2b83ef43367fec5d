package coordinator

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/watch"
)

// The times of watching.
const (
	// watchEvery is the shortest time between two looks of one source, watchSeldom
	// the longest: it grows with the time since anything changed.
	watchEvery  = time.Second
	watchSeldom = 5 * time.Second
	watchSlows  = 6 // a source is asked again after a sixth of that time
	// watchLimit bounds one look, so that what a server or ZooKeeper swallows is not
	// waited for for ever.
	watchLimit = 10 * time.Second
)

// Watched are servers as they are looked at from outside a run: a node that does
// not answer costs its own answer alone. Package cluster has them.
type Watched interface {
	// Topology says which nodes a configured cluster has.
	Topology(ctx context.Context, cluster string) (watch.Cluster, error)
	// Look asks one node of it what it does.
	Look(ctx context.Context, cluster, node string) (watch.Doing, error)
	// Queue lists the unfinished entries of its distributed DDL queue.
	Queue(ctx context.Context, cluster string) ([]watch.Entry, error)
}

// WatchOptions are what a Watcher works with. States and Trails are to fail fast on
// a node that does not answer.
type WatchOptions struct {
	Servers  Watched
	Clusters []string // the configured names
	States   States
	Trails   Trails
	Lock     string // its kind, for people
	// Holder says who holds the lock, nil if nobody does; nil: there is no lock.
	Holder func(ctx context.Context) (*journal.Holder, error)
}

// Watcher gathers how a run stands, without lock or barrier, and writes nothing. Each
// source is asked by a goroutine of its own, one question at a time, so that one that
// is slow keeps none of the others waiting, and questions never pile up. Its methods
// may be called from several goroutines.
type Watcher struct {
	options WatchOptions
	now     func() time.Time

	mu      sync.Mutex
	parts   watch.Parts
	changed time.Time     // when a source last said anything new
	open    int           // sources of which the first answer is still to come
	first   chan struct{} // closed when there are none
	once    sync.Once     // closes it
	stated  bool          // the state's tables are there, and as they should be
}

// NewWatcher makes a Watcher. Nothing is asked before Run.
func NewWatcher(o WatchOptions) *Watcher {
	w := &Watcher{options: o, now: time.Now, first: make(chan struct{})}
	w.parts = watch.Parts{
		Began: w.now(), Lock: watch.Lock{Kind: o.Lock}, Nodes: map[string]watch.Doing{}, Pulses: map[string]watch.Pulse{},
		Queue: map[string][]watch.Entry{}, Trends: map[string]watch.Trend{}, Sources: map[string]watch.Pulse{},
	}
	w.changed = w.parts.Began
	return w
}

// Snapshot is what is known now. It asks nobody, and returns at once.
func (w *Watcher) Snapshot() watch.Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.parts.At = w.now()
	return watch.Of(w.parts)
}

// Once asks every source once, for at most limit, and says what they answered.
func (w *Watcher) Once(ctx context.Context, limit time.Duration) (watch.Snapshot, error) {
	running, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(running)
	}()
	select {
	case <-w.first:
	case <-running.Done():
	}
	snapshot := w.Snapshot()
	cancel()
	<-done
	return snapshot, ctx.Err()
}

// Run gathers until the context ends.
func (w *Watcher) Run(ctx context.Context) {
	var lanes sync.WaitGroup
	begin := func(pulse pulseOf, ask look) {
		w.open++
		lanes.Go(func() { w.lane(ctx, pulse, ask) })
	}
	w.mu.Lock()
	begin(w.sourcePulse("the state"), w.lookState)
	if w.options.Holder != nil {
		begin(w.sourcePulse("the lock"), w.lookLock)
	}
	for _, name := range w.options.Clusters {
		begin(w.sourcePulse("cluster "+name), func(ctx context.Context) (string, error) { return w.lookCluster(ctx, begin, name) })
	}
	w.mu.Unlock()
	lanes.Wait()
}

// look asks a source. said is what it said, as far as a change of it matters: not
// how long something has taken. If that is empty it need not be asked again.
type look func(ctx context.Context) (said string, err error)

// pulseOf changes the pulse of what a lane asks, under the lock.
type pulseOf func(change func(*watch.Pulse))

func (w *Watcher) sourcePulse(name string) pulseOf {
	return func(change func(*watch.Pulse)) {
		pulse := w.parts.Sources[name]
		change(&pulse)
		w.parts.Sources[name] = pulse
	}
}

func (w *Watcher) nodePulse(name string) pulseOf {
	return func(change func(*watch.Pulse)) {
		pulse := w.parts.Pulses[name]
		change(&pulse)
		w.parts.Pulses[name] = pulse
	}
}

// lane asks one source, again and again.
func (w *Watcher) lane(ctx context.Context, pulse pulseOf, ask look) {
	before, first := "", true
	for ctx.Err() == nil {
		w.mu.Lock()
		asked := w.now()
		pulse(func(p *watch.Pulse) { p.Asked = asked })
		w.mu.Unlock()
		limited, cancel := context.WithTimeoutCause(ctx, watchLimit, fmt.Errorf("no answer in %s", watchLimit))
		said, err := ask(limited)
		cancel()
		if ctx.Err() != nil {
			return // what it said then is our own doing
		}
		pause := w.heard(pulse, said != before, err, first)
		if err == nil && said == "" {
			return
		}
		before, first = said, false
		// What takes a server long is asked of it less often.
		if await.Sleep(ctx, max(pause, w.now().Sub(asked))) != nil {
			return
		}
	}
}

// heard notes an answer, and says how long to wait before the next question.
func (w *Watcher) heard(pulse pulseOf, news bool, err error, first bool) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	pulse(func(p *watch.Pulse) {
		p.Asked, p.Why = time.Time{}, ""
		if err != nil {
			p.Why = err.Error()
			return
		}
		p.Answered = now
	})
	if news {
		w.changed = now
	}
	if first {
		if w.open--; w.open == 0 {
			w.once.Do(func() { close(w.first) }) // a cluster that is found later has nodes of its own
		}
	}
	return min(max(now.Sub(w.changed)/watchSlows, watchEvery), watchSeldom)
}
