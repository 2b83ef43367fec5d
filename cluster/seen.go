package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// stillTrue is how long what a look before a statement has shown is taken to be so, if
// skein itself sent nothing that touches it. A look is never proof for longer than it
// takes: a table that others make meanwhile has the server refuse another of its name.
const stillTrue = time.Second

// seen is what looks before statements have shown of tables, for a moment: so that the
// next statement's look has its answer already, and one look does for many migrations.
// What comes after a statement is never taken from it. The zero value is ready to use.
type seen struct {
	mu     sync.Mutex
	tables map[string]map[string]sight // by node and table
	// forgotten counts what was forgotten, as a look under way then may be of the time before.
	forgotten int
}

type sight struct {
	state tableState // the zero value: no such table
	what  details
	at    time.Time
}

// recall is what is remembered of all that conditions ask for on a node.
func (s *seen) recall(node string, conditions []ops.Condition) (nodeState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := nodeState{tables: map[string]tableState{}, objects: map[string]string{}}
	what := needed(conditions)
	for _, condition := range conditions {
		on := condition.OnTables()
		if len(on) == 0 || len(moved(condition)) > 0 { // which table it is has to be known as it is now
			return nodeState{}, false
		}
		for _, table := range on {
			one, known := s.tables[node][table.String()]
			if !known || one.what&what != what || time.Since(one.at) > stillTrue {
				return nodeState{}, false
			}
			if one.state.exists {
				state.tables[table.String()] = one.state
			}
		}
	}
	return state, true
}

// now is to be had before a look whose answer is to be kept.
func (s *seen) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forgotten
}

// keep remembers what a look has shown that began at a time of now.
func (s *seen) keep(began int, at time.Time, node string, conditions []ops.Condition, state nodeState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if began != s.forgotten {
		return
	}
	if s.tables == nil {
		s.tables = map[string]map[string]sight{}
	}
	if s.tables[node] == nil {
		s.tables[node] = map[string]sight{}
	}
	what := needed(conditions)
	for _, table := range tablesOf(conditions) {
		s.tables[node][table.String()] = sight{state.tables[table.String()], what, at}
	}
}

// forget drops what a statement touches; all, where it does not say what that is.
func (s *seen) forget(statement ops.Statement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten++
	if len(statement.After) == 0 || slices.ContainsFunc(statement.After, func(c ops.Condition) bool { return len(c.OnTables()) == 0 }) {
		s.tables = nil
		return
	}
	for _, table := range slices.Concat(statement.Writes, tablesOf(statement.After)) {
		for _, tables := range s.tables {
			delete(tables, table.String())
		}
	}
}

// before reads what conditions ask for on all of some nodes before a statement, where
// it is not remembered; and along with it what is going to be asked for soon.
func (c *Cluster) before(
	ctx context.Context, nodes []journal.Node, conditions, soon func(node string) []ops.Condition,
) (map[string]nodeState, map[string]error) {
	states := map[string]nodeState{}
	var ask []journal.Node
	for _, node := range nodes {
		if state, known := c.seen.recall(node.Name(), conditions(node.Name())); known {
			states[node.Name()] = state
			continue
		}
		ask = append(ask, node)
	}
	began, at := c.seen.now(), time.Now()
	all := func(node string) []ops.Condition { return slices.Concat(conditions(node), soon(node)) }
	asked, failures := c.observeAll(ctx, ask, all)
	for node, state := range asked {
		c.seen.keep(began, at, node, all(node), state)
		states[node] = state
	}
	return states, failures
}

// present reads what the conditions of all steps on a cluster ask for, once a node, and
// along with it what those ask for that come next.
func (c *Cluster) present(ctx context.Context, steps, next []plan.Step) (map[string]nodeState, error) {
	nodes, asked := c.asks(steps)
	_, soon := c.asks(slices.DeleteFunc(slices.Clone(next), func(s plan.Step) bool { return !onTables(s.Statement.After) }))
	by := func(conditions map[string][]ops.Condition) func(string) []ops.Condition {
		return func(node string) []ops.Condition { return conditions[node] }
	}
	states, failures := c.before(ctx, nodes, by(asked), by(soon))
	if err := first(nodes, failures); err != nil {
		return nil, fmt.Errorf("look at what is there before %s: %w", steps[0].Key, err)
	}
	return states, nil
}

// onTables says that conditions are about tables alone, and about those that keep their names.
func onTables(conditions []ops.Condition) bool {
	return !slices.ContainsFunc(conditions, func(c ops.Condition) bool { return len(c.OnTables()) == 0 || len(moved(c)) > 0 })
}

// asks are the conditions of the steps on a cluster, by node, and those nodes.
func (c *Cluster) asks(steps []plan.Step) ([]journal.Node, map[string][]ops.Condition) {
	asked := map[string][]ops.Condition{}
	var nodes []journal.Node
	for _, step := range steps {
		if step.Cluster != c.options.Name {
			continue
		}
		for _, node := range step.Nodes {
			if _, known := asked[node.Name()]; !known {
				nodes = append(nodes, node)
			}
			asked[node.Name()] = append(asked[node.Name()], step.Statement.After...)
		}
	}
	return nodes, asked
}
