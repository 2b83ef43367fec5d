package ops

import "errors"

// RenameTable renames a table within its database. A Replicated table keeps its
// ZooKeeper path: a new table of the old name needs Engine.PathSuffix.
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
	if env.skips(o.From.Place) {
		return nil, nil
	}
	from, to := o.From.in(env), o.target().in(env)
	return []Statement{{
		// ON CLUSTER stands behind both names.
		Head:    "RENAME TABLE " + from.SQL() + " TO " + to.SQL(),
		Place:   from.Place,
		Writes:  []Table{from, to},
		Scope:   EveryNode,
		After:   []Condition{TableRenamed{From: from, To: to}},
		Summary: "RENAME TABLE " + shown(from.Name) + " TO " + shown(to.Name),
	}}, nil
}

// Inverse implements Inverter: the table gets its old name back.
func (o RenameTable) Inverse() (Operation, error) {
	return RenameTable{From: o.target(), To: o.From.Name}, nil
}
