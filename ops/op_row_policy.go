package ops

import "errors"

// RowPolicy filters the rows of a table for users and roles. What is left out
// stays as it is in ALTER.
type RowPolicy struct {
	Name     string `json:"name,omitempty" yaml:"name,omitempty"`
	Database string `json:"database,omitempty" yaml:"database,omitempty"`
	Table    string `json:"table,omitempty" yaml:"table,omitempty"` // all of the database when empty
	Using    string `json:"using,omitempty" yaml:"using,omitempty"` // an expression: rows of which it holds are seen
	// Restrictive rows must pass besides the permissive ones.
	Restrictive bool `json:"restrictive,omitempty" yaml:"restrictive,omitempty"`
	// Permissive, the default of CREATE, makes a restrictive one so in ALTER.
	Permissive bool      `json:"permissive,omitempty" yaml:"permissive,omitempty"`
	To         *Grantees `json:"to,omitempty" yaml:"to,omitempty"`
}

func (p RowPolicy) object() Object {
	return Object{Kind: ObjectRowPolicy, Name: p.Name, Database: p.Database, Table: p.Table}
}

func (p RowPolicy) name() string { return p.Name }

func (p RowPolicy) keyword() string { return "ROW POLICY" }

func (p RowPolicy) on() string {
	if p.Table == "" {
		return "ON " + Ident(p.Database) + ".*"
	}
	return "ON " + Ident(p.Database) + "." + Ident(p.Table)
}

func (p RowPolicy) clauses() []accessClause {
	using, restrictive := "", ""
	if p.Using != "" {
		using = "FOR SELECT USING " + p.Using
	}
	switch {
	case p.Restrictive:
		restrictive = "AS RESTRICTIVE"
	case p.Permissive:
		restrictive = "AS PERMISSIVE"
	}
	return stated(
		accessClause{"Restrictive", restrictive},
		accessClause{"Using", using},
		accessClause{"To", p.To.clause("TO")},
	)
}

func (p RowPolicy) check() error {
	if p.Database == "" {
		return errors.New("a row policy is for a database: set Database")
	}
	if p.Restrictive && p.Permissive {
		return errors.New("Restrictive and Permissive: leave one out")
	}
	return p.To.check("To")
}

// CreateRowPolicy makes a row policy. One that is there already is an error,
// unless IfNotExists says otherwise.
//
//	ops.CreateRowPolicy{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local},
//		Policy: ops.RowPolicy{
//			Name: "own_project", Database: "default", Table: "events_local",
//			Using: "project_id = 1", To: &ops.Grantees{Names: []string{"reader"}},
//		},
//	}
//
// From the first policy of a table on, users without one see no rows of it. Its
// inverse is DropRowPolicy.
type CreateRowPolicy struct {
	Place       `yaml:",inline"`
	Policy      RowPolicy `json:"policy" yaml:"policy"`
	IfNotExists bool      `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// At is the place of the operation.
func (o CreateRowPolicy) At() Place { return o.Place }

func (o CreateRowPolicy) describe() string { return shown(o.Policy.Name) }

// Tables implements Operation: there are none.
func (o CreateRowPolicy) Tables() []Table { return nil }

// Check implements Operation.
func (o CreateRowPolicy) Check() error { return refuse(o, checkAccess(o.Place, o.Policy)) }

// Statements implements Operation.
func (o CreateRowPolicy) Statements(env Env) ([]Statement, error) {
	return createAccess(o, o.Place, o.Policy, o.IfNotExists, env)
}

// Inverse implements Inverter: the row policy is dropped.
func (o CreateRowPolicy) Inverse() (Operation, error) {
	return DropRowPolicy{
		Place: o.Place, Name: o.Policy.Name, Database: o.Policy.Database, Table: o.Policy.Table, IfExists: o.IfNotExists, Was: &o.Policy,
	}, nil
}

// AlterRowPolicy changes what Policy states of a row policy.
//
//	ops.AlterRowPolicy{
//		Place:  ops.Place{StorageSet: "events", Target: ops.Local},
//		Policy: ops.RowPolicy{Name: "own_project", Database: "default", Table: "events_local", Using: "project_id = 2"},
//	}
//
// Like AlterUser it has no condition, and an inverse with Was.
type AlterRowPolicy struct {
	Place  `yaml:",inline"`
	Policy RowPolicy  `json:"policy" yaml:"policy"`
	Was    *RowPolicy `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o AlterRowPolicy) At() Place { return o.Place }

func (o AlterRowPolicy) describe() string { return shown(o.Policy.Name) }

// Tables implements Operation: there are none.
func (o AlterRowPolicy) Tables() []Table { return nil }

// Check implements Operation.
func (o AlterRowPolicy) Check() error {
	return refuse(o, checkAltered(o.Place, o.Policy, wasOf(o.Was)))
}

// Statements implements Operation.
func (o AlterRowPolicy) Statements(env Env) ([]Statement, error) {
	return alterAccess(o, o.Place, o.Policy, env)
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o AlterRowPolicy) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, irreversibleAccess(o, "row policy")
	}
	return AlterRowPolicy{Place: o.Place, Policy: *o.Was, Was: &o.Policy}, nil
}

// DropRowPolicy drops a row policy. Rows that it hid are seen again.
//
//	ops.DropRowPolicy{
//		Place:    ops.Place{StorageSet: "events", Target: ops.Local},
//		Name:     "own_project", Database: "default", Table: "events_local",
//	}
//
// With Was it has an inverse.
type DropRowPolicy struct {
	Place    `yaml:",inline"`
	Name     string     `json:"name,omitempty" yaml:"name,omitempty"`
	Database string     `json:"database,omitempty" yaml:"database,omitempty"`
	Table    string     `json:"table,omitempty" yaml:"table,omitempty"` // all of the database when empty
	IfExists bool       `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *RowPolicy `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o DropRowPolicy) At() Place { return o.Place }

func (o DropRowPolicy) policy() RowPolicy {
	return RowPolicy{Name: o.Name, Database: o.Database, Table: o.Table}
}

func (o DropRowPolicy) describe() string { return shown(o.Name) }

// Tables implements Operation: there are none.
func (o DropRowPolicy) Tables() []Table { return nil }

// Check implements Operation.
func (o DropRowPolicy) Check() error {
	if o.Database == "" {
		return refuse(o, errors.New("a row policy is for a database: set Database"))
	}
	return refuse(o, checkDroppedAccess(o.Place, o.policy(), wasOf(o.Was)))
}

// Statements implements Operation.
func (o DropRowPolicy) Statements(env Env) ([]Statement, error) {
	return dropAccess(o, o.Place, o.policy(), o.IfExists, env)
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without Was it is
// an *IrreversibleError.
func (o DropRowPolicy) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, irreversibleAccess(o, "row policy")
	}
	return CreateRowPolicy{Place: o.Place, Policy: *o.Was, IfNotExists: o.IfExists}, nil
}
