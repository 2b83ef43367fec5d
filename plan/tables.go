package plan

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// planned is a configured cluster as it will be once what has been planned has run.
type planned struct {
	Facts                             // with Tables of its own
	local, dist func() *members       // worked out when they are asked for first, whoever asks
	gone        map[string]TableFacts // what planned statements drop or detach, by name
}

func newPlanned(facts Facts) *planned {
	facts.Tables = maps.Clone(facts.Tables)
	if facts.Tables == nil {
		facts.Tables = map[string]TableFacts{}
	}
	on := &planned{Facts: facts, gone: map[string]TableFacts{}}
	on.local = sync.OnceValue(func() *members { return newMembers(&on.Facts, ops.Local) })
	on.dist = sync.OnceValue(func() *members { return newMembers(&on.Facts, ops.Distributed) })
	return on
}

// of are the members of a target.
func (on *planned) of(target ops.Target) *members {
	if target == ops.Distributed {
		return on.dist()
	}
	return on.local()
}

func (on *planned) has(table ops.Table) bool {
	_, known := on.known(table)
	return known
}

func (on *planned) known(table ops.Table) (TableFacts, bool) {
	facts, known := on.Tables[table.String()]
	return facts, known
}

// refusal is why an operation cannot be rendered, with the node that is too old for it.
func (on *planned) refusal(target ops.Target, err error) error {
	var unsupported *ops.UnsupportedError
	if !errors.As(err, &unsupported) {
		return err
	}
	return journal.Refusef("%s needs %s", unsupported.Operation, on.lacking(target, unsupported.Feature))
}

// table says what a table is on its nodes. One that some of them lack is
// refused: whatever is done to the rest, the nodes would differ after it.
func (p *Planner) table(on *planned, table ops.Table, members *members) (TableFacts, *replicaSets, error) {
	known, ok := on.known(table)
	if !ok && !p.Lenient {
		return TableFacts{}, nil, journal.Refusef("table %s is on no node of cluster %q", table, on.Cluster)
	}
	sets := members.sets(known)
	if len(sets.missing) > 0 && !p.Lenient {
		return TableFacts{}, nil, journal.Refusef("table %s is missing on %s: make the nodes equal first",
			table, strings.Join(sets.missing, ", "))
	}
	return known, sets, nil
}

// alterable refuses to change a table that nodes lack, and a RENAME to a name
// that is taken: to take it back would move what is not ours.
func (p *Planner) alterable(on *planned, stmt *ops.Statement, members *members) error {
	if p.Lenient {
		return nil
	}
	for _, condition := range stmt.After {
		for _, table := range altered(condition) {
			if stmt.Creates != nil && stmt.Creates.Table == table {
				continue // its indexes come with it
			}
			if _, _, err := p.table(on, table, members); err != nil {
				return err
			}
		}
		renamed, ok := condition.(ops.TableRenamed)
		if !ok {
			continue
		}
		if taken, exists := on.known(renamed.To); exists && !frees(stmt, renamed.To) {
			return journal.Refusef("table %s is there already, on %s", renamed.To, strings.Join(slices.Concat(taken.Sets...), ", "))
		}
	}
	return nil
}

// frees says that a statement renames the table of a name away.
func frees(stmt *ops.Statement, name ops.Table) bool {
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

// remember applies a planned step to the facts that later ones see.
func (on *planned) remember(step *Step) {
	if c := step.Statement.Creates; c != nil {
		on.Tables[c.Table.String()] = on.created(*c, step.Nodes)
	}
	for _, condition := range step.Statement.After {
		switch c := condition.(type) {
		case ops.TableGone:
			on.gone[c.Subject()], _ = on.known(c.Table)
		case ops.TableExists:
			on.attached(c.Table, on.gone[c.Subject()], step.Nodes)
		}
	}
	move(on.Tables, step.Statement.After, ops.Table.String)
}

// attached remembers a table that comes back: as it was before the same plan
// detached it, or, on a single node, whatever it is. What a cluster's servers
// have detached they do not describe, and its replica sets stay unknown.
func (on *planned) attached(table ops.Table, was TableFacts, nodes []journal.Node) {
	if on.has(table) {
		return
	}
	switch {
	case len(was.Sets) > 0:
		on.Tables[table.String()] = was
	case on.SingleNode:
		on.Tables[table.String()] = on.created(ops.Created{Table: table}, nodes)
	}
}
