package ops

// RemoveTTL takes a table's TTL away. Rows are kept from then on; what is gone
// stays gone. A table that has none is an error (36).
//
//	ops.RemoveTTL{Table: ops.LocalTable("events", "events_local"), Was: "timestamp + INTERVAL 90 DAY"}
//
// With Was it has an inverse.
type RemoveTTL struct {
	Table       Table  `json:"table" yaml:"table"`
	Was         string `json:"was,omitempty" yaml:"was,omitempty"`
	Materialize bool   `json:"materialize,omitempty" yaml:"materialize,omitempty"` // for the inverse alone: as ModifyTTL has it
}

// Tables implements Operation.
func (o RemoveTTL) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o RemoveTTL) Check() error { return refuse(o, PartTTL.checkOn(o.Table)) }

// Statements implements Operation.
func (o RemoveTTL) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureRemoveTTL, true); err != nil {
		return nil, err
	}
	return []Statement{removeClause(o.Table.in(env), PartTTL)}, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o RemoveTTL) Inverse() (Operation, error) {
	if o.Was == "" {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the TTL that it removes"}
	}
	return ModifyTTL{Table: o.Table, TTL: o.Was, Materialize: o.Materialize, WasNone: true}, nil
}
