package coordinator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// expectation is what migrations leave behind of one subject, where it can be said
// without trying.
type expectation struct {
	step plan.Step // the last that is about it
	// table is set of tables, views and dictionaries.
	table  *ops.Table
	engine string // empty: not known
	// is is what has to hold on the nodes; nil: that the table is there, of engine.
	is ops.Condition
}

// expectations are what is to be there after all steps, in order: a later step about
// a subject takes the place of an earlier one.
type expectations struct {
	order []string
	left  map[string]expectation
}

func (x *expectations) put(subject string, e expectation) {
	subject = e.step.Cluster + " " + string(e.step.Statement.Place.Target) + " " + subject
	if _, known := x.left[subject]; !known {
		x.order = append(x.order, subject)
	}
	x.left[subject] = e
}

func (x *expectations) drop(step plan.Step, subject string) {
	for _, target := range []ops.Target{ops.Local, ops.Distributed} {
		delete(x.left, step.Cluster+" "+string(target)+" "+subject)
	}
}

func (x *expectations) of(step plan.Step, table ops.Table) (expectation, bool) {
	e, known := x.left[step.Cluster+" "+string(step.Statement.Place.Target)+" "+subjectOf(table)]
	return e, known
}

func subjectOf(table ops.Table) string { return ops.TableExists{Table: table}.Subject() }

// add follows one step.
func (x *expectations) add(step plan.Step) {
	words := bareWords(step.Text)
	for _, table := range step.Statement.Writes { // what was said of it holds no more
		if e, known := x.of(step, table); known && len(words) > 0 && words[0] != "INSERT" {
			e.is = nil
			if words[0] == "EXCHANGE" {
				e.engine = "" // that of the other
			}
			x.put(subjectOf(table), e)
		}
	}
	if c := step.Statement.Creates; c != nil {
		x.put(subjectOf(c.Table), expectation{step: step, table: &c.Table, engine: c.Engine})
	} else if engine := madeKind(words); engine != "" && len(step.Statement.Writes) > 0 {
		table := step.Statement.Writes[0]
		var is ops.Condition = ops.ViewIs{Table: table, Engine: engine, Create: step.Statement.SQL("")}
		if engine == "Dictionary" {
			is = ops.DictionaryIs{Table: table, Create: step.Statement.SQL("")}
		}
		x.put(subjectOf(table), expectation{step: step, table: &table, engine: engine, is: is})
	}
	if len(words) > 0 && words[0] == "DROP" {
		for _, table := range step.Statement.Writes {
			x.drop(step, subjectOf(table))
		}
	}
	if len(words) > 0 && words[0] == "RENAME" {
		x.rename(step)
	}
	for _, condition := range step.Statement.After {
		x.condition(step, condition)
	}
}

// rename gives what is expected of tables to the names that they get.
func (x *expectations) rename(step plan.Step) {
	var moves []ops.TableRenamed
	for _, condition := range step.Statement.After {
		if c, ok := condition.(ops.TableRenamed); ok {
			moves = append(moves, c)
		}
	}
	if names := step.Statement.Writes; len(step.Statement.After) == 0 && len(names)%2 == 0 { // RENAME TABLE a TO b, c TO d
		for i := 0; i < len(names); i += 2 {
			moves = append(moves, ops.TableRenamed{From: names[i], To: names[i+1]})
		}
	}
	for _, move := range moves {
		e, known := x.of(step, move.From)
		x.drop(step, subjectOf(move.From))
		if known {
			e.table = &move.To
			x.put(subjectOf(move.To), e)
		}
	}
}

// condition follows what a step states.
func (x *expectations) condition(step plan.Step, condition ops.Condition) {
	subject := condition.Subject()
	switch c := condition.(type) {
	case ops.TableIs:
		if c.Path != "" { // what was made without skein may meet its replicas elsewhere
			c.Path = ""
		}
		x.put(subject, expectation{step: step, table: &c.Table, engine: c.Engine, is: c})
	case ops.ViewIs:
		x.put(subject, expectation{step: step, table: &c.Table, engine: c.Engine, is: c})
	case ops.DictionaryIs:
		x.put(subject, expectation{step: step, table: &c.Table, engine: "Dictionary", is: c})
	case ops.ObjectIs, ops.GrantIs:
		x.put(subject, expectation{step: step, is: condition})
	case ops.TableGone, ops.ObjectGone, ops.GrantGone:
		x.drop(step, subject)
	}
}

// madeKind is the engine of what a CREATE makes that is no plain table.
func madeKind(words []string) string {
	rest, created := words, len(words) > 0 && (words[0] == "CREATE" || words[0] == "REPLACE")
	if !created {
		return ""
	}
	for _, kind := range []struct{ words, engine string }{
		{"MATERIALIZED VIEW", "MaterializedView"}, {"VIEW", "View"}, {"DICTIONARY", "Dictionary"},
	} {
		list := strings.Fields(kind.words)
		for _, skipped := range []int{1, 3} { // CREATE, CREATE OR REPLACE
			if len(rest) >= skipped+len(list) && slices.Equal(rest[skipped:skipped+len(list)], list) {
				return kind.engine
			}
		}
	}
	return ""
}

// all lists what is left, in the order in which it was first spoken of.
func (x *expectations) all() []expectation {
	var out []expectation
	for _, subject := range x.order {
		if e, left := x.left[subject]; left {
			out = append(out, e)
			delete(x.left, subject) // dropped and made again: it stands in the order twice
		}
	}
	return out
}

// check is the expectation as a step whose nodes can be compared with it.
func (e expectation) check() plan.Step {
	step := e.step
	step.Statement.After = []ops.Condition{e.is}
	if e.is == nil {
		step.Statement.After = []ops.Condition{ops.TableIs{Table: *e.table, Engine: e.engine}}
	}
	return step
}

// difference says what one node has not as it should be; empty: nothing.
func (e expectation) difference(v journal.NodeVerdict) (what, has string) {
	what = e.check().Statement.After[0].Subject()
	if e.table == nil {
		return what, v.Why
	}
	return fmt.Sprintf("%s %s", strings.ToLower(kindOf(e.engine)), e.table), v.Why
}

func kindOf(engine string) string {
	switch engine {
	case "MaterializedView", "View":
		return "View"
	case "Dictionary":
		return engine
	}
	return "Table"
}
