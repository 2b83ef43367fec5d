package ops

import "errors"

// RenameColumn renames a column. Its place and its values stay, and expressions
// of other columns that use it follow; a column of a key cannot be renamed (524),
// nor, on 26.7, one that a projection uses (47, 524).
//
//	ops.RenameColumn{Table: ops.LocalTable("events", "events_local"), From: "platform", To: "sdk"}
//
// A Distributed table and its LOCAL one are renamed each by its own. Its inverse
// gives the column its old name back.
type RenameColumn struct {
	Table Table  `json:"table" yaml:"table"`
	From  string `json:"from,omitempty" yaml:"from,omitempty"`
	To    string `json:"to,omitempty" yaml:"to,omitempty"`
}

// Tables implements Operation.
func (o RenameColumn) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o RenameColumn) Check() error { return refuse(o, o.check()) }

func (o RenameColumn) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	switch {
	case o.From == "":
		return errors.New("no column: set From")
	case o.To == "":
		return errors.New("no new name: set To")
	case o.From == o.To:
		return errors.New("the new name is the old one: set To to another")
	}
	return nil
}

// Statements implements Operation.
func (o RenameColumn) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureRenameColumn, true); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	stmt := alter(t, "RENAME COLUMN "+shown(o.From)+" TO "+shown(o.To),
		"RENAME COLUMN "+Ident(o.From)+" TO "+Ident(o.To))
	stmt.After = []Condition{ColumnRenamed{Table: t, From: o.From, To: o.To}}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter.
func (o RenameColumn) Inverse() (Operation, error) {
	return RenameColumn{Table: o.Table, From: o.To, To: o.From}, nil
}
