// Package storageset names sets of tables that live together on one cluster,
// and says which cluster each set is on.
package storageset

import (
	"fmt"
	"slices"
	"strings"
)

// Key names a storage set, such as "events". Keys are compared exactly.
type Key string

// Migrations is the storage set of skein's own state tables.
const Migrations Key = "migrations"

// Map says on which configured cluster each storage set lives. The zero value is empty.
type Map struct{ clusters map[Key]string }

// Assign builds a Map from the storage sets of each configured cluster. A set
// on two clusters is an error that names both.
func Assign(sets map[string][]Key) (Map, error) {
	m := Map{clusters: make(map[Key]string)}
	names := make([]string, 0, len(sets))
	for name := range sets {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, key := range sets[name] {
			if other, taken := m.clusters[key]; taken && other != name {
				return Map{}, fmt.Errorf("storage set %q is on two clusters: %q and %q", key, other, name)
			}
			m.clusters[key] = name
		}
	}
	return m, nil
}

// Cluster returns the name of the configured cluster that a storage set is on.
// A set on no cluster is an error that lists the sets there are.
func (m Map) Cluster(key Key) (string, error) {
	if name, ok := m.clusters[key]; ok {
		return name, nil
	}
	return "", &UnknownError{Key: key, Known: m.Keys()}
}

// Keys lists the storage sets, sorted.
func (m Map) Keys() []Key {
	keys := make([]Key, 0, len(m.clusters))
	for key := range m.clusters {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// UnknownError says that a storage set is on no configured cluster.
type UnknownError struct {
	Key   Key
	Known []Key
}

func (e *UnknownError) Error() string {
	known := make([]string, len(e.Known))
	for i, key := range e.Known {
		known[i] = string(key)
	}
	return fmt.Sprintf("storage set %q is on no cluster: add it to clusters[].storage_sets (there are: %s)",
		e.Key, strings.Join(known, ", "))
}
