// Package importer takes over from other migration tools: it reads their files
// and the rows of their state tables, and says what skein's files and rows are.
// It is pure: it connects to nothing and writes nothing. One file a tool.
package importer

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/storageset"
)

// Tool is another migration tool whose files skein can take over.
type Tool struct {
	Name  string
	Table string // where it keeps its state, if nothing else is said
	// AsIs says that skein reads its files as they are, so that they may stay where
	// they are.
	AsIs bool
	// Columns are those that its table must have. Any other table of that name is
	// not its own.
	Columns []string
	// Query reads the table, given as SQL, that has these columns. All is text.
	Query func(table string, columns []string) string
	// Read reads the migrations of a directory, in the order of their numbers. All
	// that cannot be taken over comes in one error, with file and line.
	Read func(fsys fs.FS, options Options) ([]Migration, error)
	// Mark says by the rows of Query which migrations are applied, and since when.
	// The notes are for people.
	Mark func(migrations []Migration, rows [][]string) (marked []Migration, notes []string, err error)
}

// Options say where the migrations go.
type Options struct {
	// StorageSets are those of the group. Converted statements are put into the
	// first.
	StorageSets []storageset.Key
	// Shown is the directory as messages name it.
	Shown string
}

// Migration is a migration of another tool, as skein has it from now on.
type Migration struct {
	migration.Migration
	From []string // the files it was read from, as shown
	File string   // the name of its file in the group's directory
	Text []byte   // what is in that file
	// Applied says that the other tool has run it, at At. A tool that keeps no time
	// of a migration keeps that of a later one.
	Applied bool
	At      time.Time

	number uint64
}

// Tools lists the tools with files.
func Tools() []Tool { return []Tool{PyClickHouseMigrator(), Goose(), GolangMigrate()} }

// Names lists what import takes over from.
func Names() []string { return []string{Snuba, "pyclickhousemigrator", "goose", "golang-migrate"} }

// Lacking lists what a table lacks to be the tool's.
func (t Tool) Lacking(columns []string) []string {
	return slices.DeleteFunc(slices.Clone(t.Columns), func(name string) bool { return slices.Contains(columns, name) })
}

// names lists the files of a directory, sorted, without hidden ones.
func names(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, entry := range entries {
		if !entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			out = append(out, entry.Name())
		}
	}
	return out, nil
}

// ordered sorts migrations by their numbers, and refuses two with one number.
func ordered(migrations []Migration, problems []error) ([]Migration, error) {
	slices.SortStableFunc(migrations, func(a, b Migration) int { return migration.CompareIDs(a.ID, b.ID) })
	for i := 1; i < len(migrations); i++ {
		if a, b := migrations[i-1], migrations[i]; a.number == b.number {
			problems = append(problems, &yamlnode.Problem{
				File: b.From[0], Text: "has the version of " + path.Base(a.From[0]) + ": which of them was applied cannot be known",
			})
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return migrations, nil
}

// at finds the migration with a number; -1 if there is none.
func at(migrations []Migration, number uint64) int {
	return slices.IndexFunc(migrations, func(m Migration) bool { return m.number == number })
}

// sorted joins errors in one order, however they were found.
func sorted(problems []error) error {
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}
