package ops

import (
	"errors"
	"fmt"
	"strings"
)

// RunScope says on which nodes of its place an author's SQL runs.
type RunScope string

// The scopes of RunSQL. There is no default: an INSERT on every node is not
// the same as one.
const (
	RunEveryNode        RunScope = "every_node"
	RunOnePerReplicaSet RunScope = "one_per_replica_set" // of the first table in Writes
	RunOneNode          RunScope = "one_node"
)

const onClusterMark = "{on_cluster}"

// RunSQL runs one statement of your own. skein reads no more than its first words: say
// what it reads, writes and does to data.
//
//	ops.RunSQL{
//		Place:  ops.Place{StorageSet: "events", Target: ops.Local},
//		SQL:    "ALTER TABLE {db}.events_local {on_cluster} UPDATE platform = 'other' WHERE platform = ''",
//		Scope:  ops.RunOnePerReplicaSet,
//		Writes: []ops.Table{{Name: "events_local"}},
//		Mutation: true, RewritesData: true, Repeatable: true,
//	}
//
// In SQL {db} stands for the quoted database of the cluster, and {on_cluster}
// for the place of ON CLUSTER. SQL without {on_cluster} is sent to its nodes
// directly. It has no conditions: it is known to be done by the state row alone.
type RunSQL struct {
	Place `yaml:",inline"`
	SQL   string   `json:"sql,omitempty" yaml:"sql,omitempty"`
	Scope RunScope `json:"scope,omitempty" yaml:"scope,omitempty"`
	// Tables that name no place are at the operation's own.
	Reads    []Table   `json:"reads,omitempty" yaml:"reads,omitempty"`
	Writes   []Table   `json:"writes,omitempty" yaml:"writes,omitempty"`
	Direct   bool      `json:"direct,omitempty" yaml:"direct,omitempty"` // never ON CLUSTER
	Settings []Setting `json:"settings,omitempty" yaml:"settings,omitempty"`

	Mutation     bool `json:"mutation,omitempty" yaml:"mutation,omitempty"`
	RewritesData bool `json:"rewrites_data,omitempty" yaml:"rewrites_data,omitempty"`
	DropsData    bool `json:"drops_data,omitempty" yaml:"drops_data,omitempty"`
	Repeatable   bool `json:"repeatable,omitempty" yaml:"repeatable,omitempty"` // twice is the same as once

	// Undo is the way back. It is at the same place when it names none.
	Undo *RunSQL `json:"undo,omitempty" yaml:"undo,omitempty"`
}

// At is the place of the operation.
func (o RunSQL) At() Place { return o.Place }

func (o RunSQL) describe() string { return excerpt(o.SQL) }

// Tables implements Operation.
func (o RunSQL) Tables() []Table {
	return append(placed(o.Writes, o.Place), placed(o.Reads, o.Place)...)
}

// Check implements Operation.
func (o RunSQL) Check() error { return refuse(o, o.check()) }

func (o RunSQL) check() error {
	if err := checkPlaceAndTables(o.Place, o.Tables()); err != nil {
		return err
	}
	if strings.TrimSpace(o.SQL) == "" {
		return errors.New("no SQL: set SQL to one statement")
	}
	if behindRows(significantIn(o.SQL)) >= 0 {
		return fmt.Errorf("something "+twoStatements[len("this "):], "an operation")
	}
	if strings.Count(o.SQL, onClusterMark) > 1 {
		return errors.New("{on_cluster} is there twice: leave it once")
	}
	switch o.Scope {
	case RunEveryNode, RunOneNode:
	case RunOnePerReplicaSet:
		if len(o.Writes) == 0 {
			return errors.New("scope one_per_replica_set needs the table whose replicas are meant: set Writes to it")
		}
	case "":
		return errors.New("no scope: set every_node, one_per_replica_set or one_node")
	default:
		return fmt.Errorf("unknown scope %q: set every_node, one_per_replica_set or one_node", o.Scope)
	}
	if o.Undo == nil {
		return nil
	}
	if err := o.undo().check(); err != nil {
		return fmt.Errorf("its Undo: %w", err)
	}
	return nil
}

// undo is the way back with its place filled in.
func (o RunSQL) undo() RunSQL {
	undo := *o.Undo
	if undo.Place == (Place{}) {
		undo.Place = o.Place
	}
	return undo
}

// Statements implements Operation.
func (o RunSQL) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Place) {
		return nil, nil
	}
	head, tail, marked := strings.Cut(strings.TrimSpace(o.SQL), onClusterMark)
	stmt := Statement{
		Head:     strings.TrimSpace(inDatabase(head, env.Database)),
		Tail:     strings.TrimSpace(inDatabase(tail, env.Database)),
		Place:    o.Place,
		Scope:    o.scope(),
		Direct:   o.Direct || !marked,
		Settings: o.Settings,
		Traits:   o.traits(),
		// A line of progress needs neither the database nor where ON CLUSTER goes.
		Summary: excerpt(strings.NewReplacer("{db}.", "", onClusterMark+" ", "").Replace(o.SQL)),
	}
	stmt.Reads, stmt.Writes = filled(o.Reads, o.Place, env), filled(o.Writes, o.Place, env)
	return []Statement{stmt}, nil
}

// traits are those that are said, and what the first words tell of data: an INSERT that
// says nothing of itself is not "metadata only". How it is awaited, and whether it may be
// repeated, is the author's to say.
func (o RunSQL) traits() Traits {
	seen := read(significantIn(o.SQL)).traits
	return Traits{
		Mutation: o.Mutation, Repeatable: o.Repeatable, AddsData: seen.AddsData,
		RewritesData: o.RewritesData || seen.RewritesData, DropsData: o.DropsData || seen.DropsData,
	}
}

func (o RunSQL) scope() Scope {
	switch o.Scope {
	case RunOnePerReplicaSet:
		return OnePerReplicaSet
	case RunOneNode:
		return OneNode
	}
	return EveryNode
}

// Inverse implements Inverter. Without Undo it is an *IrreversibleError.
func (o RunSQL) Inverse() (Operation, error) {
	if o.Undo == nil {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Undo to the SQL that takes it back"}
	}
	undo := o.undo()
	if undo.Undo == nil {
		forward := o
		forward.Undo = nil
		undo.Undo = &forward
	}
	return undo, nil
}

// inDatabase fills the {db} of an author's SQL.
func inDatabase(sql, database string) string {
	return strings.ReplaceAll(sql, "{db}", Ident(database))
}

// excerpt is the beginning of a text on one line, for people.
func excerpt(text string) string {
	const most = 60
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

// placed gives tables that name no place the place of their operation.
func placed(tables []Table, place Place) []Table {
	out := make([]Table, len(tables))
	for i, table := range tables {
		if table.Place == (Place{}) {
			table.Place = place
		}
		out[i] = table
	}
	return out
}

func filled(tables []Table, place Place, env Env) []Table {
	out := placed(tables, place)
	for i := range out {
		out[i] = out[i].in(env)
	}
	return out
}

func checkPlaceAndTables(place Place, tables []Table) error {
	if err := place.check(); err != nil {
		return err
	}
	for _, table := range tables {
		if err := table.check(); err != nil {
			return err
		}
	}
	return nil
}
