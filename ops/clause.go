package ops

import (
	"errors"
	"fmt"
	"strings"
)

// changedClause is a clause that a table may have or not, with what it becomes
// and what it was.
type changedClause struct {
	kind     PartKind
	field    string // as its operation names it
	now, was string
	wasNone  bool
}

func (c changedClause) check(t Table) error {
	if err := c.kind.checkOn(t); err != nil {
		return err
	}
	now, was := strings.TrimSpace(c.now), strings.TrimSpace(c.was)
	switch {
	case now == "":
		return fmt.Errorf("no %s: set %s, or remove it with Remove%s", c.kind, c.field, c.field)
	case was != "" && c.wasNone:
		return errors.New("Was and WasNone together: leave one out")
	case was == now:
		return fmt.Errorf("Was is what %s says: nothing to change", c.field)
	}
	return nil
}

// irreversible is the error of a clause that does not say what it was.
func (c changedClause) irreversible(op Operation) error {
	return &IrreversibleError{
		Operation: Describe(op),
		Why:       fmt.Sprintf("set Was to the %s that it replaces, or WasNone where there was none", c.kind),
	}
}

// removeClause renders REMOVE of a clause.
func removeClause(t Table, kind PartKind) Statement {
	stmt := alter(t, "REMOVE "+string(kind), "REMOVE "+string(kind))
	stmt.After = []Condition{PartGone{Table: t, Kind: kind}}
	return stmt
}
