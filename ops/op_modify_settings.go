package ops

import (
	"errors"
	"fmt"
	"slices"
)

// ModifySettings changes settings of a table, on each node for itself: replicas
// do not tell each other. No row is touched.
//
//	ops.ModifySettings{
//		Table:    ops.LocalTable("events", "events_local"),
//		Settings: []ops.Setting{{Name: "merge_with_ttl_timeout", Value: "3600"}},
//	}
//
// Its inverse gives those in Was the value that they had, and resets the others
// to the server's default. Of a setting that the table states already, Was must
// say the value. Some settings stand for good (index_granularity: 472).
type ModifySettings struct {
	Table    Table     `json:"table" yaml:"table"`
	Settings []Setting `json:"settings,omitempty" yaml:"settings,omitempty"`
	// Reset lists settings that go back to the server's default at the same time.
	Reset []string  `json:"reset,omitempty" yaml:"reset,omitempty"`
	Was   []Setting `json:"was,omitempty" yaml:"was,omitempty"`
}

// Tables implements Operation.
func (o ModifySettings) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o ModifySettings) Check() error { return refuse(o, o.check()) }

func (o ModifySettings) check() error {
	if len(o.Settings) == 0 {
		return errors.New("no settings: list at least one in Settings, or reset with ResetSettings")
	}
	return o.checkAll()
}

func (o ModifySettings) checkAll() error {
	if err := checkSettable(o.Table); err != nil {
		return err
	}
	was, changed := namesOf(o.Was), slices.Concat(namesOf(o.Settings), o.Reset)
	for _, names := range [][]string{changed, was} {
		if err := checkNames(PartSetting, names); err != nil && len(names) > 0 {
			return err
		}
	}
	for _, name := range o.Reset {
		if len(o.Settings) > 0 && !slices.Contains(was, name) {
			return fmt.Errorf("Reset names %s, which Was does not: state the value that it had", shown(name))
		}
	}
	for _, setting := range o.Was {
		if !slices.Contains(changed, setting.Name) {
			return fmt.Errorf("Was names %s, which is not changed: leave it out", shown(setting.Name))
		}
		if slices.Contains(o.Settings, setting) {
			return fmt.Errorf("Was has %s at the same value: nothing to change", shown(setting.Name))
		}
	}
	return nil
}

func checkSettable(t Table) error {
	if err := t.check(); err != nil {
		return err
	}
	if t.Target == Distributed {
		return errors.New("a Distributed table keeps the settings that it was made with (48): drop it and make it anew")
	}
	return nil
}

func namesOf(settings []Setting) []string {
	names := make([]string, len(settings))
	for i, setting := range settings {
		names[i] = setting.Name
	}
	return names
}

// Statements implements Operation.
func (o ModifySettings) Statements(env Env) ([]Statement, error) { return o.statements(o, env) }

// statements are two where settings are reset too: no ALTER takes both (62).
func (o ModifySettings) statements(op Operation, env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, op, FeatureModifySetting, len(o.Settings) > 0),
		need(env, op, FeatureResetSetting, len(o.Reset) > 0),
	); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	var statements []Statement
	if len(o.Settings) > 0 {
		var conditions []Condition
		for _, setting := range o.Settings {
			conditions = append(conditions, PartIs{Table: t, Kind: PartSetting, Name: setting.Name, Text: setting.Value})
		}
		statements = append(statements, alterSettings(t, "MODIFY SETTING", assignments(o.Settings), conditions))
	}
	if len(o.Reset) > 0 {
		var conditions []Condition
		for _, name := range o.Reset {
			conditions = append(conditions, PartGone{Table: t, Kind: PartSetting, Name: name})
		}
		statements = append(statements, alterSettings(t, "RESET SETTING", identifiers(o.Reset), conditions))
	}
	return statements, nil
}

// alterSettings renders an ALTER that each replica needs for itself.
func alterSettings(t Table, verb, what string, after []Condition) Statement {
	stmt := alter(t, verb, verb+" "+what)
	stmt.Scope, stmt.Direct = EveryNode, true
	stmt.After = after
	return stmt
}

// Inverse implements Inverter.
func (o ModifySettings) Inverse() (Operation, error) {
	var reset []string
	for _, name := range namesOf(o.Settings) {
		if !slices.Contains(namesOf(o.Was), name) {
			reset = append(reset, name)
		}
	}
	if len(o.Was) == 0 {
		return ResetSettings{Table: o.Table, Names: reset, Was: o.Settings}, nil
	}
	return ModifySettings{Table: o.Table, Settings: o.Was, Reset: reset, Was: o.Settings}, nil
}
