package cluster

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Set is the configured clusters. Each is opened when it is first needed, so
// that one which is down stops only what touches it. It is safe for concurrent use.
type Set struct {
	options map[string]Options

	mu   sync.Mutex
	open map[string]*Cluster
}

// NewSet makes a Set. Nothing is opened yet.
func NewSet(options ...Options) *Set {
	s := &Set{options: map[string]Options{}, open: map[string]*Cluster{}}
	for _, o := range options {
		s.options[o.Name] = o
	}
	return s
}

// Cluster opens a configured cluster, or returns it when it is open.
func (s *Set) Cluster(ctx context.Context, name string) (*Cluster, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.open[name]; ok {
		return c, nil
	}
	options, ok := s.options[name]
	if !ok {
		return nil, journal.Usagef("no cluster %q is configured", name)
	}
	c, err := Open(ctx, options)
	if err != nil {
		return nil, err
	}
	s.open[name] = c
	return c, nil
}

// Close closes every open cluster.
func (s *Set) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.open {
		c.Close()
	}
}

// Facts reads the facts of configured clusters.
func (s *Set) Facts(ctx context.Context, clusters []string) ([]plan.Facts, error) {
	out := make([]plan.Facts, 0, len(clusters))
	for _, name := range clusters {
		c, err := s.Cluster(ctx, name)
		if err != nil {
			return nil, err
		}
		facts, err := c.Facts(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, facts)
	}
	return out, nil
}

// Run runs a step on its cluster.
func (s *Set) Run(ctx context.Context, x plan.Execution, step plan.Step) ([]journal.HostOutcome, error) {
	c, err := s.Cluster(ctx, step.Cluster)
	if err != nil {
		return nil, err
	}
	return c.Run(ctx, x, step)
}

// Check compares every node of a step with its conditions, once.
func (s *Set) Check(ctx context.Context, step plan.Step) []journal.NodeVerdict {
	c, err := s.Cluster(ctx, step.Cluster)
	if err != nil {
		out := make([]journal.NodeVerdict, len(step.Nodes))
		for i, node := range step.Nodes {
			out[i] = journal.NodeVerdict{Node: node.Name(), Verdict: journal.Unreachable, Why: oneLine(err)}
		}
		return out
	}
	return c.Check(ctx, step)
}

// InactiveReplicas checks every replicated table of configured clusters. emit is
// told what is waited for; nil: nobody.
func (s *Set) InactiveReplicas(ctx context.Context, clusters []string, emit journal.Sink) ([]journal.InactiveReplica, int, error) {
	var out []journal.InactiveReplica
	checked := 0
	for _, name := range clusters {
		c, err := s.Cluster(ctx, name)
		if err != nil {
			return nil, 0, err
		}
		tables, n, err := c.InactiveReplicas(ctx, c.All(), nil, emit)
		if err != nil {
			return nil, 0, err
		}
		out, checked = append(out, tables...), checked+n
	}
	return out, checked, nil
}

// Present says which nodes have the subjects of the steps' conditions, and which
// tables the steps move. next are steps that will be looked at soon: what they ask for
// is read along with it, and for a second not asked for again.
func (s *Set) Present(ctx context.Context, steps, next []plan.Step) (journal.Snapshot, error) {
	out := journal.Snapshot{Before: map[string][]string{}, Tables: map[string]string{}}
	seen := map[string]map[string]nodeState{} // by configured cluster and node
	for _, step := range steps {
		if len(step.Statement.After) == 0 {
			continue
		}
		if seen[step.Cluster] == nil {
			c, err := s.Cluster(ctx, step.Cluster)
			if err != nil {
				return out, err
			}
			if seen[step.Cluster], err = c.present(ctx, steps, next); err != nil {
				return out, err
			}
		}
		states := map[string]nodeState{}
		for _, node := range step.Nodes {
			states[node.Name()] = seen[step.Cluster][node.Name()]
		}
		for _, condition := range step.Statement.After {
			subject := condition.Subject()
			for node, state := range states {
				for _, table := range moved(condition) {
					if identity := state.tables[table.String()].identity(); identity != "" {
						out.Tables[plan.TableKey(node, table)] = identity
					}
				}
			}
			if _, known := out.Before[subject]; known {
				continue
			}
			var nodes []string
			for _, node := range slices.Sorted(maps.Keys(states)) {
				if present(condition, states[node]) {
					nodes = append(nodes, node)
				}
			}
			out.Before[subject] = nodes
		}
	}
	maps.DeleteFunc(out.Before, func(_ string, nodes []string) bool { return len(nodes) == 0 })
	return out, nil
}

// present says whether the subject of a condition is there, whatever it looks like.
func present(condition ops.Condition, state nodeState) bool {
	var table tableState
	if on := condition.OnTables(); len(on) > 0 {
		table = state.tables[on[0].String()]
	}
	column := func(name string) bool {
		_, at := table.column(name)
		return at >= 0
	}
	part := func(kind ops.PartKind, name string) bool {
		_, there := table.definition.parts[partKey{kind, name}]
		return there
	}
	switch c := condition.(type) {
	case ops.ColumnIs:
		return column(c.Column.Name)
	case ops.ColumnGone:
		return column(c.Name)
	case ops.ColumnRenamed:
		return column(c.To)
	case ops.PartIs:
		return part(c.Kind, c.Name)
	case ops.PartGone:
		return part(c.Kind, c.Name)
	case ops.ObjectIs, ops.ObjectGone, ops.GrantIs, ops.GrantGone:
		_, there := state.objects[condition.Subject()]
		return there
	}
	return table.exists
}
