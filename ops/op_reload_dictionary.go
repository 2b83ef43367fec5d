package ops

// ReloadDictionary has every node read a dictionary's source anew, now. An error of
// the source is an error of the operation.
//
//	ops.ReloadDictionary{Table: ops.LocalTable("events", "countries")}
//
// There is nothing to undo: it has no inverse, and needs none.
type ReloadDictionary struct {
	Table Table `json:"table" yaml:"table"`
}

// Tables implements Operation.
func (o ReloadDictionary) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o ReloadDictionary) Check() error { return refuse(o, o.Table.check()) }

// Statements implements Operation.
func (o ReloadDictionary) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureDictionaries, true); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	return []Statement{{
		Head:    "SYSTEM RELOAD DICTIONARY " + t.SQL(),
		Place:   t.Place,
		Reads:   []Table{t},
		Scope:   EveryNode,
		Direct:  true,
		Traits:  Traits{Repeatable: true},
		Summary: "SYSTEM RELOAD DICTIONARY " + shown(t.Name),
	}}, nil
}

// Inverse implements Inverter: there is nothing to undo.
func (o ReloadDictionary) Inverse() (Operation, error) { return nil, nil }
