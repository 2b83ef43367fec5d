package ops

import (
	"errors"
	"fmt"
	"strings"
)

// RenameTables renames several tables in one statement, one after the other: a
// name that one rename frees can be given by the next.
//
//	ops.RenameTables{Renames: []ops.RenameTable{
//		{From: ops.LocalTable("events", "events_local"), To: "events_old"},
//		{From: ops.LocalTable("events", "events_new"), To: "events_local"},
//	}}
//
// All tables are at one place. Where one rename fails, those before it are done
// (seen on 18.16 and 26.7). Replicated tables keep their ZooKeeper paths. Two
// tables swap names over a third one: a to tmp, b to a, tmp to b. Its inverse
// takes the renames back in reverse order.
type RenameTables struct {
	Renames []RenameTable `json:"renames,omitempty" yaml:"renames,omitempty"`
}

// Tables implements Operation.
func (o RenameTables) Tables() []Table {
	var tables []Table
	seen := map[Table]bool{}
	for _, rename := range o.Renames {
		for _, table := range rename.Tables() {
			if !seen[table] {
				tables = append(tables, table)
			}
			seen[table] = true
		}
	}
	return tables
}

// Check implements Operation.
func (o RenameTables) Check() error { return refuse(o, o.check()) }

func (o RenameTables) check() error {
	if len(o.Renames) == 0 {
		return errors.New("nothing to rename: list Renames")
	}
	given, freed := map[Table]bool{}, map[Table]bool{}
	for _, rename := range o.Renames {
		from, to := rename.From, rename.target()
		if err := rename.check(); err != nil {
			return err
		}
		switch {
		case from.Place != o.Renames[0].From.Place:
			return fmt.Errorf("%s is at another place than the first: write a RenameTables for each storage set and target", shown(from.String()))
		case freed[from]:
			return fmt.Errorf("%s is renamed twice: it has another name by then", shown(from.String()))
		case given[to]:
			return fmt.Errorf("two tables get the name %s: give each its own", shown(to.String()))
		}
		freed[from], freed[to] = true, false
		given[to], given[from] = true, false
	}
	return o.checkMoves()
}

// checkMoves refuses circles of three and more, whose steps cannot be told
// apart by looking at single tables.
func (o RenameTables) checkMoves() error {
	moves := o.moves()
	if len(moves) == 0 {
		return errors.New("each table gets its own name back: nothing is renamed")
	}
	goes := goesTo(moves)
	for _, move := range moves {
		steps, at := 1, move.target()
		for to, on := goes[at]; on && at != move.From; to, on = goes[at] {
			steps, at = steps+1, to
		}
		if at == move.From && steps > 2 {
			return errors.New("three tables or more change names in a circle: write several RenameTables, or ExchangeTables")
		}
	}
	return nil
}

func goesTo(moves []RenameTable) map[Table]Table {
	goes := make(map[Table]Table, len(moves))
	for _, move := range moves {
		goes[move.From] = move.target()
	}
	return goes
}

// moves are the renames taken together: what a table is called before, and in
// the end.
func (o RenameTables) moves() []RenameTable {
	was := map[Table]Table{} // by the name of now
	for _, rename := range o.Renames {
		first, moved := was[rename.From]
		if !moved {
			first = rename.From
		}
		delete(was, rename.From)
		was[rename.target()] = first
	}
	var moves []RenameTable
	for _, rename := range o.Renames {
		if first, there := was[rename.target()]; there && first != rename.target() {
			moves = append(moves, RenameTable{From: first, To: rename.To})
		}
		delete(was, rename.target())
	}
	return moves
}

// Statements implements Operation.
func (o RenameTables) Statements(env Env) ([]Statement, error) {
	if len(o.Renames) == 0 || env.skips(o.Renames[0].From.Place) {
		return nil, nil
	}
	stmt := Statement{Place: o.Renames[0].From.Place, Scope: EveryNode, After: o.conditions(env)}
	var names, shownNames []string
	for _, rename := range o.Renames {
		from, to := rename.From.in(env), rename.target().in(env)
		names = append(names, from.SQL()+" TO "+to.SQL())
		shownNames = append(shownNames, shown(from.Name)+" TO "+shown(to.Name))
	}
	for _, table := range o.Tables() {
		stmt.Writes = append(stmt.Writes, table.in(env))
	}
	// ON CLUSTER stands behind all names.
	stmt.Head = "RENAME TABLE " + strings.Join(names, ", ")
	stmt.Summary = "RENAME TABLE " + strings.Join(shownNames, ", ")
	return []Statement{stmt}, nil
}

// conditions look at the whole: in between a name belongs to another table.
func (o RenameTables) conditions(env Env) []Condition {
	moves := o.moves()
	goes := goesTo(moves)
	var conditions []Condition
	swapped := map[Table]bool{}
	for _, move := range moves {
		from, to := move.From.in(env), move.target().in(env)
		switch {
		case swapped[move.From]:
		case goes[move.target()] == move.From:
			swapped[move.target()] = true
			conditions = append(conditions, TablesExchanged{A: from, B: to})
		default:
			conditions = append(conditions, TableRenamed{From: from, To: to})
		}
	}
	return conditions
}

// Inverse implements Inverter: the tables get their old names back, the last
// renamed first.
func (o RenameTables) Inverse() (Operation, error) {
	back := RenameTables{Renames: make([]RenameTable, len(o.Renames))}
	for i, rename := range o.Renames {
		back.Renames[len(o.Renames)-1-i] = rename.back()
	}
	return back, nil
}
