package ops

import "errors"

// DropIndex drops a data-skipping index. No row is lost.
//
//	ops.DropIndex{Table: ops.LocalTable("events", "events_local"), Name: "bf_trace_id"}
//
// With Was, what the index was, it has an inverse.
type DropIndex struct {
	Table    Table  `json:"table" yaml:"table"`
	Name     string `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool   `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *Index `json:"was,omitempty" yaml:"was,omitempty"`
	After    string `json:"after,omitempty" yaml:"after,omitempty"` // what it stood behind, for the inverse alone
}

// Tables implements Operation.
func (o DropIndex) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o DropIndex) Check() error { return refuse(o, o.check()) }

func (o DropIndex) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	switch {
	case o.Table.Target == Distributed:
		return errors.New("a Distributed table has no indexes: drop it from the LOCAL table")
	case o.Name == "":
		return errors.New("no index: set Name")
	case o.Was == nil && o.After != "":
		return errors.New("After says where Was stood: set Was")
	case o.Was == nil:
		return nil
	case o.Was.Name != o.Name:
		return errors.New("Was is another index: state the same name")
	}
	return o.Was.check()
}

// Statements implements Operation.
func (o DropIndex) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		env.need(o, FeatureIndexes, true),
		env.need(o, FeatureIfExists, o.IfExists),
	); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	stmt := alter(t, "DROP INDEX "+shown(o.Name), "DROP INDEX "+ifExists(o.IfExists)+Ident(o.Name))
	stmt.After = []Condition{PartGone{Table: t, Kind: PartIndex, Name: o.Name}}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o DropIndex) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o) + "." + o.Name, Why: "set Was to the index that it drops"}
	}
	return AddIndex{Table: o.Table, Index: *o.Was, After: o.After, IfNotExists: o.IfExists}, nil
}
