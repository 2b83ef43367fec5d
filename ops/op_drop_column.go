package ops

import "errors"

// DropColumn drops a column with its values.
//
//	ops.DropColumn{Table: ops.LocalTable("events", "events_local"), Name: "trace_id"}
//
// With Was, what the column was, it has an inverse: the column comes back where
// After or First says, without its values.
type DropColumn struct {
	Table    Table   `json:"table" yaml:"table"`
	Name     string  `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool    `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *Column `json:"was,omitempty" yaml:"was,omitempty"`
	After    string  `json:"after,omitempty" yaml:"after,omitempty"` // what it stood behind, for the inverse alone
	First    bool    `json:"first,omitempty" yaml:"first,omitempty"` // it stood first, for the inverse alone
}

// Tables implements Operation.
func (o DropColumn) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o DropColumn) Check() error { return refuse(o, o.check()) }

func (o DropColumn) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	if o.Name == "" {
		return errors.New("no column: set Name")
	}
	if err := checkPosition(o.First, o.After, o.Name); err != nil {
		return err
	}
	switch {
	case o.Was == nil && (o.First || o.After != ""):
		return errors.New("After and First say where Was stood: set Was")
	case o.Was == nil:
		return nil
	case o.Was.Name != o.Name:
		return errors.New("Was is another column: state the same name")
	}
	return o.Was.check(true)
}

// Statements implements Operation.
func (o DropColumn) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureIfExists, o.IfExists); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	stmt := alter(t, "DROP COLUMN "+shown(o.Name), "DROP COLUMN "+ifExists(o.IfExists)+Ident(o.Name))
	stmt.Joins = JoinsDropping
	stmt.Traits.DropsData = o.Table.Target != Distributed
	stmt.After = []Condition{ColumnGone{Table: t, Name: o.Name}}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o DropColumn) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o) + "." + o.Name, Why: "set Was to the column that it drops"}
	}
	return AddColumn{Table: o.Table, Column: *o.Was, After: o.After, First: o.First, IfNotExists: o.IfExists}, nil
}
