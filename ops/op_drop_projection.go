package ops

import "errors"

// DropProjection drops a projection with what it holds. No row of the table is
// lost.
//
//	ops.DropProjection{Table: ops.LocalTable("events", "events_local"), Name: "by_day"}
//
// With Was, what the projection was, it has an inverse: it comes back where
// After or First says, for new rows alone until it is materialized.
type DropProjection struct {
	Table    Table       `json:"table" yaml:"table"`
	Name     string      `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool        `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *Projection `json:"was,omitempty" yaml:"was,omitempty"`
	After    string      `json:"after,omitempty" yaml:"after,omitempty"` // what it stood behind, for the inverse alone
	First    bool        `json:"first,omitempty" yaml:"first,omitempty"` // it stood first, for the inverse alone
}

// Tables implements Operation.
func (o DropProjection) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o DropProjection) Check() error { return refuse(o, o.check()) }

func (o DropProjection) check() error {
	if err := PartProjection.checkOn(o.Table); err != nil {
		return err
	}
	return checkDropped(PartProjection, []string{o.Name}, one(o.Was), o.First, o.After)
}

// Statements implements Operation.
func (o DropProjection) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, o, FeatureProjections, true),
		need(env, o, FeatureIfExists, o.IfExists),
	); err != nil {
		return nil, err
	}
	return []Statement{dropParts(o.Table.in(env), PartProjection, []string{o.Name}, o.IfExists)}, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o DropProjection) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o) + "." + o.Name, Why: "set Was to the projection that it drops"}
	}
	return AddProjection{Table: o.Table, Projection: *o.Was, After: o.After, First: o.First, IfNotExists: o.IfExists}, nil
}
