package ops

import (
	"errors"
	"strings"
)

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
// tables the query reads: skein does not parse it.
type CreateMaterializedView struct {
	Table       Table    `json:"table" yaml:"table"`
	To          Table    `json:"to" yaml:"to"`
	Columns     []Column `json:"columns,omitempty" yaml:"columns,omitempty"` // those of the query when empty
	Query       string   `json:"query,omitempty" yaml:"query,omitempty"`
	Reads       []Table  `json:"reads,omitempty" yaml:"reads,omitempty"`
	IfNotExists bool     `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// Tables implements Operation.
func (o CreateMaterializedView) Tables() []Table {
	return append([]Table{o.Table, o.To}, placed(o.Reads, o.Table.Place)...)
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
	case strings.TrimSpace(o.Query) == "":
		return errors.New("no query: set Query to a SELECT")
	}
	for _, table := range placed(o.Reads, o.Table.Place) {
		if err := table.check(); err != nil {
			return err
		}
	}
	return checkColumns(o.Columns)
}

// Statements implements Operation.
func (o CreateMaterializedView) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	t, to := o.Table.in(env), o.To.in(env)
	tail := "TO " + to.SQL()
	for i, column := range o.Columns {
		if err := column.supported(o, env); err != nil {
			return nil, err
		}
		tail += [...]string{" (\n    ", ",\n    "}[min(i, 1)] + column.sql()
	}
	if len(o.Columns) > 0 {
		tail += "\n)"
	}
	reads := []Table{to}
	for _, table := range placed(o.Reads, t.Place) {
		reads = append(reads, table.in(env))
	}
	tail += "\nAS " + inDatabase(o.Query, t.Database)
	head := "CREATE MATERIALIZED VIEW " + ifNotExists(o.IfNotExists) + t.SQL()
	return []Statement{{
		Head:    head,
		Tail:    tail,
		Place:   t.Place,
		Reads:   reads,
		Writes:  []Table{t},
		Scope:   EveryNode,
		After:   []Condition{ViewIs{Table: t, Engine: "MaterializedView", To: to, Create: head + " " + tail}},
		Summary: "CREATE MATERIALIZED VIEW " + shown(t.Name),
		Creates: &Created{Table: t, Engine: "MaterializedView"},
	}}, nil
}

// Inverse implements Inverter: the view is dropped; what it wrote stays.
func (o CreateMaterializedView) Inverse() (Operation, error) {
	return DropTable{Table: o.Table, IfExists: o.IfNotExists, View: true}, nil
}
