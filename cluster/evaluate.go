package cluster

import (
	"fmt"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// evaluate compares one condition with the state of one node. It is pure.
// before says what a table was before the statement; empty if that is unknown.
func evaluate(condition ops.Condition, state nodeState, want expected, before func(ops.Table) string) (journal.Verdict, string) {
	var table tableState
	if on := condition.OnTables(); len(on) > 0 {
		table = state.tables[on[0].String()]
	}
	switch c := condition.(type) {
	case ops.TableIs:
		return tableIs(c, table, want)
	case ops.TableExists:
		if !table.exists {
			return journal.NotYet, fmt.Sprintf("table %s does not exist", c.Table)
		}
		return journal.Holds, ""
	case ops.TableGone:
		if table.exists {
			return journal.NotYet, fmt.Sprintf("table %s is still there", c.Table)
		}
		return journal.Holds, ""
	case ops.TableRenamed:
		return tableRenamed(c, state.tables[c.From.String()], table, before(c.From))
	case ops.TablesExchanged:
		return tablesExchanged(c, table, state.tables[c.B.String()], before)
	case ops.ViewIs:
		return viewIs(c, table, want)
	case ops.DictionaryIs:
		return dictionaryIs(c, table, want)
	case ops.ColumnIs:
		return columnIs(c, table, want)
	case ops.ColumnGone:
		return columnGone(c, table)
	case ops.ColumnRenamed:
		return columnRenamed(c, table)
	case ops.PartIs:
		return partIs(c, table, want)
	case ops.PartGone:
		return partGone(c, table)
	}
	return objectVerdict(condition, state.objects, want)
}

// cloudEngine is what ClickHouse Cloud puts before the MergeTree that it is asked for.
const cloudEngine = "Shared"

func tableIs(c ops.TableIs, state tableState, want expected) (journal.Verdict, string) {
	if !state.exists {
		return journal.NotYet, fmt.Sprintf("table %s does not exist", c.Table)
	}
	if c.Engine != "" && state.engine != c.Engine && state.engine != cloudEngine+c.Engine {
		return journal.Conflict, fmt.Sprintf("table %s has engine %s, not %s", c.Table, state.engine, c.Engine)
	}
	if want.path != "" && state.path != "" && state.path != want.path {
		return journal.Conflict, fmt.Sprintf("table %s is at %s in ZooKeeper, not %s", c.Table, state.path, want.path)
	}
	if !want.known {
		return journal.Holds, ""
	}
	for i, column := range want.columns {
		if i >= len(state.columns) {
			return journal.Conflict, fmt.Sprintf("table %s has no column %s", c.Table, column.name)
		}
		if why := differs(column, state.columns[i]); why != "" {
			return journal.Conflict, fmt.Sprintf("table %s: %s", c.Table, why)
		}
	}
	if len(state.columns) > len(want.columns) {
		return journal.Conflict, fmt.Sprintf("table %s has a column %s that was not asked for",
			c.Table, state.columns[len(want.columns)].name)
	}
	return journal.Holds, ""
}

// tableRenamed needs more than names: before is what the table was. One statement
// may rename another table to the name that became free.
func tableRenamed(c ops.TableRenamed, from, to tableState, before string) (journal.Verdict, string) {
	switch {
	case before != "" && to.identity() == before && from.identity() != before:
		return journal.Holds, ""
	case before != "" && from.identity() == before:
		return journal.NotYet, fmt.Sprintf("table %s still has its old name", c.From)
	case from.exists && to.exists:
		return journal.Conflict, fmt.Sprintf("both %s and %s exist", c.From, c.To)
	case from.exists:
		return journal.NotYet, fmt.Sprintf("table %s still has its old name", c.From)
	case !to.exists:
		return journal.Conflict, fmt.Sprintf("neither %s nor %s exists", c.From, c.To)
	case before != "" && to.identity() != before:
		return journal.Conflict, fmt.Sprintf("%s is not the table that %s was", c.To, c.From)
	}
	return journal.Holds, ""
}

// tablesExchanged needs to know which table was which: names prove nothing.
func tablesExchanged(c ops.TablesExchanged, a, b tableState, before func(ops.Table) string) (journal.Verdict, string) {
	switch {
	case !a.exists:
		return journal.Conflict, fmt.Sprintf("table %s does not exist", c.A)
	case !b.exists:
		return journal.Conflict, fmt.Sprintf("table %s does not exist", c.B)
	}
	wasA, wasB := before(c.A), before(c.B)
	switch {
	case wasA == "" || wasB == "":
		return journal.NotYet, fmt.Sprintf("which of %s and %s was which before is not known", c.A, c.B)
	case a.identity() == wasB && b.identity() == wasA:
		return journal.Holds, ""
	case a.identity() == wasA && b.identity() == wasB:
		return journal.NotYet, fmt.Sprintf("tables %s and %s are not exchanged", c.A, c.B)
	}
	return journal.Conflict, fmt.Sprintf("%s and %s are other tables than before", c.A, c.B)
}
