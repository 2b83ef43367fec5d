package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Planner makes the steps of migrations in the order in which they would run.
// It remembers the tables that planned statements make, drop and rename. It is
// not safe for concurrent use.
type Planner struct {
	sets  storageset.Map
	facts map[string]Facts      // by configured cluster
	envs  map[nodesOf]ops.Env   // what was worked out of them
	gone  map[string]TableFacts // what planned statements drop or detach, by cluster and name
	ahead map[*ops.Operation][]rendered
	// Lenient plans what undoes a half-done migration: a table that nodes lack
	// is no error, because the steps are later narrowed to where it is.
	Lenient bool
	// Past is how many of the first steps have been done already: the facts show
	// what they made, dropped and renamed.
	Past int
	made int
}

// New makes a Planner over the facts of every configured cluster. The facts
// are not changed.
func New(sets storageset.Map, facts ...Facts) *Planner {
	p := &Planner{
		sets: sets, facts: make(map[string]Facts, len(facts)), envs: map[nodesOf]ops.Env{}, gone: map[string]TableFacts{},
	}
	for _, f := range facts {
		f.Tables = maps.Clone(f.Tables)
		if f.Tables == nil {
			f.Tables = map[string]TableFacts{}
		}
		p.facts[f.Cluster] = f
	}
	return p
}

// Operations renders operations into steps. Notes say what was skipped and
// why. An operation that no node is there for, that its nodes are too old
// for, or that alters a table that nodes lack, is an error.
func (p *Planner) Operations(operations []ops.Operation) (steps []Step, notes []string, err error) {
	var ahead []rendered
	if len(operations) > 0 {
		ahead = p.ahead[&operations[0]]
		delete(p.ahead, &operations[0])
	}
	for i, operation := range operations {
		var text rendered
		if len(ahead) == len(operations) {
			text = ahead[i]
		} else {
			text = p.render(operation)
		}
		made, note, err := p.operation(operation, text)
		if err != nil {
			return nil, nil, fmt.Errorf("operation %d (%s): %w", i+1, ops.KindOf(operation), err)
		}
		steps = append(steps, made...)
		notes = append(notes, note...)
	}
	for i := range steps {
		steps[i].Index, steps[i].Of = i+1, len(steps)
	}
	return steps, notes, nil
}

func (p *Planner) operation(operation ops.Operation, text rendered) (steps []Step, notes []string, err error) {
	place, statements := text.place, text.statements
	facts, err := p.at(place)
	if err == nil {
		err = text.err
	}
	var unsupported *ops.UnsupportedError
	if errors.As(err, &unsupported) {
		return nil, nil, journal.Refusef("%s needs %s",
			unsupported.Operation, facts.lacking(place.Target, unsupported.Feature))
	}
	if err != nil {
		return nil, nil, err
	}
	if len(statements) == 0 && facts.SingleNode && place.Target == ops.Distributed {
		return nil, []string{ops.Describe(operation) + " skipped: single node"}, nil
	}
	if len(statements) == 0 {
		return nil, []string{ops.Describe(operation) + " skipped: its nodes need nothing"}, nil
	}
	for _, stmt := range statements {
		step, err := p.step(facts, stmt)
		if err != nil {
			return nil, nil, err
		}
		steps = append(steps, step)
		if p.made++; p.made > p.Past {
			p.remember(facts, step)
		}
	}
	return steps, nil, nil
}

func (p *Planner) at(place ops.Place) (Facts, error) {
	name, err := p.sets.Cluster(place.StorageSet)
	if err != nil {
		return Facts{}, &journal.UsageError{Err: err}
	}
	facts, ok := p.facts[name]
	if !ok {
		return Facts{}, fmt.Errorf("no facts for cluster %q", name)
	}
	if len(facts.NodesOf(place.Target)) == 0 && !facts.SingleNode {
		return Facts{}, journal.Refusef("no nodes for storage set %q, %s: cluster %q has none in %q",
			place.StorageSet, place.Target, name, facts.OnClusterName(place.Target))
	}
	return facts, nil
}

// nodesOf are the nodes of a target on a configured cluster.
type nodesOf struct {
	cluster string
	target  ops.Target
}

// env is facts.Env. A server has more than a thousand settings: they are compared once.
func (p *Planner) env(facts Facts, target ops.Target) ops.Env {
	nodes := nodesOf{facts.Cluster, target}
	env, known := p.envs[nodes]
	if !known {
		env = facts.Env(target)
		p.envs[nodes] = env
	}
	return env
}

