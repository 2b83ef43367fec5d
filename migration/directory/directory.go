// Package directory reads the files of a group of migrations: it finds them, has
// those that read their kind parse them, several at a time, and puts what they say
// into one order. What stands in a file is the business of sqlfile and yamlfile.
package directory

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/migration"
)

// Kind is a kind of files, told by the ends of their names.
type Kind struct {
	Endings []string // such as .yaml and .yml
	// Parse reads the text of one file, and runs Check on its operations; messages
	// begin with its name. The ID is filled in by Load. Several goroutines call it at a time.
	Parse func(name string, text []byte) (migration.Migration, error)
}

// Options say how a directory is read. The zero value works.
type Options struct {
	// Shown is the directory as messages name it; the dir that is loaded when empty.
	Shown string
	// Sequential refuses a number that is missing between two files. Where
	// migrations of a program are in the same group, leave it to migration.Merge.
	Sequential bool
}

// file is one file and what became of it.
type file struct {
	migration.File
	name  string // in its file system
	shown string
	kind  Kind
	is    migration.Migration
	err   error
}

// Load reads the files of dir that are of one of the kinds, without its
// subdirectories and without hidden files, in the order of their numbers. Other
// files are left alone. What is wrong in any of them comes in one error, each with
// file, line and column; it wraps a *yamlnode.Problem for each. A directory that is
// not there is an fs.ErrNotExist.
func Load(fsys fs.FS, dir string, options Options, kinds ...Kind) ([]migration.Migration, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	if options.Shown == "" {
		options.Shown = dir
	}
	var files []*file
	for _, entry := range entries {
		at := slices.IndexFunc(kinds, func(k Kind) bool { return slices.Contains(k.Endings, path.Ext(entry.Name())) })
		if at < 0 || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		files = append(files, &file{name: path.Join(dir, entry.Name()), shown: path.Join(options.Shown, entry.Name()), kind: kinds[at]})
	}
	readAll(fsys, files)
	return inOrder(files, options)
}

// readAll reads as many files at a time as there are processors. A goroutine reads
// many: its stack has grown to what a parser needs after the first.
func readAll(fsys fs.FS, files []*file) {
	var together sync.WaitGroup
	var taken atomic.Int64
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		together.Go(func() {
			for i := int(taken.Add(1)); i <= len(files); i = int(taken.Add(1)) {
				files[i-1].read(fsys)
			}
		})
	}
	together.Wait()
}

func (f *file) read(fsys fs.FS) {
	if f.File, f.err = migration.ParseFileName(f.shown); f.err != nil {
		f.err = &yamlnode.Problem{File: f.shown, Text: f.err.Error()}
		return
	}
	text, err := fs.ReadFile(fsys, f.name)
	if err != nil {
		f.err = fmt.Errorf("read migrations: %w", err)
		return
	}
	f.is, f.err = f.kind.Parse(f.shown, text)
	f.is.ID, f.is.Checked = f.ID, true
}

// inOrder sorts what was read, or says all that is wrong.
func inOrder(files []*file, options Options) ([]migration.Migration, error) {
	var problems []error
	var named []*file
	for _, f := range files {
		if f.err != nil {
			problems = append(problems, f.err)
		}
		if f.ID != "" {
			named = append(named, f)
		}
	}
	slices.SortStableFunc(named, func(a, b *file) int { return migration.CompareFiles(a.File, b.File) })
	var gaps []error
	for i := 1; i < len(named); i++ {
		before, f := named[i-1], named[i]
		bad := func(format string, args ...any) error {
			return &yamlnode.Problem{File: f.shown, Text: fmt.Sprintf(format, args...)}
		}
		switch missing := f.Number - before.Number; {
		case missing == 0 && f.ID == before.ID:
			problems = append(problems, bad("has the ID of %s: leave one of the two out", path.Base(before.shown)))
		case missing == 0:
			problems = append(problems, bad("has the number of %s: which of them comes first? Number one of them anew", before.ID))
		case missing > 1 && options.Sequential:
			gaps = append(gaps, bad("follows %s, and there is no file between them with number %d: "+
				"the group is sequential, number its files without a gap", before.ID, before.Number+1))
		}
	}
	if err := errors.Join(append(problems, gaps...)...); err != nil {
		return nil, err
	}
	migrations := make([]migration.Migration, len(named))
	for i, f := range named {
		migrations[i] = f.is
	}
	return migrations, nil
}
