package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/watch"
)

// The times of a view from outside, which would rather know nothing of a node for a
// while than wait for it.
const (
	watchLook    = 3 * time.Second // of one look at one node
	watchRead    = 2 * time.Second // of one question about the state
	watchOverdue = time.Second     // after so long a look counts as not answered
	watchRows    = 20              // at most so many mutations, or queries, of a node
)

// Watching looks at configured clusters on behalf of who only watches: it reads, and
// asks a node that does not answer one question at a time. It is safe for concurrent use.
type Watching struct {
	set *Set

	mu      sync.Mutex
	open    map[string]*Cluster
	pulses  map[string]pulse           // by node name
	settled map[string]map[string]bool // entries of the queue that all have finished, by cluster
	tables  map[string]bool            // by cluster: it has system.distributed_ddl_queue
}

// pulse is how the last look at a node went.
type pulse struct {
	asked time.Time // zero: none is under way
	err   error
}

// Watching makes one. Nothing is asked yet.
func (s *Set) Watching() *Watching {
	return &Watching{
		set: s, open: map[string]*Cluster{}, pulses: map[string]pulse{},
		settled: map[string]map[string]bool{}, tables: map[string]bool{},
	}
}

// Names are the configured clusters.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.options)) }

// Topology opens a cluster, and says which nodes it has.
func (w *Watching) Topology(ctx context.Context, name string) (watch.Cluster, error) {
	c, err := w.cluster(ctx, name)
	if err != nil {
		return watch.Cluster{}, err
	}
	return watch.Cluster{
		Name: name, SingleNode: c.options.SingleNode, Local: c.Nodes(ops.Local), Dist: c.Nodes(ops.Distributed),
		LocalName: c.options.LocalCluster, DistName: c.options.DistCluster,
	}, nil
}

// cluster remembers what is open: to ask the Set means to wait for any other that
// is being opened.
func (w *Watching) cluster(ctx context.Context, name string) (*Cluster, error) {
	w.mu.Lock()
	c, known := w.open[name]
	w.mu.Unlock()
	if known {
		return c, nil
	}
	c, err := w.set.Cluster(ctx, name)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[name] = c
	return c, nil
}

// Look asks one node which statements of skein's it runs, and which mutations it has
// not finished. It has 3 s.
func (w *Watching) Look(ctx context.Context, name, node string) (watch.Doing, error) {
	c, err := w.cluster(ctx, name)
	if err != nil {
		return watch.Doing{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, watchLook, fmt.Errorf("no answer in %s", watchLook))
	defer cancel()
	w.ask(node)
	doing, err := c.doing(ctx, node)
	if err != nil && ctx.Err() != nil { // whatever the socket said when it was closed
		err = context.Cause(ctx)
	}
	w.answer(node, err)
	return doing, nameless(err)
}

func (w *Watching) ask(node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pulses[node]
	p.asked = time.Now()
	w.pulses[node] = p
}

func (w *Watching) answer(node string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pulses[node]
	p.asked, p.err = time.Time{}, err
	w.pulses[node] = p
}

// silent is why a node is not to be asked anything but whether it answers.
func (w *Watching) silent(node string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pulses[node]
	switch {
	case p.err != nil:
		return p.err
	case !p.asked.IsZero() && time.Since(p.asked) > watchOverdue:
		return &journal.NodeError{Node: node, Err: errors.New("no answer yet")}
	}
	return nil
}

// nameless leaves out the node's name, which is said beside it.
func nameless(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(oneLine(unwrapNode(err)))
}

// doing reads what one node does.
func (c *Cluster) doing(ctx context.Context, node string) (watch.Doing, error) {
	queries, err := c.statements(ctx, node)
	if err != nil {
		return watch.Doing{}, err
	}
	mutations, err := c.unfinishedMutations(ctx, node)
	return watch.Doing{Queries: queries, Mutations: mutations}, err
}

func (c *Cluster) statements(ctx context.Context, node string) ([]watch.Query, error) {
	rows, err := c.Query(ctx, node, "SELECT query_id, toString(elapsed), query FROM system.processes "+
		fmt.Sprintf("WHERE query_id LIKE 'skein-%%' ORDER BY elapsed DESC LIMIT %d", watchRows))
	if err != nil {
		return nil, err
	}
	var out []watch.Query
	for _, row := range rows {
		elapsed, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return nil, fmt.Errorf("elapsed time of %s: %w", row[0], err)
		}
		out = append(out, watch.Query{
			Node: node, ID: row[0], Elapsed: watch.Duration(elapsed * float64(time.Second)), Text: c.firstLine(ctx, row[2]),
		})
	}
	return out, nil
}

