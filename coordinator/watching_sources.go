package coordinator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/watch"
)

// watchStories is of how many migrations in progress the audit trail is read. More
// than one is rare: a run stops at the first that fails.
const watchStories = 5

// lookLock asks who holds the lock.
func (w *Watcher) lookLock(ctx context.Context) (string, error) {
	holder, err := w.options.Holder(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	// A holder of whom nothing was heard since may have ended.
	w.parts.Lock.Known, w.parts.Lock.Holder = err == nil, holder
	if err != nil {
		w.parts.Lock.Holder = nil
	}
	return fmt.Sprintf("held %v", holder), err
}

// lookState reads the state's rows, and of what is in progress the audit trail.
func (w *Watcher) lookState(ctx context.Context) (string, error) {
	rows, err := w.rows(ctx)
	if err != nil {
		return "", err
	}
	state := watch.State{Read: true, Records: map[journal.Key][]journal.Record{}}
	for key, entry := range rows {
		switch {
		case entry.Status == journal.InProgress:
			state.InProgress = append(state.InProgress, entry)
		case entry.Status == journal.Completed && key.Group != migration.System:
			state.Completed++
		}
	}
	slices.SortFunc(state.InProgress, func(a, b journal.Entry) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	said := fmt.Sprint("state ", state.Completed, state.InProgress)
	// Without the trail the rows still tell most.
	var last []journal.Record
	last, _, err = w.options.Trails.Runs(ctx, "", 1)
	state.Last = last
	for i, entry := range state.InProgress {
		if err != nil || i == watchStories {
			break
		}
		state.Records[entry.Key], _, err = w.options.Trails.Story(ctx, entry.Key)
		said += fmt.Sprint(" ", len(state.Records[entry.Key]))
	}
	if err != nil {
		err = fmt.Errorf("read the audit trail: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.parts.State = state
	return fmt.Sprint(said, len(last)), err
}

// rows are those of the state; none where nothing has started yet. The tables are
// looked at until they are found to be as they should.
func (w *Watcher) rows(ctx context.Context) (entries, error) {
	w.mu.Lock()
	stated := w.stated
	w.mu.Unlock()
	if !stated {
		missing, of, err := w.options.States.Missing(ctx)
		if err != nil || len(missing) == of {
			return entries{}, err
		}
		w.mu.Lock()
		w.stated = len(missing) == 0
		w.mu.Unlock()
	}
	rows, err := w.options.States.Read(ctx, false)
	if err != nil {
		w.mu.Lock()
		w.stated = false // they may be gone
		w.mu.Unlock()
	}
	return rows, err
}

// lookCluster opens a cluster, and has each of its nodes and its queue asked from
// then on. begin wants the Watcher locked.
func (w *Watcher) lookCluster(ctx context.Context, begin func(pulseOf, look), name string) (string, error) {
	topology, err := w.options.Servers.Topology(ctx, name)
	if err != nil {
		return "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	known := map[string]bool{}
	for _, c := range w.parts.Clusters {
		for _, n := range slices.Concat(c.Local, c.Dist) {
			known[n.Name()] = true
		}
	}
	w.parts.Clusters = append(w.parts.Clusters, topology)
	slices.SortFunc(w.parts.Clusters, func(a, b watch.Cluster) int { return strings.Compare(a.Name, b.Name) })
	for _, n := range slices.Concat(topology.Local, topology.Dist) {
		if node := n.Name(); !known[node] {
			known[node] = true
			begin(w.nodePulse(node), func(ctx context.Context) (string, error) { return w.lookNode(ctx, name, node) })
		}
	}
	if !topology.SingleNode {
		begin(w.sourcePulse("the distributed DDL queue of "+name), func(ctx context.Context) (string, error) {
			return w.lookQueue(ctx, name)
		})
	}
	return "", nil
}

// lookNode asks a node what it does.
func (w *Watcher) lookNode(ctx context.Context, cluster, node string) (string, error) {
	doing, err := w.options.Servers.Look(ctx, cluster, node)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		delete(w.parts.Nodes, node) // what it did a while ago it may have ended
		return "silent", err
	}
	w.parts.Nodes[node] = doing
	said := "node"
	for _, q := range doing.Queries {
		said += " " + q.ID
	}
	for _, m := range doing.Mutations {
		said += fmt.Sprint(" ", m.Table, m.ID, m.PartsToDo, m.Failure)
		w.trend(m)
	}
	return said, nil
}

// trend keeps the first figure of a mutation, and begins anew where parts were added.
func (w *Watcher) trend(m watch.Mutation) {
	first, known := w.parts.Trends[m.Key()]
	if !known || m.PartsToDo > first.PartsToDo {
		w.parts.Trends[m.Key()] = watch.Trend{At: w.now(), PartsToDo: m.PartsToDo}
	}
}

// lookQueue reads the distributed DDL queue of a cluster.
func (w *Watcher) lookQueue(ctx context.Context, cluster string) (string, error) {
	entries, err := w.options.Servers.Queue(ctx, cluster)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		delete(w.parts.Queue, cluster)
		return "unread", err
	}
	w.parts.Queue[cluster] = entries
	return fmt.Sprint("queue ", entries), nil
}
