// Package validate finds, without a server, what is wrong with migrations
// beyond each single operation: orders that break a Distributed table or a view
// on the way, tables that would meet at one ZooKeeper path, tables and defaults
// that would differ between replicas.
//
// It looks at what operations render to (what their statements read, write and
// make, and the conditions that hold afterwards), so that an operation which
// states these is covered without being named here. The schema is followed
// forward from nothing and then backward from the end.
//
// What cannot be known is not refused. A table that no migration makes may be
// there or not and has any columns; so has one that a RunGo, or a RunSQL with
// DDL, says in Writes that it writes. SQL of RunSQL is not parsed.
package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// The rules. Their names are what Migration.Allow takes, and stay as they are.
const (
	// DistributedBeforeLocal: a Distributed table is made, or its columns are
	// changed, before the table that it reads.
	DistributedBeforeLocal = "distributed-before-local"
	// LocalBeforeDistributed: a table or a column goes away while a Distributed
	// table still reads it.
	LocalBeforeDistributed = "local-before-distributed"
	// ViewBeforeTarget: a materialized view is made before what it writes to.
	ViewBeforeTarget = "view-before-target"
	// ViewBeforeSource: a view is made before what it says that it Reads.
	ViewBeforeSource = "view-before-source"
	// DroppedWhileRead: a table is dropped, detached or renamed while a view or
	// a dictionary reads it or writes to it.
	DroppedWhileRead = "dropped-while-read"
	// ZooKeeperPath: two tables have one path.
	ZooKeeperPath = "zookeeper-path"
	// PlainMergeTree: a MergeTree without replication on a multi-node cluster.
	PlainMergeTree = "plain-merge-tree"
	// NondeterministicDefault: replicas may compute different values.
	NondeterministicDefault = "nondeterministic-default"
	// RefreshWithoutAppend: a refreshable view replaces a replicated table.
	RefreshWithoutAppend = "refresh-without-append"
	// UnknownRule: Allow names no rule. It cannot be allowed.
	UnknownRule = "unknown-rule"
)

// Rules lists the rules that a migration can allow itself to break.
func Rules() []string {
	return []string{
		DistributedBeforeLocal, LocalBeforeDistributed, ViewBeforeTarget, ViewBeforeSource, DroppedWhileRead,
		ZooKeeperPath, PlainMergeTree, NondeterministicDefault, RefreshWithoutAppend,
	}
}

// Problem is one thing that is wrong with one operation.
type Problem struct {
	Key       journal.Key       `json:"migration"`
	Direction journal.Direction `json:"direction"`
	Operation int               `json:"operation"` // in the list of its direction, from 1; 0: the migration itself
	Rule      string            `json:"rule"`
	Text      string            `json:"text"` // what is wrong, and what to write instead
}

func (p Problem) String() string {
	where := p.Key.String()
	switch {
	case p.Operation > 0 && p.Direction == journal.Backward:
		where += fmt.Sprintf(" backward operation %d", p.Operation)
	case p.Operation > 0:
		where += fmt.Sprintf(" operation %d", p.Operation)
	}
	return where + ": " + p.Text + " [" + p.Rule + "]"
}

// Error is every problem at once, a line each.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Options say where the migrations are to run. The zero value works.
type Options struct {
	// At says what nodes a place has; Synthetic when nil.
	At Environment
	// Done are migrations that were completed before: they come first in the
	// order, and their problems are not told. None when nil.
	Done func(journal.Key) bool
}

// Check returns all problems of the groups, which are as a Registry lists them:
// in order, with every way back filled in. Forward ones come first, in the order
// in which operations run, then backward ones, last migration first. An
// irreversible migration ends the way back of its group and of those that it
// depends on. Operations that cannot be rendered are passed over: planning says why.
func Check(groups []migration.Group, options Options) []Problem {
	if options.At == nil {
		options.At = Synthetic
	}
	at := options.At.remembered()
	turns, known, lexer := order(groups, options.Done), newSurvey(), newLexer()
	pass := func(learns bool) []Problem {
		w := &walk{at: at, lexer: lexer, survey: known, learns: learns, schema: newSchema(known)}
		w.forward(turns)
		w.schema.turnBack()
		w.backward(turns)
		return w.problems
	}
	pass(true)
	return append(badAllows(turns), pass(false)...)
}

func badAllows(turns []turn) []Problem {
	var problems []Problem
	for _, t := range turns {
		for _, rule := range t.migration.Allow {
			if !t.done && !slices.Contains(Rules(), rule) {
				problems = append(problems, Problem{
					Key: t.key, Direction: journal.Forward, Rule: UnknownRule,
					Text: fmt.Sprintf("Allow names the rule %q, which there is not: write one of %s",
						rule, strings.Join(Rules(), ", ")),
				})
			}
		}
	}
	return problems
}
