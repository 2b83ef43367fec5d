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
			key := func(table ops.Table) string { return TableKey(node.Name(), table) }
			if created := step.Statement.Creates; created != nil {
				delete(now, key(created.Table))
			}
			move(now, step.Statement.After, key)
		}
	}
	return now
}

// move applies what conditions say of the names of tables to what is known of
// them. The renames of one statement happen at once: one takes the name that
// another frees.
func move[T any](tables map[string]T, conditions []ops.Condition, key func(ops.Table) string) {
	renamed := map[string]T{}
	for _, condition := range conditions {
		switch c := condition.(type) {
		case ops.TableGone:
			delete(tables, key(c.Table))
		case ops.TableRenamed:
			if was, known := tables[key(c.From)]; known {
				renamed[key(c.To)] = was
			}
		case ops.TablesExchanged:
			a, b := tables[key(c.A)], tables[key(c.B)]
			tables[key(c.A)], tables[key(c.B)] = b, a
		}
	}
	for _, condition := range conditions {
		if c, ok := condition.(ops.TableRenamed); ok {
			delete(tables, key(c.From))
		}
	}
	maps.Copy(tables, renamed)
}
