package ops

import (
	"errors"
	"slices"
)

// InsertSelect fills a table from a query. It runs once a replica set of Into (on
// every node where that is not Replicated), never on each replica: replicas pass
// rows on to each other. What Query reads there is the node's own part of LOCAL
// tables, so that each shard copies what is its own.
//
//	ops.InsertSelect{
//		Into:    ops.LocalTable("events", "events_shadow"),
//		Columns: []string{"id", "day"},
//		Query:   "SELECT id, day FROM {db}.events_local",
//		Reads:   []ops.Table{{Name: "events_local"}},
//	}
//
// With OneNode, and always when Into is Distributed, one node runs it: for a query
// of a Distributed table, or of constants. Into a Distributed table the rows are on
// their shards when it ends. {db} in Query stands for the quoted database.
//
// No system table shows that it was done: the state row alone says so, and it is
// not run again by itself. Replicated tables leave out blocks that they got before
// (insert_deduplicate): of a query that gives the same blocks again nothing may
// arrive. An INSERT that fails half-way leaves the blocks that it wrote.
//
// It has no inverse: its rows are not told apart from others.
type InsertSelect struct {
	Into    Table    `json:"into" yaml:"into"`
	Columns []string `json:"columns,omitempty" yaml:"columns,omitempty"` // all when empty
	Query   string   `json:"query,omitempty" yaml:"query,omitempty"`
	// Reads are the tables that Query asks; they are at Into's place if they name none.
	Reads    []Table   `json:"reads,omitempty" yaml:"reads,omitempty"`
	OneNode  bool      `json:"one_node,omitempty" yaml:"one_node,omitempty"`
	Settings []Setting `json:"settings,omitempty" yaml:"settings,omitempty"`
}

// Tables implements Operation.
func (o InsertSelect) Tables() []Table {
	return append([]Table{o.Into}, placed(o.Reads, o.Into.Place)...)
}

// Check implements Operation.
func (o InsertSelect) Check() error { return refuse(o, o.check()) }

func (o InsertSelect) check() error {
	if err := checkQuery(o.Into, o.Query, o.Reads); err != nil {
		return err
	}
	if slices.Contains(o.Columns, "") {
		return errors.New("a column without a name: name it, or leave Columns out")
	}
	return errors.Join(checkClauseSettings(o.Settings), checkSecretArguments(o.Query))
}

// Statements implements Operation.
func (o InsertSelect) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Into.Place) {
		return nil, nil
	}
	t := o.Into.in(env)
	stmt := Statement{
		Head:    "INSERT INTO " + t.SQL(),
		Tail:    inDatabase(o.Query, t.Database),
		Place:   t.Place,
		Reads:   filled(o.Reads, o.Into.Place, env),
		Writes:  []Table{t},
		Scope:   OnePerReplicaSet,
		Direct:  true,
		Traits:  Traits{AddsData: true},
		Summary: "INSERT INTO " + shown(t.Name),
	}
	if len(o.Columns) > 0 {
		stmt.Head += " (" + identifiers(o.Columns) + ")"
	}
	if o.OneNode || t.Target == Distributed {
		stmt.Scope = OneNode
	}
	if t.Target == Distributed {
		// Otherwise rows wait in a queue on disk. Newer servers take the old name too.
		stmt.Settings = pinned(env, Setting{Name: "insert_distributed_sync", Value: "1"})
	}
	stmt.Settings = append(stmt.Settings, o.Settings...)
	return []Statement{stmt}, nil
}

// Inverse implements Inverter: an *IrreversibleError.
func (o InsertSelect) Inverse() (Operation, error) {
	return nil, &IrreversibleError{
		Operation: Describe(o),
		Why:       "its rows are not told apart from others; write the way back yourself, as Delete, DropPartition or TruncateTable",
	}
}