// unfinishedMutations are those of all tables; why one fails is read as mutationsOn
// does.
func (c *Cluster) unfinishedMutations(ctx context.Context, node string) ([]watch.Mutation, error) {
	facts, err := c.node(ctx, node)
	if err != nil {
		return nil, err
	}
	rows, err := c.Query(ctx, node, "SELECT database, table, mutation_id, command, toString(parts_to_do), "+
		"toString(toUnixTimestamp(create_time)), "+optional(facts, "mutations", "latest_fail_reason")+
		fmt.Sprintf(" FROM system.mutations WHERE NOT is_done ORDER BY create_time LIMIT %d", watchRows))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	out := make([]watch.Mutation, 0, len(rows))
	for _, row := range rows {
		parts, err := strconv.Atoi(row[4])
		if err != nil {
			return nil, fmt.Errorf("parts to do of mutation %s: %w", row[2], err)
		}
		out = append(out, watch.Mutation{
			Node: node, Table: row[0] + "." + row[1], ID: row[2], Command: c.firstLine(ctx, row[3]), PartsToDo: parts,
			Since: moment(row[5]), Failure: c.secrets.Redact(failureOf(row[6])),
		})
	}
	if killsMutations(facts) {
		return out, nil
	}
	return c.queueFailures(ctx, node, out)
}

// queueFailures adds why mutations fail where only the replicas' queue tells.
func (c *Cluster) queueFailures(ctx context.Context, node string, mutations []watch.Mutation) ([]watch.Mutation, error) {
	rows, err := c.Query(ctx, node, "SELECT database, table, last_exception FROM system.replication_queue "+
		"WHERE type = 'MUTATE_PART' AND last_exception != ''")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		for i, m := range mutations {
			if m.Table == row[0]+"."+row[1] {
				mutations[i].Failure = c.secrets.Redact(failureOf(row[2]))
			}
		}
	}
	return mutations, nil
}

// moment reads seconds since 1970; nil where there is no sense in them.
func moment(seconds string) *time.Time {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n <= 0 {
		return nil
	}
	at := time.Unix(n, 0).UTC()
	return &at
}

// Reader reads the state's tables for Watching. A node that does not answer Look is not
// asked, so that nothing waits for it twice; and nothing can be written through it.
type Reader struct {
	watching *Watching
	cluster  *Cluster
}

// Reader makes one for a cluster that is open.
func (w *Watching) Reader(c *Cluster) *Reader { return &Reader{watching: w, cluster: c} }

// Nodes lists the nodes of a target.
func (r *Reader) Nodes(target ops.Target) []journal.Node { return r.cluster.Nodes(target) }

// Query runs one SELECT on one node, within 2 s.
func (r *Reader) Query(ctx context.Context, node, sql string) ([][]string, error) {
	if err := r.watching.silent(node); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, watchRead, fmt.Errorf("no answer in %s", watchRead))
	defer cancel()
	return r.cluster.Query(ctx, node, sql)
}

// Insert refuses.
func (r *Reader) Insert(context.Context, string, ops.Table, []string, [][]any, int) error {
	return errors.New("watch reads only")
}
