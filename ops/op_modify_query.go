package ops

import "errors"

// ModifyQuery changes the query of a materialized view, with a refresh or
// without. Rows that it wrote stay as they are.
//
//	ops.ModifyQuery{
//		Table: ops.LocalTable("events", "events_hourly_mv"),
//		Query: "SELECT project_id, toStartOfHour(timestamp) AS hour, uniq(user) AS n FROM {db}.events_local GROUP BY project_id, hour",
//		Was:   "SELECT project_id, toStartOfHour(timestamp) AS hour, count() AS n FROM {db}.events_local GROUP BY project_id, hour",
//		Reads: []ops.Table{{Name: "events_local"}},
//	}
//
// The view's columns become those of the query, and 26.7 does not ask whether they
// fit the table that it writes to: inserts fail later. Each replica has the query
// for itself, so every node is sent it. A plain view is changed by CreateView with
// OrReplace. 18.16 cannot: drop the view and create it anew. The inverse needs Was.
type ModifyQuery struct {
	Table    Table   `json:"table" yaml:"table"`
	Query    string  `json:"query,omitempty" yaml:"query,omitempty"`
	Reads    []Table `json:"reads,omitempty" yaml:"reads,omitempty"`
	Was      string  `json:"was,omitempty" yaml:"was,omitempty"`             // the query that it had
	WasReads []Table `json:"was_reads,omitempty" yaml:"was_reads,omitempty"` // the tables that Was reads; Reads when empty
}

// Tables implements Operation.
func (o ModifyQuery) Tables() []Table {
	return append([]Table{o.Table}, placed(o.Reads, o.Table.Place)...)
}

// Check implements Operation.
func (o ModifyQuery) Check() error { return refuse(o, o.check()) }

func (o ModifyQuery) check() error {
	switch {
	case o.Was == "" && len(o.WasReads) > 0:
		return errors.New("WasReads says what Was reads: set Was")
	case o.Was != "" && o.Was == o.Query:
		return errors.New("Was is what Query says: nothing to change")
	}
	return errors.Join(
		checkQuery(o.Table, o.Query, o.Reads),
		checkPlaceAndTables(o.Table.Place, placed(o.WasReads, o.Table.Place)),
	)
}

// Statements implements Operation.
func (o ModifyQuery) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureModifyQuery, true); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	query := inDatabase(o.Query, t.Database)
	stmt := alter(t, "MODIFY QUERY", "MODIFY QUERY "+query)
	// ON CLUSTER takes a view into a Replicated table for replicated itself, and
	// would change one replica of each shard.
	stmt.Scope, stmt.Direct = EveryNode, true
	stmt.Reads = filled(o.Reads, t.Place, env)
	stmt.Settings = allowing(env, "allow_experimental_alter_materialized_view_structure")
	stmt.After = []Condition{ViewIs{
		Table: t, Engine: materializedView, Create: "CREATE MATERIALIZED VIEW " + t.SQL() + " AS " + query,
	}}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o ModifyQuery) Inverse() (Operation, error) {
	if o.Was == "" {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the query that the view had"}
	}
	back := ModifyQuery{Table: o.Table, Query: o.Was, Reads: o.WasReads, Was: o.Query, WasReads: o.Reads}
	if len(o.WasReads) == 0 {
		back.Reads, back.WasReads = o.Reads, nil
	}
	return back, nil
}
