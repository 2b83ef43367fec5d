package ops

import "errors"

// DropTable drops a table, or a view, with all its rows. That the server waits
// until it is gone is a setting of every statement; no SYNC is written.
//
//	ops.DropTable{Table: ops.LocalTable("events", "events_old")}
//
// With Was, what the table was, it has an inverse: the table comes back empty.
type DropTable struct {
	Table    Table `json:"table" yaml:"table"`
	IfExists bool  `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	// View says that it is a view: no rows are lost with it.
	View bool         `json:"view,omitempty" yaml:"view,omitempty"`
	Was  *CreateTable `json:"was,omitempty" yaml:"was,omitempty"`
}

// Tables implements Operation.
func (o DropTable) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o DropTable) Check() error { return refuse(o, o.check()) }

func (o DropTable) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	if o.Was == nil {
		return nil
	}
	if o.View {
		return errors.New("a view has no Was: leave it out, and write the way back yourself")
	}
	if o.Was.Table != o.Table {
		return errors.New("Was is another table: state the same table")
	}
	return o.Was.Check()
}

// Statements implements Operation.
func (o DropTable) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	t := o.Table.in(env)
	// 18.16 knows no DROP VIEW; DROP TABLE drops views everywhere.
	stmt := onTable("DROP TABLE", ifExists(o.IfExists), t)
	stmt.Traits.DropsData = o.dropsData()
	stmt.After = []Condition{TableGone{Table: t}}
	return []Statement{stmt}, nil
}

func (o DropTable) dropsData() bool {
	if o.View || o.Table.Target == Distributed {
		return false
	}
	return o.Was == nil || o.Was.Engine.storesData()
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without Was it
// is an *IrreversibleError.
func (o DropTable) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the table that it drops"}
	}
	was := *o.Was
	was.IfNotExists = o.IfExists
	return was, nil
}
