package ops

import "errors"

// ClearColumn sets a column back to its default in all rows, or in those of one
// partition. Its values are lost: it has no inverse.
//
//	ops.ClearColumn{Table: ops.LocalTable("events", "events_local"), Name: "ip", Partition: "'2026-01-05'"}
//
// Partition is ClickHouse's own text: an expression, or ID '20260105'. 18.16
// clears in one partition alone. No condition shows it: the state row says so.
// There is no IF EXISTS: where the column is missing no mutation is listed, and
// that could not be told from one that was killed.
type ClearColumn struct {
	Table     Table  `json:"table" yaml:"table"`
	Name      string `json:"name,omitempty" yaml:"name,omitempty"`
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"` // all when empty
}

// MaterializeColumn writes out what a MATERIALIZED or DEFAULT expression makes
// of the rows that were there before it, in all partitions or in one. A column
// without an expression is an error (36). There is nothing to undo.
//
//	ops.MaterializeColumn{Table: ops.LocalTable("events", "events_local"), Name: "host"}
type MaterializeColumn struct {
	Table     Table  `json:"table" yaml:"table"`
	Name      string `json:"name,omitempty" yaml:"name,omitempty"`
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"` // all when empty; as in ClearColumn
}

// Tables implements Operation.
func (o ClearColumn) Tables() []Table { return []Table{o.Table} }

// Tables implements Operation.
func (o MaterializeColumn) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o ClearColumn) Check() error { return refuse(o, checkStoredColumn(o.Table, o.Name, o.Partition)) }

// Check implements Operation.
func (o MaterializeColumn) Check() error {
	return refuse(o, checkStoredColumn(o.Table, o.Name, o.Partition))
}

func checkStoredColumn(t Table, name, partition string) error {
	if err := t.checkStored(); err != nil {
		return err
	}
	if name == "" {
		return errors.New("no column: set Name")
	}
	return checkPartitionText(partition)
}

// Statements implements Operation.
func (o ClearColumn) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureClearColumn, o.Partition == ""); err != nil {
		return nil, err
	}
	stmt := alter(o.Table.in(env), "CLEAR COLUMN "+shown(o.Name),
		"CLEAR COLUMN "+Ident(o.Name)+inPartition(o.Partition))
	// Servers that clear in a partition alone do so at once: no mutation is listed.
	stmt.Traits = Traits{Mutation: env.Features[FeatureClearColumn], RewritesData: true, DropsData: true, Repeatable: true}
	return []Statement{stmt}, nil
}

// Statements implements Operation.
func (o MaterializeColumn) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureMaterializeColumn, true); err != nil {
		return nil, err
	}
	stmt := alter(o.Table.in(env), "MATERIALIZE COLUMN "+shown(o.Name),
		"MATERIALIZE COLUMN "+Ident(o.Name)+inPartition(o.Partition))
	stmt.Traits = Traits{Mutation: true, RewritesData: true, Repeatable: true}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter: an *IrreversibleError.
func (o ClearColumn) Inverse() (Operation, error) {
	return nil, &IrreversibleError{
		Operation: Describe(o) + "." + o.Name, Why: "values that are gone do not come back; write the way back yourself",
	}
}

// Inverse implements Inverter: there is nothing to undo.
func (o MaterializeColumn) Inverse() (Operation, error) { return nil, nil }
