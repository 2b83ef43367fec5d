package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/ops"
)

// probe asks a server what it makes of the columns that a condition states, by
// a temporary table that ends with its session: types get their canonical
// names, defaults their types and their canonical text.
func (c *Cluster) probe(ctx context.Context, node string, condition ops.Condition, state nodeState, settings []ops.Setting) (expected, error) {
	var columns []ops.Column
	only := ""
	switch condition := condition.(type) {
	case ops.TableIs:
		columns = condition.Columns
	case ops.ColumnIs:
		only = condition.Column.Name
		columns = withColumn(state.tables[condition.Table.String()], condition.Column)
	}
	if len(columns) == 0 {
		return expected{}, nil
	}
	want, err := c.probeColumns(ctx, node, columns, only, settings)
	if errors.Is(err, errRefusedProbe) && slices.ContainsFunc(columns, func(c ops.Column) bool { return c.Codec != "" }) {
		// Not every engine takes every codec: the types matter more.
		plain := slices.Clone(columns)
		for i := range plain {
			plain[i].Codec = ""
		}
		want, err = c.probeColumns(ctx, node, plain, only, settings)
	}
	if errors.Is(err, errRefusedProbe) {
		// The statement itself will say what is wrong.
		return expected{}, nil
	}
	return want, err
}

// errRefusedProbe says that the server does not take the columns.
var errRefusedProbe = errors.New("the server does not take these columns")

// probeColumns makes and describes the temporary table.
func (c *Cluster) probeColumns(ctx context.Context, node string, columns []ops.Column, only string, settings []ops.Setting) (expected, error) {
	definitions := make([]string, len(columns))
	for i, column := range columns {
		definitions[i] = definitionOf(column)
	}
	facts, err := c.node(ctx, node)
	if err != nil {
		return expected{}, err
	}
	var plain []ops.Setting
	if facts.Settings["print_pretty_type_names"] { // on by default (26.7): a Tuple's type takes several lines
		plain = []ops.Setting{{Name: "print_pretty_type_names", Value: "0"}}
	}
	engine, release := "Memory", []string(nil)
	if !facts.Version.Less(altersTemporarySince()) {
		engine, release = "Null", withoutDefaults(columns) // a Memory cannot be altered
	}
	var rows [][]string
	err = c.pool(node).Session(ctx, func(run func(context.Context, wire.Query) ([][]string, error)) error {
		create := "CREATE TEMPORARY TABLE skein_probe (" + strings.Join(definitions, ", ") + ") ENGINE = " + engine
		if _, err := run(ctx, wire.Query{SQL: create, Settings: settings}); err != nil {
			return err
		}
		var err error
		rows, err = run(ctx, wire.Query{SQL: "DESCRIBE TABLE skein_probe", Settings: plain})
		for _, alter := range release {
			_, _ = run(ctx, wire.Query{SQL: alter, Settings: settings}) // the answer is there, with or without it
		}
		return err
	})
	if hasAnswer(err) {
		return expected{}, fmt.Errorf("%w: %w", errRefusedProbe, err)
	}
	if err != nil {
		return expected{}, err
	}
	return described(rows, columns, only), nil
}

// withoutDefaults are the statements that take the defaults from the temporary table.
// A server takes it for a dependent of the dictionaries that they ask until it is
// restarted, whether it is dropped or ends with its session: nobody could drop these
// dictionaries any more (630, seen on 26.7). To alter it is what ends that.
func withoutDefaults(columns []ops.Column) []string {
	var removed, dropped []string
	for _, column := range columns {
		switch kind := defaultKind(column); {
		case column.Expression == "":
		case kind == ops.Ephemeral: // has no REMOVE
			dropped = append(dropped, "DROP COLUMN "+ops.Ident(column.Name))
		default:
			removed = append(removed, "MODIFY COLUMN "+ops.Ident(column.Name)+" REMOVE "+string(kind))
		}
	}
	var alters []string
	for _, commands := range [][]string{removed, dropped} { // others may be made of those that are dropped
		if len(commands) > 0 {
			alters = append(alters, "ALTER TEMPORARY TABLE skein_probe "+strings.Join(commands, ", "))
		}
	}
	return alters
}

// withColumn is the table's columns with one added or replaced, because a
// default may name the others.
func withColumn(state tableState, column ops.Column) []ops.Column {
	var columns []ops.Column
	replaced := false
	for _, have := range state.columns {
		if have.name == column.Name {
			replaced = true
			if column.Type == "" {
				column.Type = have.typ
			}
			columns = append(columns, column)
			continue
		}
		if strings.HasPrefix(have.name, column.Name+".") {
			continue // the parts of a Nested column
		}
		columns = append(columns, ops.Column{
			Name: have.name, Type: have.typ, Kind: ops.DefaultKind(have.kind), Expression: have.expression,
		})
	}
	if !replaced {
		columns = append(columns, column)
	}
	return columns
}

func definitionOf(column ops.Column) string {
	parts := []string{ops.Ident(column.Name)}
	if column.Type != "" {
		parts = append(parts, column.Type)
	}
	for _, part := range []string{string(defaultKind(column)), column.Expression} {
		if part != "" { // EPHEMERAL may have no expression
			parts = append(parts, part)
		}
	}
	if column.Codec != "" {
		parts = append(parts, "CODEC("+column.Codec+")")
	}
	return strings.Join(parts, " ")
}

func defaultKind(column ops.Column) ops.DefaultKind {
	if column.Kind == "" && column.Expression != "" {
		return ops.Default
	}
	return column.Kind
}

func described(rows [][]string, columns []ops.Column, only string) expected {
	want := expected{known: true}
	for _, row := range rows {
		name := row[0]
		if only != "" && name != only && !strings.HasPrefix(name, only+".") {
			continue
		}
		state := columnState{name: name, typ: row[1], kind: row[2], expression: row[3]}
		at := slices.IndexFunc(columns, func(c ops.Column) bool { return c.Name == name })
		if at >= 0 {
			state.comment = columns[at].Comment
			if columns[at].Codec != "" && len(row) > 5 { // DESCRIBE shows codecs where there are any
				state.codec = row[5]
			}
		}
		want.columns = append(want.columns, state)
	}
	return want
}

// hasAnswer says that the server refused, as against not having answered.
func hasAnswer(err error) bool {
	return err != nil && Classify(err) == Final
}
