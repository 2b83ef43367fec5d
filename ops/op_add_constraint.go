package ops

import "errors"

// AddConstraint adds a constraint, as the last one. Rows that are there already
// are not checked.
//
//	ops.AddConstraint{
//		Table:      ops.LocalTable("events", "events_local"),
//		Constraint: ops.Constraint{Name: "has_project", Expression: "project_id > 0"},
//	}
type AddConstraint struct {
	Table       Table      `json:"table" yaml:"table"`
	Constraint  Constraint `json:"constraint" yaml:"constraint"`
	IfNotExists bool       `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// Tables implements Operation.
func (o AddConstraint) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o AddConstraint) Check() error { return refuse(o, o.check()) }

func (o AddConstraint) check() error {
	if err := PartConstraint.checkOn(o.Table); err != nil {
		return err
	}
	return o.Constraint.check()
}

// Statements implements Operation.
func (o AddConstraint) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		o.Constraint.supported(o, env),
		need(env, o, FeatureIfExists, o.IfNotExists),
	); err != nil {
		return nil, err
	}
	return []Statement{addParts(o.Table.in(env), []Constraint{o.Constraint}, false, "", o.IfNotExists)}, nil
}

// Inverse implements Inverter: the constraint is dropped, with IF EXISTS where
// it was added with IF NOT EXISTS.
func (o AddConstraint) Inverse() (Operation, error) {
	return DropConstraint{Table: o.Table, Name: o.Constraint.Name, IfExists: o.IfNotExists, Was: &o.Constraint}, nil
}
