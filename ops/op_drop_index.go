package ops

// DropIndex drops a data-skipping index. No row is lost.
//
//	ops.DropIndex{Table: ops.LocalTable("events", "events_local"), Name: "bf_trace_id"}
//
// With Was, what the index was, it has an inverse: the index comes back where
// After or First says, for new rows alone until it is materialized.
type DropIndex struct {
	Table    Table  `json:"table" yaml:"table"`
	Name     string `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool   `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *Index `json:"was,omitempty" yaml:"was,omitempty"`
	After    string `json:"after,omitempty" yaml:"after,omitempty"` // what it stood behind, for the inverse alone
	First    bool   `json:"first,omitempty" yaml:"first,omitempty"` // it stood first, for the inverse alone
}

func (o DropIndex) several() DropIndexes {
	return DropIndexes{
		Table: o.Table, Names: []string{o.Name}, IfExists: o.IfExists, Was: one(o.Was), After: o.After, First: o.First,
	}
}

// Tables implements Operation.
func (o DropIndex) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o DropIndex) Check() error { return refuse(o, o.several().check()) }

// Statements implements Operation.
func (o DropIndex) Statements(env Env) ([]Statement, error) { return o.several().statements(o, env) }

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o DropIndex) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o) + "." + o.Name, Why: "set Was to the index that it drops"}
	}
	return AddIndex{Table: o.Table, Index: *o.Was, After: o.After, First: o.First, IfNotExists: o.IfExists}, nil
}
