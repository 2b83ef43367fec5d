package ops

import (
	"context"
	"errors"
	"fmt"
)

// RunGo runs a Go function on the nodes of a place. Its name and version are
// its identity, and all that a checksum sees: a changed function needs a new
// version. It runs once; it has no conditions and no form in other formats.
//
//	ops.RunGo{
//		Place:   ops.Place{StorageSet: "transactions", Target: ops.Local},
//		Name:    "fill_currencies",
//		Version: 1,
//		Func: func(ctx context.Context, db ops.DB) error {
//			return db.Exec(ctx, db.Nodes()[0], "INSERT INTO currencies VALUES ('EUR')")
//		},
//	}
type RunGo struct {
	Place   `json:"-" yaml:"-"`
	Name    string                                 `json:"name,omitempty" yaml:"name,omitempty"`
	Version int                                    `json:"version,omitempty" yaml:"version,omitempty"` // from 1
	Func    func(ctx context.Context, db DB) error `json:"-" yaml:"-"`
	// Tables that name no place are at the operation's own.
	Reads  []Table `json:"-" yaml:"-"`
	Writes []Table `json:"-" yaml:"-"`
	// Repeatable says that running it twice is the same as running it once.
	Repeatable bool `json:"-" yaml:"-"`
	// Undo is the way back. It is at the same place when it names none.
	Undo *RunGo `json:"undo,omitempty" yaml:"undo,omitempty"`
}

// At is the place of the operation.
func (o RunGo) At() Place { return o.Place }

func (o RunGo) describe() string { return fmt.Sprintf("%s version %d", shown(o.Name), o.Version) }

// Tables implements Operation.
func (o RunGo) Tables() []Table {
	return append(placed(o.Writes, o.Place), placed(o.Reads, o.Place)...)
}

// Check implements Operation.
func (o RunGo) Check() error { return refuse(o, o.check()) }

func (o RunGo) check() error {
	if err := checkPlaceAndTables(o.Place, o.Tables()); err != nil {
		return err
	}
	switch {
	case o.Name == "":
		return errors.New("no name: set Name, which with Version is the function's identity")
	case o.Version < 1:
		return errors.New("no version: set Version to 1, and count up when the function changes")
	case o.Func == nil:
		return errors.New("no function: set Func")
	case o.Undo == nil:
		return nil
	}
	if err := o.undo().check(); err != nil {
		return fmt.Errorf("its Undo: %w", err)
	}
	return nil
}

func (o RunGo) undo() RunGo {
	undo := *o.Undo
	if undo.Place == (Place{}) {
		undo.Place = o.Place
	}
	return undo
}

// Statements implements Operation.
func (o RunGo) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Place) {
		return nil, nil
	}
	return []Statement{{
		Head:    "RUN GO " + o.describe(),
		Call:    &Call{Name: o.Name, Version: o.Version, Func: o.Func},
		Place:   o.Place,
		Reads:   filled(o.Reads, o.Place, env),
		Writes:  filled(o.Writes, o.Place, env),
		Scope:   OneNode,
		Direct:  true,
		Traits:  Traits{Repeatable: o.Repeatable},
		Summary: "RUN GO " + shown(o.Name),
	}}, nil
}

// Inverse implements Inverter. Without Undo it is an *IrreversibleError.
func (o RunGo) Inverse() (Operation, error) {
	if o.Undo == nil {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Undo to the function that takes it back"}
	}
	undo := o.undo()
	if undo.Undo == nil {
		forward := o
		forward.Undo = nil
		undo.Undo = &forward
	}
	return undo, nil
}
