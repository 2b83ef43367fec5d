// Package yamlfile reads and writes migrations as YAML: the typed operations of
// package ops, one key an operation. What there is to write is derived from the
// types of ops.Kinds by reflection, so that a new operation or field is in YAML
// at once. docs/yaml-migrations.md is its reference.
package yamlfile

import (
	"io/fs"
	"sync"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/directory"
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

// Load reads the .yaml and .yml files of dir, as package directory says.
func Load(fsys fs.FS, dir string, options Options) ([]migration.Migration, error) {
	return directory.Load(fsys, dir, directory.Options{Shown: options.Shown}, Kind(options))
}

// Kind is how package directory reads these files.
func Kind(options Options) directory.Kind {
	var known sync.Pool // what reflection said of the operations; one goroutine at a time has it
	return directory.Kind{
		Endings: []string{".yaml", ".yml"},
		Parse: func(name string, text []byte) (migration.Migration, error) {
			types, ok := known.Get().(*types)
			if !ok {
				types = newTypes()
			}
			defer known.Put(types)
			return parse(name, text, options, types)
		},
	}
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
	Batch        *bool          `yaml:"batch,omitempty"`
	StorageSet   storageset.Key `yaml:"storage_set,omitempty"`
	Target       ops.Target     `yaml:"target,omitempty"`
	Forward      ops.Operations `yaml:"forward"`
	Backward     ops.Operations `yaml:"backward,omitempty"`
}
