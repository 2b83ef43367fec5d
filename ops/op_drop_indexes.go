package ops

import "errors"

// DropIndexes drops several data-skipping indexes in one ALTER. No row is lost.
//
//	ops.DropIndexes{Table: ops.LocalTable("events", "events_local"), Names: []string{"bf_trace_id", "minmax_group"}}
//
// With Was, what they were in the order of Names, it has an inverse: they come
// back side by side, where After or First says. Drop indexes that do not stand
// side by side with a DropIndex each.
type DropIndexes struct {
	Table    Table    `json:"table" yaml:"table"`
	Names    []string `json:"names,omitempty" yaml:"names,omitempty"`
	IfExists bool     `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      []Index  `json:"was,omitempty" yaml:"was,omitempty"`
	After    string   `json:"after,omitempty" yaml:"after,omitempty"` // what the first stood behind, for the inverse alone
	First    bool     `json:"first,omitempty" yaml:"first,omitempty"` // they stood first, for the inverse alone
}

// Tables implements Operation.
func (o DropIndexes) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o DropIndexes) Check() error { return refuse(o, o.check()) }

func (o DropIndexes) check() error {
	if err := PartIndex.checkOn(o.Table); err != nil {
		return err
	}
	return checkDropped(PartIndex, o.Names, o.Was, o.First, o.After)
}

// Statements implements Operation.
func (o DropIndexes) Statements(env Env) ([]Statement, error) { return o.statements(o, env) }

func (o DropIndexes) statements(op Operation, env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, op, FeatureIndexes, true),
		need(env, op, FeatureIfExists, o.IfExists),
	); err != nil {
		return nil, err
	}
	return []Statement{dropParts(o.Table.in(env), PartIndex, o.Names, o.IfExists)}, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o DropIndexes) Inverse() (Operation, error) {
	if len(o.Was) == 0 {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the indexes that it drops"}
	}
	return AddIndexes{Table: o.Table, Indexes: o.Was, After: o.After, First: o.First, IfNotExists: o.IfExists}, nil
}
