// Package ops holds the typed schema changes of ClickHouse: each operation is
// a plain struct that renders to statements. It is pure: values in, statements
// out, no connection in sight. Where and how a statement runs is decided later,
// by package plan, and run by package cluster.
package ops

import (
	"errors"
	"fmt"

	"github.com/skein-migrate/skein/storageset"
)

// Target says which nodes of its storage set's cluster an operation is for.
type Target string

// The targets. The zero value is none, and refused at registration.
const (
	Local       Target = "LOCAL"       // the nodes that store data
	Distributed Target = "DISTRIBUTED" // the query nodes
)

// Place is a storage set and a target on it: the nodes that something is for.
type Place struct {
	StorageSet storageset.Key `json:"storage_set,omitempty" yaml:"storage_set,omitempty"`
	Target     Target         `json:"target,omitempty" yaml:"target,omitempty"`
}

func (p Place) check() error {
	if p.StorageSet == "" {
		return errors.New("no storage set")
	}
	switch p.Target {
	case Local, Distributed:
		return nil
	case "":
		return errors.New("no target: set LOCAL or DISTRIBUTED")
	}
	return fmt.Errorf("unknown target %q: set LOCAL or DISTRIBUTED", p.Target)
}

// Table names a table at a place. An empty Database is the cluster's own.
type Table struct {
	Place    `yaml:",inline"`
	Database string `json:"database,omitempty" yaml:"database,omitempty"`
	Name     string `json:"name,omitempty" yaml:"name,omitempty"`
}

func (t Table) check() error {
	if err := t.Place.check(); err != nil {
		return err
	}
	if t.Name == "" {
		return errors.New("no table")
	}
	return nil
}

// in returns t with its database filled in from env.
func (t Table) in(env Env) Table {
	if t.Database == "" {
		t.Database = env.Database
	}
	return t
}

// String is for people and for keys of maps, not for SQL: `default.events_local`.
func (t Table) String() string {
	if t.Database == "" {
		return t.Name
	}
	return t.Database + "." + t.Name
}

// SQL is the quoted name of the table, with its database when it has one.
func (t Table) SQL() string {
	sql := make([]byte, 0, usualText)
	if t.Database != "" {
		sql = append(appendIdent(sql, t.Database), '.')
	}
	return string(appendIdent(sql, t.Name))
}

// Env is plain data about the nodes of one place, from which an operation
// renders. It holds what all of its nodes have: the lowest version decides.
type Env struct {
	SingleNode   bool
	LocalCluster string // cluster_name: what a Distributed engine names
	DistCluster  string
	Database     string // of tables that name none
	ReplicaMacro string // the second argument of Replicated engines; "{replica}" when empty
	// UnshardedReplica is the replica argument for tables whose replicas are
	// spread over all shards; ReplicaMacro when empty.
	UnshardedReplica string
	Paths            map[string]string // ZooKeeper path overrides by "database.table"
	Features         map[Feature]bool
	Version          Version         // the lowest of the nodes
	Settings         map[string]bool // names in system.settings
	// Variables are the environment variables that {env:NAME} may name.
	Variables map[string]string
}

// Operation is one typed schema change.
type Operation interface {
	// Tables are the tables that the operation reads or writes, known without
	// a server: for validation, inactive-replica checks and ordering.
	Tables() []Table
	// Statements renders the operation. It is pure, and called once a plan.
	// An operation that has nothing to do in env returns none.
	Statements(env Env) ([]Statement, error)
	// Check refuses what can be refused without a server: no storage set, no
	// target, no table, an impossible field.
	Check() error
}

// Inverter is an operation that knows how to undo itself. Inverse returns an
// *IrreversibleError when this value has no inverse (DropColumn without Was),
// and no operation and no error when there is nothing to undo (MaterializeIndex).
type Inverter interface {
	Inverse() (Operation, error)
}

// Placed is an operation with a place of its own, beside those of its tables.
type Placed interface {
	At() Place
}

// IrreversibleError says that an operation has no derived inverse, and why.
type IrreversibleError struct {
	Operation string
	Why       string
}

func (e *IrreversibleError) Error() string {
	return fmt.Sprintf("%s has no derived inverse: %s", e.Operation, e.Why)
}

// UnsupportedError says that the nodes of a place lack what an operation
// needs. The planner names the node and its version.
type UnsupportedError struct {
	Operation string
	Feature   Feature
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s needs %s", e.Operation, e.Feature)
}
