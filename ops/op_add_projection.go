package ops

import "errors"

// AddProjection adds a projection, as the last one unless After or First says
// where. Rows that are there already get theirs when their parts are merged, or
// by MaterializeProjection.
//
//	ops.AddProjection{
//		Table:      ops.LocalTable("events", "events_local"),
//		Projection: ops.Projection{Name: "by_day", Query: "SELECT day, count() GROUP BY day"},
//	}
//
// Plain and Replicated MergeTree take one as they are; 26.7 refuses it for the
// kinds that merge rows into one, unless the table's setting
// deduplicate_merge_projection_mode says what to do with it then.
type AddProjection struct {
	Table       Table      `json:"table" yaml:"table"`
	Projection  Projection `json:"projection" yaml:"projection"`
	After       string     `json:"after,omitempty" yaml:"after,omitempty"` // another projection
	First       bool       `json:"first,omitempty" yaml:"first,omitempty"`
	IfNotExists bool       `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// Tables implements Operation.
func (o AddProjection) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o AddProjection) Check() error { return refuse(o, o.check()) }

func (o AddProjection) check() error {
	if err := PartProjection.checkOn(o.Table); err != nil {
		return err
	}
	return checkAdded([]Projection{o.Projection}, o.First, o.After)
}

// Statements implements Operation.
func (o AddProjection) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, o, FeatureProjections, true),
		need(env, o, FeatureIfExists, o.IfNotExists),
	); err != nil {
		return nil, err
	}
	return []Statement{addParts(o.Table.in(env), []Projection{o.Projection}, o.First, o.After, o.IfNotExists)}, nil
}

// Inverse implements Inverter: the projection is dropped, with IF EXISTS where
// it was added with IF NOT EXISTS.
func (o AddProjection) Inverse() (Operation, error) {
	return DropProjection{
		Table: o.Table, Name: o.Projection.Name, IfExists: o.IfNotExists,
		Was: &o.Projection, After: o.After, First: o.First,
	}, nil
}
