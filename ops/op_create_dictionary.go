package ops

import "errors"

// CreateDictionary makes a dictionary. One that is there already is an error,
// unless IfNotExists says otherwise.
//
//	ops.CreateDictionary{
//		Table:      ops.LocalTable("events", "countries"),
//		Columns:    []ops.Attribute{{Name: "id", Type: "UInt64"}, {Name: "name", Type: "String", Default: "'none'"}},
//		PrimaryKey: []string{"id"},
//		Source:     ops.DictionarySource{Kind: ops.SourceClickHouse, Arguments: []ops.Argument{{Name: "TABLE", Value: "countries_local"}}},
//		Reads:      []ops.Table{{Name: "countries_local"}},
//		Layout:     ops.Layout{Kind: "HASHED"},
//		Lifetime:   &ops.Lifetime{Min: 300, Max: 600},
//		GrantTo:    []string{"reader"},
//	}
//
// A CLICKHOUSE source without DB reads from the dictionary's own database. Nothing
// is read before the dictionary is asked, so a source that is not there is no error
// here. Passwords are references, {secret:NAME}. 18.16 has dictionaries in
// configuration files alone. Its inverse is DropDictionary, which also takes the
// grants of GrantTo back.
type CreateDictionary struct {
	Table      Table            `json:"table" yaml:"table"`
	Columns    []Attribute      `json:"columns,omitempty" yaml:"columns,omitempty"`
	PrimaryKey []string         `json:"primary_key,omitempty" yaml:"primary_key,omitempty"`
	Source     DictionarySource `json:"source" yaml:"source"`
	// Reads are the tables of a ClickHouse source, which skein does not look for
	// in it. Those that name no place are at the dictionary's.
	Reads       []Table          `json:"reads,omitempty" yaml:"reads,omitempty"`
	Layout      Layout           `json:"layout" yaml:"layout"`
	Lifetime    *Lifetime        `json:"lifetime,omitempty" yaml:"lifetime,omitempty"` // required but for DIRECT
	Range       *DictionaryRange `json:"range,omitempty" yaml:"range,omitempty"`       // of RANGE_HASHED
	Settings    []Setting        `json:"settings,omitempty" yaml:"settings,omitempty"`
	Comment     string           `json:"comment,omitempty" yaml:"comment,omitempty"`
	IfNotExists bool             `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
	// GrantTo are users and roles that get SELECT and dictGet on it.
	GrantTo []string `json:"grant_to,omitempty" yaml:"grant_to,omitempty"`
}

// Tables implements Operation.
func (o CreateDictionary) Tables() []Table {
	return append([]Table{o.Table}, placed(o.Reads, o.Table.Place)...)
}

// Check implements Operation.
func (o CreateDictionary) Check() error { return refuse(o, o.check()) }

func (o CreateDictionary) check() error {
	if err := checkPlaceAndTables(o.Table.Place, o.Tables()); err != nil {
		return err
	}
	if len(o.PrimaryKey) == 0 {
		return errors.New("no primary key: set PrimaryKey to the columns that are looked up")
	}
	for _, grantee := range o.GrantTo {
		if grantee == "" {
			return errors.New("GrantTo names nobody: leave the empty name out")
		}
	}
	return errors.Join(
		o.checkLayout(),
		checkAttributes(o.Columns, o.names()...),
		o.Source.check(),
		checkClauseSettings(o.Settings),
	)
}

// checkWas checks a dictionary as another operation says that it was.
func (o CreateDictionary) checkWas(table Table) error {
	if o.Table != table {
		return errors.New("Was is another dictionary: state the same table")
	}
	return o.Check()
}

// Statements implements Operation.
func (o CreateDictionary) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := o.supported(o, env); err != nil {
		return nil, err
	}
	return append([]Statement{o.statement(env, false)}, o.grants(env, false)...), nil
}

// Inverse implements Inverter: the dictionary is dropped; what it reads stays.
func (o CreateDictionary) Inverse() (Operation, error) {
	return DropDictionary{Table: o.Table, IfExists: o.IfNotExists, Was: &o}, nil
}
