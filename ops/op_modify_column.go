package ops

import (
	"errors"
	"slices"
	"strings"
)

// ModifyColumn changes a column's type, default, codec, TTL, comment or place. A
// changed type rewrites the column's values.
//
//	ops.ModifyColumn{
//		Table:  ops.LocalTable("events", "events_local"),
//		Column: ops.Column{Name: "platform", Type: "LowCardinality(String)"},
//		Was:    &ops.Column{Name: "platform", Type: "String"},
//	}
//
// With Was the column becomes what Column says and nothing more: what Was has
// and Column has not is removed, and the operation has an inverse. Without Was,
// Remove says what to take away, and what Column leaves out is left to the
// server: 26.7 keeps it, 18.16 drops the default when Type is stated. An
// EPHEMERAL column becomes an ordinary one on no server, and a Nullable one
// another only with an Expression that says what becomes of NULL (36 on 26.7). A
// TTL is for values of parts that are merged from then on: MaterializeTTL is for all.
type ModifyColumn struct {
	Table  Table      `json:"table" yaml:"table"`
	Column Column     `json:"column" yaml:"column"` // Type may be left out when it stays
	Remove []Property `json:"remove,omitempty" yaml:"remove,omitempty"`
	Was    *Column    `json:"was,omitempty" yaml:"was,omitempty"`
	// After and First move the column; Column needs its Type then.
	After string `json:"after,omitempty" yaml:"after,omitempty"`
	First bool   `json:"first,omitempty" yaml:"first,omitempty"`
	// WasAfter and WasFirst say where a moved column stood, for the inverse alone.
	WasAfter string `json:"was_after,omitempty" yaml:"was_after,omitempty"`
	WasFirst bool   `json:"was_first,omitempty" yaml:"was_first,omitempty"`
}

// Tables implements Operation.
func (o ModifyColumn) Tables() []Table { return []Table{o.Table} }

func (o ModifyColumn) moves() bool { return o.First || o.After != "" }

func (o ModifyColumn) stood() bool { return o.WasFirst || o.WasAfter != "" }

// Statements implements Operation.
func (o ModifyColumn) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		supported(env, o, o.Column),
		need(env, o, FeatureAddColumnFirst, o.moves()),
		need(env, o, FeatureModifyDefault, o.Column.Type == "" && o.Column.defaultKind() != ""),
	); err != nil {
		return nil, err
	}
	if o.Column.Codec != "" && o.ceasesToBeAlias() {
		return o.inTwo(env)
	}
	commands, err := o.commands(env)
	if err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	stmt := alter(t, "MODIFY COLUMN "+shown(o.Column.Name), commands...)
	stmt.Traits.RewritesData = o.retypes() && o.Table.Target != Distributed
	if o.Column.TTL != "" {
		stmt = leavingRows(stmt, env)
	}
	stmt.After = []Condition{ColumnIs{Table: t, Column: o.Column, After: o.After, First: o.First, Without: o.removed()}}
	return []Statement{stmt}, nil
}

func (o ModifyColumn) commands(env Env) ([]string, error) {
	var commands []string
	switch o.Column {
	case Column{Name: o.Column.Name}:
	case Column{Name: o.Column.Name, Comment: o.Column.Comment}:
		// MODIFY COLUMN … COMMENT is refused for the columns of an engine's arguments (524, 26.7).
		commands = append(commands, "COMMENT COLUMN "+Ident(o.Column.Name)+" "+String(o.Column.Comment))
	default:
		commands = append(commands, "MODIFY COLUMN "+o.Column.sqlAt(o.First, o.After))
	}
	for _, property := range o.removed() {
		if o.dropsDefaultItself(property, env) {
			continue
		}
		if err := need(env, o, FeatureModifyRemove, true); err != nil {
			return nil, err
		}
		name := Ident(o.Column.Name)
		if property == PropertyComment {
			// So is REMOVE COMMENT.
			commands = append(commands, "COMMENT COLUMN "+name+" ''")
			continue
		}
		commands = append(commands, "MODIFY COLUMN "+name+" REMOVE "+string(property))
	}
	return commands, nil
}

func (o ModifyColumn) ceasesToBeAlias() bool {
	was := o.Was != nil && o.Was.Kind == Alias && o.Column.Kind != Alias
	return was || slices.Contains(o.Remove, PropertyAlias)
}

// inTwo gives a column its codec after it has ceased to be an ALIAS: no server
// does both in one ALTER (36).
func (o ModifyColumn) inTwo(env Env) ([]Statement, error) {
	stored, coded := o, ModifyColumn{Table: o.Table, Column: Column{Name: o.Column.Name, Codec: o.Column.Codec}}
	stored.Column.Codec = ""
	statements, err := stored.Statements(env)
	if err != nil {
		return nil, err
	}
	then, err := coded.Statements(env)
	return append(statements, then...), err
}

func (o ModifyColumn) retypes() bool {
	return o.Column.Type != "" && (o.Was == nil || o.Was.Type != o.Column.Type)
}

// removed are the properties that the column has no more: those of Remove, or
// what Was has and Column has not.
func (o ModifyColumn) removed() []Property {
	if o.Was == nil {
		return o.Remove
	}
	var removed []Property
	if o.Column.defaultKind() == "" && o.Was.defaultKind() != "" {
		removed = append(removed, Property(o.Was.defaultKind()))
	}
	for _, property := range []struct {
		name    Property
		was, is string
	}{
		{PropertyComment, o.Was.Comment, o.Column.Comment},
		{PropertyCodec, o.Was.Codec, o.Column.Codec},
		{PropertyTTL, o.Was.TTL, o.Column.TTL},
	} {
		if property.was != "" && property.is == "" {
			removed = append(removed, property.name)
		}
	}
	return removed
}

func nullable(c Column) bool {
	return strings.HasPrefix(c.Type, "Nullable(") || strings.HasPrefix(c.Type, "LowCardinality(Nullable(")
}

// dropsDefaultItself says that the server takes the default away without being
// told: old ones do when the type is stated (seen on 18.16).
func (o ModifyColumn) dropsDefaultItself(property Property, env Env) bool {
	return property.isDefault() && o.Column.Type != "" && !env.Features[FeatureModifyDefault]
}

// Inverse implements Inverter. Without Was, and where it stood if it is moved,
// it is an *IrreversibleError.
func (o ModifyColumn) Inverse() (Operation, error) {
	why := ""
	switch {
	case o.Was == nil:
		why = "set Was to what the column was"
	case o.moves() && !o.stood():
		why = "set WasAfter or WasFirst to where the column stood"
	case o.Column.Kind == Ephemeral && o.Was.defaultKind() == "":
		why = "no server makes an EPHEMERAL column an ordinary one"
	case nullable(o.Column) && o.Was.Type != "" && !nullable(*o.Was) && o.Was.defaultKind() == "":
		why = "what becomes of NULL is not known, and 26.7 asks for a DEFAULT that says it (36); write the way back yourself"
	default:
		now := o.Column // by itself: a pointer into o would keep all of it
		return ModifyColumn{
			Table: o.Table, Column: *o.Was, Was: &now,
			After: o.WasAfter, First: o.WasFirst, WasAfter: o.After, WasFirst: o.First,
		}, nil
	}
	return nil, &IrreversibleError{Operation: Describe(o) + "." + o.Column.Name, Why: why}
}
