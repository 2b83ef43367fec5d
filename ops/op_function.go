package ops

import (
	"errors"
	"slices"
	"strings"
)

// CreateFunction makes a function of SQL, from a lambda expression.
//
//	ops.CreateFunction{
//		Place: ops.Place{StorageSet: "events", Target: ops.Local},
//		Name:  "linear", Args: []string{"x", "k", "b"}, Body: "k * x + b",
//	}
//
// Definition stands instead of Args and Body: "(x, k, b) -> k * x + b". Functions
// are in no database. Where the nodes share their storage in ZooKeeper one of them
// is sent it. A function that is there is an error, unless IfNotExists or OrReplace
// say otherwise. Its inverse is DropFunction; with OrReplace it needs Was.
type CreateFunction struct {
	Place       `yaml:",inline"`
	Name        string          `json:"name,omitempty" yaml:"name,omitempty"`
	Args        []string        `json:"args,omitempty" yaml:"args,omitempty"`
	Body        string          `json:"body,omitempty" yaml:"body,omitempty"` // an expression
	Definition  string          `json:"definition,omitempty" yaml:"definition,omitempty"`
	IfNotExists bool            `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
	OrReplace   bool            `json:"or_replace,omitempty" yaml:"or_replace,omitempty"`
	Was         *CreateFunction `json:"was,omitempty" yaml:"was,omitempty"` // of OrReplace
}

// At is the place of the operation.
func (o CreateFunction) At() Place { return o.Place }

func (o CreateFunction) describe() string { return shown(o.Name) }

func (o CreateFunction) object() Object { return Object{Kind: ObjectFunction, Name: o.Name} }

// Tables implements Operation: there are none.
func (o CreateFunction) Tables() []Table { return nil }

// Check implements Operation.
func (o CreateFunction) Check() error { return refuse(o, o.check()) }

func (o CreateFunction) check() error {
	if err := o.object().check(o.Place); err != nil {
		return err
	}
	switch {
	case o.Definition == "" && strings.TrimSpace(o.Body) == "":
		return errors.New("no definition: set Args and Body, or Definition, such as \"(x, y) -> x + y\"")
	case o.Definition != "" && (o.Body != "" || len(o.Args) > 0):
		return errors.New("Definition is all of a function: leave Args and Body out")
	case slices.Contains(o.Args, ""):
		return errors.New("an argument has no name: name it in Args, or leave it out")
	case o.Definition != "" && !strings.Contains(o.Definition, "->"):
		return errors.New("Definition is no lambda expression: write one such as \"(x, y) -> x + y\"")
	case o.OrReplace && o.IfNotExists:
		return errors.New("OrReplace and IfNotExists contradict each other: leave one out")
	case o.Was == nil:
		return nil
	case !o.OrReplace:
		return errors.New("Was is the function that is replaced: set OrReplace")
	}
	return o.Was.checkWas(o.Place, o.object())
}

// checkWas checks a function as another operation says that it was.
func (o CreateFunction) checkWas(place Place, object Object) error {
	if o.OrReplace {
		return errors.New("Was only says what the function was: leave its OrReplace out")
	}
	return errors.Join(object.checkWas(place, o.object(), o.Place), o.Check())
}

// definition is the lambda expression. Args are names: a {db} in one is no mark.
func (o CreateFunction) definition(database string) string {
	if o.Definition != "" {
		return inDatabase(strings.TrimSpace(o.Definition), database)
	}
	return "(" + identifiers(o.Args) + ") -> " + inDatabase(o.Body, database)
}

// Statements implements Operation.
func (o CreateFunction) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureFunctions, true); err != nil {
		return nil, err
	}
	verb := "CREATE " + orReplace(o.OrReplace) + "FUNCTION "
	stmt := o.object().creates(o.Place, verb, ifNotExists(o.IfNotExists), "AS "+o.definition(env.Database))
	return []Statement{inStorage(replacing(stmt, o.OrReplace, env), StorageFunctions, env)}, nil
}

// Inverse implements Inverter: the function is dropped, or replaced by what it was.
func (o CreateFunction) Inverse() (Operation, error) {
	switch {
	case !o.OrReplace:
		return DropFunction{Place: o.Place, Name: o.Name, IfExists: o.IfNotExists, Was: &o}, nil
	case o.Was == nil:
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the function that it replaces"}
	}
	was, is := *o.Was, o
	is.OrReplace, is.Was = false, nil
	was.OrReplace, was.Was = true, &is
	return was, nil
}

// DropFunction drops a function of SQL. Whether a query, a view or a default still
// calls it is not asked: those fail from then on.
//
//	ops.DropFunction{Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: "linear"}
//
// With Was it has an inverse.
type DropFunction struct {
	Place    `yaml:",inline"`
	Name     string          `json:"name,omitempty" yaml:"name,omitempty"`
	IfExists bool            `json:"if_exists,omitempty" yaml:"if_exists,omitempty"`
	Was      *CreateFunction `json:"was,omitempty" yaml:"was,omitempty"`
}

// At is the place of the operation.
func (o DropFunction) At() Place { return o.Place }

func (o DropFunction) describe() string { return shown(o.Name) }

func (o DropFunction) object() Object { return Object{Kind: ObjectFunction, Name: o.Name} }

// Tables implements Operation: there are none.
func (o DropFunction) Tables() []Table { return nil }

// Check implements Operation.
func (o DropFunction) Check() error { return refuse(o, o.check()) }

func (o DropFunction) check() error {
	if err := o.object().check(o.Place); err != nil || o.Was == nil {
		return err
	}
	return o.Was.checkWas(o.Place, o.object())
}

// Statements implements Operation.
func (o DropFunction) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureFunctions, true); err != nil {
		return nil, err
	}
	return []Statement{inStorage(o.object().drops(o.Place, "DROP FUNCTION ", o.IfExists), StorageFunctions, env)}, nil
}

// Inverse implements Inverter: IF EXISTS becomes IF NOT EXISTS. Without Was it is
// an *IrreversibleError.
func (o DropFunction) Inverse() (Operation, error) {
	if o.Was == nil {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Was to the function that it drops"}
	}
	was := *o.Was
	was.IfNotExists = o.IfExists
	return was, nil
}
