package cluster

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// cleanLooks is how many looks in a row have to find nothing of a predecessor:
// a statement that it sent as it died may arrive behind the first, and a query
// may become a queue entry between the two halves of one look.
const cleanLooks = 2

// betweenLooks is the time between them.
const betweenLooks = 200 * time.Millisecond

// predecessor is what an earlier run may still be doing.
type predecessor struct {
	cluster *Cluster
	x       plan.Execution
	runID   string
	steps   []plan.Step
	asked   *asked
	// settled are entries of the queue that every host was seen to have finished.
	settled map[string]bool
}

// leftover is one thing of a predecessor's that may still change a node.
type leftover struct {
	short string // the same in each look
	long  string // all that is known of it, and what to do about it
}

// AwaitPredecessor waits until nothing of an earlier run can still change a
// node of the steps' cluster: none of its queries runs on any node, query nodes
// included, and every host has finished the queue entries that are about what
// the steps are about. With x.Mutations it then waits for mutations of tables that
// the steps mutate. What is left when the limit is reached is an error that says
// of each thing where it is and how it is ended. It ends nothing itself: an
// INSERT that is cut short leaves rows that nobody can tell from the whole.
func (c *Cluster) AwaitPredecessor(ctx context.Context, x plan.Execution, runID string, steps []plan.Step) error {
	if len(steps) == 0 {
		return nil
	}
	p := &predecessor{cluster: c, x: x, runID: runID, steps: steps, asked: &asked{}, settled: map[string]bool{}}
	if err := p.gone(ctx); err != nil {
		return err
	}
	if !x.Mutations {
		return nil
	}
	return p.mutated(ctx)
}

func (p *predecessor) gone(ctx context.Context) error {
	var left []leftover
	clean := 0
	wait := await.Wait{
		Key: p.steps[0].Key, Emit: p.x.Emit, Limit: p.cluster.options.WaitLimit,
		Pause: betweenLooks, Asking: p.asked.String,
	}
	err := wait.Until(ctx, func(ctx context.Context) (await.Look, error) {
		var err error
		if left, err = p.look(ctx); err != nil {
			return await.Look{}, err
		}
		if clean++; len(left) > 0 {
			clean = 0
		}
		reasons := make([]string, len(left))
		for i, one := range left {
			reasons[i] = one.short
		}
		return await.Look{Done: clean == cleanLooks, Reason: strings.Join(reasons, "; ")}, nil
	})
	var over *await.OverError
	if !errors.As(err, &over) {
		return err
	}
	lines := make([]string, len(left))
	for i, one := range left {
		lines[i] = "\n  " + one.long
	}
	return fmt.Errorf("what run %s began is still under way after %s (limits.wait), and nothing was changed%s\nThen the same command again",
		p.runID, over.Limit, strings.Join(lines, ""))
}

// look reads the queries before the queue: one that ends in between has its
// entry there by then.
func (p *predecessor) look(ctx context.Context) ([]leftover, error) {
	out := p.queries(ctx)
	if p.cluster.options.SingleNode {
		return out, ctx.Err()
	}
	entries, err := p.entries(ctx)
	return append(out, entries...), err
}

// queries lists what the run still has running on any node, and nodes that
// cannot say.
func (p *predecessor) queries(ctx context.Context) []leftover {
	nodes := p.cluster.All()
	var mu sync.Mutex
	found := map[string][]leftover{}
	silent := p.asked.each(ctx, p.cluster, nodes, func(ctx context.Context, node journal.Node) error {
		ctx, cancel := context.WithTimeout(ctx, lookTimeout)
		defer cancel()
		// What a query of the run has sent on to other servers has an ID of its own.
		ids := ops.String("skein-" + p.runID + "-%")
		rows, err := p.cluster.Query(ctx, node.Name(), "SELECT query_id, toString(elapsed), query FROM system.processes "+
			"WHERE query_id LIKE "+ids+" OR initial_query_id LIKE "+ids+" ORDER BY query_id")
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, row := range rows {
			found[node.Name()] = append(found[node.Name()], p.query(ctx, node.Name(), row))
		}
		return nil
	})
	var out []leftover
	for _, node := range nodes {
		out = append(out, found[node.Name()]...)
		if err := silent[node.Name()]; err != nil {
			text := node.Name() + " does not say whether it still runs a statement of run " + p.runID
			out = append(out, leftover{text, text + ": " + oneLine(unwrapNode(err)) + ". Bring it back"})
		}
	}
	return out
}

func (p *predecessor) query(ctx context.Context, node string, row []string) leftover {
	id, text := row[0], p.cluster.firstLine(ctx, row[2])
	seconds := row[1]
	if elapsed, err := strconv.ParseFloat(row[1], 64); err == nil {
		seconds = fmt.Sprintf("%.0f", elapsed)
	}
	return leftover{
		short: fmt.Sprintf("%s still runs %s", node, cut(text, 40)),
		long: fmt.Sprintf("%s runs query %s for %s s: %s\n    Wait for it, or end it on %s, after which nobody knows how far it came:\n"+
			"    KILL QUERY WHERE query_id = %s", node, id, seconds, text, node, ops.String(id)),
	}
}

