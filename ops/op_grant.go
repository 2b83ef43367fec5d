package ops

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Grant gives privileges on a database, a table or columns, or roles, to users
// and roles.
//
//	ops.Grant{
//		Place:      ops.Place{StorageSet: "events", Target: ops.Local},
//		Privileges: []string{"SELECT", "dictGet"}, Database: "default", Table: "events_local",
//		To:         []string{"reader"},
//	}
//	ops.Grant{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Roles: []string{"analyst"}, To: []string{"reader"}}
//
// An empty Table means all of Database, and an empty Database means all. Servers
// keep a wide privilege in place of those that it covers: name privileges as SHOW
// GRANTS shows them. Its inverse is Revoke. It takes the privilege from whom it
// was given to here, also if they had it before.
type Grant struct {
	Place      `yaml:",inline"`
	Privileges []string `json:"privileges,omitempty" yaml:"privileges,omitempty"`
	Columns    []string `json:"columns,omitempty" yaml:"columns,omitempty"`
	Database   string   `json:"database,omitempty" yaml:"database,omitempty"`
	Table      string   `json:"table,omitempty" yaml:"table,omitempty"`
	Roles      []string `json:"roles,omitempty" yaml:"roles,omitempty"`
	To         []string `json:"to,omitempty" yaml:"to,omitempty"`
	// WithOption lets them pass it on: WITH GRANT OPTION, or WITH ADMIN OPTION.
	WithOption bool `json:"with_option,omitempty" yaml:"with_option,omitempty"`
}

// At is the place of the operation.
func (o Grant) At() Place { return o.Place }

func (o Grant) describe() string {
	return shown(strings.Join(slices.Concat(o.Privileges, o.Roles), ", ") + " to " + strings.Join(o.To, ", "))
}

// Tables implements Operation: what is granted on need not be a table.
func (o Grant) Tables() []Table { return nil }

// Check implements Operation.
func (o Grant) Check() error { return refuse(o, o.check()) }

func (o Grant) check() error {
	if err := o.Place.check(); err != nil {
		return err
	}
	switch {
	case (len(o.Privileges) > 0) == (len(o.Roles) > 0):
		return errors.New("what is granted: set Privileges or Roles")
	case len(o.To) == 0 || slices.Contains(o.To, ""):
		return errors.New("who gets it: list users and roles in To")
	case len(o.Roles) > 0 && (o.Database != "" || o.Table != "" || len(o.Columns) > 0):
		return errors.New("roles are granted on nothing: leave Database, Table and Columns out")
	case o.Table != "" && o.Database == "":
		return errors.New("Table is in a database: set Database")
	case len(o.Columns) > 0 && o.Table == "":
		return errors.New("Columns are of a table: set Table")
	case slices.Contains(slices.Concat(o.Roles, o.Columns), ""):
		return errors.New("an empty name is among Roles or Columns: leave it out")
	}
	for _, privilege := range o.Privileges {
		if !slices.ContainsFunc(strings.Fields(privilege), word) || strings.ContainsAny(privilege, "()'`\",;") {
			return fmt.Errorf("privilege %q is no word or words: name it as SHOW GRANTS does, such as \"ALTER UPDATE\"", privilege)
		}
	}
	return nil
}

// Statements implements Operation.
func (o Grant) Statements(env Env) ([]Statement, error) {
	return o.statements(o, env, false)
}

// statements renders GRANT, or the REVOKE that takes it back. ON CLUSTER stands
// right behind the verb.
func (o Grant) statements(op Operation, env Env, revoke bool) ([]Statement, error) {
	if env.skips(o.Place) {
		return nil, nil
	}
	if err := need(env, op, FeatureAccess, true); err != nil {
		return nil, err
	}
	verb, direction := "GRANT", " TO "
	if revoke {
		verb, direction = "REVOKE", " FROM "
	}
	tail := o.what() + direction + identifiers(o.To)
	option := "GRANT OPTION"
	if len(o.Roles) > 0 {
		option = "ADMIN OPTION"
	}
	if o.WithOption && !revoke {
		tail += " WITH " + option
	}
	stmt := inStorage(Statement{
		Head: verb, Tail: tail, Place: o.Place, Scope: EveryNode, Summary: verb + " " + o.describe(),
	}, StorageAccess, env)
	for _, grant := range o.granted() {
		if revoke {
			grant.Option = false
			stmt.After = append(stmt.After, GrantGone{Grant: grant})
		} else {
			stmt.After = append(stmt.After, GrantIs{Grant: grant})
		}
	}
	return []Statement{stmt}, nil
}

func (o Grant) what() string {
	if len(o.Roles) > 0 {
		return identifiers(o.Roles)
	}
	texts := make([]string, len(o.Privileges))
	for i, privilege := range o.Privileges {
		texts[i] = privilege
		if len(o.Columns) > 0 {
			texts[i] += "(" + identifiers(o.Columns) + ")"
		}
	}
	on := func(name string) string {
		if name == "" {
			return "*"
		}
		return Ident(name)
	}
	return strings.Join(texts, ", ") + " ON " + on(o.Database) + "." + on(o.Table)
}

// granted lists what each of them gets, one by one.
func (o Grant) granted() []Granted {
	var grants []Granted
	for _, grantee := range o.To {
		for _, role := range o.Roles {
			grants = append(grants, Granted{Grantee: grantee, Role: role, Option: o.WithOption})
		}
		for _, privilege := range o.Privileges {
			grant := Granted{Grantee: grantee, Privilege: privilege, Database: o.Database, Table: o.Table, Option: o.WithOption}
			if len(o.Columns) == 0 {
				grants = append(grants, grant)
			}
			for _, column := range o.Columns {
				grant.Column = column
				grants = append(grants, grant)
			}
		}
	}
	return grants
}

// Inverse implements Inverter: it is revoked.
func (o Grant) Inverse() (Operation, error) { return Revoke(o), nil }

// Revoke takes privileges or roles from users and roles.
//
//	ops.Revoke{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Roles: []string{"analyst"}, To: []string{"reader"}}
//
// To are those who lose it, and WithOption says that they could pass it on. Its
// inverse is Grant.
type Revoke Grant

// At is the place of the operation.
func (o Revoke) At() Place { return o.Place }

func (o Revoke) describe() string {
	return shown(strings.Join(slices.Concat(o.Privileges, o.Roles), ", ") + " from " + strings.Join(o.To, ", "))
}

// Tables implements Operation: what is granted on need not be a table.
func (o Revoke) Tables() []Table { return nil }

// Check implements Operation.
func (o Revoke) Check() error { return refuse(o, Grant(o).check()) }

// Statements implements Operation.
func (o Revoke) Statements(env Env) ([]Statement, error) {
	return Grant(o).statements(o, env, true)
}

// Inverse implements Inverter: it is granted again.
func (o Revoke) Inverse() (Operation, error) { return Grant(o), nil }
