package ops

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Override says whether who uses a named collection may state another value.
type Override string

// The kinds of override. Left out, the server's
// allow_named_collection_override_by_default decides.
const (
	Overridable    Override = "OVERRIDABLE"
	NotOverridable Override = "NOT OVERRIDABLE"
)

// CollectionPair is a key of a named collection with its value. A value that is
// secret is a reference: "{secret:NAME}".
type CollectionPair struct {
	Key      string   `json:"key,omitempty" yaml:"key,omitempty"`
	Value    string   `json:"value,omitempty" yaml:"value,omitempty"`
	Override Override `json:"override,omitempty" yaml:"override,omitempty"`
}

// CreateNamedCollection makes a named collection: arguments of engines and
// dictionary sources under one name.
//
//	ops.CreateNamedCollection{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: "backups",
//		Pairs: []ops.CollectionPair{
//			{Key: "url", Value: "https://bucket.s3.amazonaws.com/", Override: ops.NotOverridable},
//			{Key: "access_key_id", Value: "AKIA…"},
//			{Key: "secret_access_key", Value: "{secret:S3_KEY}"},
//		},
//	}
//
// Servers show the keys and hide every value: keys are compared, values are not.
// Where the nodes share their storage in ZooKeeper one of them is sent it. Its
// inverse is DropNamedCollection.
type CreateNamedCollection struct {
	Place       `yaml:",inline"`
	Name        string           `json:"name,omitempty" yaml:"name,omitempty"`
	Pairs       []CollectionPair `json:"pairs,omitempty" yaml:"pairs,omitempty"`
	IfNotExists bool             `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

// At is the place of the operation.
func (o CreateNamedCollection) At() Place { return o.Place }

func (o CreateNamedCollection) describe() string { return shown(o.Name) }

func (o CreateNamedCollection) object() Object {
	return Object{Kind: ObjectNamedCollection, Name: o.Name}
}

// Tables implements Operation: there are none.
func (o CreateNamedCollection) Tables() []Table { return nil }

// Check implements Operation.
func (o CreateNamedCollection) Check() error { return refuse(o, o.check()) }

func (o CreateNamedCollection) check() error {
	if err := o.object().check(o.Place); err != nil {
		return err
	}
	if len(o.Pairs) == 0 {
		return errors.New("no keys: list at least one in Pairs")
	}
	seen := map[string]bool{}
	for _, pair := range o.Pairs {
		if err := pair.check(); err != nil {
			return err
		}
		if seen[pair.Key] {
			return fmt.Errorf("key %s is there twice: drop one", shown(pair.Key))
		}
		seen[pair.Key] = true
	}
	return nil
}

func (p CollectionPair) check() error {
	if p.Key == "" {
		return errors.New("a pair has no key: set Key")
	}
	switch p.Override {
	case "", Overridable, NotOverridable:
	default:
		return fmt.Errorf("key %s: unknown override %q, set OVERRIDABLE or NOT OVERRIDABLE", shown(p.Key), p.Override)
	}
	if namesSecret(p.Key) {
		return checkSecret("key "+p.Key, p.Value)
	}
	return nil
}

// Statements implements Operation.
func (o CreateNamedCollection) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Place) {
		return nil, nil
	}
	overrides := slices.ContainsFunc(o.Pairs, func(pair CollectionPair) bool { return pair.Override != "" })
	if err := errors.Join(
		need(env, o, FeatureNamedCollections, true),
		need(env, o, FeatureOverridable, overrides),
	); err != nil {
		return nil, err
	}
	pairs := make([]string, len(o.Pairs))
	for i, pair := range o.Pairs {
		pairs[i] = joinSet(" ", Ident(pair.Key)+" = "+String(pair.Value), string(pair.Override))
	}
	stmt := o.object().creates(o.Place, "CREATE NAMED COLLECTION ", ifNotExists(o.IfNotExists), "AS "+strings.Join(pairs, ", "))
	return []Statement{inStorage(stmt, StorageNamedCollections, env)}, nil
}

// Inverse implements Inverter: the named collection is dropped.
func (o CreateNamedCollection) Inverse() (Operation, error) {
	return DropNamedCollection{Place: o.Place, Name: o.Name, IfExists: o.IfNotExists, Was: &o}, nil
}

// DropNamedCollection drops a named collection. What uses it fails from then on.
//
//	ops.DropNamedCollection{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: "backups"}
//
// With Was it has an inverse.
type DropNamedCollection struct {
	Place    `yaml:",inline"`
	Name     string                 `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool                   `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *CreateNamedCollection `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o DropNamedCollection) At() Place { return o.Place }

func (o DropNamedCollection) describe() string { return shown(o.Name) }

func (o DropNamedCollection) object() Object {
	return Object{Kind: ObjectNamedCollection, Name: o.Name}
}

// Tables implements Operation: there are none.
func (o DropNamedCollection) Tables() []Table { return nil }

// Check implements Operation.
func (o DropNamedCollection) Check() error { return refuse(o, o.check()) }

func (o DropNamedCollection) check() error {
	if err := o.object().check(o.Place); err != nil || o.Was == nil {
		return err
	}
	return errors.Join(o.object().checkWas(o.Place, o.Was.object(), o.Was.Place), o.Was.Check())
}

// Statements implements Operation.
func (o DropNamedCollection) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureNamedCollections, true); err != nil {
		return nil, err
	}
	stmt := o.object().drops(o.Place, "DROP NAMED COLLECTION ", o.IfExists)
	return []Statement{inStorage(stmt, StorageNamedCollections, env)}, nil
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without Was it is
// an *IrreversibleError.
func (o DropNamedCollection) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the named collection that it drops"}
	}
	was := *o.Was
	was.IfNotExists = o.IfExists
	return was, nil
}
