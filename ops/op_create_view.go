package ops

import "errors"

// CreateView makes a view: a query under a name, which keeps no rows. A view that
// is there already is an error, unless IfNotExists or OrReplace say otherwise.
//
//	ops.CreateView{
//		Table: ops.LocalTable("events", "events_of_today"),
//		Query: "SELECT * FROM {db}.events_local WHERE day = today()",
//		Reads: []ops.Table{{Name: "events_local"}},
//	}
//
// In Query {db} stands for the quoted database of the view: through ON CLUSTER
// 18.16 looks bare names up in default (60). Say in Reads which tables the query
// reads, as skein does not parse it; those that name no place are at the view's.
// 18.16 knows no OR REPLACE. Its inverse is DropView; with OrReplace it needs Was,
// the view that is replaced.
type CreateView struct {
	Table       Table         `json:"table" yaml:"table"`
	Columns     []Column      `json:"columns,omitempty" yaml:"columns,omitempty"` // those of the query when empty
	Query       string        `json:"query,omitempty" yaml:"query,omitempty"`
	Reads       []Table       `json:"reads,omitempty" yaml:"reads,omitempty"`
	Security    *ViewSecurity `json:"security,omitempty" yaml:"security,omitempty"`
	IfNotExists bool          `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
	// OrReplace puts it in the place of a view, atomically where the database is.
	OrReplace bool        `json:"or_replace,omitempty" yaml:"or_replace,omitempty"`
	Was       *CreateView `json:"was,omitempty" yaml:"was,omitempty"`
}

// Tables implements Operation.
func (o CreateView) Tables() []Table {
	return append([]Table{o.Table}, placed(o.Reads, o.Table.Place)...)
}

// Check implements Operation.
func (o CreateView) Check() error { return refuse(o, o.check()) }

func (o CreateView) check() error {
	if err := errors.Join(checkQuery(o.Table, o.Query, o.Reads), checkColumns(o.Columns), o.Security.check()); err != nil {
		return err
	}
	switch {
	case o.OrReplace && o.IfNotExists:
		return errors.New("OrReplace and IfNotExists contradict each other: leave one out")
	case o.Was == nil:
		return nil
	case !o.OrReplace:
		return errors.New("Was is the view that is replaced: set OrReplace")
	}
	return o.Was.checkWas(o.Table)
}

// checkWas checks a view as another operation says that it was.
func (o CreateView) checkWas(table Table) error {
	switch {
	case o.Table != table:
		return errors.New("Was is another view: state the same table")
	case o.OrReplace:
		return errors.New("Was only says what the view was: leave its OrReplace out")
	}
	return o.Check()
}

// Statements implements Operation.
func (o CreateView) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, o, FeatureReplaceView, o.OrReplace),
		need(env, o, FeatureSQLSecurity, o.Security != nil),
	); err != nil {
		return nil, err
	}
	columns, err := columnList(o, env, o.Columns)
	if err != nil {
		return nil, err
	}
	t, verb := o.Table.in(env), "CREATE "+orReplace(o.OrReplace)+"VIEW "
	head := verb + ifNotExists(o.IfNotExists) + t.SQL()
	tail := clauseLines(columns, o.Security.sql(), "AS "+inDatabase(o.Query, t.Database))
	return []Statement{replacing(Statement{
		Head:    head,
		Tail:    tail,
		Place:   t.Place,
		Reads:   filled(o.Reads, t.Place, env),
		Writes:  []Table{t},
		Scope:   EveryNode,
		After:   []Condition{ViewIs{Table: t, Engine: "View", Create: head + " " + tail}},
		Summary: verb + shown(t.Name),
		Creates: &Created{Table: t, Engine: "View"},
	}, o.OrReplace, env)}, nil
}

// Inverse implements Inverter: the view is dropped, or replaced by what it was.
func (o CreateView) Inverse() (Operation, error) {
	switch {
	case !o.OrReplace:
		return DropView{Table: o.Table, IfExists: o.IfNotExists, Was: &o}, nil
	case o.Was == nil:
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the view that it replaces"}
	}
	was, is := *o.Was, o
	is.OrReplace, is.Was = false, nil
	was.OrReplace, was.Was = true, &is
	return was, nil
}
