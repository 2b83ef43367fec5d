package ops

// TruncateTable removes all rows of a table. The table stays.
//
//	ops.TruncateTable{Table: ops.LocalTable("events", "events_staging")}
//
// No system table shows that it was done: the state row alone says so, and it is
// not run again by itself, because rows that came in between would go too. It has
// no inverse: rows do not come back. A view has nothing to truncate (48).
type TruncateTable struct {
	Table    Table `json:"table" yaml:"table"`
	IfExists bool  `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
}

// Tables implements Operation.
func (o TruncateTable) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o TruncateTable) Check() error { return refuse(o, o.Table.checkStored()) }

// Statements implements Operation.
func (o TruncateTable) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	stmt := onTable("TRUNCATE TABLE", ifExists(o.IfExists), o.Table.in(env))
	stmt.Scope, stmt.IfExists = OnePerReplicaSet, o.IfExists
	stmt.Traits = Traits{DropsData: true}
	return []Statement{stmt}, nil
}

// Inverse implements Inverter: an *IrreversibleError.
func (o TruncateTable) Inverse() (Operation, error) {
	return nil, &IrreversibleError{Operation: Describe(o), Why: "rows that are gone do not come back; write the way back yourself"}
}
