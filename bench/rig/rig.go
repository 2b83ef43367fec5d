// Package rig is what measurements on real servers share: programs that are run as
// processes, servers, a project of skein's, medians, profiles.
package rig

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Sizes are how much is measured; a test that only proves that a measurement runs takes
// fewer.
type Sizes struct {
	Runs       int   // of each side, of which the median is taken
	Starts     int   // of a command that does nothing
	Migrations int   // of peers
	Applied    int   // of noop
	Statements int   // of cluster: CREATE, and as many ALTER
	Columns    int   // of batch
	Planned    int   // of plan: migrations
	Groups     int   // of plan
	Nodes      []int // of nodes: sizes of clusters
}

// FullSizes are those of the targets.
func FullSizes() Sizes {
	return Sizes{Runs: 5, Starts: 40, Migrations: 300, Applied: 5000, Statements: 50, Columns: 40, Planned: 10_000, Groups: 50, Nodes: []int{10, 100, 1000}}
}

// Rig is one run of the benchmark. It runs one measurement at a time.
type Rig struct {
	Sizes
	// Results is where profiles go: the directory exists.
	Results string
	// Log is told what is going on.
	Log io.Writer

	dir   string // of what is made on the way
	skein string // the program, once it is built
}

// New makes a Rig, which Close removes.
func New(sizes Sizes, results string, log io.Writer) (*Rig, error) {
	if err := os.MkdirAll(results, 0o755); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "skein-bench-")
	if err != nil {
		return nil, err
	}
	return &Rig{Sizes: sizes, Results: results, Log: log, dir: dir}, nil
}

// Close removes what was made on the way.
func (r *Rig) Close() error { return os.RemoveAll(r.dir) }

// Logf tells what is going on.
func (r *Rig) Logf(format string, args ...any) {
	fmt.Fprintf(r.Log, format+"\n", args...)
}

// Dir makes a new empty directory.
func (r *Rig) Dir(name string) (string, error) {
	dir, err := os.MkdirTemp(r.dir, name+"-")
	if err != nil {
		return "", fmt.Errorf("make a directory for %s: %w", name, err)
	}
	return dir, nil
}

// Skein is the program as a release has it, built of the tree as it is.
func (r *Rig) Skein(ctx context.Context) (string, error) {
	if r.skein != "" {
		return r.skein, nil
	}
	path := filepath.Join(r.dir, "skein")
	r.Logf("building skein")
	if err := build(ctx, path); err != nil {
		return "", err
	}
	r.skein = path
	return path, nil
}
