package ops

import "errors"

// ResetSettings takes settings out of a table's definition, so that the
// server's defaults hold again, on each node for itself. No row is touched.
//
//	ops.ResetSettings{
//		Table: ops.LocalTable("events", "events_local"),
//		Names: []string{"merge_with_ttl_timeout"},
//		Was:   []ops.Setting{{Name: "merge_with_ttl_timeout", Value: "3600"}},
//	}
//
// With Was, the value of each of them, it has an inverse.
type ResetSettings struct {
	Table Table     `json:"table" yaml:"table"`
	Names []string  `json:"names,omitempty" yaml:"names,omitempty"`
	Was   []Setting `json:"was,omitempty" yaml:"was,omitempty"`
}

func (o ResetSettings) modify() ModifySettings {
	return ModifySettings{Table: o.Table, Reset: o.Names, Was: o.Was}
}

// Tables implements Operation.
func (o ResetSettings) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o ResetSettings) Check() error { return refuse(o, o.check()) }

func (o ResetSettings) check() error {
	switch {
	case len(o.Names) == 0:
		return errors.New("no settings: list at least one in Names")
	case len(o.Was) > 0 && len(o.Was) != len(o.Names):
		return errors.New("Was must say the value of each of Names: one that is not set needs no reset")
	}
	return o.modify().checkAll()
}

// Statements implements Operation.
func (o ResetSettings) Statements(env Env) ([]Statement, error) { return o.modify().statements(o, env) }

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o ResetSettings) Inverse() (Operation, error) {
	if len(o.Was) == 0 {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the values that they had"}
	}
	return ModifySettings{Table: o.Table, Settings: o.Was}, nil
}