func (p *Planner) step(facts Facts, stmt ops.Statement) (Step, error) {
	nodes := facts.NodesOf(stmt.Place.Target)
	if len(nodes) == 0 {
		return Step{}, journal.Refusef("no nodes for %s: storage set %q, %s",
			stmt.Summary, stmt.Place.StorageSet, stmt.Place.Target)
	}
	if err := facts.checkDatabases(stmt); err != nil {
		return Step{}, err
	}
	if err := facts.checkSecrets(stmt); err != nil {
		return Step{}, err
	}
	if stmt.Storage != "" && facts.Shared[stmt.Storage] {
		stmt.Scope = ops.OneNode
	}
	if stmt.Creates != nil {
		if err := facts.checkReplicas(*stmt.Creates, nodes); err != nil {
			return Step{}, err
		}
	}
	groups, replicated, err := p.groups(facts, stmt, nodes)
	if err != nil {
		return Step{}, err
	}
	if err := p.alterable(facts, stmt, nodes); err != nil {
		return Step{}, err
	}
	step := Step{
		Statement: stmt,
		Cluster:   facts.Cluster,
		Nodes:     nodes,
		Groups:    groups,
		LeftOut:   facts.LeftOut(stmt.Place.Target),
		Shared:    stmt.Scope == ops.OneNode || stmt.Scope == ops.OnePerReplicaSet && replicated,
		Hash:      hash(stmt),
	}
	oneOfAShard := replicated && sameGroups(groups, shards(nodes)) &&
		p.env(facts, stmt.Place.Target).Features[ops.FeatureAlterOnCluster]
	if onCluster(facts, stmt) && (stmt.Scope == ops.EveryNode || oneOfAShard) {
		step.OnCluster = facts.OnClusterName(stmt.Place.Target)
	}
	step.Text = stmt.SQL(step.OnCluster)
	return step, nil
}

// groups says which nodes share the statement's work, and whether its table
// replicates it.
func (p *Planner) groups(facts Facts, stmt ops.Statement, nodes []journal.Node) (groups [][]journal.Node, replicated bool, err error) {
	switch stmt.Scope {
	case ops.OneNode:
		return [][]journal.Node{nodes}, false, nil
	case ops.OnePerReplicaSet:
		if len(stmt.Writes) == 0 {
			return shards(nodes), true, nil
		}
		if _, known := facts.Tables[stmt.Writes[0].String()]; !known && stmt.IfExists {
			return alone(nodes), false, nil
		}
		table, err := p.table(facts, stmt.Writes[0], nodes)
		if err != nil {
			return nil, false, err
		}
		sets, replicated := facts.sets(table, nodes), strings.HasPrefix(table.Engine, "Replicated")
		if replicated && !p.Lenient {
			err = oneTableAShard(stmt.Writes[0], sets, nodes)
		}
		return sets, replicated, err
	default:
		return alone(nodes), false, nil
	}
}

// table says what a table is on its nodes. One that some of them lack is
// refused: whatever is done to the rest, the nodes would differ after it.
func (p *Planner) table(facts Facts, table ops.Table, nodes []journal.Node) (TableFacts, error) {
	known, ok := facts.Tables[table.String()]
	if p.Lenient {
		return known, nil
	}
	if !ok {
		return TableFacts{}, journal.Refusef("table %s is on no node of cluster %q", table, facts.Cluster)
	}
	var missing []string
	for _, node := range nodes {
		if !slices.ContainsFunc(known.Sets, func(set []string) bool { return slices.Contains(set, node.Name()) }) {
			missing = append(missing, node.Name())
		}
	}
	if len(missing) > 0 {
		return TableFacts{}, journal.Refusef("table %s is missing on %s: make the nodes equal first",
			table, strings.Join(missing, ", "))
	}
	return known, nil
}

// alterable refuses to change a table that nodes lack, and a RENAME to a name
// that is taken: to take it back would move what is not ours.
func (p *Planner) alterable(facts Facts, stmt ops.Statement, nodes []journal.Node) error {
	if p.Lenient {
		return nil
	}
	for _, condition := range stmt.After {
		for _, table := range altered(condition) {
			if stmt.Creates != nil && stmt.Creates.Table == table {
				continue // its indexes come with it
			}
			if _, err := p.table(facts, table, nodes); err != nil {
				return err
			}
		}
		renamed, ok := condition.(ops.TableRenamed)
		if !ok {
			continue
		}
		if taken, exists := facts.Tables[renamed.To.String()]; exists && !frees(stmt, renamed.To) {
			return journal.Refusef("table %s is there already, on %s", renamed.To, strings.Join(slices.Concat(taken.Sets...), ", "))
		}
	}
	return nil
}

