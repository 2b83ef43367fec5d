package ops

import "errors"

// DropConstraint drops a constraint.
//
//	ops.DropConstraint{Table: ops.LocalTable("events", "events_local"), Name: "has_project"}
//
// With Was, what the constraint was, it has an inverse: it comes back as the
// table's last one, for no server says where a constraint goes. Rows that came in
// between are not checked.
type DropConstraint struct {
	Table    Table       `json:"table" yaml:"table"`
	Name     string      `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool        `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *Constraint `json:"was,omitempty" yaml:"was,omitempty"`
}

// Tables implements Operation.
func (o DropConstraint) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o DropConstraint) Check() error { return refuse(o, o.check()) }

func (o DropConstraint) check() error {
	if err := PartConstraint.checkOn(o.Table); err != nil {
		return err
	}
	return checkDropped(PartConstraint, []string{o.Name}, one(o.Was), false, "")
}

// Statements implements Operation.
func (o DropConstraint) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, o, FeatureConstraints, true),
		need(env, o, FeatureIfExists, o.IfExists),
	); err != nil {
		return nil, err
	}
	return []Statement{dropParts(o.Table.in(env), PartConstraint, []string{o.Name}, o.IfExists)}, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o DropConstraint) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o) + "." + o.Name, Why: "set Was to the constraint that it drops"}
	}
	return AddConstraint{Table: o.Table, Constraint: *o.Was, IfNotExists: o.IfExists}, nil
}
