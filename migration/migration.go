// Package migration holds what engineers write: migrations in named, ordered
// groups, and the registry that checks them before anything is touched.
package migration

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Migration is an ordered list of operations forward and backward, with an ID
// unique in its group. The IDs of a group sort as they apply: 0001_…, 0002_….
type Migration struct {
	ID string
	// Blocking says that the forward operations take long or block writers, so
	// that running it needs --force.
	Blocking bool
	Forward  []ops.Operation
	// Backward undoes Forward, first operation first. Left out, it is the
	// inverse of every forward operation that has something to undo, last first;
	// one that has no inverse is then refused at registration. Empty and not nil:
	// there is nothing to undo.
	Backward []ops.Operation
	// Irreversible says why there is no way back, on purpose.
	Irreversible string
	// DependsOn are migrations that come before this one, of its group or of
	// others. Their groups then come before its group.
	DependsOn []Dependency
	// NoBatch sends every statement by itself. Left out, alterations of one table that
	// follow one another are one statement where servers allow it. It is no part of the
	// checksum.
	NoBatch bool
	// Allow names the rules of package validate that this migration breaks on
	// purpose, such as "nondeterministic-default", forward and backward. It is no
	// part of the checksum.
	Allow []string
	// Checked says that the source has run Check on every operation, and told its
	// errors with file and line: the registry does not do it again. A program leaves it.
	Checked bool
}

// Readiness says how far a group is. An environment may accept some states only;
// see Policy.
type Readiness string

// The readiness states, as Snuba names them.
const (
	Limited      Readiness = "limited"
	Experimental Readiness = "experimental"
	Partial      Readiness = "partial"
	Deprecated   Readiness = "deprecate"
	Complete     Readiness = "complete"
)

// Readinesses lists the states.
func Readinesses() []Readiness {
	return []Readiness{Limited, Experimental, Partial, Deprecated, Complete}
}

// Group is a named, ordered list of migrations.
type Group struct {
	Name      string
	Readiness Readiness // Complete when empty
	DependsOn []string  // groups that are migrated before this one
	Optional  bool      // an environment may skip it; see Policy
	// StorageSets that the group may touch; empty: whatever its operations name.
	StorageSets []storageset.Key
	Migrations  []Migration

	sums *sums // of Migrations; set by NewRegistry
}

// sums are the checksums of a group's migrations by ID, made once.
type sums struct {
	once sync.Once
	by   map[string]string
}

// Checksums are those of the group's migrations, by ID. One that has none is left out.
// Of a group of a Registry they are made once. It is safe for concurrent use.
func (g Group) Checksums() map[string]string {
	if g.sums == nil {
		return g.checksums()
	}
	g.sums.once.Do(func() { g.sums.by = g.checksums() })
	return g.sums.by
}

func (g Group) checksums() map[string]string {
	made := checksums(g.Migrations)
	by := make(map[string]string, len(made))
	for i, sum := range made {
		if sum != "" {
			by[g.Migrations[i].ID] = sum
		}
	}
	return by
}

// System is the name of skein's own group. It comes first, always.
const System = "system"

// Checksum is over the canonical form of the operations, never over rendered
// SQL, which differs between environments.
func (m Migration) Checksum() (string, error) {
	h := sha256.New()
	for _, list := range []struct {
		name       string
		operations []ops.Operation
	}{{"forward", m.Forward}, {"backward", m.Backward}} {
		text := append([]byte(list.name), "\x00["...)
		for i, operation := range list.operations {
			one, err := ops.Canonical(ops.Identity(operation))
			if err != nil {
				return "", fmt.Errorf("checksum of %s: %w", m.ID, err)
			}
			if i > 0 {
				text = append(text, ',')
			}
			text = append(text, one...)
		}
		h.Write(append(text, "]\x00"...))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// BackwardText is the canonical form of the backward operations. What the state
// table keeps is StoredText.
func (m Migration) BackwardText() (string, error) { return canonical(m.Backward) }

func canonical(operations []ops.Operation) (string, error) {
	list := make([][]byte, 0, len(operations))
	for _, operation := range operations {
		text, err := ops.Canonical(operation)
		if err != nil {
			return "", err
		}
		list = append(list, text)
	}
	return "[" + string(bytes.Join(list, []byte(","))) + "]", nil
}

// Tables are the tables of the operations, each once.
func Tables(operations []ops.Operation) []ops.Table {
	var tables []ops.Table
	for _, operation := range operations {
		for _, table := range operation.Tables() {
			if !slices.Contains(tables, table) {
				tables = append(tables, table)
			}
		}
	}
	return tables
}

// complete returns m with its derived backward list, or says which operation
// has no inverse.
func (m Migration) complete() (Migration, error) {
	if m.Irreversible != "" {
		if len(m.Backward) > 0 {
			return m, errors.New("has backward operations and is said to be irreversible: drop one of them")
		}
		return m, nil
	}
	if m.Backward != nil {
		return m, nil
	}
	for i, operation := range slices.Backward(m.Forward) {
		inverter, ok := operation.(ops.Inverter)
		if !ok {
			return m, fmt.Errorf("operation %d (%s) has no inverse: give Backward, or say Irreversible: \"why\"",
				i+1, ops.KindOf(operation))
		}
		inverse, err := inverter.Inverse()
		if err != nil {
			return m, fmt.Errorf("operation %d: %w: give Backward, or say Irreversible: \"why\"", i+1, err)
		}
		if inverse != nil {
			if m.Backward == nil {
				m.Backward = make([]ops.Operation, 0, i+1) // those before it have one at most
			}
			m.Backward = append(m.Backward, inverse)
		}
	}
	return m, nil
}

// checksums are those of several migrations, made side by side; empty where there is none.
func checksums(migrations []Migration) []string {
	made := make([]string, len(migrations))
	var together errgroup.Group
	together.SetLimit(runtime.GOMAXPROCS(0))
	const some = 64
	for first := 0; first < len(migrations); first += some {
		together.Go(func() error {
			for i := first; i < min(first+some, len(migrations)); i++ {
				made[i], _ = migrations[i].Checksum() // what cannot be encoded is not compared
			}
			return nil
		})
	}
	_ = together.Wait()
	return made
}
