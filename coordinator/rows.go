package coordinator

import (
	"slices"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// announced says of each step whether a row is durable before it is sent. What
// nodes look like tells how far a migration came, but not everything: of a
// statement without conditions it tells nothing; of an EXCHANGE only to those
// who know which table was which; and what an earlier step made can be undone
// by a later one (ADD COLUMN x, DROP COLUMN x), after which the earlier one
// looks as if it never ran. So the steps between two rows never touch the same
// tables, and each can be told by itself. The row that begins a migration
// announces its first step.
func announced(steps []plan.Step) []bool {
	out := make([]bool, len(steps))
	touched := map[string]bool{}
	for i, step := range steps {
		if isBlind(step) { // and has a row behind it
			out[i] = true
			clear(touched)
			continue
		}
		mine := touches(step)
		meets := slices.ContainsFunc(mine, func(name string) bool { return touched[name] }) ||
			len(touched) > 0 && (touched[everything] || slices.Contains(mine, everything))
		out[i] = i > 0 && (moves(step) || meets)
		if out[i] {
			clear(touched)
		}
		for _, name := range mine {
			touched[name] = true
		}
	}
	return out
}

// everything is what a step may touch that does not say which tables it is
// about: DROP DATABASE ends tables, DROP ROLE ends grants.
const everything = ""

// touches lists the tables that a step changes or is judged by.
func touches(step plan.Step) []string {
	tables := slices.Clone(step.Statement.Writes)
	for _, condition := range step.Statement.After {
		on := condition.OnTables()
		if len(on) == 0 {
			return []string{everything}
		}
		tables = append(tables, on...)
	}
	names := make([]string, len(tables))
	for i, table := range tables {
		names[i] = step.Cluster + " " + table.String()
	}
	return names
}

// isBlind says that nothing but the row can tell whether a step ran.
func isBlind(step plan.Step) bool { return len(step.Statement.After) == 0 }

// moves says that a step gives tables other names.
func moves(step plan.Step) bool {
	return slices.ContainsFunc(step.Statement.After, func(c ops.Condition) bool {
		switch c.(type) {
		case ops.TableRenamed, ops.TablesExchanged:
			return true
		}
		return false
	})
}
