package ops

import "errors"

// DropView drops a view or a materialized view. What a materialized view wrote
// into another table stays; one that keeps its rows itself loses them with it, so
// drop such by DropTable, which says that rows are lost.
//
//	ops.DropView{Table: ops.LocalTable("events", "events_hourly_mv")}
//
// A table of this name is refused by the server (80). Servers without DROP VIEW
// are sent DROP TABLE, which asks nothing. With Was or WasMaterialized, whichever
// kind it was, it has an inverse.
type DropView struct {
	Table           Table                   `json:"table" yaml:"table"`
	IfExists        bool                    `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was             *CreateView             `json:"was,omitempty" yaml:"was,omitempty"`
	WasMaterialized *CreateMaterializedView `json:"was_materialized,omitempty" yaml:"was_materialized,omitempty"`
}

// Tables implements Operation.
func (o DropView) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o DropView) Check() error { return refuse(o, o.check()) }

func (o DropView) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	switch {
	case o.Was != nil && o.WasMaterialized != nil:
		return errors.New("a view was of one kind: leave Was or WasMaterialized out")
	case o.Was != nil:
		return o.Was.checkWas(o.Table)
	case o.WasMaterialized != nil:
		return o.WasMaterialized.checkWas(o.Table)
	}
	return nil
}

// Statements implements Operation.
func (o DropView) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	t, verb := o.Table.in(env), "DROP TABLE "
	// DROP VIEW (20.4) is older than MODIFY QUERY, and has no feature of its own:
	// between the two DROP TABLE does the same.
	if env.Features[FeatureDropView] {
		verb = "DROP VIEW "
	}
	return []Statement{{
		Head:    verb + ifExists(o.IfExists) + t.SQL(),
		Place:   t.Place,
		Writes:  []Table{t},
		Scope:   EveryNode,
		After:   []Condition{TableGone{Table: t}},
		Summary: verb + shown(t.Name),
	}}, nil
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without what the
// view was it is an *IrreversibleError.
func (o DropView) Inverse() (Operation, error) {
	switch {
	case o.Was != nil:
		was := *o.Was
		was.IfNotExists = o.IfExists
		return was, nil
	case o.WasMaterialized != nil:
		was := *o.WasMaterialized
		was.IfNotExists = o.IfExists
		return was, nil
	}
	return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was or WasMaterialized to the view that it drops"}
}