// frees says that a statement renames the table of a name away.
func frees(stmt ops.Statement, name ops.Table) bool {
	return slices.ContainsFunc(stmt.After, func(condition ops.Condition) bool {
		renamed, ok := condition.(ops.TableRenamed)
		return ok && renamed.From == name
	})
}

// altered lists the tables that have to be there for a condition to come true.
func altered(condition ops.Condition) []ops.Table {
	switch c := condition.(type) {
	case ops.TableRenamed:
		return []ops.Table{c.From}
	case ops.TablesExchanged, ops.ColumnIs, ops.ColumnGone, ops.ColumnRenamed, ops.PartIs, ops.PartGone:
		return c.OnTables()
	}
	return nil
}

// onCluster decides whether a statement may go through the distributed DDL
// queue. An ALTER does only if its table is Replicated, its replica sets are the
// shards, and the servers are not so old that it harms them: a server runs it on one replica of each shard, and refuses (371) a
// table that is not Replicated where the cluster says that shards are, which
// system.clusters does not show.
func onCluster(facts Facts, stmt ops.Statement) bool {
	if len(facts.LeftLocal)+len(facts.LeftDist) > 0 {
		return false // the queue would keep an entry that a node runs when it is back, after what came later
	}
	return !facts.SingleNode && !facts.Direct && !stmt.Direct && stmt.Call == nil && stmt.Scope != ops.OneNode
}

// remember applies a planned statement to the facts that later ones see.
func (p *Planner) remember(facts Facts, step Step) {
	if c := step.Statement.Creates; c != nil {
		facts.Tables[c.Table.String()] = facts.created(*c, step.Nodes)
	}
	for _, condition := range step.Statement.After {
		name := condition.Subject()
		switch c := condition.(type) {
		case ops.TableGone:
			p.gone[facts.Cluster+" "+name] = facts.Tables[c.Table.String()]
		case ops.TableExists:
			p.attached(facts, c.Table, p.gone[facts.Cluster+" "+name], step.Nodes)
		}
	}
	move(facts.Tables, step.Statement.After, ops.Table.String)
}

// attached remembers a table that comes back: as it was before the same plan
// detached it, or, on a single node, whatever it is. What a cluster's servers
// have detached they do not describe, and its replica sets stay unknown.
func (p *Planner) attached(facts Facts, table ops.Table, was TableFacts, nodes []journal.Node) {
	if _, known := facts.Tables[table.String()]; known {
		return
	}
	switch {
	case len(was.Sets) > 0:
		facts.Tables[table.String()] = was
	case facts.SingleNode:
		facts.Tables[table.String()] = facts.created(ops.Created{Table: table}, nodes)
	}
}

func alone(nodes []journal.Node) [][]journal.Node {
	groups := make([][]journal.Node, len(nodes))
	for i, node := range nodes {
		groups[i] = []journal.Node{node}
	}
	return groups
}

func shards(nodes []journal.Node) [][]journal.Node {
	byShard := map[int][]journal.Node{}
	for _, node := range nodes {
		byShard[node.Shard] = append(byShard[node.Shard], node)
	}
	groups := make([][]journal.Node, 0, len(byShard))
	for _, shard := range slices.Sorted(maps.Keys(byShard)) {
		groups = append(groups, byShard[shard])
	}
	return groups
}

// oneTableAShard refuses a Replicated table that is not one table on all replicas
// of a shard: seen after a node came back from an old copy, with two tables
// exchanged. A statement would change two different tables.
func oneTableAShard(table ops.Table, sets [][]journal.Node, nodes []journal.Node) error {
	for _, shard := range shards(nodes) {
		var parts []string
		for _, set := range sets {
			var part []string
			for _, node := range shard {
				if slices.Contains(set, node) {
					part = append(part, node.Name())
				}
			}
			if len(part) > 0 {
				parts = append(parts, strings.Join(part, " and "))
			}
		}
		if len(parts) > 1 {
			return journal.Refusef("%s is not one table on all replicas of shard %d, nothing was changed: its path in ZooKeeper on %s. "+
				"Look: skein verify, and SELECT zookeeper_path FROM system.replicas on these nodes",
				table, shard[0].Shard, strings.Join(parts, " differs from that on "))
		}
	}
	return nil
}

func sameGroups(a, b [][]journal.Node) bool {
	if len(a) != len(b) {
		return false
	}
	if slices.EqualFunc(a, b, slices.Equal) {
		return true // as where both are in the order of the shards
	}
	key := func(group []journal.Node) string {
		return strings.Join(slices.Sorted(slices.Values(journal.Names(group))), "\x00")
	}
	have := map[string]bool{}
	for _, group := range a {
		have[key(group)] = true
	}
	for _, group := range b {
		if !have[key(group)] {
			return false
		}
	}
	return true
}
