package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// newest is how many entries of the distributed DDL queue are looked at: a
// worker takes them in order, so that what is unfinished is at the end.
const newest = 50

// AwaitPredecessor waits until nothing of an earlier run can still change a
// node that the steps are for: none of its queries runs, and every host has
// finished the queue entries that name a table of the steps. What is left when
// the limit is reached is an error that names it.
func (c *Cluster) AwaitPredecessor(ctx context.Context, x plan.Execution, runID string, steps []plan.Step) error {
	if len(steps) == 0 {
		return nil
	}
	began, delay, reported := time.Now(), 100*time.Millisecond, ""
	for {
		pending, err := c.pending(ctx, runID, steps)
		if err == nil && x.Mutations {
			var mutating []string
			mutating, err = c.mutating(ctx, steps)
			pending = append(pending, mutating...)
		}
		if err != nil {
			return err
		}
		if len(pending) == 0 {
			return nil
		}
		reason := strings.Join(pending, "; ")
		if time.Since(began) > c.options.WaitLimit {
			return fmt.Errorf("what run %s began is still under way after %s: %s", runID, c.options.WaitLimit, reason)
		}
		if reason != reported {
			reported = reason
			x.Emit(journal.Waiting{Key: steps[0].Key, Reason: reason, Since: time.Since(began), Limit: c.options.WaitLimit})
		}
		if err := sleep(ctx, delay); err != nil {
			return err
		}
		delay = min(2*delay, time.Second)
	}
}

func (c *Cluster) pending(ctx context.Context, runID string, steps []plan.Step) ([]string, error) {
	var out []string
	for _, node := range c.All() {
		rows, err := c.Query(ctx, node.Name(), "SELECT query_id FROM system.processes WHERE query_id LIKE "+
			ops.String("skein-"+runID+"-%"))
		if err != nil {
			return nil, fmt.Errorf("look for queries of run %s: %w", runID, err)
		}
		for range rows {
			out = append(out, node.Name()+" still runs a statement of run "+runID)
		}
	}
	if c.options.SingleNode || c.options.Direct {
		return out, nil
	}
	entries, err := c.queue().unfinished(ctx, tableNames(steps))
	return append(out, entries...), err
}

// mutating says which nodes still rewrite rows of tables that the steps rewrite.
// Whose mutation that is nobody can tell once its run is gone.
func (c *Cluster) mutating(ctx context.Context, steps []plan.Step) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for _, step := range steps {
		traits := step.Statement.Traits
		if len(step.Statement.Writes) == 0 || !traits.Mutation && !traits.RewritesData {
			continue
		}
		table := step.Statement.Writes[0]
		for _, node := range step.Nodes {
			key := plan.TableKey(node.Name(), table)
			if seen[key] {
				continue
			}
			seen[key] = true
			states, err := c.mutationsOn(ctx, node.Name(), table)
			if err != nil {
				return nil, fmt.Errorf("read the mutations of %s: %w", table, err)
			}
			for _, id := range slices.Sorted(maps.Keys(states)) {
				state := states[id]
				switch {
				case state.done:
				case state.failure != "":
					return nil, fmt.Errorf("mutation %s of %s fails on %s: %s. End it: KILL MUTATION WHERE mutation_id = %s",
						id, table, node.Name(), state.failure, ops.String(id))
				default:
					out = append(out, fmt.Sprintf("%s has yet to do mutation %s of %s, %s parts", node.Name(), id, table, state.partsToDo))
				}
			}
		}
	}
	return out, nil
}

// tableNames are what an entry that concerns the steps has in its text.
func tableNames(steps []plan.Step) []string {
	var names []string
	for _, step := range steps {
		for _, table := range step.Statement.Writes {
			if !slices.Contains(names, table.Name) {
				names = append(names, table.Name)
			}
		}
	}
	return names
}

// unfinished lists the entries, of the newest, that name one of the tables and
// that a host has not finished.
func (q *ddlQueue) unfinished(ctx context.Context, tables []string) ([]string, error) {
	node := q.cluster.All()[0].Name()
	names, err := q.entries(ctx, node)
	if err != nil {
		if Classify(err) == Final {
			return nil, nil // no queue: nothing was ever sent through it
		}
		return nil, fmt.Errorf("read the distributed DDL queue: %w", err)
	}
	var out []string
	for _, name := range names[max(0, len(names)-newest):] {
		rows, err := q.cluster.Query(ctx, node, "SELECT value FROM system.zookeeper WHERE path = "+
			ops.String(q.path)+" AND name = "+ops.String(name))
		if err != nil || len(rows) == 0 {
			continue // cleaned up in the meantime
		}
		text := rows[0][0]
		if !slices.ContainsFunc(tables, func(table string) bool { return strings.Contains(text, table) }) {
			continue
		}
		finished, err := q.finished(ctx, node, q.path+"/"+name)
		if err != nil {
			return nil, fmt.Errorf("read the distributed DDL queue: %w", err)
		}
		for _, n := range q.cluster.All() {
			if _, done := finished[n.Name()]; !done && strings.Contains(text, "'"+escapeHost(n.Name())+"'") {
				out = append(out, fmt.Sprintf("distributed DDL %s unfinished on %s", name, n.Name()))
			}
		}
	}
	return out, nil
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
