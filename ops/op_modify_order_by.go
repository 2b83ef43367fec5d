package ops

import (
	"errors"
	"fmt"
	"strings"
)

// ModifyOrderBy makes a table's sorting key longer by new columns, or shorter
// by its last ones. No row is touched, and the primary key stays what it was.
//
//	ops.ModifyOrderBy{
//		Table:   ops.LocalTable("events", "events_local"),
//		OrderBy: "(project_id, timestamp, trace_id)",
//		Add:     []ops.Column{{Name: "trace_id", Type: "UUID"}},
//		Was:     "(project_id, timestamp)",
//	}
//
// The server takes into the key only columns that the same ALTER adds (36): name
// them in Add. They stand side by side, as the last ones unless After or First
// says where. Columns of the key that it loses may be dropped with Drop, by a
// second ALTER (524 in the same one).
//
// With Was, and Add or Drop, it has an inverse, which servers refuse for a
// VersionedCollapsingMergeTree (36): its version is the last of the key without a
// word. The server writes PRIMARY KEY into the table's definition from the first
// change on, and the inverse leaves it there.
type ModifyOrderBy struct {
	Table   Table    `json:"table" yaml:"table"`
	OrderBy string   `json:"order_by,omitempty" yaml:"order_by,omitempty"`
	Add     []Column `json:"add,omitempty" yaml:"add,omitempty"`
	Drop    []Column `json:"drop,omitempty" yaml:"drop,omitempty"`   // with their values
	After   string   `json:"after,omitempty" yaml:"after,omitempty"` // another column; of Drop, what the first stood behind
	First   bool     `json:"first,omitempty" yaml:"first,omitempty"` // Add's go first, or Drop's stood first
	Was     string   `json:"was,omitempty" yaml:"was,omitempty"`
}

// Tables implements Operation.
func (o ModifyOrderBy) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o ModifyOrderBy) Check() error { return refuse(o, o.check()) }

func (o ModifyOrderBy) check() error {
	if err := PartOrderBy.checkOn(o.Table); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(o.OrderBy) == "":
		return errors.New("no ORDER BY: set OrderBy")
	case o.Was == o.OrderBy:
		return errors.New("Was is what OrderBy says: nothing to change")
	case len(o.Add) > 0 && len(o.Drop) > 0:
		return errors.New("Add and Drop together: use one operation for each")
	}
	columns := append(o.Add[:len(o.Add):len(o.Add)], o.Drop...)
	if len(columns) == 0 && (o.First || o.After != "") {
		return errors.New("After and First say where columns stand: set Add or Drop")
	}
	for _, column := range columns {
		if column.defaultKind() != "" {
			return fmt.Errorf("column %s of the key has a default, which no server takes (36): leave it out", shown(column.Name))
		}
		if err := checkPosition(o.First, o.After, column.Name); err != nil {
			return err
		}
	}
	return checkColumns(columns)
}

// Statements implements Operation.
func (o ModifyOrderBy) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureAddColumnFirst, o.First && len(o.Add) > 0); err != nil {
		return nil, err
	}
	for _, column := range o.Add {
		if err := supported(env, o, column); err != nil {
			return nil, err
		}
	}
	t := o.Table.in(env)
	statements := []Statement{o.alter(t)}
	if len(o.Drop) > 0 {
		statements = append(statements, o.drop(t))
	}
	return statements, nil
}

func (o ModifyOrderBy) alter(t Table) Statement {
	var commands []string
	var conditions []Condition
	first, after := o.First, o.After
	for _, column := range o.Add {
		commands = append(commands, "ADD COLUMN "+column.sql()+position(first, after))
		conditions = append(conditions, ColumnIs{Table: t, Column: column, After: after, First: first, Added: true})
		first, after = beside(first, after, column.Name)
	}
	stmt := alter(t, "MODIFY ORDER BY", append(commands, "MODIFY ORDER BY "+o.OrderBy)...)
	stmt.After = append(conditions, PartIs{Table: t, Kind: PartOrderBy, Text: o.OrderBy})
	return stmt
}

func (o ModifyOrderBy) drop(t Table) Statement {
	var commands, names []string
	var conditions []Condition
	for _, column := range o.Drop {
		commands = append(commands, "DROP COLUMN "+Ident(column.Name))
		names = append(names, shown(column.Name))
		conditions = append(conditions, ColumnGone{Table: t, Name: column.Name})
	}
	stmt := alter(t, "DROP COLUMN "+strings.Join(names, ", "), commands...)
	stmt.Traits.DropsData = true
	stmt.After = conditions
	return stmt
}

// Inverse implements Inverter: what was added is dropped, and what was dropped
// comes back without its values. Without Was, or where columns leave the key and
// stay in the table, it is an *IrreversibleError.
func (o ModifyOrderBy) Inverse() (Operation, error) {
	switch {
	case o.Was == "":
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the ORDER BY that it replaces"}
	case len(o.Add)+len(o.Drop) == 0:
		return nil, &IrreversibleError{
			Operation: Describe(o), Why: "no server takes columns that are there back into the key (36); drop them too, with Drop",
		}
	}
	return ModifyOrderBy{
		Table: o.Table, OrderBy: o.Was, Add: o.Drop, Drop: o.Add, After: o.After, First: o.First, Was: o.OrderBy,
	}, nil
}
