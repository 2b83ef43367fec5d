package ops

import (
	"errors"
	"fmt"
	"strings"
)

// QuotaLimit is what a quota allows in an interval.
type QuotaLimit struct {
	Interval   string `json:"interval,omitempty" yaml:"interval,omitempty"` // "1 hour"
	Randomized bool   `json:"randomized,omitempty" yaml:"randomized,omitempty"`
	// Max are the most that is allowed, by what is counted: queries, errors,
	// result_rows, read_rows, execution_time… None: it is only counted.
	Max []Setting `json:"max,omitempty" yaml:"max,omitempty"`
	// NoLimits takes the limits of the interval away.
	NoLimits bool `json:"no_limits,omitempty" yaml:"no_limits,omitempty"`
}

func (l QuotaLimit) sql() string {
	sql := "FOR "
	if l.Randomized {
		sql += "RANDOMIZED "
	}
	sql += "INTERVAL " + l.Interval
	switch {
	case l.NoLimits:
		return sql + " NO LIMITS"
	case len(l.Max) == 0:
		return sql + " TRACKING ONLY"
	}
	texts := make([]string, len(l.Max))
	for i, limit := range l.Max {
		texts[i] = limit.Name + " = " + settingValue(limit.Value)
	}
	return sql + " MAX " + strings.Join(texts, ", ")
}

func (l QuotaLimit) check() error {
	if strings.TrimSpace(l.Interval) == "" {
		return errors.New("a limit has no interval: set Interval, such as \"1 hour\"")
	}
	if l.NoLimits && len(l.Max) > 0 {
		return fmt.Errorf("the interval %s has Max and NoLimits: leave one out", l.Interval)
	}
	for _, limit := range l.Max {
		if !word(limit.Name) || limit.Value == "" {
			return fmt.Errorf("a limit of %s is %q = %q: set a name such as queries, and a number", l.Interval, limit.Name, limit.Value)
		}
	}
	return nil
}

// Quota is a quota. What is left out stays as it is in ALTER.
type Quota struct {
	Name string `json:"name,omitempty" yaml:"name,omitempty"`
	// KeyedBy says who shares it: user_name, ip_address, client_key, or several.
	KeyedBy  []string     `json:"keyed_by,omitempty" yaml:"keyed_by,omitempty"`
	NotKeyed bool         `json:"not_keyed,omitempty" yaml:"not_keyed,omitempty"` // all share it
	Limits   []QuotaLimit `json:"limits,omitempty" yaml:"limits,omitempty"`
	To       *Grantees    `json:"to,omitempty" yaml:"to,omitempty"`
}

func (q Quota) object() Object { return Object{Kind: ObjectQuota, Name: q.Name} }

func (q Quota) name() string { return q.Name }

func (q Quota) keyword() string { return "QUOTA" }

func (q Quota) on() string { return "" }

func (q Quota) clauses() []accessClause {
	keyed := ""
	switch {
	case q.NotKeyed:
		keyed = "NOT KEYED"
	case len(q.KeyedBy) > 0:
		keyed = "KEYED BY " + strings.Join(q.KeyedBy, ", ")
	}
	limits, intervals := make([]string, len(q.Limits)), make([]string, len(q.Limits))
	for i, limit := range q.Limits {
		limits[i], intervals[i] = limit.sql(), limit.Interval
	}
	return stated(
		accessClause{"KeyedBy", keyed},
		// Each interval has limits of its own: the way back is about the same ones.
		accessClause{"Limits of " + strings.Join(intervals, ", "), strings.Join(limits, ", ")},
		accessClause{"To", q.To.clause("TO")},
	)
}

func (q Quota) check() error {
	if q.NotKeyed && len(q.KeyedBy) > 0 {
		return errors.New("KeyedBy and NotKeyed: leave one out")
	}
	if len(q.KeyedBy) > 1 && (len(q.KeyedBy) > 2 || q.KeyedBy[0] != "client_key") {
		return errors.New("KeyedBy takes one key, or client_key and then user_name or ip_address")
	}
	for _, key := range q.KeyedBy {
		if !word(key) {
			return fmt.Errorf("KeyedBy has %q: set words such as user_name", key)
		}
	}
	for _, limit := range q.Limits {
		if err := limit.check(); err != nil {
			return err
		}
	}
	return q.To.check("To")
}

