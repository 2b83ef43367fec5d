package ops

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// part is what a table has beside its columns and by name: an index, a
// projection or a constraint.
type part interface {
	sql() string
	is(t Table) PartIs
	check() error
}

func (k PartKind) keyword() string { return strings.ToUpper(string(k)) }

// checkOn refuses tables that have nothing of the kind.
func (k PartKind) checkOn(t Table) error {
	if err := t.check(); err != nil {
		return err
	}
	if t.Target == Distributed {
		return fmt.Errorf("a Distributed table has no %s: name its LOCAL table", k)
	}
	return nil
}

// checkParts checks each of the parts and that no name comes twice.
func checkParts[P part](parts []P) error {
	seen := make(map[string]bool, len(parts))
	for _, p := range parts {
		if err := p.check(); err != nil {
			return err
		}
		is := p.is(Table{})
		if seen[is.Name] {
			return fmt.Errorf("%s %s is there twice: drop or rename one", is.Kind, shown(is.Name))
		}
		seen[is.Name] = true
	}
	return nil
}

// checkAdded checks parts that are added side by side.
func checkAdded[P part](parts []P, first bool, after string) error {
	if err := checkParts(parts); err != nil {
		return err
	}
	for _, p := range parts {
		if err := checkPosition(first, after, p.is(Table{}).Name); err != nil {
			return err
		}
	}
	return nil
}

// checkNames checks the names of parts that are there already.
func checkNames(kind PartKind, names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("no %s: set Names", kind)
	}
	for i, name := range names {
		switch {
		case name == "":
			return fmt.Errorf("no %s: set Name", kind)
		case slices.Contains(names[:i], name):
			return fmt.Errorf("%s %s is there twice: drop one", kind, shown(name))
		}
	}
	return nil
}

// checkDropped checks the names of parts that are dropped, and what they were.
func checkDropped[P part](kind PartKind, names []string, was []P, first bool, after string) error {
	if err := checkNames(kind, names); err != nil {
		return err
	}
	if len(was) == 0 {
		if first || after != "" {
			return errors.New("After and First say where Was stood: set Was")
		}
		return nil
	}
	if len(was) != len(names) {
		return fmt.Errorf("Was and the names are %d and %d: state what each was, in the same order", len(was), len(names))
	}
	for i, p := range was {
		if p.is(Table{}).Name != names[i] {
			return fmt.Errorf("Was is another %s: state the same name, in the same order", kind)
		}
	}
	return checkAdded(was, first, after)
}

// addParts renders one ALTER that adds parts side by side.
func addParts[P part](t Table, parts []P, first bool, after string, tolerant bool) Statement {
	commands, names := make([]string, 0, len(parts)), make([]string, 0, len(parts))
	conditions := make([]Condition, 0, len(parts))
	verb := ""
	for _, p := range parts {
		is := p.is(t)
		verb = "ADD " + is.Kind.keyword() + " "
		commands = append(commands, verb+ifNotExists(tolerant)+p.sql()+position(first, after))
		conditions, names = append(conditions, is), append(names, shown(is.Name))
		first, after = beside(first, after, is.Name)
	}
	stmt := alter(t, verb+strings.Join(names, ", "), commands...)
	stmt.After, stmt.Joins = conditions, JoinsAdding
	return stmt
}

// beside is where something goes that stands next to what has just been placed
// by first and after: behind it, or at the end as well.
func beside(first bool, after, name string) (bool, string) {
	if !first && after == "" {
		return false, ""
	}
	return false, name
}

// dropParts renders one ALTER that drops parts.
func dropParts(t Table, kind PartKind, names []string, tolerant bool) Statement {
	stmt := alterParts(t, "DROP", kind, names, ifExists(tolerant), "")
	stmt.Joins = JoinsDropping
	for _, name := range names {
		stmt.After = append(stmt.After, PartGone{Table: t, Kind: kind, Name: name})
	}
	return stmt
}

func alterParts(t Table, verb string, kind PartKind, names []string, condition, where string) Statement {
	commands, printed := make([]string, len(names)), make([]string, len(names))
	verb += " " + kind.keyword() + " "
	for i, name := range names {
		commands[i] = verb + condition + Ident(name) + where
		printed[i] = shown(name)
	}
	return alter(t, verb+strings.Join(printed, ", "), commands...)
}

// one is a list of what a pointer points to; of nothing for nil.
func one[T any](value *T) []T {
	if value == nil {
		return nil
	}
	return []T{*value}
}
