package ops

import "errors"

// CreateDatabase makes a database on every node of a place. One that is there
// already is an error, unless IfNotExists says otherwise.
//
//	ops.CreateDatabase{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: "archive", Engine: "Atomic",
//	}
//
// Without Engine the server's own default is meant: Atomic on 26.7; on 18.16
// Ordinary, which newer servers refuse. Query nodes that store no data need the
// database too, by a second operation with target DISTRIBUTED. Its inverse is
// DropDatabase, which loses what was put into it.
type CreateDatabase struct {
	Place       `yaml:",inline"`
	Name        string `json:"name,omitempty" yaml:"name,omitempty"`
	Engine      string `json:"engine,omitempty" yaml:"engine,omitempty"` // ClickHouse's own text
	Comment     string `json:"comment,omitempty" yaml:"comment,omitempty"`
	IfNotExists bool   `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// At is the place of the operation.
func (o CreateDatabase) At() Place { return o.Place }

func (o CreateDatabase) describe() string { return shown(o.Name) }

func (o CreateDatabase) object() Object { return Object{Kind: ObjectDatabase, Name: o.Name} }

// Tables implements Operation: there are none.
func (o CreateDatabase) Tables() []Table { return nil }

// Check implements Operation.
func (o CreateDatabase) Check() error {
	return refuse(o, errors.Join(o.object().check(o.Place), checkSecretsIn(o.Engine)))
}

// Statements implements Operation.
func (o CreateDatabase) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureDatabaseComment, o.Comment != ""); err != nil {
		return nil, err
	}
	var engine, comment string
	if o.Engine != "" {
		engine = "ENGINE = " + o.Engine
	}
	if o.Comment != "" {
		comment = "COMMENT " + String(o.Comment)
	}
	tail := clauseLines(engine, comment)
	return []Statement{o.object().creates(o.Place, "CREATE DATABASE ", ifNotExists(o.IfNotExists), tail)}, nil
}

// Inverse implements Inverter: the database is dropped, with all that is in it.
func (o CreateDatabase) Inverse() (Operation, error) {
	return DropDatabase{Place: o.Place, Name: o.Name, IfExists: o.IfNotExists, Was: &o}, nil
}

// DropDatabase drops a database with all its tables and their rows.
//
//	ops.DropDatabase{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: "archive"}
//
// With Was it has an inverse: the database comes back empty.
type DropDatabase struct {
	Place    `yaml:",inline"`
	Name     string          `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool            `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *CreateDatabase `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o DropDatabase) At() Place { return o.Place }

func (o DropDatabase) describe() string { return shown(o.Name) }

func (o DropDatabase) object() Object { return Object{Kind: ObjectDatabase, Name: o.Name} }

// Tables implements Operation: which ones it drops is not known without a server.
func (o DropDatabase) Tables() []Table { return nil }

// Check implements Operation.
func (o DropDatabase) Check() error { return refuse(o, o.check()) }

func (o DropDatabase) check() error {
	if err := o.object().check(o.Place); err != nil || o.Was == nil {
		return err
	}
	return errors.Join(o.object().checkWas(o.Place, o.Was.object(), o.Was.Place), o.Was.Check())
}

// Statements implements Operation.
func (o DropDatabase) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Place) {
		return nil, nil
	}
	stmt := o.object().drops(o.Place, "DROP DATABASE ", o.IfExists)
	// What is in it on query nodes is not known either: they may store data too.
	stmt.Traits.DropsData = true
	return []Statement{stmt}, nil
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without Was it is
// an *IrreversibleError.
func (o DropDatabase) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the database that it drops"}
	}
	was := *o.Was
	was.IfNotExists = o.IfExists
	return was, nil
}