// CreateQuota makes a quota. One that is there already is an error, unless
// IfNotExists says otherwise.
//
//	ops.CreateQuota{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local},
//		Quota: ops.Quota{
//			Name: "readers", KeyedBy: []string{"user_name"},
//			Limits: []ops.QuotaLimit{{Interval: "1 hour", Max: []ops.Setting{{Name: "queries", Value: "1000"}}}},
//			To:     &ops.Grantees{Names: []string{"reader"}},
//		},
//	}
//
// Its inverse is DropQuota.
type CreateQuota struct {
	Place       `yaml:",inline"`
	Quota       Quota `json:"quota" yaml:"quota"`
	IfNotExists bool  `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// At is the place of the operation.
func (o CreateQuota) At() Place { return o.Place }

func (o CreateQuota) describe() string { return shown(o.Quota.Name) }

// Tables implements Operation: there are none.
func (o CreateQuota) Tables() []Table { return nil }

// Check implements Operation.
func (o CreateQuota) Check() error { return refuse(o, checkAccess(o.Place, o.Quota)) }

// Statements implements Operation.
func (o CreateQuota) Statements(env Env) ([]Statement, error) {
	return createAccess(o, o.Place, o.Quota, o.IfNotExists, env)
}

// Inverse implements Inverter: the quota is dropped.
func (o CreateQuota) Inverse() (Operation, error) {
	return DropQuota{Place: o.Place, Name: o.Quota.Name, IfExists: o.IfNotExists, Was: &o.Quota}, nil
}

// AlterQuota changes what Quota states of a quota: an interval that it names, who
// it is for.
//
//	ops.AlterQuota{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local},
//		Quota: ops.Quota{Name: "readers", To: &ops.Grantees{All: true}},
//	}
//
// Like AlterUser it has no condition, and an inverse with Was.
type AlterQuota struct {
	Place `yaml:",inline"`
	Quota Quota  `json:"quota" yaml:"quota"`
	Was   *Quota `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o AlterQuota) At() Place { return o.Place }

func (o AlterQuota) describe() string { return shown(o.Quota.Name) }

// Tables implements Operation: there are none.
func (o AlterQuota) Tables() []Table { return nil }

// Check implements Operation.
func (o AlterQuota) Check() error { return refuse(o, checkAltered(o.Place, o.Quota, wasOf(o.Was))) }

// Statements implements Operation.
func (o AlterQuota) Statements(env Env) ([]Statement, error) {
	return alterAccess(o, o.Place, o.Quota, env)
}

// Inverse implements Inverter. Without Was it is an *IrreversibleError.
func (o AlterQuota) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, irreversibleAccess(o, "quota")
	}
	return AlterQuota{Place: o.Place, Quota: *o.Was, Was: &o.Quota}, nil
}

// DropQuota drops a quota.
//
//	ops.DropQuota{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: "readers"}
//
// With Was it has an inverse.
type DropQuota struct {
	Place    `yaml:",inline"`
	Name     string `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool   `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *Quota `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o DropQuota) At() Place { return o.Place }

func (o DropQuota) describe() string { return shown(o.Name) }

// Tables implements Operation: there are none.
func (o DropQuota) Tables() []Table { return nil }

// Check implements Operation.
func (o DropQuota) Check() error {
	return refuse(o, checkDroppedAccess(o.Place, Quota{Name: o.Name}, wasOf(o.Was)))
}

// Statements implements Operation.
func (o DropQuota) Statements(env Env) ([]Statement, error) {
	return dropAccess(o, o.Place, Quota{Name: o.Name}, o.IfExists, env)
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without Was it is
// an *IrreversibleError.
func (o DropQuota) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, irreversibleAccess(o, "quota")
	}
	return CreateQuota{Place: o.Place, Quota: *o.Was, IfNotExists: o.IfExists}, nil
}
