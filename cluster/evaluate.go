package cluster

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// expected is what the server makes of the columns that a condition states.
type expected struct {
	columns []columnState
	known   bool // false: the server would not say, and only existence is compared
	// path is where the table meets its replicas in ZooKeeper, with the node's
	// own macros; empty: not compared.
	path string
}

// identities are the tables that a RENAME moves, as they were before it.
type identities map[string]string // by node and table

func (i identities) key(node string, table ops.Table) string { return node + "\x00" + table.String() }

// evaluate compares one condition with the state of one node. It is pure.
func evaluate(condition ops.Condition, states map[string]tableState, want expected, before string) (journal.Verdict, string) {
	state := states[condition.OnTable().String()]
	switch c := condition.(type) {
	case ops.TableIs:
		return tableIs(c, state, want)
	case ops.TableGone:
		if state.exists {
			return journal.NotYet, fmt.Sprintf("table %s is still there", c.Table)
		}
		return journal.Holds, ""
	case ops.TableRenamed:
		return tableRenamed(c, states[c.From.String()], state, before)
	case ops.ColumnIs:
		return columnIs(c, state, want)
	case ops.ColumnGone:
		if !state.exists {
			return journal.Conflict, fmt.Sprintf("table %s does not exist", c.Table)
		}
		if _, at := state.column(c.Name); at >= 0 {
			return journal.NotYet, fmt.Sprintf("column %s is still there", c.Name)
		}
		return journal.Holds, ""
	case ops.IndexIs:
		return indexIs(c, state)
	case ops.IndexGone:
		if !state.exists {
			return journal.Conflict, fmt.Sprintf("table %s does not exist", c.Table)
		}
		if _, there := state.indexes[c.Name]; there {
			return journal.NotYet, fmt.Sprintf("index %s is still there", c.Name)
		}
		return journal.Holds, ""
	case ops.ViewIs:
		return viewIs(c, state)
	}
	return journal.Conflict, fmt.Sprintf("no way to check %T", condition)
}

func tableIs(c ops.TableIs, state tableState, want expected) (journal.Verdict, string) {
	if !state.exists {
		return journal.NotYet, fmt.Sprintf("table %s does not exist", c.Table)
	}
	if c.Engine != "" && state.engine != c.Engine {
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

// differs says how a column is not what was stated. What was not stated is not
// compared; a column's TTL, which no system table shows, never is.
func differs(want, have columnState) string {
	switch {
	case want.name != have.name:
		return fmt.Sprintf("column %s stands where %s should", have.name, want.name)
	case want.typ != have.typ:
		return fmt.Sprintf("column %s is %s, not %s", have.name, have.typ, want.typ)
	case want.kind != have.kind:
		return fmt.Sprintf("column %s has default kind %q, not %q", have.name, have.kind, want.kind)
	case want.expression != have.expression:
		return fmt.Sprintf("column %s has default %q, not %q", have.name, have.expression, want.expression)
	case want.codec != "" && bareCodec(have.codec) != bareCodec(want.codec):
		return fmt.Sprintf("column %s has codec %q, not %q", have.name, have.codec, want.codec)
	case want.comment != "" && want.comment != have.comment:
		return fmt.Sprintf("column %s has comment %q, not %q", have.name, have.comment, want.comment)
	}
	return ""
}

// bareCodec drops what surrounds a codec in one place and not in another.
func bareCodec(text string) string {
	text = squeeze(text)
	if inside, wrapped := strings.CutPrefix(text, "CODEC("); wrapped {
		return strings.TrimSuffix(inside, ")")
	}
	return text
}

func columnIs(c ops.ColumnIs, state tableState, want expected) (journal.Verdict, string) {
	if !state.exists {
		return journal.Conflict, fmt.Sprintf("table %s does not exist", c.Table)
	}
	if !want.known {
		if _, at := state.column(c.Column.Name); at < 0 {
			return journal.NotYet, fmt.Sprintf("column %s is not there", c.Column.Name)
		}
		if !c.Added {
			return journal.NotYet, fmt.Sprintf("the server does not say what column %s should look like", c.Column.Name)
		}
		return journal.Holds, ""
	}
	for _, column := range want.columns {
		have, at := state.column(column.name)
		if at < 0 {
			return journal.NotYet, fmt.Sprintf("column %s is not there", column.name)
		}
		if why := differs(column, have); why != "" {
			return journal.NotYet, why
		}
	}
	_, at := state.column(c.Column.Name)
	if _, after := state.column(c.After); c.After != "" && after >= 0 && at >= 0 && at != after+1 {
		return journal.NotYet, fmt.Sprintf("column %s does not stand behind %s", c.Column.Name, c.After)
	}
	return journal.Holds, ""
}

// tableRenamed needs more than names: before is what the table was.
func tableRenamed(c ops.TableRenamed, from, to tableState, before string) (journal.Verdict, string) {
	switch {
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

func indexIs(c ops.IndexIs, state tableState) (journal.Verdict, string) {
	if !state.exists {
		return journal.Conflict, fmt.Sprintf("table %s does not exist", c.Table)
	}
	have, there := state.indexes[c.Index.Name]
	if !there {
		return journal.NotYet, fmt.Sprintf("index %s is not there", c.Index.Name)
	}
	if squeeze(have.typ) != squeeze(c.Index.Type) {
		return journal.NotYet, fmt.Sprintf("index %s is of type %s, not %s", c.Index.Name, have.typ, c.Index.Type)
	}
	return journal.Holds, ""
}

func viewIs(c ops.ViewIs, state tableState) (journal.Verdict, string) {
	if !state.exists {
		return journal.NotYet, fmt.Sprintf("view %s does not exist", c.Table)
	}
	if state.engine != "MaterializedView" {
		return journal.Conflict, fmt.Sprintf("%s is a %s, not a materialized view", c.Table, state.engine)
	}
	if c.To.Name != "" && !writesTo(state.createQuery, c.To) {
		return journal.Conflict, fmt.Sprintf("view %s does not write to %s", c.Table, c.To)
	}
	return journal.Holds, ""
}

// writesTo finds the target in a view's CREATE, where the server quotes names
// only if it must.
func writesTo(createQuery string, to ops.Table) bool {
	either := func(name string) string {
		return "(?:" + regexp.QuoteMeta(name) + "|" + regexp.QuoteMeta(ops.Ident(name)) + ")"
	}
	return regexp.MustCompile(` TO ` + either(to.Database) + `\.` + either(to.Name) + `(?:[\s(]|$)`).MatchString(createQuery)
}

// squeeze makes texts comparable that differ in spaces and quoting alone.
func squeeze(text string) string {
	return strings.NewReplacer(" ", "", "\n", "", "`", "").Replace(text)
}

// definition is a table's CREATE without what lawfully differs between nodes.
func definition(createQuery string) string {
	return regexp.MustCompile(`(TO INNER )?UUID '[0-9a-f-]+' ?`).ReplaceAllString(createQuery, "")
}
