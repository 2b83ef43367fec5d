package danger

import (
	"maps"
	"slices"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// course follows tables and columns through a plan: what servers say now is by
// the names of now, and a step's names are those of its turn.
type course struct {
	tables map[courseKey]ops.Table // by later name; the zero Table: made, or gone, by then
	// By the table of now and a column's later name: its name of now, and the type
	// that the plan has given it.
	names, types map[courseKey]string
}

type courseKey struct{ cluster, table, column string }

func newCourse() *course {
	return &course{tables: map[courseKey]ops.Table{}, names: map[courseKey]string{}, types: map[courseKey]string{}}
}

// at says which table of now bears a name at this point of the plan; there is
// none if the plan itself made it.
func (c *course) at(cluster string, table ops.Table) (now ops.Table, there bool) {
	now, moved := c.tables[courseKey{cluster: cluster, table: table.String()}]
	if !moved {
		return table, true
	}
	return now, now != ops.Table{}
}

func (c *course) column(cluster string, now ops.Table, name string) string {
	if was, renamed := c.names[courseKey{cluster, now.String(), name}]; renamed {
		return was
	}
	return name
}

func (c *course) typeOf(cluster string, now ops.Table, name string) string {
	return c.types[courseKey{cluster, now.String(), name}]
}

// follow applies a step.
func (c *course) follow(step plan.Step) {
	key := func(table ops.Table) courseKey { return courseKey{cluster: step.Cluster, table: table.String()} }
	set := func(table, now ops.Table, there bool) {
		if !there {
			now = ops.Table{}
		}
		c.tables[key(table)] = now
	}
	before := &course{tables: maps.Clone(c.tables)} // names that one statement swaps
	mayBeThere := slices.ContainsFunc(step.Statement.After, func(condition ops.Condition) bool {
		is, ok := condition.(ops.TableIs)
		return ok && is.IfNotExists
	})
	if made := step.Statement.Creates; made != nil && !mayBeThere {
		c.tables[key(made.Table)] = ops.Table{}
	}
	for _, condition := range step.Statement.After {
		switch is := condition.(type) {
		case ops.TableGone:
			if !step.Statement.Traits.Blocks { // a detached table comes back with its rows
				c.tables[key(is.Table)] = ops.Table{}
			}
		case ops.TableRenamed:
			now, there := before.at(step.Cluster, is.From)
			set(is.To, now, there)
			if !slices.ContainsFunc(step.Statement.After, takes(is.From)) {
				c.tables[key(is.From)] = ops.Table{}
			}
		case ops.TablesExchanged:
			a, aThere := c.at(step.Cluster, is.A)
			b, bThere := c.at(step.Cluster, is.B)
			set(is.A, b, bThere)
			set(is.B, a, aThere)
		default:
			c.followColumn(step.Cluster, condition)
		}
	}
}

func (c *course) followColumn(cluster string, condition ops.Condition) {
	switch is := condition.(type) {
	case ops.ColumnRenamed:
		if now, there := c.at(cluster, is.Table); there {
			from, to := courseKey{cluster, now.String(), is.From}, courseKey{cluster, now.String(), is.To}
			c.names[to], c.types[to] = c.column(cluster, now, is.From), c.types[from]
			delete(c.types, from)
		}
	case ops.ColumnIs:
		if now, there := c.at(cluster, is.Table); there && is.Column.Type != "" {
			c.types[courseKey{cluster, now.String(), is.Column.Name}] = is.Column.Type
		}
	}
}

// takes says whether a condition is a RENAME to a name.
func takes(name ops.Table) func(ops.Condition) bool {
	return func(condition ops.Condition) bool {
		is, ok := condition.(ops.TableRenamed)
		return ok && is.To.String() == name.String()
	}
}
