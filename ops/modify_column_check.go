package ops

import (
	"errors"
	"fmt"
	"slices"
)

// Check implements Operation.
func (o ModifyColumn) Check() error { return refuse(o, o.check()) }

func (o ModifyColumn) check() error {
	if err := errors.Join(o.Table.check(), o.Column.check(false)); err != nil {
		return err
	}
	if err := o.checkMove(); err != nil {
		return err
	}
	if o.Was == nil {
		return o.checkRemove()
	}
	return o.checkWas()
}

// checkMove refuses places that cannot be rendered or undone. Without a type
// the server reads FIRST as one (50, 26.7).
func (o ModifyColumn) checkMove() error {
	if err := errors.Join(
		checkPosition(o.First, o.After, o.Column.Name),
		checkPosition(o.WasFirst, o.WasAfter, o.Column.Name),
	); err != nil {
		return err
	}
	switch {
	case o.moves() && o.Column.Type == "":
		return errors.New("a column that is moved needs its type: set Column.Type")
	case o.stood() && !o.moves():
		return errors.New("WasAfter and WasFirst say where a moved column stood: set After or First too")
	case o.stood() && o.Was == nil:
		return errors.New("WasAfter and WasFirst are for the inverse, which needs Was: set it")
	case o.moves() && o.First == o.WasFirst && o.After == o.WasAfter:
		return errors.New("the column is moved to where it stood: leave After and First out")
	}
	return nil
}

func (o ModifyColumn) checkRemove() error {
	if len(o.Remove) == 0 && o.Column == (Column{Name: o.Column.Name}) {
		return errors.New("nothing to change: set the column's Type, Expression, Codec, TTL or Comment, or Remove")
	}
	defaults := 0
	for i, property := range o.Remove {
		stated, known := o.Column.stated(property)
		if property.isDefault() {
			defaults++
		}
		switch {
		case !known:
			return fmt.Errorf("unknown property %q: set DEFAULT, MATERIALIZED, ALIAS, COMMENT, CODEC or TTL", property)
		case stated:
			return fmt.Errorf("%s is set and removed: leave it out of Remove or of Column", property)
		case slices.Contains(o.Remove[:i], property):
			return fmt.Errorf("%s is removed twice: leave one out", property)
		case defaults > 1:
			return errors.New("a column has one of DEFAULT, MATERIALIZED and ALIAS: remove that")
		}
	}
	return nil
}

func (o ModifyColumn) checkWas() error {
	switch {
	case len(o.Remove) > 0:
		return errors.New("what Was has and Column has not is removed: leave Remove out")
	case o.Was.Name != o.Column.Name:
		return errors.New("Was is another column: state the same name; RenameColumn gives it another")
	case *o.Was == o.Column && !o.moves():
		return errors.New("Was is what Column says: nothing to change")
	case (o.Was.Type == "") != (o.Column.Type == ""):
		return errors.New("state Type in both Column and Was, or in neither")
	case o.Was.Kind == Ephemeral && o.Column.defaultKind() == "":
		return errors.New("an EPHEMERAL column becomes an ordinary one on no server: give it an Expression, or drop and add it")
	}
	for _, unstored := range []DefaultKind{Alias, Ephemeral} {
		if o.Was.Type != o.Column.Type && (o.Was.defaultKind() == unstored) != (o.Column.defaultKind() == unstored) {
			return fmt.Errorf("the type and %s change together, which servers refuse where there are rows (16): "+
				"change one, then the other", unstored)
		}
	}
	return o.Was.check(false)
}

// isDefault says that a column has one such property at most.
func (p Property) isDefault() bool {
	return p == PropertyDefault || p == PropertyMaterialized || p == PropertyAlias
}

// stated says whether the column has the property, whichever default it is.
func (c Column) stated(property Property) (stated, known bool) {
	switch property {
	case PropertyDefault, PropertyMaterialized, PropertyAlias:
		return c.defaultKind() != "", true
	case PropertyComment:
		return c.Comment != "", true
	case PropertyCodec:
		return c.Codec != "", true
	case PropertyTTL:
		return c.TTL != "", true
	}
	return false, false
}
