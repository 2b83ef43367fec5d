package ops

import "errors"

// DropDictionary drops a dictionary. What it reads stays.
//
//	ops.DropDictionary{Table: ops.LocalTable("events", "countries")}
//
// The server refuses it while a table of the Dictionary engine reads it (630). With
// Was, what the dictionary was, it has an inverse, and the grants of Was.GrantTo
// are taken back first: dropping leaves them.
type DropDictionary struct {
	Table    Table             `json:"table" yaml:"table"`
	IfExists bool              `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *CreateDictionary `json:"was,omitempty" yaml:"was,omitempty"`
}

// Tables implements Operation.
func (o DropDictionary) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o DropDictionary) Check() error { return refuse(o, o.check()) }

func (o DropDictionary) check() error {
	if err := o.Table.check(); err != nil || o.Was == nil {
		return err
	}
	return o.Was.checkWas(o.Table)
}

// Statements implements Operation.
func (o DropDictionary) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	var statements []Statement
	granted := o.Was != nil && len(o.Was.GrantTo) > 0
	if err := errors.Join(
		need(env, o, FeatureDictionaries, true),
		need(env, o, FeatureAccess, granted),
	); err != nil {
		return nil, err
	}
	if granted {
		statements = o.Was.grants(env, true)
	}
	t := o.Table.in(env)
	return append(statements, Statement{
		Head:    "DROP DICTIONARY " + ifExists(o.IfExists) + t.SQL(),
		Place:   t.Place,
		Writes:  []Table{t},
		Scope:   EveryNode,
		After:   []Condition{TableGone{Table: t}},
		Summary: "DROP DICTIONARY " + shown(t.Name),
	}), nil
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without Was it is
// an *IrreversibleError.
func (o DropDictionary) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the dictionary that it drops"}
	}
	was := *o.Was
	was.IfNotExists = o.IfExists
	return was, nil
}
