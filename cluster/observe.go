package cluster

import (
	"context"
	"fmt"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// tableState is what a node says of one table. The zero value: no such table.
type tableState struct {
	exists      bool
	engine      string
	uuid        string // empty before Atomic databases
	path        string // ZooKeeper path, expanded; empty when not Replicated
	createQuery string
	columns     []columnState
	indexes     map[string]indexState
}

type columnState struct{ name, typ, kind, expression, codec, comment string }

type indexState struct{ expression, typ string }

// identity tells a table from another that has come to bear its name.
func (t tableState) identity() string {
	if t.uuid != "" && t.uuid != "00000000-0000-0000-0000-000000000000" {
		return t.uuid
	}
	return t.path
}

func (t tableState) column(name string) (columnState, int) {
	for i, column := range t.columns {
		if column.name == name {
			return column, i
		}
	}
	return columnState{}, -1
}

// needs says what has to be read of tables beside their existence.
type needs struct{ columns, indexes bool }

func needsOf(conditions []ops.Condition) needs {
	var n needs
	for _, condition := range conditions {
		switch condition.(type) {
		case ops.TableIs, ops.ColumnIs, ops.ColumnGone:
			n.columns = true
		case ops.IndexIs, ops.IndexGone:
			n.indexes = true
		}
	}
	return n
}

// observe reads the state of tables on one node. Tables that are not there
// have a zero state.
func (c *Cluster) observe(ctx context.Context, node string, tables []ops.Table, need needs) (map[string]tableState, error) {
	facts, err := c.node(ctx, node)
	if err != nil {
		return nil, err
	}
	states := make(map[string]tableState, len(tables))
	if len(tables) == 0 {
		return states, nil
	}
	for _, part := range []struct {
		needed bool
		read   func(context.Context, string, nodeFacts, []ops.Table, map[string]tableState) error
	}{{true, c.observeTables}, {need.columns, c.observeColumns}, {need.indexes, c.observeIndexes}, {true, c.observePaths}} {
		if !part.needed {
			continue
		}
		if err := part.read(ctx, node, facts, tables, states); err != nil {
			return nil, err
		}
	}
	return states, nil
}

// among is a WHERE clause for tables, given the names of its two columns.
func among(tables []ops.Table, database, name string) string {
	parts := make([]string, len(tables))
	for i, table := range tables {
		parts[i] = fmt.Sprintf("(%s = %s AND %s = %s)", database, ops.String(table.Database), name, ops.String(table.Name))
	}
	return strings.Join(parts, " OR ")
}

func (c *Cluster) observeTables(ctx context.Context, node string, facts nodeFacts, tables []ops.Table, states map[string]tableState) error {
	rows, err := c.Query(ctx, node, "SELECT database, name, engine, create_table_query, "+
		optional(facts, "tables", "uuid")+" FROM system.tables WHERE "+among(tables, "database", "name"))
	if err != nil {
		return err
	}
	for _, row := range rows {
		state := tableState{
			exists: true, engine: row[2], createQuery: row[3], uuid: row[4],
			indexes: map[string]indexState{},
		}
		states[row[0]+"."+row[1]] = state
	}
	return nil
}

// optional selects a system column as text, or an empty string where the
// server has no such column.
func optional(facts nodeFacts, table, column string) string {
	if facts.columns[table][column] {
		return "toString(" + column + ")"
	}
	return "''"
}

func (c *Cluster) observeColumns(ctx context.Context, node string, facts nodeFacts, tables []ops.Table, states map[string]tableState) error {
	rows, err := c.Query(ctx, node, "SELECT database, table, name, type, default_kind, default_expression, "+
		optional(facts, "columns", "compression_codec")+", "+optional(facts, "columns", "comment")+
		" FROM system.columns WHERE "+among(tables, "database", "table"))
	if err != nil {
		return err
	}
	for _, row := range rows {
		name := row[0] + "." + row[1]
		state, ok := states[name]
		if !ok {
			continue // made between the two queries: the next look sees all of it
		}
		state.columns = append(state.columns, columnState{
			name: row[2], typ: row[3], kind: row[4], expression: row[5], codec: row[6], comment: row[7],
		})
		states[name] = state
	}
	return nil
}

func (c *Cluster) observeIndexes(ctx context.Context, node string, facts nodeFacts, tables []ops.Table, states map[string]tableState) error {
	if len(facts.columns["data_skipping_indices"]) == 0 {
		return nil
	}
	full := optional(facts, "data_skipping_indices", "type_full")
	if full == "''" {
		full = "type"
	}
	rows, err := c.Query(ctx, node, "SELECT database, table, name, expr, "+full+
		" FROM system.data_skipping_indices WHERE "+among(tables, "database", "table"))
	if err != nil {
		return err
	}
	for _, row := range rows {
		if state, ok := states[row[0]+"."+row[1]]; ok {
			state.indexes[row[2]] = indexState{expression: row[3], typ: row[4]}
		}
	}
	return nil
}

func (c *Cluster) observePaths(ctx context.Context, node string, _ nodeFacts, tables []ops.Table, states map[string]tableState) error {
	replicated := false
	for _, state := range states {
		replicated = replicated || strings.HasPrefix(state.engine, "Replicated")
	}
	if !replicated {
		return nil
	}
	rows, err := c.Query(ctx, node, "SELECT database, table, zookeeper_path FROM system.replicas WHERE "+
		among(tables, "database", "table"))
	if err != nil {
		return err
	}
	for _, row := range rows {
		name := row[0] + "." + row[1]
		if state, ok := states[name]; ok {
			state.path = row[2]
			states[name] = state
		}
	}
	return nil
}
