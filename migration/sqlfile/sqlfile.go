// Package sqlfile reads migrations from SQL files, as PyClickHouseMigrator writes
// them: a section for each direction, a block for each statement, no splitting at
// semicolons. docs/sql-files.md is the reference of the format.
package sqlfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/storageset"
)

// Options say what is known of the group of the files. The zero value works: then
// every block names its storage set.
type Options struct {
	// StorageSets are those of the group. Where there is one, blocks that name
	// none are in it; where there is any, blocks name one of them.
	StorageSets []storageset.Key
	// Sequential refuses a number that is missing between two files. Where files
	// of other sources are in the same group, leave it to migration.Merge.
	Sequential bool
	// Shown is the directory as messages name it; the dir that is loaded when empty.
	Shown string
}

// Load reads the .sql files of dir, without its subdirectories and without hidden
// files, in the order of their numbers. Other files are left alone. What is wrong
// in any of them comes in one error, each with file, line and column; it wraps a
// *yamlnode.Problem for each. A directory that is not there is an fs.ErrNotExist.
func Load(fsys fs.FS, dir string, options Options) ([]migration.Migration, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	if options.Shown == "" {
		options.Shown = dir
	}
	var problems []error
	var files []migration.File
	byID := map[string]migration.Migration{}
	for _, entry := range entries {
		if entry.IsDir() || path.Ext(entry.Name()) != ".sql" || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		text, err := fs.ReadFile(fsys, path.Join(dir, entry.Name()))
		if err != nil {
			problems = append(problems, fmt.Errorf("read migrations: %w", err))
			continue
		}
		name := path.Join(options.Shown, entry.Name())
		file, err := migration.ParseFileName(name)
		if err != nil {
			problems = append(problems, &yamlnode.Problem{File: name, Text: err.Error()})
			continue
		}
		m, err := parse(name, string(text), options)
		if err != nil {
			problems = append(problems, err)
		}
		m.ID = file.ID
		files, byID[file.ID] = append(files, file), m
	}
	problems = append(problems, checkNumbers(files, options)...)
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	slices.SortFunc(files, migration.CompareFiles)
	migrations := make([]migration.Migration, len(files))
	for i, file := range files {
		migrations[i] = byID[file.ID]
	}
	return migrations, nil
}

func checkNumbers(files []migration.File, options Options) []error {
	var problems []error
	bad := func(file migration.File, format string, args ...any) {
		problems = append(problems, &yamlnode.Problem{
			File: path.Join(options.Shown, file.ID+".sql"), Text: fmt.Sprintf(format, args...),
		})
	}
	for _, two := range migration.SameNumber(files) {
		bad(two[1], "has the number of %s: which of them comes first? Number one of them anew", two[0].ID)
	}
	if options.Sequential {
		for _, two := range migration.Gaps(files) {
			bad(two[1], "follows %s, and there is no file between them with number %d: "+
				"the group is sequential, number its files without a gap", two[0].ID, two[0].Number+1)
		}
	}
	return problems
}

// Parse reads one migration; name is that of its file, from which its ID is taken,
// and what messages begin with.
func Parse(name string, text []byte, options Options) (migration.Migration, error) {
	file, err := migration.ParseFileName(name)
	if err != nil {
		return migration.Migration{}, &yamlnode.Problem{File: name, Text: err.Error()}
	}
	m, err := parse(name, string(text), options)
	if err != nil {
		return migration.Migration{}, err
	}
	m.ID = file.ID
	return m, nil
}

func parse(name, text string, options Options) (migration.Migration, error) {
	p := &parser{file: name, sets: options.StorageSets}
	if !p.lines(text) {
		return migration.Migration{}, yamlnode.Join(p.problems)
	}
	var m migration.Migration
	sections := p.sections()
	p.header(sections.header, &m)
	m.Forward, m.Backward = p.blocks(sections.up), p.blocks(sections.down)
	if sections.up.marker > 0 && len(m.Forward) == 0 && len(p.problems) == 0 {
		p.bad(sections.up.marker, 1, "the up section has no statement: write one under -- @stmt")
	}
	if m.Irreversible != "" && len(m.Backward) > 0 {
		p.bad(sections.down.marker, 1, "the down section has statements, and the file is said to be irreversible: leave one of them out")
	}
	if m.Irreversible != "" {
		m.Backward = nil
	}
	return m, yamlnode.Join(p.problems)
}
