package ops

// DetachTable makes the servers forget a table. Its rows stay on disk, queries
// of it fail from then on, and it cannot be dropped or made anew (57) until
// AttachTable brings it back.
//
//	ops.DetachTable{Table: ops.LocalTable("events", "events_old"), Permanently: true}
//
// Without Permanently, which 18.16 has not, a server that restarts attaches the
// table by itself.
type DetachTable struct {
	Table       Table `json:"table" yaml:"table"`
	IfExists    bool  `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Permanently bool  `json:"permanently,omitempty" yaml:"permanently,omitempty"`
}

// AttachTable brings a detached table back, as it was.
//
//	ops.AttachTable{Table: ops.LocalTable("events", "events_old")}
type AttachTable struct {
	Table       Table `json:"table" yaml:"table"`
	IfNotExists bool  `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
	// Permanently: it was detached so. For the inverse alone.
	Permanently bool `json:"permanently,omitempty" yaml:"permanently,omitempty"`
}

// Tables implements Operation.
func (o DetachTable) Tables() []Table { return []Table{o.Table} }

// Tables implements Operation.
func (o AttachTable) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o DetachTable) Check() error { return refuse(o, o.Table.check()) }

// Check implements Operation.
func (o AttachTable) Check() error { return refuse(o, o.Table.check()) }

// Statements implements Operation.
func (o DetachTable) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureDetachPermanently, o.Permanently); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	stmt := onTable("DETACH TABLE", ifExists(o.IfExists), t)
	if o.Permanently {
		stmt.Tail = "PERMANENTLY"
	}
	stmt.Traits.Blocks = true
	stmt.After = []Condition{TableGone{Table: t}}
	return []Statement{stmt}, nil
}

// Statements implements Operation.
func (o AttachTable) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	t := o.Table.in(env)
	stmt := onTable("ATTACH TABLE", ifNotExists(o.IfNotExists), t)
	stmt.After = []Condition{TableExists{Table: t}}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter: the table is attached again.
func (o DetachTable) Inverse() (Operation, error) {
	return AttachTable{Table: o.Table, IfNotExists: o.IfExists, Permanently: o.Permanently}, nil
}

// Inverse implements Inverter: the table is detached again.
func (o AttachTable) Inverse() (Operation, error) {
	return DetachTable{Table: o.Table, IfExists: o.IfNotExists, Permanently: o.Permanently}, nil
}
