package validate

import (
	"errors"
	"slices"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// turn is a migration in the order in which it runs.
type turn struct {
	key       journal.Key
	group     migration.Group
	migration migration.Migration
	done      bool
}

func order(groups []migration.Group, done func(journal.Key) bool) []turn {
	var first, then []turn
	for _, group := range groups {
		for _, m := range group.Migrations {
			key := journal.Key{Group: group.Name, ID: m.ID}
			if done != nil && done(key) {
				first = append(first, turn{key, group, m, true})
			} else {
				then = append(then, turn{key, group, m, false})
			}
		}
	}
	return append(first, then...)
}

// walk follows the schema through migrations, and keeps what it finds.
type walk struct {
	at     Environment
	lexer  lexer
	schema *schema
	survey *survey
	learns bool // the first pass, which fills survey

	turn      turn
	direction journal.Direction
	operation int
	broken    map[link]bool
	// renamed are links that a renamed column broke: whichever of the two tables
	// is first breaks it. They have to hold at the end of the migration.
	renamed  map[link]Problem
	problems []Problem
}

func (w *walk) backwards() bool { return w.direction == journal.Backward }

func (w *walk) forward(turns []turn) {
	w.direction, w.broken = journal.Forward, w.links()
	for _, t := range turns {
		w.run(t, t.migration.Forward)
	}
}

// backward goes back as far as it goes: behind an irreversible migration there
// is nothing of its group, nor of the groups that this one depends on.
func (w *walk) backward(turns []turn) {
	w.direction, w.broken = journal.Backward, w.links()
	stopped := map[string]bool{}
	for _, t := range slices.Backward(turns) {
		if t.migration.Irreversible != "" || stopped[t.key.Group] {
			stopped[t.key.Group] = true
			for _, name := range t.group.DependsOn {
				stopped[name] = true
			}
			continue
		}
		w.run(t, t.migration.Backward)
	}
}

func (w *walk) run(t turn, operations []ops.Operation) {
	w.turn, w.renamed = t, map[link]Problem{}
	for i, operation := range operations {
		w.operation = i + 1
		cluster, env := w.at(ops.PlaceOf(operation))
		for _, stmt := range render(operation, env) {
			w.step(w.read(stmt, cluster, env))
		}
	}
	for _, l := range sorted(w.broken) {
		if p, broken := w.renamed[l]; broken {
			w.keep(p)
		}
	}
}

// render makes the statements of an operation. What the nodes are too old for is
// rendered as for new ones: planning refuses it with their names.
func render(operation ops.Operation, env ops.Env) []ops.Statement {
	statements, err := operation.Statements(env)
	var unsupported *ops.UnsupportedError
	if errors.As(err, &unsupported) {
		env.Features = allFeatures()
		statements, err = operation.Statements(env)
	}
	if err != nil {
		return nil
	}
	return statements
}

func (w *walk) step(s statement) {
	w.inStep(s)
	w.apply(s)
	if !w.learns { // there is nothing to hold it against yet
		w.madeRight(s)
		w.linked(s)
	}
}

func (w *walk) tell(rule, text string) { w.keep(w.problem(rule, text)) }

func (w *walk) problem(rule, text string) Problem {
	return Problem{Key: w.turn.key, Direction: w.direction, Operation: w.operation, Rule: rule, Text: text}
}

func (w *walk) keep(p Problem) {
	if w.learns || w.turn.done || slices.Contains(w.turn.migration.Allow, p.Rule) {
		return
	}
	w.problems = append(w.problems, p)
}
