package ops

import "errors"

// RenameTable renames a table within its database. A Replicated table keeps its
// ZooKeeper path: a new table of the old name needs Engine.PathSuffix. Several at
// once are RenameTables.
//
//	ops.RenameTable{From: ops.LocalTable("events", "events_local"), To: "events_old"}
type RenameTable struct {
	From Table  `json:"from" yaml:"from"`
	To   string `json:"to,omitempty" yaml:"to,omitempty"` // a name in From's database
}

func (o RenameTable) target() Table {
	to := o.From
	to.Name = o.To
	return to
}

// Tables implements Operation.
func (o RenameTable) Tables() []Table { return []Table{o.From, o.target()} }

// Check implements Operation.
func (o RenameTable) Check() error { return refuse(o, o.check()) }

func (o RenameTable) check() error {
	if err := o.From.check(); err != nil {
		return err
	}
	switch o.To {
	case "":
		return errors.New("no new name: set To")
	case o.From.Name:
		return errors.New("the new name is the old one: set To to another")
	}
	return nil
}

// Statements implements Operation.
func (o RenameTable) Statements(env Env) ([]Statement, error) {
	return RenameTables{Renames: []RenameTable{o}}.Statements(env)
}

func (o RenameTable) back() RenameTable { return RenameTable{From: o.target(), To: o.From.Name} }

// Inverse implements Inverter: the table gets its old name back.
func (o RenameTable) Inverse() (Operation, error) { return o.back(), nil }
