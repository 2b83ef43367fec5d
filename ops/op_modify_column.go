package ops

import "errors"

// ModifyColumn changes a column's type, default, codec, TTL or comment. A
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
// what Column leaves out is left to the server: 26.7 keeps it, 18.16 drops the
// default.
type ModifyColumn struct {
	Table  Table   `json:"table" yaml:"table"`
	Column Column  `json:"column" yaml:"column"` // Type may be left out when it stays
	Was    *Column `json:"was,omitempty" yaml:"was,omitempty"`
}

// Tables implements Operation.
func (o ModifyColumn) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o ModifyColumn) Check() error { return refuse(o, o.check()) }

func (o ModifyColumn) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	if err := o.Column.check(false); err != nil {
		return err
	}
	if o.Column == (Column{Name: o.Column.Name}) {
		return errors.New("nothing to change: set the column's Type, Expression, Codec, TTL or Comment")
	}
	if o.Was == nil {
		return nil
	}
	switch {
	case o.Was.Name != o.Column.Name:
		return errors.New("Was is another column: state the same name (a column is not renamed this way)")
	case *o.Was == o.Column:
		return errors.New("Was is what Column says: nothing to change")
	case (o.Was.Type == "") != (o.Column.Type == ""):
		return errors.New("state Type in both Column and Was, or in neither")
	case o.Column.Type == "" && *o.Was == (Column{Name: o.Was.Name}):
		return errors.New("Was says nothing, so that there is no way back: state Type in both")
	}
	return o.Was.check(false)
}

// Statements implements Operation.
func (o ModifyColumn) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := o.Column.supported(o, env); err != nil {
		return nil, err
	}
	removals, err := o.removals(env)
	if err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	commands := append([]string{"MODIFY COLUMN " + o.Column.sql()}, removals...)
	stmt := alter(t, "MODIFY COLUMN "+shown(o.Column.Name), commands...)
	stmt.Traits.RewritesData = o.retypes() && o.Table.Target != Distributed
	stmt.After = []Condition{ColumnIs{Table: t, Column: o.Column}}
	return []Statement{stmt}, nil
}

func (o ModifyColumn) retypes() bool {
	return o.Column.Type != "" && (o.Was == nil || o.Was.Type != o.Column.Type)
}

// removals renders the commands that take away what Was has and Column has
// not. A server without REMOVE drops the default by itself (seen on 18.16).
func (o ModifyColumn) removals(env Env) ([]string, error) {
	if o.Was == nil {
		return nil, nil
	}
	var commands []string
	remove := func(property string) {
		commands = append(commands, "MODIFY COLUMN "+Ident(o.Column.Name)+" REMOVE "+property)
	}
	if o.Was.defaultKind() != "" && o.Column.defaultKind() == "" && env.Features[FeatureModifyRemove] {
		remove(string(o.Was.defaultKind()))
	}
	for _, property := range []struct{ name, was, is string }{
		{"COMMENT", o.Was.Comment, o.Column.Comment},
		{"CODEC", o.Was.Codec, o.Column.Codec},
		{"TTL", o.Was.TTL, o.Column.TTL},
	} {
		if property.was == "" || property.is != "" {
			continue
		}
		if err := env.need(o, FeatureModifyRemove, true); err != nil {
			return nil, err
		}
		remove(property.name)
	}
	return commands, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o ModifyColumn) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o) + "." + o.Column.Name, Why: "set Was to what the column was"}
	}
	return ModifyColumn{Table: o.Table, Column: *o.Was, Was: &o.Column}, nil
}
