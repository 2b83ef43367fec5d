// Package yamlfile reads and writes migrations as YAML: the typed operations of
// package ops, one key an operation. What there is to write is derived from the
// types of ops.Kinds by reflection, so that a new operation or field is in YAML
// at once. docs/yaml-migrations.md is its reference.
package yamlfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Options say what files may leave out. The zero value: nothing.
type Options struct {
	// StorageSets are those of the group. Where there is one, operations and
	// files that name none are in it.
	StorageSets []storageset.Key
	// Shown is the directory as messages name it; the dir that is loaded when empty.
	Shown string
}

// Load reads the .yaml and .yml files of dir, without its subdirectories, in the
// order of their numbers. Other files are left alone. What is wrong in any of
// them comes in one error, each with file, line and column; it wraps a
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
	types := newTypes()
	for _, entry := range entries {
		if entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, path.Ext(entry.Name())) {
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
		m, err := parse(name, text, options, types)
		if err != nil {
			problems = append(problems, err)
		}
		m.ID = file.ID
		files, byID[file.ID] = append(files, file), m
	}
	for _, two := range migration.SameNumber(files) {
		problems = append(problems, &yamlnode.Problem{
			File: path.Join(options.Shown, two[1].ID+".yaml"),
			Text: fmt.Sprintf("has the number of %s: which of them comes first? Number one of them anew", two[0].ID),
		})
	}
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

// Parse reads one migration; name is that of its file, from which its ID is
// taken, and what messages begin with.
func Parse(name string, text []byte, options Options) (migration.Migration, error) {
	file, err := migration.ParseFileName(name)
	if err != nil {
		return migration.Migration{}, &yamlnode.Problem{File: name, Text: err.Error()}
	}
	m, err := parse(name, text, options, newTypes())
	if err != nil {
		return migration.Migration{}, err
	}
	m.ID = file.ID
	return m, nil
}

func parse(name string, text []byte, options Options, types *types) (migration.Migration, error) {
	root, problem := yamlnode.Document(name, text)
	if problem != nil {
		return migration.Migration{}, problem
	}
	if root == nil {
		return migration.Migration{}, &yamlnode.Problem{File: name, Line: 1, Column: 1, Text: "the file is empty: it needs forward, a list of operations"}
	}
	d := &decoder{types: types, file: name, sets: options.StorageSets}
	if len(options.StorageSets) == 1 {
		d.place.StorageSet = options.StorageSets[0]
	}
	m := d.migration(root)
	return m, yamlnode.Join(d.problems)
}

// header is the file beside its operations, in the order in which it is written.
type header struct {
	Blocking     bool           `yaml:"blocking,omitempty"`
	DependsOn    []string       `yaml:"depends_on,omitempty"`
	Irreversible string         `yaml:"irreversible,omitempty"`
	Allow        []string       `yaml:"allow,omitempty"`
	StorageSet   storageset.Key `yaml:"storage_set,omitempty"`
	Target       ops.Target     `yaml:"target,omitempty"`
	Forward      ops.Operations `yaml:"forward"`
	Backward     ops.Operations `yaml:"backward,omitempty"`
}