// firstLine is the beginning of a statement as a server tells it, which may
// have secrets in it that this run never sent.
func (c *Cluster) firstLine(ctx context.Context, text string) string {
	for name := range c.options.Secrets {
		if _, err := c.secrets.Reveal(ctx, "{secret:"+name+"}"); err != nil {
			return "(text not shown: a secret that may be in it cannot be read)"
		}
	}
	line, _, _ := strings.Cut(strings.TrimSpace(c.secrets.Redact(text)), "\n")
	return cut(line, 120)
}

func cut(line string, longest int) string {
	if runes := []rune(line); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return line
}

// entries lists the entries of the distributed DDL queue that are about what
// the steps are about, whoever made them, and that a host has not finished.
func (p *predecessor) entries(ctx context.Context) ([]leftover, error) {
	queue := p.cluster.queue()
	open, err := queue.unfinished(ctx, p.asked, p.settled, concerns(p.steps))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		text := "the distributed DDL queue " + queue.path + " cannot be read"
		return []leftover{{text, text + ": " + oneLine(err)}}, nil
	}
	out := make([]leftover, len(open))
	for i, e := range open {
		hosts := strings.Join(e.hosts, ", ")
		out[i] = leftover{
			short: fmt.Sprintf("distributed DDL %s unfinished on %s", e.name, hosts),
			long: fmt.Sprintf("distributed DDL %s is unfinished on %s: %s\n    A host runs it when it comes to it, also after a restart; "+
				"what it then has is looked at before anything is done", e.name, hosts, p.cluster.firstLine(ctx, e.query)),
		}
	}
	return out, nil
}

// mutated waits for mutations of tables that the steps mutate. Whose they are
// nobody can tell once their run is gone.
func (p *predecessor) mutated(ctx context.Context) error {
	type place struct {
		table  ops.Table
		groups [][]journal.Node
		nodes  []journal.Node
	}
	var places []place
	seen := map[string]bool{}
	for _, step := range p.steps {
		traits := step.Statement.Traits
		if len(step.Statement.Writes) == 0 || !traits.Mutation && !traits.RewritesData || seen[step.Statement.Writes[0].String()] {
			continue
		}
		seen[step.Statement.Writes[0].String()] = true
		places = append(places, place{step.Statement.Writes[0], step.Groups, step.Nodes})
	}
	for _, at := range places {
		if err := p.mutationsOf(ctx, at.table, at.groups, at.nodes); err != nil {
			return err
		}
	}
	return nil
}

func (p *predecessor) mutationsOf(ctx context.Context, table ops.Table, groups [][]journal.Node, nodes []journal.Node) error {
	var open []ailing
	ever := map[string]bool{} // open at some time: what was done before is nobody's concern
	lastAnswer := time.Now()
	wait := p.cluster.mutationWait(p.steps[0].Key, 0, p.x.Emit)
	wait.Asking = p.asked.String
	err := wait.Until(ctx, func(ctx context.Context) (await.Look, error) {
		var mu sync.Mutex
		var failed []ailing
		var progress []journal.MutationProgress
		open = nil
		silent := first(nodes, p.asked.each(ctx, p.cluster, nodes, func(ctx context.Context, node journal.Node) error {
			states, err := p.cluster.mutationsOn(ctx, node.Name(), table)
			mu.Lock()
			defer mu.Unlock()
			for id, state := range states {
				key := node.Name() + " " + id
				if ever[key] = ever[key] || !state.done; ever[key] {
					progress = append(progress, state.progress(node.Name(), table))
				}
				if !state.done {
					open = append(open, ailing{node: node.Name(), id: id})
				}
				if !state.done && state.failure != "" {
					failed = append(failed, ailing{node.Name(), id, state.failure})
				}
			}
			return err
		}))
		if silent == nil {
			lastAnswer = time.Now()
			return await.Look{Done: len(open) == 0, Progress: progress}, p.cluster.failing(ctx, table, groups, failed)
		}
		silent = fmt.Errorf("read the mutations of %s: %w", table, silent)
		if time.Since(lastAnswer) > p.cluster.options.WaitLimit {
			return await.Look{}, silent
		}
		return await.Look{Reason: oneLine(silent)}, nil
	})
	var over *await.OverError
	if errors.As(err, &over) {
		return p.cluster.stalled(ctx, table, over.Limit, open)
	}
	return err
}

// AwaitPredecessor does so on every cluster of the steps.
func (s *Set) AwaitPredecessor(ctx context.Context, x plan.Execution, runID string, steps []plan.Step) error {
	byCluster := map[string][]plan.Step{}
	for _, step := range steps {
		byCluster[step.Cluster] = append(byCluster[step.Cluster], step)
	}
	for name, steps := range byCluster {
		c, err := s.Cluster(ctx, name)
		if err != nil {
			return err
		}
		if err := c.AwaitPredecessor(ctx, x, runID, steps); err != nil {
			return err
		}
	}
	return nil
}
