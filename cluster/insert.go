package cluster

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// quorumTimeout bounds the wait for the other replicas of a state row, where the
// cluster's limit is not shorter. The server's own default is a minute.
const quorumTimeout = 15 * time.Second

// Insert writes rows as one block to a table of one node, in the foreground.
// A quorum above 1 waits until that many replicas have it. Values are string,
// journal.Status, uint64, uint32, time.Time or []string.
func (c *Cluster) Insert(ctx context.Context, node string, table ops.Table, columns []string, rows [][]any, quorum int) error {
	facts, err := c.node(ctx, node)
	if err != nil {
		return err
	}
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = ops.Ident(column)
	}
	for _, row := range rows {
		for i, value := range row {
			if status, ok := value.(journal.Status); ok {
				row[i] = wire.Enum(status)
			}
		}
	}
	var settings []ops.Setting
	for _, s := range []ops.Setting{
		{Name: "async_insert", Value: "0"},
		// A read-only replica must say so at once (26.7 hangs by default).
		{Name: "insert_keeper_max_retries", Value: "0"},
	} {
		if facts.Settings[s.Name] {
			settings = append(settings, s)
		}
	}
	if quorum > 1 {
		settings = append(settings, ops.Setting{Name: "insert_quorum", Value: strconv.Itoa(quorum)},
			ops.Setting{Name: "insert_quorum_timeout", Value: strconv.FormatInt(min(quorumTimeout, c.options.WaitLimit).Milliseconds(), 10)})
	}
	// A node that freezes in mid-insert leaves it unknown, and is not waited for.
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return c.pool(node).Insert(ctx, wire.Query{
		SQL:      "INSERT INTO " + table.SQL() + " (" + strings.Join(names, ", ") + ") VALUES",
		Settings: settings,
	}, columns, rows)
}
