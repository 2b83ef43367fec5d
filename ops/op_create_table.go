package ops

import (
	"errors"
	"fmt"
	"strings"
)

// CreateTable makes a table. A table that is there already is an error, unless
// IfNotExists says otherwise.
//
//	ops.CreateTable{
//		Table:   ops.LocalTable("events", "events_local"),
//		Columns: []ops.Column{{Name: "project_id", Type: "UInt64"}, {Name: "timestamp", Type: "DateTime"}},
//		Engine:  ops.Engine{Kind: ops.MergeTree, PartitionBy: "toMonday(timestamp)", OrderBy: "(project_id, timestamp)"},
//	}
//
// On a multi-node cluster its MergeTree engine is the Replicated one. Statements
// returns an *UnsupportedError where the nodes lack a clause that it uses.
type CreateTable struct {
	Table       Table    `json:"table" yaml:"table"`
	Columns     []Column `json:"columns,omitempty" yaml:"columns,omitempty"`
	Indexes     []Index  `json:"indexes,omitempty" yaml:"indexes,omitempty"`
	Engine      Engine   `json:"engine" yaml:"engine"`
	IfNotExists bool     `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
	Comment     string   `json:"comment,omitempty" yaml:"comment,omitempty"`
}

// Tables implements Operation. A Distributed table comes with the one it reads.
func (o CreateTable) Tables() []Table {
	if o.Engine.Kind == DistributedEngine {
		return []Table{o.Table, o.Engine.source(o.Table)}
	}
	return []Table{o.Table}
}

// Check implements Operation.
func (o CreateTable) Check() error { return refuse(o, o.check()) }

func (o CreateTable) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	if len(o.Columns) == 0 {
		return errors.New("no columns: list at least one in Columns")
	}
	if err := checkColumns(o.Columns); err != nil {
		return err
	}
	if err := o.Engine.check(o.Columns); err != nil {
		return err
	}
	if len(o.Indexes) > 0 && !o.Engine.mergeTree() && o.Engine.Kind != Raw {
		return fmt.Errorf("a %s engine has no indexes: leave Indexes out", o.Engine.Kind)
	}
	seen := map[string]bool{}
	for _, index := range o.Indexes {
		if err := index.check(); err != nil {
			return err
		}
		if seen[index.Name] {
			return fmt.Errorf("index %s is there twice: drop or rename one", shown(index.Name))
		}
		seen[index.Name] = true
	}
	return nil
}

// Statements implements Operation.
func (o CreateTable) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := o.supported(env); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	engine, err := o.Engine.resolve(t, env)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Describe(o), err)
	}
	stmt := Statement{
		Head:    "CREATE TABLE " + ifNotExists(o.IfNotExists) + t.SQL(),
		Tail:    o.body() + "\nENGINE = " + engine.sql,
		Place:   t.Place,
		Writes:  []Table{t},
		Scope:   EveryNode,
		After:   o.conditions(t, engine),
		Summary: "CREATE TABLE " + shown(t.Name),
		Creates: &Created{Table: t, Engine: engine.name, Path: engine.path, Replica: engine.replica},
	}
	if o.Engine.Kind == DistributedEngine {
		stmt.Reads = []Table{o.Engine.source(t)}
	}
	if o.Comment != "" {
		stmt.Tail += "\nCOMMENT " + String(o.Comment)
	}
	return []Statement{stmt}, nil
}

func (o CreateTable) supported(env Env) error {
	for _, column := range o.Columns {
		if err := column.supported(o, env); err != nil {
			return err
		}
	}
	return errors.Join(
		o.Engine.supported(o, env),
		env.need(o, FeatureIndexes, len(o.Indexes) > 0),
		env.need(o, FeatureTableComment, o.Comment != ""),
	)
}

func (o CreateTable) body() string {
	lines := make([]string, 0, len(o.Columns)+len(o.Indexes))
	for _, column := range o.Columns {
		lines = append(lines, "    "+column.sql())
	}
	for _, index := range o.Indexes {
		lines = append(lines, "    INDEX "+index.sql())
	}
	return "(\n" + strings.Join(lines, ",\n") + "\n)"
}

func (o CreateTable) conditions(t Table, engine resolved) []Condition {
	conditions := []Condition{TableIs{
		Table:       t,
		Engine:      engine.name,
		Columns:     o.Columns,
		Path:        engine.path,
		IfNotExists: o.IfNotExists,
	}}
	for _, index := range o.Indexes {
		conditions = append(conditions, index.is(t))
	}
	return conditions
}

// Inverse implements Inverter: the table is dropped, with IF EXISTS where it
// was made with IF NOT EXISTS.
func (o CreateTable) Inverse() (Operation, error) {
	return DropTable{Table: o.Table, IfExists: o.IfNotExists, Was: &o}, nil
}
