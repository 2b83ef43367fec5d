package ops

// ModifySampleBy changes a table's SAMPLE BY, or gives it one. No row is
// touched. The server takes only what the primary key has (36).
//
//	ops.ModifySampleBy{
//		Table:    ops.LocalTable("events", "events_local"),
//		SampleBy: "cityHash64(event_id)",
//		WasNone:  true,
//	}
//
// With Was, or WasNone, it has an inverse.
type ModifySampleBy struct {
	Table    Table  `json:"table" yaml:"table"`
	SampleBy string `json:"sample_by,omitempty" yaml:"sample_by,omitempty"`
	Was      string `json:"was,omitempty" yaml:"was,omitempty"`
	WasNone  bool   `json:"was_none,omitempty" yaml:"was_none,omitempty"` // the table had none
}

func (o ModifySampleBy) clause() changedClause {
	return changedClause{kind: PartSampleBy, field: "SampleBy", now: o.SampleBy, was: o.Was, wasNone: o.WasNone}
}

// Tables implements Operation.
func (o ModifySampleBy) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o ModifySampleBy) Check() error { return refuse(o, o.clause().check(o.Table)) }

// Statements implements Operation.
func (o ModifySampleBy) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureModifySampleBy, true); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	stmt := alter(t, "MODIFY SAMPLE BY", "MODIFY SAMPLE BY "+o.SampleBy)
	stmt.After = []Condition{PartIs{Table: t, Kind: PartSampleBy, Text: o.SampleBy}}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter. Without Was and WasNone it is an *IrreversibleError.
func (o ModifySampleBy) Inverse() (Operation, error) {
	switch {
	case o.WasNone:
		return RemoveSampleBy{Table: o.Table, Was: o.SampleBy}, nil
	case o.Was != "":
		return ModifySampleBy{Table: o.Table, SampleBy: o.Was, Was: o.SampleBy}, nil
	}
	return nil, o.clause().irreversible(o)
}

// RemoveSampleBy takes a table's SAMPLE BY away: SELECT … SAMPLE fails from
// then on. A table that has none is an error (36).
//
//	ops.RemoveSampleBy{Table: ops.LocalTable("events", "events_local"), Was: "cityHash64(event_id)"}
//
// With Was it has an inverse.
type RemoveSampleBy struct {
	Table Table  `json:"table" yaml:"table"`
	Was   string `json:"was,omitempty" yaml:"was,omitempty"`
}

// Tables implements Operation.
func (o RemoveSampleBy) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o RemoveSampleBy) Check() error { return refuse(o, PartSampleBy.checkOn(o.Table)) }

// Statements implements Operation.
func (o RemoveSampleBy) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureRemoveSampleBy, true); err != nil {
		return nil, err
	}
	return []Statement{removeClause(o.Table.in(env), PartSampleBy)}, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o RemoveSampleBy) Inverse() (Operation, error) {
	if o.Was == "" {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the SAMPLE BY that it removes"}
	}
	return ModifySampleBy{Table: o.Table, SampleBy: o.Was, WasNone: true}, nil
}
