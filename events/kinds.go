// Package events writes the events of a run as JSON lines: one object a line,
// for programs. What a line has is derived from the event types of package
// journal, and so is its JSON Schema.
package events

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/skein-migrate/skein/journal"
)

// Kinds is one value of every event there is. A test reads the source of package
// journal and fails when one is missing here.
func Kinds() []journal.Event {
	return []journal.Event{
		journal.LockWaiting{},
		journal.LockAcquired{},
		journal.Decided{},
		journal.PreflightPassed{},
		journal.MigrationStarted{},
		journal.OperationSkipped{},
		journal.StepSkipped{},
		journal.StatementSent{},
		journal.HostFinished{},
		journal.Waiting{},
		journal.MutationProgress{},
		journal.Retrying{},
		journal.Converged{},
		journal.MigrationFinished{},
		journal.MigrationFailed{},
		journal.Warning{},
		journal.RunEnded{},
	}
}

// Name is what a line calls an event: "statement_sent" for StatementSent.
func Name(event journal.Event) string { return snake(reflect.TypeOf(event).Name()) }

// snake writes MutationID as mutation_id, PartsToDo as parts_to_do.
func snake(name string) string {
	var out strings.Builder
	letters := []rune(name)
	for i, letter := range letters {
		begins := i > 0 && unicode.IsUpper(letter) &&
			(unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(letter))
	}
	return out.String()
}
