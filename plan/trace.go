package plan

import (
	"maps"

	"github.com/skein-migrate/skein/ops"
)

// TableKey names a table on a node in what Trace takes and gives.
func TableKey(node string, table ops.Table) string { return node + " " + table.String() }

// Trace tells each step which table bears which name when its turn comes, so
// that a RENAME or an EXCHANGE can be told from none. tables are the identities
// (UUID or ZooKeeper path) before the first step; what they are after the last
// is returned. Tables that a step makes have none.
func Trace(tables map[string]string, steps []Step) map[string]string {
	now := map[string]string{}
	maps.Copy(now, tables)
	for i, step := range steps {
		steps[i].Was = maps.Clone(now)
		for _, node := range step.Nodes {
			for _, condition := range step.Statement.After {
				move(now, node.Name(), condition)
			}
		}
	}
	return now
}

func move(tables map[string]string, node string, condition ops.Condition) {
	key := func(table ops.Table) string { return TableKey(node, table) }
	switch c := condition.(type) {
	case ops.TableIs:
		delete(tables, key(c.Table))
	case ops.TableGone:
		delete(tables, key(c.Table))
	case ops.TableRenamed:
		if identity, known := tables[key(c.From)]; known {
			tables[key(c.To)] = identity
		}
		delete(tables, key(c.From))
	case ops.TablesExchanged:
		a, b := tables[key(c.A)], tables[key(c.B)]
		tables[key(c.A)], tables[key(c.B)] = b, a
	}
}
