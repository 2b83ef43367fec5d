package ops

import "errors"

// SettingsProfile is a settings profile. What is left out stays as it is in ALTER.
type SettingsProfile struct {
	Name     string           `json:"name,omitempty" yaml:"name,omitempty"`
	Settings []SettingElement `json:"settings,omitempty" yaml:"settings,omitempty"`
	Inherit  []string         `json:"inherit,omitempty" yaml:"inherit,omitempty"` // other profiles
	// NoSettings: neither settings nor what it inherits.
	NoSettings bool      `json:"no_settings,omitempty" yaml:"no_settings,omitempty"`
	To         *Grantees `json:"to,omitempty" yaml:"to,omitempty"`
}

func (p SettingsProfile) object() Object { return Object{Kind: ObjectSettingsProfile, Name: p.Name} }

func (p SettingsProfile) name() string { return p.Name }

func (p SettingsProfile) keyword() string { return "SETTINGS PROFILE" }

func (p SettingsProfile) on() string { return "" }

func (p SettingsProfile) clauses() []accessClause {
	return stated(
		accessClause{"Settings", settingElements(p.NoSettings, p.Settings, p.Inherit, "INHERIT")},
		accessClause{"To", p.To.clause("TO")},
	)
}

func (p SettingsProfile) check() error {
	return errors.Join(checkElements(p.NoSettings, p.Settings, p.Inherit), p.To.check("To"))
}

// CreateSettingsProfile makes a settings profile. One that is there already is an
// error, unless IfNotExists says otherwise.
//
//	ops.CreateSettingsProfile{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local},
//		Profile: ops.SettingsProfile{
//			Name:     "careful",
//			Settings: []ops.SettingElement{{Name: "max_memory_usage", Value: "10000000000", Writability: ops.Constant}},
//			To:       &ops.Grantees{Names: []string{"reader"}},
//		},
//	}
//
// Its inverse is DropSettingsProfile.
type CreateSettingsProfile struct {
	Place       `yaml:",inline"`
	Profile     SettingsProfile `json:"profile" yaml:"profile"`
	IfNotExists bool            `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// At is the place of the operation.
func (o CreateSettingsProfile) At() Place { return o.Place }

func (o CreateSettingsProfile) describe() string { return shown(o.Profile.Name) }

// Tables implements Operation: there are none.
func (o CreateSettingsProfile) Tables() []Table { return nil }

// Check implements Operation.
func (o CreateSettingsProfile) Check() error { return refuse(o, checkAccess(o.Place, o.Profile)) }

// Statements implements Operation.
func (o CreateSettingsProfile) Statements(env Env) ([]Statement, error) {
	return createAccess(o, o.Place, o.Profile, o.IfNotExists, env)
}

// Inverse implements Inverter: the settings profile is dropped.
func (o CreateSettingsProfile) Inverse() (Operation, error) {
	return DropSettingsProfile{Place: o.Place, Name: o.Profile.Name, IfExists: o.IfNotExists, Was: &o.Profile}, nil
}

// AlterSettingsProfile changes what Profile states of a settings profile. Its
// settings and what it inherits are replaced as a whole.
//
//	ops.AlterSettingsProfile{
//		Place:   ops.Place{StorageSet: "events", Target: ops.Local},
//		Profile: ops.SettingsProfile{Name: "careful", To: &ops.Grantees{All: true}},
//	}
//
// Like AlterUser it has no condition, and an inverse with Was.
type AlterSettingsProfile struct {
	Place   `yaml:",inline"`
	Profile SettingsProfile  `json:"profile" yaml:"profile"`
	Was     *SettingsProfile `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o AlterSettingsProfile) At() Place { return o.Place }

func (o AlterSettingsProfile) describe() string { return shown(o.Profile.Name) }

// Tables implements Operation: there are none.
func (o AlterSettingsProfile) Tables() []Table { return nil }

// Check implements Operation.
func (o AlterSettingsProfile) Check() error {
	return refuse(o, checkAltered(o.Place, o.Profile, wasOf(o.Was)))
}

// Statements implements Operation.
func (o AlterSettingsProfile) Statements(env Env) ([]Statement, error) {
	return alterAccess(o, o.Place, o.Profile, env)
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o AlterSettingsProfile) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, irreversibleAccess(o, "settings profile")
	}
	return AlterSettingsProfile{Place: o.Place, Profile: *o.Was, Was: &o.Profile}, nil
}

// DropSettingsProfile drops a settings profile.
//
//	ops.DropSettingsProfile{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: "careful"}
//
// With Was it has an inverse.
type DropSettingsProfile struct {
	Place    `yaml:",inline"`
	Name     string           `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool             `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *SettingsProfile `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o DropSettingsProfile) At() Place { return o.Place }

func (o DropSettingsProfile) describe() string { return shown(o.Name) }

// Tables implements Operation: there are none.
func (o DropSettingsProfile) Tables() []Table { return nil }

// Check implements Operation.
func (o DropSettingsProfile) Check() error {
	return refuse(o, checkDroppedAccess(o.Place, SettingsProfile{Name: o.Name}, wasOf(o.Was)))
}

// Statements implements Operation.
func (o DropSettingsProfile) Statements(env Env) ([]Statement, error) {
	return dropAccess(o, o.Place, SettingsProfile{Name: o.Name}, o.IfExists, env)
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without Was it is
// an *IrreversibleError.
func (o DropSettingsProfile) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, irreversibleAccess(o, "settings profile")
	}
	return CreateSettingsProfile{Place: o.Place, Profile: *o.Was, IfNotExists: o.IfExists}, nil
}
