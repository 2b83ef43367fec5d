package cluster

import (
	"fmt"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// differs says how a column is not what was stated. What was not stated is not
// compared.
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
	case want.ttl != "" && squeeze(want.ttl) != squeeze(have.ttl):
		return fmt.Sprintf("column %s has TTL %q, not %q", have.name, have.ttl, want.ttl)
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
		if !c.Added && c.Column.Kind == "" && c.Column.Expression == "" {
			// What is not stated is left to the server; Without says what must go.
			column.kind, column.expression = have.kind, have.expression
		}
		if why := differs(column, have); why != "" {
			return journal.NotYet, why
		}
	}
	have, at := state.column(c.Column.Name)
	for _, property := range c.Without {
		if has(have, property) {
			return journal.NotYet, fmt.Sprintf("column %s still has its %s", c.Column.Name, property)
		}
	}
	if c.First && at > 0 {
		return journal.NotYet, fmt.Sprintf("column %s is not the first", c.Column.Name)
	}
	if _, after := state.column(c.After); c.After != "" && after >= 0 && at >= 0 && at != after+1 {
		return journal.NotYet, fmt.Sprintf("column %s does not stand behind %s", c.Column.Name, c.After)
	}
	return journal.Holds, ""
}

func columnGone(c ops.ColumnGone, state tableState) (journal.Verdict, string) {
	if !state.exists {
		return journal.Conflict, fmt.Sprintf("table %s does not exist", c.Table)
	}
	if _, at := state.column(c.Name); at >= 0 {
		return journal.NotYet, fmt.Sprintf("column %s is still there", c.Name)
	}
	return journal.Holds, ""
}

func columnRenamed(c ops.ColumnRenamed, state tableState) (journal.Verdict, string) {
	_, from := state.column(c.From)
	_, to := state.column(c.To)
	switch {
	case !state.exists:
		return journal.Conflict, fmt.Sprintf("table %s does not exist", c.Table)
	case from >= 0 && to >= 0:
		return journal.Conflict, fmt.Sprintf("both columns %s and %s exist", c.From, c.To)
	case from >= 0:
		return journal.NotYet, fmt.Sprintf("column %s still has its old name", c.From)
	case to < 0:
		return journal.Conflict, fmt.Sprintf("neither column %s nor %s exists", c.From, c.To)
	}
	return journal.Holds, ""
}

// has says whether a column has a property. Where one kind of default was taken
// away, another is not what is left either.
func has(column columnState, property ops.Property) bool {
	switch property {
	case ops.PropertyDefault, ops.PropertyMaterialized, ops.PropertyAlias:
		return column.kind != ""
	case ops.PropertyComment:
		return column.comment != ""
	case ops.PropertyCodec:
		return column.codec != ""
	}
	return column.ttl != ""
}
