package ops

import (
	"errors"
	"fmt"
	"strings"
)

// Constraint is an expression that holds for each row of a table. Rows that are
// there already are never checked; an INSERT that breaks it fails (469).
//
//	ops.Constraint{Name: "has_id", Expression: "id > 0"}
type Constraint struct {
	Name       string `json:"name" yaml:"name"`
	Expression string `json:"expression" yaml:"expression"`
	// Assume: it is not checked, but relied on when queries are optimised.
	Assume bool `json:"assume,omitempty" yaml:"assume,omitempty"`
}

// sql renders the constraint as CREATE TABLE takes it after CONSTRAINT and
// ALTER TABLE after ADD CONSTRAINT.
func (c Constraint) sql() string { return Ident(c.Name) + " " + c.text() }

func (c Constraint) text() string {
	if c.Assume {
		return "ASSUME " + c.Expression
	}
	return "CHECK " + c.Expression
}

// is the condition that the table has the constraint.
func (c Constraint) is(t Table) PartIs {
	return PartIs{Table: t, Kind: PartConstraint, Name: c.Name, Text: c.text()}
}

// supported refuses a constraint that the nodes lack.
func (c Constraint) supported(op Operation, env Env) error {
	return errors.Join(
		need(env, op, FeatureConstraints, true),
		need(env, op, FeatureAssume, c.Assume),
	)
}

func (c Constraint) check() error {
	switch {
	case c.Name == "":
		return errors.New("a constraint has no name: set Name")
	case strings.TrimSpace(c.Expression) == "":
		return fmt.Errorf("constraint %s has no expression: set Expression, such as \"id > 0\"", shown(c.Name))
	}
	return nil
}
