package plan

import (
	"fmt"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Planner makes the steps of migrations in the order in which they would run.
// It remembers the tables that planned statements make, drop and rename. It is
// not safe for concurrent use.
type Planner struct {
	sets     storageset.Map
	clusters map[string]*planned // by configured name
	ahead    ahead
	room     []Step // in which the steps of one migration after the other are made
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
	p := &Planner{sets: sets, clusters: make(map[string]*planned, len(facts))}
	for _, f := range facts {
		p.clusters[f.Cluster] = newPlanned(f)
	}
	return p
}

// Operations renders operations into steps. Notes say what was skipped and
// why. An operation that no node is there for, that its nodes are too old
// for, or that alters a table that nodes lack, is an error.
//
// Alterations of one table that follow one another become one step where servers
// take them as one statement.
func (p *Planner) Operations(operations []ops.Operation) (steps []Step, notes []string, err error) {
	return p.operations(operations, true)
}

// Separately is Operations with a step for each statement.
func (p *Planner) Separately(operations []ops.Operation) (steps []Step, notes []string, err error) {
	return p.operations(operations, false)
}

func (p *Planner) operations(operations []ops.Operation, joined bool) ([]Step, []string, error) {
	ahead := p.taken(operations)
	list := steps{joined: joined, list: p.room}
	defer func() { p.room = list.emptied() }()
	var notes []string
	for i, operation := range operations {
		var text rendered
		if ahead != nil {
			text = ahead[i]
		} else {
			text = p.render(operation)
		}
		note, err := p.operation(operation, text, &list)
		if err != nil {
			return nil, nil, fmt.Errorf("operation %d (%s): %w", i+1, ops.KindOf(operation), err)
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	return list.finished(), notes, nil
}

func (p *Planner) operation(operation ops.Operation, text rendered, list *steps) (note string, err error) {
	on, place, statements := text.on, text.place, text.statements
	if text.err != nil {
		return "", on.refusal(place.Target, text.err)
	}
	if len(statements) == 0 && on.SingleNode && place.Target == ops.Distributed {
		return ops.Describe(operation) + " skipped: single node", nil
	}
	if len(statements) == 0 {
		return ops.Describe(operation) + " skipped: its nodes need nothing", nil
	}
	for i := range statements {
		step, err := p.step(on, &statements[i])
		if err != nil {
			return "", err
		}
		if list.add(&step) {
			continue // with the one before it, and nothing that later ones are planned by
		}
		if p.made++; p.made > p.Past {
			on.remember(&step)
		}
	}
	return "", nil
}

func (p *Planner) at(place ops.Place) (*planned, error) {
	name, err := p.sets.Cluster(place.StorageSet)
	if err != nil {
		return nil, &journal.UsageError{Err: err}
	}
	on, ok := p.clusters[name]
	if !ok {
		return nil, fmt.Errorf("no facts for cluster %q", name)
	}
	if len(on.NodesOf(place.Target)) == 0 && !on.SingleNode {
		return nil, journal.Refusef("no nodes for storage set %q, %s: cluster %q has none in %q",
			place.StorageSet, place.Target, name, on.OnClusterName(place.Target))
	}
	return on, nil
}

// step decides everything but the text, which is written down when it is known which
// statements come with it.
func (p *Planner) step(on *planned, stmt *ops.Statement) (Step, error) {
	members := on.of(stmt.Place.Target)
	if len(members.nodes) == 0 {
		return Step{}, journal.Refusef("no nodes for %s: storage set %q, %s",
			stmt.Summary, stmt.Place.StorageSet, stmt.Place.Target)
	}
	if err := on.checkDatabases(stmt); err != nil {
		return Step{}, err
	}
	if err := on.checkSecrets(stmt); err != nil {
		return Step{}, err
	}
	step := Step{
		Statement: *stmt,
		Cluster:   on.Cluster,
		Nodes:     members.nodes,
		LeftOut:   on.LeftOut(stmt.Place.Target),
	}
	stmt = &step.Statement
	if stmt.Storage != "" && on.Shared[stmt.Storage] {
		stmt.Scope = ops.OneNode
	}
	if stmt.Creates != nil {
		if err := on.checkReplicas(*stmt.Creates, members.nodes); err != nil {
			return Step{}, err
		}
	}
	work, err := p.work(on, stmt, members)
	if err != nil {
		return Step{}, err
	}
	if err := p.alterable(on, stmt, members); err != nil {
		return Step{}, err
	}
	step.Groups = work.groups
	step.Shared = stmt.Scope == ops.OneNode || stmt.Scope == ops.OnePerReplicaSet && work.replicated
	oneOfAShard := work.replicated && work.byShard && members.env.Features[ops.FeatureAlterOnCluster]
	if on.queues(stmt) && (stmt.Scope == ops.EveryNode || oneOfAShard) {
		step.OnCluster = on.OnClusterName(stmt.Place.Target)
	}
	return step, nil
}

// work is how a statement's nodes share it.
type work struct {
	groups     [][]journal.Node
	replicated bool // by its table
	byShard    bool // the groups are the shards
}

func (p *Planner) work(on *planned, stmt *ops.Statement, members *members) (work, error) {
	switch stmt.Scope {
	case ops.OneNode:
		return work{groups: members.together}, nil
	case ops.OnePerReplicaSet:
		if len(stmt.Writes) == 0 {
			return work{groups: members.shards, replicated: true, byShard: true}, nil
		}
		written := stmt.Writes[0]
		if stmt.IfExists && !on.has(written) {
			return work{groups: members.alone}, nil
		}
		table, sets, err := p.table(on, written, members)
		if err != nil {
			return work{}, err
		}
		replicated := strings.HasPrefix(table.Engine, "Replicated")
		if replicated && sets.torn && !p.Lenient {
			err = oneTableAShard(written, sets.groups, members.shards)
		}
		return work{groups: sets.groups, replicated: replicated, byShard: sets.byShard}, err
	default:
		return work{groups: members.alone}, nil
	}
}

// queues decides whether a statement may go through the distributed DDL
// queue. An ALTER does only if its table is Replicated, its replica sets are the
// shards, and the servers are not so old that it harms them: a server runs it on one
// replica of each shard, and refuses (371) a table that is not Replicated where the
// cluster says that shards are, which system.clusters does not show.
func (f *Facts) queues(stmt *ops.Statement) bool {
	if len(f.LeftLocal)+len(f.LeftDist) > 0 {
		return false // the queue would keep an entry that a node runs when it is back, after what came later
	}
	return !f.SingleNode && !f.Direct && !stmt.Direct && stmt.Call == nil && stmt.Scope != ops.OneNode
}
