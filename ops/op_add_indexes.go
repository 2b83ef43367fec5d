package ops

import "errors"

// AddIndexes adds several data-skipping indexes in one ALTER: side by side and
// in their order, as the last ones unless After or First says where.
//
//	ops.AddIndexes{
//		Table: ops.LocalTable("events", "events_local"),
//		Indexes: []ops.Index{
//			{Name: "bf_trace_id", Expression: "trace_id", Type: "bloom_filter(0.01)"},
//			{Name: "minmax_group", Expression: "group_id", Type: "minmax"},
//		},
//	}
type AddIndexes struct {
	Table       Table   `json:"table" yaml:"table"`
	Indexes     []Index `json:"indexes,omitempty" yaml:"indexes,omitempty"`
	After       string  `json:"after,omitempty" yaml:"after,omitempty"` // another index
	First       bool    `json:"first,omitempty" yaml:"first,omitempty"`
	IfNotExists bool    `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// Tables implements Operation.
func (o AddIndexes) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o AddIndexes) Check() error { return refuse(o, o.check()) }

func (o AddIndexes) check() error {
	if err := PartIndex.checkOn(o.Table); err != nil {
		return err
	}
	if len(o.Indexes) == 0 {
		return errors.New("no indexes: list at least one in Indexes")
	}
	return checkAdded(o.Indexes, o.First, o.After)
}

// Statements implements Operation.
func (o AddIndexes) Statements(env Env) ([]Statement, error) { return o.statements(o, env) }

func (o AddIndexes) statements(op Operation, env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, op, FeatureIndexes, true),
		need(env, op, FeatureIfExists, o.IfNotExists),
		need(env, op, FeatureAddIndexFirst, o.First),
	); err != nil {
		return nil, err
	}
	return []Statement{addParts(o.Table.in(env), o.Indexes, o.First, o.After, o.IfNotExists)}, nil
}

// Inverse implements Inverter: the indexes are dropped.
func (o AddIndexes) Inverse() (Operation, error) {
	names := make([]string, len(o.Indexes))
	for i, index := range o.Indexes {
		names[i] = index.Name
	}
	return DropIndexes{
		Table: o.Table, Names: names, IfExists: o.IfNotExists, Was: o.Indexes, After: o.After, First: o.First,
	}, nil
}
