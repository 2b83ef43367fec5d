package ops

import (
	"errors"
	"fmt"
	"slices"
)

// Test asks about the nodes of a place. Exactly one of SingleNode, Feature and
// VersionAtLeast is set; Not turns the answer round.
type Test struct {
	SingleNode     bool    `json:"single_node,omitempty" yaml:"single_node,omitempty"`
	Feature        Feature `json:"feature,omitempty" yaml:"feature,omitempty"`                   // all its nodes have it
	VersionAtLeast string  `json:"version_at_least,omitempty" yaml:"version_at_least,omitempty"` // "20.1"; the oldest node decides
	Not            bool    `json:"not,omitempty" yaml:"not,omitempty"`
}

func (t Test) check() error {
	set := 0
	for _, is := range []bool{t.SingleNode, t.Feature != "", t.VersionAtLeast != ""} {
		if is {
			set++
		}
	}
	if set != 1 {
		return fmt.Errorf("If asks %d things: set one of SingleNode, Feature and VersionAtLeast", set)
	}
	if t.VersionAtLeast != "" {
		_, err := ParseVersion(t.VersionAtLeast)
		return err
	}
	return nil
}

func (t Test) holds(env Env) (bool, error) {
	if err := t.check(); err != nil {
		return false, err
	}
	var answer bool
	switch {
	case t.SingleNode:
		answer = env.SingleNode
	case t.Feature != "":
		answer = env.Features[t.Feature]
	default:
		least, err := ParseVersion(t.VersionAtLeast)
		if err != nil {
			return false, err
		}
		if env.Version == (Version{}) {
			return false, errors.New("the version of the nodes is unknown")
		}
		answer = !env.Version.Less(least)
	}
	return answer != t.Not, nil
}

// When chooses between operations by what the nodes of their place are. All
// operations of both branches are at one place. The choice is data, so it has a
// checksum and an inverse.
//
//	ops.When{
//		If:   ops.Test{Feature: ops.FeatureIndexes},
//		Then: ops.Operations{ops.AddIndex{…}},
//	}
type When struct {
	If   Test       `json:"if" yaml:"if"`
	Then Operations `json:"then,omitempty" yaml:"then,omitempty"`
	Else Operations `json:"else,omitempty" yaml:"else,omitempty"`
}

// operations are those of both branches. Check refuses nil ones, all else
// passes over them.
func (o When) operations() Operations {
	return slices.DeleteFunc(slices.Concat(o.Then, o.Else), func(op Operation) bool { return op == nil })
}

// At is the place of the operations.
func (o When) At() Place {
	for _, op := range o.operations() {
		if place := PlaceOf(op); place != (Place{}) {
			return place
		}
	}
	return Place{}
}

// PlaceOf is the place of an operation: its own, or that of its first table.
func PlaceOf(op Operation) Place {
	if placed, ok := op.(Placed); ok {
		return placed.At()
	}
	if tables := op.Tables(); len(tables) > 0 {
		return tables[0].Place
	}
	return Place{}
}

func (o When) describe() string {
	for _, op := range o.operations() {
		return Describe(op) + ", …"
	}
	return "nothing"
}

// Tables implements Operation: those of both branches.
func (o When) Tables() []Table {
	var tables []Table
	for _, op := range o.operations() {
		tables = append(tables, op.Tables()...)
	}
	return tables
}

// Check implements Operation.
func (o When) Check() error { return refuse(o, o.check()) }

func (o When) check() error {
	if err := o.If.check(); err != nil {
		return err
	}
	if len(o.Then)+len(o.Else) == 0 {
		return errors.New("no operations: set Then, Else or both")
	}
	for _, op := range slices.Concat(o.Then, o.Else) {
		if op == nil {
			return errors.New("an operation is nil: leave it out")
		}
		if err := op.Check(); err != nil {
			return err
		}
		if PlaceOf(op) != o.At() {
			return fmt.Errorf("%s is at another place than the first: write a When for each storage set and target", Describe(op))
		}
	}
	return nil
}

// Statements implements Operation: those of the branch that env chooses.
func (o When) Statements(env Env) ([]Statement, error) {
	yes, err := o.If.holds(env)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Describe(o), err)
	}
	branch := o.Else
	if yes {
		branch = o.Then
	}
	var statements []Statement
	for _, op := range branch {
		more, err := op.Statements(env)
		if err != nil {
			return nil, err
		}
		statements = append(statements, more...)
	}
	return statements, nil
}

// Inverse implements Inverter: the same choice between the inverses, each in
// reverse order. The choice is made anew, by the nodes as they are then.
func (o When) Inverse() (Operation, error) {
	then, err := o.Then.Inverse()
	if err != nil {
		return nil, err
	}
	other, err := o.Else.Inverse()
	if err != nil {
		return nil, err
	}
	if len(then)+len(other) == 0 {
		return nil, nil // nothing to undo in either
	}
	return When{If: o.If, Then: then, Else: other}, nil
}
