package ops

import (
	"errors"
	"slices"
)

const materializedView = "MaterializedView" // as system.tables names the engine

// CreateMaterializedView makes a view that writes what its query makes of new
// rows into another table, which must be there.
//
//	ops.CreateMaterializedView{
//		Table: ops.LocalTable("events", "events_hourly_mv"),
//		To:    ops.LocalTable("events", "events_hourly_local"),
//		Query: "SELECT project_id, toStartOfHour(timestamp) AS hour, count() AS n FROM {db}.events_local GROUP BY project_id, hour",
//		Reads: []ops.Table{ops.LocalTable("events", "events_local")},
//	}
//
// In Query {db} stands for the quoted database of the view. Say in Reads which
// tables the query reads: skein does not parse it. With Refresh it runs the whole
// query at times instead. Its inverse drops it; what it wrote stays.
//
// POPULATE is not offered: no server takes it together with TO, and rows inserted
// while it runs are lost. Fill the table that To names by an InsertSelect.
type CreateMaterializedView struct {
	Table       Table         `json:"table" yaml:"table"`
	To          Table         `json:"to" yaml:"to"`
	Refresh     *Refresh      `json:"refresh,omitempty" yaml:"refresh,omitempty"`
	Columns     []Column      `json:"columns,omitempty" yaml:"columns,omitempty"` // those of the query when empty
	Query       string        `json:"query,omitempty" yaml:"query,omitempty"`
	Reads       []Table       `json:"reads,omitempty" yaml:"reads,omitempty"`
	Security    *ViewSecurity `json:"security,omitempty" yaml:"security,omitempty"`
	IfNotExists bool          `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// Tables implements Operation.
func (o CreateMaterializedView) Tables() []Table {
	return append([]Table{o.Table, o.To}, placed(o.reads(), o.Table.Place)...)
}

// reads are the tables of the query, and the views whose refresh comes first.
func (o CreateMaterializedView) reads() []Table {
	return slices.Concat(o.Reads, o.Refresh.dependsOn(o.Table.Place))
}

// Check implements Operation.
func (o CreateMaterializedView) Check() error { return refuse(o, o.check()) }

func (o CreateMaterializedView) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	switch {
	case o.To.Name == "":
		return errors.New("no table to write to: set To")
	case o.To.Place != o.Table.Place:
		return errors.New("the view and the table that it writes to must be at one place: set To's storage set and target to the view's")
	case o.Security != nil && o.Security.Kind == SecurityInvoker:
		return errors.New("nobody invokes a materialized view: set Security.Kind to DEFINER or NONE")
	}
	return errors.Join(
		checkQuery(o.Table, o.Query, o.Reads),
		checkColumns(o.Columns),
		o.Refresh.check(o.Table.Place),
		o.Security.check(),
	)
}

// checkWas checks a view as another operation says that it was.
func (o CreateMaterializedView) checkWas(table Table) error {
	if o.Table != table {
		return errors.New("WasMaterialized is another view: state the same table")
	}
	return o.Check()
}

// Statements implements Operation.
func (o CreateMaterializedView) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, o, FeatureRefreshableViews, o.Refresh != nil),
		need(env, o, FeatureRefreshAppend, o.Refresh != nil && o.Refresh.Append),
		need(env, o, FeatureSQLSecurity, o.Security != nil),
	); err != nil {
		return nil, err
	}
	columns, err := columnList(o, env, o.Columns)
	if err != nil {
		return nil, err
	}
	t, to := o.Table.in(env), o.To.in(env)
	head := "CREATE MATERIALIZED VIEW " + ifNotExists(o.IfNotExists) + t.SQL()
	tail := clauseLines(
		o.Refresh.sql(t.Place, env),
		joinSet(" ", "TO "+to.SQL(), columns),
		o.Security.sql(),
		"AS "+inDatabase(o.Query, t.Database),
	)
	stmt := Statement{
		Head:    head,
		Tail:    tail,
		Place:   t.Place,
		Reads:   append([]Table{to}, filled(o.reads(), t.Place, env)...),
		Writes:  []Table{t},
		Scope:   EveryNode,
		After:   []Condition{ViewIs{Table: t, Engine: materializedView, To: to, Create: head + " " + tail}},
		Summary: "CREATE MATERIALIZED VIEW " + shown(t.Name),
		Creates: &Created{Table: t, Engine: materializedView},
	}
	if o.Refresh != nil {
		stmt.Settings = allowing(env, "allow_experimental_refreshable_materialized_view")
	}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter: the view is dropped; what it wrote stays.
func (o CreateMaterializedView) Inverse() (Operation, error) {
	return DropView{Table: o.Table, IfExists: o.IfNotExists, WasMaterialized: &o}, nil
}
