package ops

// Role is a role. What is left out stays as it is in ALTER.
type Role struct {
	Name     string           `json:"name,omitempty" yaml:"name,omitempty"`
	Settings []SettingElement `json:"settings,omitempty" yaml:"settings,omitempty"`
	Profiles []string         `json:"profiles,omitempty" yaml:"profiles,omitempty"`
	// NoSettings: neither settings nor profiles.
	NoSettings bool `json:"no_settings,omitempty" yaml:"no_settings,omitempty"`
}

func (r Role) object() Object { return Object{Kind: ObjectRole, Name: r.Name} }

func (r Role) name() string { return r.Name }

func (r Role) keyword() string { return "ROLE" }

func (r Role) on() string { return "" }

func (r Role) clauses() []accessClause {
	return stated(accessClause{"Settings", settingElements(r.NoSettings, r.Settings, r.Profiles, "PROFILE")})
}

func (r Role) check() error { return checkElements(r.NoSettings, r.Settings, r.Profiles) }

// CreateRole makes a role. One that is there already is an error, unless
// IfNotExists says otherwise. Grant gives it privileges, and gives it to users.
//
//	ops.CreateRole{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Role: ops.Role{Name: "analyst"}}
//
// Its inverse is DropRole.
type CreateRole struct {
	Place       `yaml:",inline"`
	Role        Role `json:"role" yaml:"role"`
	IfNotExists bool `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// At is the place of the operation.
func (o CreateRole) At() Place { return o.Place }

func (o CreateRole) describe() string { return shown(o.Role.Name) }

// Tables implements Operation: there are none.
func (o CreateRole) Tables() []Table { return nil }

// Check implements Operation.
func (o CreateRole) Check() error { return refuse(o, checkAccess(o.Place, o.Role)) }

// Statements implements Operation.
func (o CreateRole) Statements(env Env) ([]Statement, error) {
	return createAccess(o, o.Place, o.Role, o.IfNotExists, env)
}

// Inverse implements Inverter: the role is dropped.
func (o CreateRole) Inverse() (Operation, error) {
	return DropRole{Place: o.Place, Name: o.Role.Name, IfExists: o.IfNotExists, Was: &o.Role}, nil
}

// AlterRole replaces the settings and profiles of a role as a whole.
//
//	ops.AlterRole{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local},
//		Role:  ops.Role{Name: "analyst", Settings: []ops.SettingElement{{Name: "max_threads", Value: "4"}}},
//	}
//
// Like AlterUser it has no condition, and an inverse with Was.
type AlterRole struct {
	Place `yaml:",inline"`
	Role  Role  `json:"role" yaml:"role"`
	Was   *Role `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o AlterRole) At() Place { return o.Place }

func (o AlterRole) describe() string { return shown(o.Role.Name) }

// Tables implements Operation: there are none.
func (o AlterRole) Tables() []Table { return nil }

// Check implements Operation.
func (o AlterRole) Check() error { return refuse(o, checkAltered(o.Place, o.Role, wasOf(o.Was))) }

// Statements implements Operation.
func (o AlterRole) Statements(env Env) ([]Statement, error) {
	return alterAccess(o, o.Place, o.Role, env)
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o AlterRole) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, irreversibleAccess(o, "role")
	}
	return AlterRole{Place: o.Place, Role: *o.Was, Was: &o.Role}, nil
}

// DropRole drops a role, and takes it from all who had it.
//
//	ops.DropRole{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: "analyst"}
//
// With Was it has an inverse; neither its grants nor those who had it come back.
type DropRole struct {
	Place    `yaml:",inline"`
	Name     string `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool   `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *Role  `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o DropRole) At() Place { return o.Place }

func (o DropRole) describe() string { return shown(o.Name) }

// Tables implements Operation: there are none.
func (o DropRole) Tables() []Table { return nil }

// Check implements Operation.
func (o DropRole) Check() error {
	return refuse(o, checkDroppedAccess(o.Place, Role{Name: o.Name}, wasOf(o.Was)))
}

// Statements implements Operation.
func (o DropRole) Statements(env Env) ([]Statement, error) {
	return dropAccess(o, o.Place, Role{Name: o.Name}, o.IfExists, env)
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without Was it is
// an *IrreversibleError.
func (o DropRole) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, irreversibleAccess(o, "role")
	}
	return CreateRole{Place: o.Place, Role: *o.Was, IfNotExists: o.IfExists}, nil
}
