package ops

import "errors"

// AddIndex adds a data-skipping index. Rows that are there already are indexed
// when their parts are merged, or by MATERIALIZE INDEX.
//
//	ops.AddIndex{
//		Table: ops.LocalTable("events", "events_local"),
//		Index: ops.Index{Name: "bf_trace_id", Expression: "trace_id", Type: "bloom_filter(0.01)"},
//	}
type AddIndex struct {
	Table       Table  `json:"table" yaml:"table"`
	Index       Index  `json:"index" yaml:"index"`
	After       string `json:"after,omitempty" yaml:"after,omitempty"` // another index
	IfNotExists bool   `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// Tables implements Operation.
func (o AddIndex) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o AddIndex) Check() error { return refuse(o, o.check()) }

func (o AddIndex) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	if o.Table.Target == Distributed {
		return errors.New("a Distributed table has no indexes: add it to the LOCAL table")
	}
	if err := checkPosition(false, o.After, o.Index.Name); err != nil {
		return err
	}
	return o.Index.check()
}

// Statements implements Operation.
func (o AddIndex) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		env.need(o, FeatureIndexes, true),
		env.need(o, FeatureIfExists, o.IfNotExists),
	); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	stmt := alter(t, "ADD INDEX "+shown(o.Index.Name),
		"ADD INDEX "+ifNotExists(o.IfNotExists)+o.Index.sql()+position(false, o.After))
	stmt.After = []Condition{o.Index.is(t)}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter: the index is dropped.
func (o AddIndex) Inverse() (Operation, error) {
	return DropIndex{
		Table: o.Table, Name: o.Index.Name, IfExists: o.IfNotExists, Was: &o.Index, After: o.After,
	}, nil
}
