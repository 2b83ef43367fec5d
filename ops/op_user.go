package ops

import "errors"

// User is a user. What is left out is the server's default in CREATE, and stays
// as it is in ALTER.
type User struct {
	Name            string           `json:"name,omitempty" yaml:"name,omitempty"`
	Auth            *Authentication  `json:"auth,omitempty" yaml:"auth,omitempty"`
	ValidUntil      string           `json:"valid_until,omitempty" yaml:"valid_until,omitempty"` // "2027-01-01", or "infinity"; needs Auth
	Hosts           []UserHost       `json:"hosts,omitempty" yaml:"hosts,omitempty"`
	DefaultRoles    *Grantees        `json:"default_roles,omitempty" yaml:"default_roles,omitempty"`
	DefaultDatabase string           `json:"default_database,omitempty" yaml:"default_database,omitempty"`
	NoDatabase      bool             `json:"no_database,omitempty" yaml:"no_database,omitempty"` // no default database
	Settings        []SettingElement `json:"settings,omitempty" yaml:"settings,omitempty"`
	Profiles        []string         `json:"profiles,omitempty" yaml:"profiles,omitempty"`
	NoSettings      bool             `json:"no_settings,omitempty" yaml:"no_settings,omitempty"` // neither settings nor profiles
	Grantees        *Grantees        `json:"grantees,omitempty" yaml:"grantees,omitempty"`       // to whom the user may pass on what they have
}

func (u User) object() Object { return Object{Kind: ObjectUser, Name: u.Name} }

func (u User) name() string { return u.Name }

func (u User) keyword() string { return "USER" }

func (u User) on() string { return "" }

func (u User) clauses() []accessClause {
	until, database := "", ""
	if u.ValidUntil != "" {
		until = "VALID UNTIL " + String(u.ValidUntil)
	}
	switch {
	case u.NoDatabase:
		database = "DEFAULT DATABASE NONE"
	case u.DefaultDatabase != "":
		database = "DEFAULT DATABASE " + Ident(u.DefaultDatabase)
	}
	return stated(
		accessClause{"Auth", u.Auth.sql()},
		accessClause{"ValidUntil", until},
		accessClause{"Hosts", hostsSQL(u.Hosts)},
		accessClause{"DefaultDatabase", database},
		accessClause{"DefaultRoles", u.DefaultRoles.clause("DEFAULT ROLE")},
		accessClause{"Settings", settingElements(u.NoSettings, u.Settings, u.Profiles, "PROFILE")},
		accessClause{"Grantees", u.Grantees.clause("GRANTEES")},
	)
}

func (u User) check() error {
	if u.ValidUntil != "" && u.Auth == nil {
		return errors.New("ValidUntil is of a way to sign in: set Auth too")
	}
	if u.NoDatabase && u.DefaultDatabase != "" {
		return errors.New("DefaultDatabase and NoDatabase: leave one out")
	}
	return errors.Join(
		u.Auth.check(), checkHosts(u.Hosts), u.DefaultRoles.check("DefaultRoles"),
		checkElements(u.NoSettings, u.Settings, u.Profiles), u.Grantees.check("Grantees"),
	)
}

// CreateUser makes a user. One that is there already is an error, unless
// IfNotExists says otherwise.
//
//	ops.CreateUser{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local},
//		User: ops.User{
//			Name: "reader", Auth: &ops.Authentication{Method: "sha256_password", By: "{secret:READER_PASSWORD}"},
//			Hosts: []ops.UserHost{{Kind: ops.HostIP, Value: "10.0.0.0/8"}},
//		},
//	}
//
// Passwords are references, filled when the statement is sent. That the user is
// there is looked at, what they have is not: servers show little of it. Where the
// nodes share their access storage one of them is sent it. Its inverse is DropUser.
type CreateUser struct {
	Place       `yaml:",inline"`
	User        User `json:"user" yaml:"user"`
	IfNotExists bool `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// At is the place of the operation.
func (o CreateUser) At() Place { return o.Place }

func (o CreateUser) describe() string { return shown(o.User.Name) }

// Tables implements Operation: there are none.
func (o CreateUser) Tables() []Table { return nil }

// Check implements Operation.
func (o CreateUser) Check() error { return refuse(o, checkAccess(o.Place, o.User)) }

// Statements implements Operation.
func (o CreateUser) Statements(env Env) ([]Statement, error) {
	return createAccess(o, o.Place, o.User, o.IfNotExists, env)
}

// Inverse implements Inverter: the user is dropped.
func (o CreateUser) Inverse() (Operation, error) {
	return DropUser{Place: o.Place, Name: o.User.Name, IfExists: o.IfNotExists, Was: &o.User}, nil
}

// AlterUser changes what User states of a user, and nothing else. Settings and
// Profiles, Hosts and roles are replaced as a whole.
//
//	ops.AlterUser{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local},
//		User:  ops.User{Name: "reader", Profiles: []string{"careful"}},
//		Was:   &ops.User{Name: "reader", Profiles: []string{"default"}},
//	}
//
// No condition shows it: the state row says that it was done, and it may be done
// twice. With Was, which states the same fields, it has an inverse.
type AlterUser struct {
	Place `yaml:",inline"`
	User  User  `json:"user" yaml:"user"`
	Was   *User `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o AlterUser) At() Place { return o.Place }

func (o AlterUser) describe() string { return shown(o.User.Name) }

// Tables implements Operation: there are none.
func (o AlterUser) Tables() []Table { return nil }

// Check implements Operation.
func (o AlterUser) Check() error { return refuse(o, checkAltered(o.Place, o.User, wasOf(o.Was))) }

// Statements implements Operation.
func (o AlterUser) Statements(env Env) ([]Statement, error) {
	return alterAccess(o, o.Place, o.User, env)
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o AlterUser) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, irreversibleAccess(o, "user")
	}
	return AlterUser{Place: o.Place, User: *o.Was, Was: &o.User}, nil
}

// DropUser drops a user, with their grants.
//
//	ops.DropUser{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: "reader"}
//
// With Was it has an inverse; the grants do not come back by it.
type DropUser struct {
	Place    `yaml:",inline"`
	Name     string `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool   `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *User  `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o DropUser) At() Place { return o.Place }

func (o DropUser) describe() string { return shown(o.Name) }

// Tables implements Operation: there are none.
func (o DropUser) Tables() []Table { return nil }

// Check implements Operation.
func (o DropUser) Check() error {
	return refuse(o, checkDroppedAccess(o.Place, User{Name: o.Name}, wasOf(o.Was)))
}

// Statements implements Operation.
func (o DropUser) Statements(env Env) ([]Statement, error) {
	return dropAccess(o, o.Place, User{Name: o.Name}, o.IfExists, env)
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without Was it is
// an *IrreversibleError.
func (o DropUser) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, irreversibleAccess(o, "user")
	}
	return CreateUser{Place: o.Place, User: *o.Was, IfNotExists: o.IfExists}, nil
}
