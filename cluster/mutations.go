package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// mutationAppears is how long a mutation may take to show on a replica of the
// node that made it.
const mutationAppears = 10 * time.Second

// mutationState is one row of system.mutations. failure is empty on servers
// that do not tell (18.16).
type mutationState struct {
	id, failure string
	done        bool
	partsToDo   string
}

// mutations awaits what a statement with the trait Mutation began. IDs are
// compared with those from before it, so that older mutations are not ours.
type mutations struct {
	sending *sending
	table   ops.Table
	before  map[string]map[string]mutationState
	seen    map[string]map[string]bool // by node and ID: whether it was done
}

// mutationsBefore remembers the mutations of the table that a statement will
// mutate; nil when it mutates none.
func (s *sending) mutationsBefore(ctx context.Context) (*mutations, error) {
	stmt := s.step.Statement
	if !stmt.Traits.Mutation || len(stmt.Writes) == 0 {
		return nil, nil
	}
	m := &mutations{sending: s, table: stmt.Writes[0], seen: map[string]map[string]bool{}}
	var err error
	m.before, err = m.read(ctx)
	return m, err
}

func (m *mutations) read(ctx context.Context) (map[string]map[string]mutationState, error) {
	out := map[string]map[string]mutationState{}
	for _, node := range m.sending.step.Nodes {
		states, err := m.sending.cluster.mutationsOn(ctx, node.Name(), m.table)
		if err != nil {
			return nil, fmt.Errorf("read the mutations of %s: %w", m.table, err)
		}
		out[node.Name()] = states
	}
	return out, nil
}

func (c *Cluster) mutationsOn(ctx context.Context, node string, table ops.Table) (map[string]mutationState, error) {
	facts, err := c.node(ctx, node)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	rows, err := c.Query(ctx, node, "SELECT mutation_id, toString(is_done), toString(parts_to_do), "+
		optional(facts, "mutations", "latest_fail_reason")+" FROM system.mutations WHERE "+
		among([]ops.Table{table})("database", "table"))
	if err != nil {
		return nil, err
	}
	out := make(map[string]mutationState, len(rows))
	for _, row := range rows {
		out[row[0]] = mutationState{id: row[0], done: row[1] == "1", partsToDo: row[2], failure: row[3]}
	}
	return out, nil
}

// wait lasts until every node of every replica set has done each new mutation
// of its set. It has no time limit of its own, as a mutation may rewrite for
// hours; it ends with its context, when a mutation fails, or when a node has
// not answered for the limit.
func (m *mutations) wait(ctx context.Context) error {
	began, delay, reported := time.Now(), 50*time.Millisecond, ""
	lastAnswer := began
	for {
		now, err := m.read(ctx)
		if err == nil {
			lastAnswer = time.Now()
			var open []string
			if open, err = m.open(now, time.Since(began)); err != nil || len(open) == 0 {
				return err
			}
			if reason := strings.Join(open, "; "); time.Since(began) > patience && reason != reported {
				reported = reason
				m.sending.x.Emit(journal.Waiting{
					Key: m.sending.step.Key, Step: m.sending.step.Index, Reason: reason, Since: time.Since(began),
				})
			}
		} else if time.Since(lastAnswer) > m.sending.cluster.options.WaitLimit {
			return err
		}
		if err := sleep(ctx, delay); err != nil {
			return err
		}
		delay = min(2*delay, time.Second)
	}
}

// open lists the nodes that have a new mutation of their set to do. Servers
// keep what is finished (100 of a table); a mutation that vanishes before it is
// done, or never shows, was killed, and is an error.
func (m *mutations) open(now map[string]map[string]mutationState, waited time.Duration) ([]string, error) {
	var open []string
	for _, group := range m.sending.step.Groups {
		ours := m.ours(group, now)
		if len(ours) == 0 && m.sending.anyDoneLocked(group) {
			names := strings.Join(journal.Names(group), ", ")
			if waited > mutationAppears {
				return nil, fmt.Errorf("the mutation of %s does not show on %s: was it killed?", m.table, names)
			}
			open = append(open, "the mutation does not show yet on "+names)
		}
		for _, id := range ours {
			for _, node := range group {
				why, err := m.stand(node.Name(), id, now[node.Name()])
				if err != nil {
					return nil, err
				}
				if why != "" {
					open = append(open, why)
				}
			}
		}
	}
	slices.Sort(open)
	return open, nil
}

// ours are the mutations that a replica set has got since the statement was
// sent, those included that were seen and are gone.
func (m *mutations) ours(group []journal.Node, now map[string]map[string]mutationState) []string {
	var ours []string
	add := func(id string) {
		if !slices.Contains(ours, id) {
			ours = append(ours, id)
		}
	}
	for _, node := range group {
		for id := range now[node.Name()] {
			if _, old := m.before[node.Name()][id]; !old {
				add(id)
			}
		}
		for id := range m.seen[node.Name()] {
			add(id)
		}
	}
	return ours
}

// stand says what a node has yet to do of a mutation; "" when it is done.
func (m *mutations) stand(node, id string, now map[string]mutationState) (string, error) {
	state, there := now[id]
	if there {
		if m.seen[node] == nil {
			m.seen[node] = map[string]bool{}
		}
		m.seen[node][id] = m.seen[node][id] || state.done
	}
	done, seen := m.seen[node][id]
	switch {
	case done:
		return "", nil
	case seen && !there:
		return "", fmt.Errorf("mutation %s of %s is gone from %s before it was done: it was killed", id, m.table, node)
	case !there:
		return fmt.Sprintf("%s does not know of mutation %s yet", node, id), nil
	case state.failure != "":
		return "", fmt.Errorf("mutation %s of %s fails on %s: %s. End it: KILL MUTATION WHERE mutation_id = %s",
			id, m.table, node, state.failure, ops.String(id))
	}
	return fmt.Sprintf("%s mutates %s, %s parts to do", node, m.table, state.partsToDo), nil
}

func (s *sending) anyDoneLocked(group []journal.Node) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.anyDone(group)
}
