package ops

// ModifyTTL changes a table's TTL, or gives it one.
//
//	ops.ModifyTTL{
//		Table: ops.LocalTable("events", "events_local"),
//		TTL:   "timestamp + INTERVAL 90 DAY",
//		Was:   "timestamp + INTERVAL 30 DAY",
//	}
//
// Left to itself ClickHouse rewrites the table at once. skein does so only with
// Materialize, by a MATERIALIZE TTL of its own. Otherwise rows that are too old
// are deleted when their parts are merged next, and parts that nothing merges
// keep the dates of the TTL that they were written with.
//
// In TTL {db} stands for the quoted database of the table. With Was, or WasNone,
// it has an inverse: the old TTL comes back, deleted rows do not.
type ModifyTTL struct {
	Table Table  `json:"table" yaml:"table"`
	TTL   string `json:"ttl,omitempty" yaml:"ttl,omitempty"` // all that follows the keyword
	// Materialize applies it to the rows that are there: a mutation, awaited.
	Materialize bool   `json:"materialize,omitempty" yaml:"materialize,omitempty"`
	Was         string `json:"was,omitempty" yaml:"was,omitempty"`
	WasNone     bool   `json:"was_none,omitempty" yaml:"was_none,omitempty"` // the table had none
}

func (o ModifyTTL) clause() changedClause {
	return changedClause{kind: PartTTL, field: "TTL", now: o.TTL, was: o.Was, wasNone: o.WasNone}
}

// Tables implements Operation.
func (o ModifyTTL) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o ModifyTTL) Check() error { return refuse(o, o.clause().check(o.Table)) }

// materializeAfterModify is the setting by which MODIFY TTL rewrites the table.
// Servers before 20.5 have it not, and leave the rows alone.
const materializeAfterModify = "materialize_ttl_after_modify"

// leavingRows keeps a changed TTL from rewriting the table.
func leavingRows(stmt Statement, env Env) Statement {
	if env.Settings[materializeAfterModify] {
		// Direct: before 21.4 an entry of the queue carries no settings.
		stmt.Settings, stmt.Direct = []Setting{{Name: materializeAfterModify, Value: "0"}}, true
	}
	return stmt
}

// Statements implements Operation.
func (o ModifyTTL) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureModifyTTL, true); err != nil {
		return nil, err
	}
	if err := need(env, o, FeatureMaterializeTTL, o.Materialize); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	ttl := inDatabase(o.TTL, t.Database)
	stmt := alter(t, "MODIFY TTL", "MODIFY TTL "+ttl)
	stmt = leavingRows(stmt, env)
	stmt.Traits.DropsData = true // with the next merges
	stmt.After = []Condition{PartIs{Table: t, Kind: PartTTL, Text: ttl}}
	if !o.Materialize {
		return []Statement{stmt}, nil
	}
	// Two statements, because the TTL is seen to be there before rows have gone by it.
	return []Statement{stmt, materializeTTL(t, "")}, nil
}

// Inverse implements Inverter. Without Was and WasNone it is an *IrreversibleError.
func (o ModifyTTL) Inverse() (Operation, error) {
	switch {
	case o.WasNone:
		return RemoveTTL{Table: o.Table, Was: o.TTL, Materialize: o.Materialize}, nil
	case o.Was != "":
		return ModifyTTL{Table: o.Table, TTL: o.Was, Materialize: o.Materialize, Was: o.TTL}, nil
	}
	return nil, o.clause().irreversible(o)
}
