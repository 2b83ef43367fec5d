package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// mutationAppears is how long a mutation may take to show on a replica of the
// node that made it.
const mutationAppears = 10 * time.Second

// mutations awaits what a statement with the trait Mutation began. IDs are
// compared with those from before it, so that older mutations are not ours.
type mutations struct {
	sending *sending
	table   ops.Table
	asked   *asked
	before  map[string]map[string]mutationState
	seen    map[string]map[string]bool // by node and ID: whether it was done
	open    []ailing                   // what the last look found to do
}

// mutationsBefore remembers the mutations of the table that a statement will
// mutate; nil when it mutates none.
func (s *sending) mutationsBefore(ctx context.Context) (*mutations, error) {
	stmt := s.step.Statement
	if !stmt.Traits.Mutation || len(stmt.Writes) == 0 {
		return nil, nil
	}
	m := &mutations{sending: s, table: stmt.Writes[0], asked: &asked{}, seen: map[string]map[string]bool{}}
	var err error
	m.before, err = m.read(ctx)
	return m, err
}

func (m *mutations) read(ctx context.Context) (map[string]map[string]mutationState, error) {
	var mu sync.Mutex
	out := map[string]map[string]mutationState{}
	nodes := m.sending.step.Nodes
	errs := m.asked.each(ctx, m.sending.cluster, nodes, func(ctx context.Context, node journal.Node) error {
		states, err := m.sending.cluster.mutationsOn(ctx, node.Name(), m.table)
		if err != nil {
			return fmt.Errorf("read the mutations of %s: %w", m.table, err)
		}
		mu.Lock()
		defer mu.Unlock()
		out[node.Name()] = states
		return nil
	})
	return out, first(nodes, errs)
}

// wait lasts until every node of every replica set has done each new mutation
// of its set, however long that takes. It ends when one fails, when none gets on
// for limits.mutation, or when a node has not answered for limits.wait.
func (m *mutations) wait(ctx context.Context) error {
	c, began := m.sending.cluster, time.Now()
	wait := c.mutationWait(m.sending.step.Key, m.sending.step.Index, m.sending.x.Emit)
	wait.Asking = m.asked.String
	lastAnswer := began
	err := wait.Until(ctx, func(ctx context.Context) (await.Look, error) {
		now, err := m.read(ctx)
		if err == nil {
			lastAnswer = time.Now()
			return m.look(ctx, now, time.Since(began))
		}
		if time.Since(lastAnswer) > c.options.WaitLimit {
			return await.Look{}, err
		}
		return await.Look{Reason: oneLine(err)}, nil
	})
	var over *await.OverError
	if errors.As(err, &over) {
		return c.stalled(ctx, m.table, over.Limit, m.open)
	}
	return err
}

// look says what nodes have yet to do of the new mutations of their sets.
// Servers keep what is finished (100 of a table); a mutation that vanishes
// before it is done, or never shows, was killed, and is an error.
func (m *mutations) look(ctx context.Context, now map[string]map[string]mutationState, waited time.Duration) (await.Look, error) {
	var reasons []string
	var progress []journal.MutationProgress
	var failed []ailing
	m.open = nil
	for _, group := range m.sending.step.Groups {
		ours := m.ours(group, now)
		if len(ours) == 0 && m.sending.anyDoneLocked(group) {
			names := strings.Join(journal.Names(group), ", ")
			if waited > mutationAppears {
				return await.Look{}, fmt.Errorf("the mutation of %s does not show on %s: was it killed?", m.table, names)
			}
			reasons = append(reasons, "the mutation does not show yet on "+names)
		}
		for _, id := range ours {
			for _, node := range group {
				state, there := now[node.Name()][id]
				done, err := m.mark(node.Name(), id, state, there)
				if err != nil {
					return await.Look{}, err
				}
				if there {
					progress = append(progress, state.progress(node.Name(), m.table))
				} else if !done {
					reasons = append(reasons, fmt.Sprintf("%s does not know of mutation %s yet", node.Name(), id))
				}
				if !done {
					m.open = append(m.open, ailing{node: node.Name(), id: id})
				}
				if !done && state.failure != "" {
					failed = append(failed, ailing{node.Name(), id, state.failure})
				}
			}
		}
	}
	if err := m.sending.cluster.failing(ctx, m.table, m.sending.step.Groups, failed); err != nil {
		return await.Look{}, err
	}
	slices.Sort(reasons)
	return await.Look{
		Done: len(m.open) == 0 && len(reasons) == 0, Reason: strings.Join(reasons, "; "), Progress: progress,
	}, nil
}

// ours are the mutations that a replica set has got since the statement was
// sent, those included that were seen and are gone, oldest first.
func (m *mutations) ours(group []journal.Node, now map[string]map[string]mutationState) []string {
	var ours []string
	for _, node := range group {
		for id := range now[node.Name()] {
			if _, old := m.before[node.Name()][id]; !old {
				ours = append(ours, id)
			}
		}
		for id := range m.seen[node.Name()] {
			ours = append(ours, id)
		}
	}
	slices.Sort(ours)
	return slices.Compact(ours)
}

// mark remembers what a node has of a mutation, and says whether it is done.
func (m *mutations) mark(node, id string, state mutationState, there bool) (done bool, err error) {
	if there {
		if m.seen[node] == nil {
			m.seen[node] = map[string]bool{}
		}
		m.seen[node][id] = m.seen[node][id] || state.done
	}
	done, seen := m.seen[node][id]
	if seen && !there && !done {
		return false, fmt.Errorf("mutation %s of %s is gone from %s before it was done: it was killed", id, m.table, node)
	}
	return done, nil
}

func (s *sending) anyDoneLocked(group []journal.Node) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.anyDone(group)
}
