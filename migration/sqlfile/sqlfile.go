// Package sqlfile reads migrations from SQL files, as PyClickHouseMigrator writes
// them: a section for each direction, a block for each statement, no splitting at
// semicolons. docs/sql-files.md is the reference of the format.
package sqlfile

import (
	"io/fs"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/directory"
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

// Load reads the .sql files of dir, as package directory says.
func Load(fsys fs.FS, dir string, options Options) ([]migration.Migration, error) {
	how := directory.Options{Shown: options.Shown, Sequential: options.Sequential}
	return directory.Load(fsys, dir, how, Kind(options))
}

// Kind is how package directory reads these files.
func Kind(options Options) directory.Kind {
	return directory.Kind{
		Endings: []string{".sql"},
		Parse: func(name string, text []byte) (migration.Migration, error) {
			return parse(name, string(text), options)
		},
	}
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
