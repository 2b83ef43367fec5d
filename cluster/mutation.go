package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// mutationState is one row of system.mutations.
type mutationState struct {
	id, failure string // failure is empty where the server does not tell
	done        bool
	partsToDo   int
}

// mutationsOn reads the mutations of a table on a node. A server without
// latest_fail_reason (18.16) tells why one fails in the queue of the replica,
// and of a table that is not replicated not at all.
func (c *Cluster) mutationsOn(ctx context.Context, node string, table ops.Table) (map[string]mutationState, error) {
	facts, err := c.node(ctx, node)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	where := among([]ops.Table{table})("database", "table")
	rows, err := c.Query(ctx, node, "SELECT mutation_id, toString(is_done), toString(parts_to_do), "+
		optional(facts, "mutations", "latest_fail_reason")+" FROM system.mutations WHERE "+where)
	if err != nil {
		return nil, err
	}
	out, open := make(map[string]mutationState, len(rows)), false
	for _, row := range rows {
		parts, err := strconv.Atoi(row[2])
		if err != nil {
			return nil, fmt.Errorf("parts to do of mutation %s: %w", row[0], err)
		}
		out[row[0]] = mutationState{id: row[0], done: row[1] == "1", partsToDo: parts, failure: failureOf(row[3])}
		open = open || row[1] != "1"
	}
	if !open || killsMutations(facts) {
		return out, nil
	}
	rows, err = c.Query(ctx, node, "SELECT last_exception FROM system.replication_queue WHERE "+
		where+" AND type = 'MUTATE_PART' AND last_exception != ''")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		// A part is brought to its newest mutation at once: one that fails holds up all.
		for id, state := range out {
			if !state.done && state.failure == "" {
				state.failure = failureOf(row[0])
				out[id] = state
			}
		}
	}
	return out, nil
}

// killsMutations says that a server has KILL MUTATION: it came before
// latest_fail_reason did.
func killsMutations(facts nodeFacts) bool { return facts.columns["mutations"]["latest_fail_reason"] }

// failureOf is why a mutation fails, "" for what passes by itself: the server
// tries again when ZooKeeper is back, or merges go on.
func failureOf(reason string) string {
	if reason == "" {
		return ""
	}
	if code := regexp.MustCompile(`Code: (\d+)`).FindStringSubmatch(reason); code != nil {
		number, err := strconv.Atoi(code[1])
		if err == nil && Classify(&journal.NodeError{Sent: true, Code: number}) != Final {
			return ""
		}
	}
	return oneLine(errors.New(reason))
}

// ailing is a mutation on one node that fails, or that does not get on.
type ailing struct {
	node, id, failure string
}

// failing is the error of mutations that fail, nil if there are none: each
// once, with the statement that ends it where it has to be run. Replicas share
// a mutation and its ID, so one of each set is named.
func (c *Cluster) failing(ctx context.Context, table ops.Table, groups [][]journal.Node, found []ailing) error {
	var texts []string
	for _, group := range groups {
		told := map[string]bool{}
		for _, a := range found {
			if told[a.id] || !slices.ContainsFunc(group, func(n journal.Node) bool { return n.Name() == a.node }) {
				continue
			}
			told[a.id] = true
			texts = append(texts, fmt.Sprintf("mutation %s of %s fails on %s: %s. %s",
				a.id, table, a.node, strings.TrimRight(cut(c.secrets.Redact(a.failure), 300), ". "), c.ending(ctx, table, a)))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return errors.New(strings.Join(texts, "; "))
}

// ending is how a mutation is ended.
func (c *Cluster) ending(ctx context.Context, table ops.Table, a ailing) string {
	facts, err := c.node(ctx, a.node)
	if err == nil && killsMutations(facts) {
		return endingAt(true, table, a, "")
	}
	rows, err := c.Query(ctx, a.node, "SELECT zookeeper_path FROM system.replicas WHERE "+
		among([]ops.Table{table})("database", "table"))
	switch {
	case err != nil:
		return fmt.Sprintf("How to end it is not known: %s does not say where the table is in ZooKeeper", a.node)
	case len(rows) == 0:
		return endingAt(false, table, a, "")
	}
	return endingAt(false, table, a, rows[0][0])
}

// endingAt is how a mutation is ended on a server that has KILL MUTATION or not, of a
// table with this path in ZooKeeper, or none. Seen on 18.16: without its znode the
// mutation is gone from every replica, and the next one works.
func endingAt(kills bool, table ops.Table, a ailing, path string) string {
	switch {
	case kills:
		return fmt.Sprintf("End it on %s: KILL MUTATION WHERE database = %s AND table = %s AND mutation_id = %s",
			a.node, ops.String(table.Database), ops.String(table.Name), ops.String(a.id))
	case path == "":
		return fmt.Sprintf("This server has no KILL MUTATION. To end it: stop %s, remove %s from the data folder of the table, start it",
			a.node, a.id)
	}
	return fmt.Sprintf("This server has no KILL MUTATION. To end it: delete the znode %s/mutations/%s in ZooKeeper", path, a.id)
}

// stalled is the error of mutations that made no progress for the limit.
func (c *Cluster) stalled(ctx context.Context, table ops.Table, limit time.Duration, open []ailing) error {
	endings := map[string]bool{}
	silent := false
	var nodes []string
	for _, a := range open {
		facts, err := c.node(ctx, a.node)
		silent = silent || err != nil || !killsMutations(facts)
		endings[c.ending(ctx, table, a)] = true
		nodes = append(nodes, a.node)
	}
	text := fmt.Sprintf("the mutation of %s did no part for %s (limits.mutation) on %s. It goes on all the same: skein resume waits again",
		table, limit, strings.Join(nodes, ", "))
	if silent {
		text += ". This server need not say why a mutation fails: look for the table in its error log"
	}
	return errors.New(strings.Join(append([]string{text}, slices.Sorted(maps.Keys(endings))...), ". "))
}

func (s mutationState) progress(node string, table ops.Table) journal.MutationProgress {
	p := journal.MutationProgress{Node: node, Table: table.String(), MutationID: s.id, PartsToDo: s.partsToDo}
	if s.done {
		p.PartsToDo = 0
	}
	return p
}

// mutationWait is how mutations are waited for.
func (c *Cluster) mutationWait(key journal.Key, step int, emit journal.Sink) await.Wait {
	return await.Wait{Key: key, Step: step, Emit: emit, Limit: c.options.MutationLimit, Stalled: true}
}
