package cluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Holdings reads, with one query a node, what the nodes of an inquiry have of its
// tables, and up to which size they drop one. It is an error if a node does not say.
func (s *Set) Holdings(ctx context.Context, inquiry danger.Inquiry) (map[string]danger.Holding, error) {
	c, err := s.Cluster(ctx, inquiry.Cluster)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	out := make(map[string]danger.Holding, len(inquiry.Nodes))
	errs := c.each(ctx, inquiry.Nodes, func(ctx context.Context, node journal.Node) error {
		holding, err := c.holding(ctx, node.Name(), inquiry)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		out[node.Name()] = holding
		return nil
	})
	if err := first(inquiry.Nodes, errs); err != nil {
		return nil, fmt.Errorf("read the sizes of tables in cluster %q: %w", c.options.Name, err)
	}
	return out, nil
}

func (c *Cluster) holding(ctx context.Context, node string, inquiry danger.Inquiry) (danger.Holding, error) {
	facts, err := c.node(ctx, node)
	if err != nil {
		return danger.Holding{}, err
	}
	rows, err := c.Query(ctx, node, holdingQuery(facts, inquiry))
	if err != nil {
		return danger.Holding{}, err
	}
	return holdingOf(rows)
}

// The kinds of rows that holdingQuery gives, each of kind, name of the table,
// and five texts.
const (
	holdsTable     = "table"
	holdsReplica   = "replica"
	holdsColumn    = "column"
	holdsPartition = "partition"
	limitsServer   = "server"
	limitsUser     = "user"
)

// holdingQuery asks all at once: a round trip for each table would be felt.
func holdingQuery(facts nodeFacts, inquiry danger.Inquiry) string {
	counted := func(column string) string {
		if facts.columns["tables"][column] {
			return "ifNull(toString(" + column + "), '')"
		}
		return "''"
	}
	partition, group := "'', ''", ""
	if inquiry.Partitions {
		partition, group = "partition, partition_id", ", partition, partition_id"
	}
	name, table := anyOf(inquiry.Tables, "name"), anyOf(inquiry.Tables, "table")
	limits := "name IN ('" + danger.MaxTableSizeToDrop + "', '" + danger.MaxPartitionSizeToDrop + "')"
	parts := []string{
		"SELECT '" + holdsTable + "', concat(database, '.', name), engine, " +
			counted("total_rows") + ", " + counted("total_bytes") + ", create_table_query, '' FROM system.tables WHERE " + name,
		"SELECT '" + holdsReplica + "', concat(database, '.', table), zookeeper_path, '', '', '', '' FROM system.replicas WHERE " + table,
		"SELECT '" + holdsColumn + "', concat(database, '.', table), name, type, default_kind, toString(data_compressed_bytes), '' " +
			"FROM system.columns WHERE " + table,
		"SELECT '" + holdsPartition + "', concat(database, '.', table), " + partition + ", toString(sum(rows)), toString(sum(bytes_on_disk)), '' " +
			"FROM system.parts WHERE active AND (" + table + ") GROUP BY database, table" + group,
		"SELECT '" + limitsUser + "', name, value, '', '', '', '' FROM system.settings WHERE changed AND " + limits,
	}
	if facts.columns["server_settings"]["value"] {
		parts = append(parts, "SELECT '"+limitsServer+"', name, value, '', '', '', '' FROM system.server_settings WHERE "+limits)
	}
	return strings.Join(parts, " UNION ALL ")
}

// anyOf is a WHERE clause for tables, or whole databases where a table has no name.
func anyOf(tables []ops.Table, name string) string {
	parts := make([]string, len(tables))
	for i, table := range tables {
		parts[i] = "database = " + ops.String(table.Database)
		if table.Name != "" {
			parts[i] = among([]ops.Table{table})("database", name)
		}
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

func holdingOf(rows [][]string) (danger.Holding, error) {
	h := danger.Holding{Tables: map[string]danger.TableHolding{}, Limits: map[string]danger.Limit{}}
	definitions := map[string]definition{}
	for _, row := range rows { // UNION ALL gives them in any order
		if row[0] == holdsTable {
			h.Tables[row[1]] = tableHolding(row[2], row[3], row[4])
			definitions[row[1]] = takeApart(row[5])
		}
	}
	for _, row := range rows {
		if err := take(h, definitions, row); err != nil {
			return h, fmt.Errorf("read what system tables say of %s: %w", row[1], err)
		}
	}
	return h, nil
}

// take adds a row of holdingQuery. What is there of a table that is not, or not
// any more, is left out.
func take(h danger.Holding, definitions map[string]definition, row []string) error {
	table, there := h.Tables[row[1]]
	switch {
	case row[0] == limitsUser, row[0] == limitsServer:
		return takeLimit(h, row)
	case !there:
	case row[0] == holdsReplica:
		table.Path = row[2]
	case row[0] == holdsColumn:
		bytes, err := strconv.ParseUint(row[5], 10, 64)
		if err != nil {
			return err
		}
		table.Columns[row[2]] = danger.ColumnHolding{
			Type: row[3], Kind: row[4], TTL: columnTTL(definitions[row[1]].columns[row[2]]), Bytes: bytes,
		}
	case row[0] == holdsPartition:
		have, err := amountIn(row[4], row[5])
		if err != nil {
			return err
		}
		if strings.HasSuffix(table.Engine, "MergeTree") {
			table.Amount = table.Amount.Add(have)
		}
		table.Partitions[danger.PartitionKey(false, row[2])] = have
		table.Partitions[danger.PartitionKey(true, row[3])] = have
	}
	if there {
		h.Tables[row[1]] = table
	}
	return nil
}

// takeLimit: what the user's profile says wins, in whatever order it comes.
func takeLimit(h danger.Holding, row []string) error {
	bytes, err := strconv.ParseUint(row[2], 10, 64)
	if err != nil {
		return err
	}
	if _, known := h.Limits[row[1]]; !known || row[0] == limitsUser {
		h.Limits[row[1]] = danger.Limit{Bytes: bytes}
	}
	return nil
}

// tableHolding counts what has no parts as the server does, if it does. A table
// of the MergeTree family is counted by its parts.
func tableHolding(engine, rows, bytes string) danger.TableHolding {
	t := danger.TableHolding{Engine: engine, Columns: map[string]danger.ColumnHolding{}, Partitions: map[string]danger.Amount{}}
	switch {
	case strings.HasSuffix(engine, "MergeTree"), engine == "View", engine == "Distributed",
		engine == "Merge", engine == "Null", engine == "Dictionary":
		t.Amount.Known = true
	default:
		have, err := amountIn(rows, bytes)
		if err == nil {
			t.Amount = have
		}
	}
	return t
}

func amountIn(rows, bytes string) (danger.Amount, error) {
	count, err := strconv.ParseUint(rows, 10, 64)
	if err != nil {
		return danger.Amount{}, err
	}
	size := uint64(0)
	if bytes != "" { // some engines tell none
		if size, err = strconv.ParseUint(bytes, 10, 64); err != nil {
			return danger.Amount{}, err
		}
	}
	return danger.Amount{Known: true, Rows: count, Bytes: size}, nil
}
