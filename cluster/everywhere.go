package cluster

import (
	"context"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Everywhere reads a table that is not skein's on every node that has it. query
// makes the SELECT of the columns that the table has there. Nodes that answer
// differently are refused: which of them is right cannot be known. No node at all
// is no error.
func (c *Cluster) Everywhere(ctx context.Context, table ops.Table, query func(columns []string) (string, error)) (rows [][]string, nodes []string, err error) {
	if table.Database == "" {
		table.Database = c.options.Database
	}
	for _, node := range c.All() {
		columns, err := c.columnsOn(ctx, node.Name(), table)
		if err != nil {
			return nil, nil, journal.Refusef("every node has to answer, nothing was changed: %w", err)
		}
		if len(columns) == 0 {
			continue
		}
		sql, err := query(columns)
		if err != nil {
			return nil, nil, journal.Refusef("%s: %w", node.Name(), err)
		}
		have, err := c.Query(ctx, node.Name(), sql)
		if err != nil {
			return nil, nil, err
		}
		if len(nodes) > 0 && !slices.EqualFunc(rows, have, slices.Equal) {
			return nil, nil, journal.Refusef("%s on %s is not what it is on %s, and which of them is right cannot be known. "+
				"Nothing was changed. Make them the same, or rename the wrong one", table, node.Name(), strings.Join(nodes, ", "))
		}
		rows, nodes = have, append(nodes, node.Name())
	}
	return rows, nodes, nil
}

func (c *Cluster) columnsOn(ctx context.Context, node string, table ops.Table) ([]string, error) {
	rows, err := c.Query(ctx, node, "SELECT name FROM system.columns WHERE database = "+ops.String(table.Database)+
		" AND table = "+ops.String(table.Name))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, row := range rows {
		names = append(names, row[0])
	}
	return names, nil
}
