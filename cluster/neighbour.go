package cluster

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/skein-migrate/skein/ops"
)

// Definition is the statement that makes, on one node, its replica of the
// Replicated table that a neighbour now has in the place of what created says:
// a server refuses a replica whose columns are not those in ZooKeeper (122), and
// an ALTER may have changed them since. Empty: no neighbour has such a table.
func (s *Set) Definition(ctx context.Context, cluster, node string, created ops.Created) (string, error) {
	c, err := s.Cluster(ctx, cluster)
	if err != nil {
		return "", err
	}
	if _, err := c.node(ctx, node); err != nil { // its macros
		return "", err
	}
	// A path tells the table also after a RENAME. One that a server fills in by
	// itself ({uuid}) cannot be foretold: the name has to do.
	path := c.pathOn(node, ops.TableIs{Table: created.Table, Path: created.Path})
	for _, neighbour := range c.All() {
		if neighbour.Name() == node {
			continue
		}
		table := created.Table
		if path != "" {
			rows, err := c.Query(ctx, neighbour.Name(), "SELECT database, table FROM system.replicas WHERE zookeeper_path = "+ops.String(path))
			if err != nil {
				return "", fmt.Errorf("look for %s on a neighbour: %w", created.Table, err)
			}
			if len(rows) == 0 {
				continue
			}
			table.Database, table.Name = rows[0][0], rows[0][1]
		}
		rows, err := c.Query(ctx, neighbour.Name(), "SELECT create_table_query FROM system.tables WHERE "+
			among([]ops.Table{table})("database", "name"))
		if err != nil {
			return "", fmt.Errorf("look at %s on a neighbour: %w", table, err)
		}
		if len(rows) > 0 {
			return reproduced(rows[0][0], created), nil
		}
	}
	return "", nil
}

// reproduced is a neighbour's CREATE under the name, and with the path and the
// replica's name, that the table was to be made with: servers may have put in
// what the macros of the neighbour stand for.
func reproduced(create string, created ops.Created) string {
	open, _ := firstList(create)
	if open < 0 {
		return ""
	}
	text := "CREATE TABLE " + created.Table.SQL() + " " + create[open:]
	at := startOf(text, "ENGINE")
	arguments := regexp.MustCompile(`^ENGINE = Replicated\w+\(('(?:[^'\\]|\\.)*', '(?:[^'\\]|\\.)*')`)
	if found := arguments.FindStringSubmatchIndex(text[at:]); found != nil && created.Path != "" {
		own := ops.String(created.Path) + ", " + ops.String(created.Replica)
		text = string(slices.Concat([]byte(text[:at+found[2]]), []byte(own), []byte(text[at+found[3]:])))
	}
	return text
}
