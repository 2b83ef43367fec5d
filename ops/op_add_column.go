package ops

import "errors"

// AddColumn adds a column, as the last one unless After or First says where.
//
//	ops.AddColumn{
//		Table:  ops.LocalTable("events", "events_local"),
//		Column: ops.Column{Name: "trace_id", Type: "UUID"},
//		After:  "event_id",
//	}
//
// 18.16 keeps ordinary, MATERIALIZED and ALIAS columns apart: After must name
// one of the same sort there (44).
type AddColumn struct {
	Table       Table  `json:"table" yaml:"table"`
	Column      Column `json:"column" yaml:"column"`
	After       string `json:"after,omitempty" yaml:"after,omitempty"`
	First       bool   `json:"first,omitempty" yaml:"first,omitempty"`
	IfNotExists bool   `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// Tables implements Operation.
func (o AddColumn) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o AddColumn) Check() error { return refuse(o, o.check()) }

func (o AddColumn) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	if err := checkPosition(o.First, o.After, o.Column.Name); err != nil {
		return err
	}
	return o.Column.check(true)
}

func checkPosition(first bool, after, name string) error {
	switch {
	case first && after != "":
		return errors.New("First and After together: leave one out")
	case after != "" && after == name:
		return errors.New("After names itself: name what it stands behind")
	}
	return nil
}

// Statements implements Operation.
func (o AddColumn) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, o, FeatureAddColumnFirst, o.First),
		need(env, o, FeatureIfExists, o.IfNotExists),
		supported(env, o, o.Column),
	); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	stmt := alter(t, "ADD COLUMN "+shown(o.Column.Name),
		"ADD COLUMN "+ifNotExists(o.IfNotExists)+o.Column.sqlAt(o.First, o.After))
	stmt.Joins = JoinsAdding
	stmt.After = []Condition{ColumnIs{Table: t, Column: o.Column, After: o.After, First: o.First, Added: !o.IfNotExists}}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter: the column is dropped, with IF EXISTS where it
// was added with IF NOT EXISTS.
func (o AddColumn) Inverse() (Operation, error) {
	was := o.Column // by itself: a pointer into o would keep all of it
	return DropColumn{
		Table: o.Table, Name: o.Column.Name, IfExists: o.IfNotExists,
		Was: &was, After: o.After, First: o.First,
	}, nil
}
