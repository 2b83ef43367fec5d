package ops

import (
	"errors"
	"fmt"
	"slices"
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
//
// With As it takes its columns from a table that all of its nodes have:
//
//	events := ops.LocalTable("events", "events_local")
//	ops.CreateTable{
//		Table:  ops.LocalTable("events", "events_shadow"),
//		As:     &events,
//		Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "(timestamp, project_id)"},
//	}
//
// 26.7 takes over constraints, the comment and, where both are MergeTree kinds,
// indexes, projections and each of PARTITION BY, PRIMARY KEY and SAMPLE BY that
// Engine leaves out, TTL not; 18.16 takes the columns alone. Without Engine the
// engine is the other table's too. Of a Replicated one that would be its
// ZooKeeper path as well (253), so LOCAL tables of a multi-node cluster need Engine.
type CreateTable struct {
	Table       Table        `json:"table" yaml:"table"`
	Columns     []Column     `json:"columns,omitempty" yaml:"columns,omitempty"`
	Indexes     []Index      `json:"indexes,omitempty" yaml:"indexes,omitempty"`
	Constraints []Constraint `json:"constraints,omitempty" yaml:"constraints,omitempty"`
	Projections []Projection `json:"projections,omitempty" yaml:"projections,omitempty"`
	// As is another table of the storage set, at Table's place when it names none.
	As          *Table `json:"as,omitempty" yaml:"as,omitempty"`
	Engine      Engine `json:"engine" yaml:"engine"`
	IfNotExists bool   `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
	Comment     string `json:"comment,omitempty" yaml:"comment,omitempty"`
}

// Tables implements Operation. A table comes with the one that it is made like
// and the one that its engine reads.
func (o CreateTable) Tables() []Table { return append([]Table{o.Table}, o.reads(o.Table)...) }

func (o CreateTable) reads(t Table) []Table {
	var tables []Table
	if o.As != nil {
		tables = append(tables, o.like())
	}
	if source := o.Engine.source(t); source.Name != "" {
		tables = append(tables, source)
	}
	return tables
}

// Check implements Operation.
func (o CreateTable) Check() error { return refuse(o, o.check()) }

func (o CreateTable) check() error {
	if err := o.Table.check(); err != nil {
		return err
	}
	if o.As != nil {
		return o.checkAs()
	}
	if len(o.Columns) == 0 {
		return errors.New("no columns: list at least one in Columns, or set As")
	}
	if err := checkColumns(o.Columns); err != nil {
		return err
	}
	if err := o.Engine.check(o.Columns); err != nil {
		return err
	}
	for _, part := range o.parts() {
		is := part.is(o.Table)
		if is.Kind != PartConstraint && !o.Engine.mergeTree() && o.Engine.Kind != Raw {
			return fmt.Errorf("a %s engine has no %s %s: leave it out", o.Engine.Kind, is.Kind, shown(is.Name))
		}
	}
	return errors.Join(checkParts(o.Indexes), checkParts(o.Constraints), checkParts(o.Projections))
}

// parts are in the order in which servers list them.
func (o CreateTable) parts() []part {
	parts := make([]part, 0, len(o.Indexes)+len(o.Constraints)+len(o.Projections))
	for _, index := range o.Indexes {
		parts = append(parts, index)
	}
	for _, constraint := range o.Constraints {
		parts = append(parts, constraint)
	}
	for _, projection := range o.Projections {
		parts = append(parts, projection)
	}
	return parts
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
	engine, err := o.resolve(t, env)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Describe(o), err)
	}
	stmt := onTable("CREATE TABLE", ifNotExists(o.IfNotExists), t)
	stmt.Tail = o.body(env)
	if engine.sql != "" {
		stmt.Tail += "\nENGINE = " + engine.sql
	}
	if o.Comment != "" {
		stmt.Tail += "\nCOMMENT " + String(o.Comment)
	}
	stmt.Reads = slices.Compact(filled(o.reads(t), t.Place, env))
	stmt.After = o.conditions(t, engine)
	stmt.Creates = &Created{
		Table: t, Engine: engine.name, Path: engine.path, Replica: engine.replica, LocalOnly: o.Engine.LocalOnly,
	}
	return []Statement{stmt}, nil
}

func (o CreateTable) supported(env Env) error {
	var it Operation = o // once: to each call its own would be a copy
	for _, column := range o.Columns {
		if err := supported(env, it, column); err != nil {
			return err
		}
	}
	for _, constraint := range o.Constraints {
		if err := constraint.supported(it, env); err != nil {
			return err
		}
	}
	return errors.Join(
		o.Engine.supported(it, env),
		need(env, it, FeatureIndexes, len(o.Indexes) > 0),
		need(env, it, FeatureProjections, len(o.Projections) > 0),
		need(env, it, FeatureTableComment, o.Comment != ""),
	)
}

func (o CreateTable) body(env Env) string {
	if o.As != nil {
		// In the distributed DDL queue a bare name is looked up in default (18.16).
		return "AS " + o.like().in(env).SQL()
	}
	lines := make([]string, 0, len(o.Columns))
	for _, column := range o.Columns {
		lines = append(lines, "    "+column.sql())
	}
	for _, part := range o.parts() {
		lines = append(lines, "    "+part.is(o.Table).Kind.keyword()+" "+part.sql())
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
	for _, part := range o.parts() {
		conditions = append(conditions, part.is(t))
	}
	return conditions
}

// Inverse implements Inverter: the table is dropped, with IF EXISTS where it
// was made with IF NOT EXISTS.
func (o CreateTable) Inverse() (Operation, error) {
	return DropTable{Table: o.Table, IfExists: o.IfNotExists, Was: &o}, nil
}
