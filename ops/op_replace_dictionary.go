package ops

import "errors"

// ReplaceDictionary puts a dictionary in the place of one of the same name, by
// CREATE OR REPLACE. One that is not there is made. Grants on it stay.
//
//	ops.ReplaceDictionary{
//		Dictionary: ops.CreateDictionary{Table: ops.LocalTable("events", "countries"), …},
//		Was:        &ops.CreateDictionary{Table: ops.LocalTable("events", "countries"), …},
//	}
//
// With Was, what the dictionary was, it has an inverse.
type ReplaceDictionary struct {
	Dictionary CreateDictionary  `json:"dictionary" yaml:"dictionary"`
	Was        *CreateDictionary `json:"was,omitempty" yaml:"was,omitempty"`
}

// Tables implements Operation.
func (o ReplaceDictionary) Tables() []Table { return o.Dictionary.Tables() }

// Check implements Operation.
func (o ReplaceDictionary) Check() error { return refuse(o, o.check()) }

func (o ReplaceDictionary) check() error {
	dictionaries := []CreateDictionary{o.Dictionary}
	if o.Was != nil {
		dictionaries = append(dictionaries, *o.Was)
	}
	for _, d := range dictionaries {
		switch {
		case d.IfNotExists:
			return errors.New("OR REPLACE and IfNotExists contradict each other: leave IfNotExists out")
		case len(d.GrantTo) > 0:
			return errors.New("grants stay when a dictionary is replaced: leave GrantTo out, and write Grant or Revoke")
		}
	}
	if err := o.Dictionary.check(); err != nil || o.Was == nil {
		return err
	}
	return o.Was.checkWas(o.Dictionary.Table)
}

// Statements implements Operation.
func (o ReplaceDictionary) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Dictionary.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, o, FeatureReplaceDictionary, true),
		o.Dictionary.supported(o, env),
	); err != nil {
		return nil, err
	}
	return []Statement{replacing(o.Dictionary.statement(env, true), true, env)}, nil
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o ReplaceDictionary) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the dictionary that it replaces"}
	}
	return ReplaceDictionary{Dictionary: *o.Was, Was: &o.Dictionary}, nil
}
