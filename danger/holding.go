package danger

import (
	"iter"
	"maps"
	"regexp"
	"strings"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Holding is what one node has of the tables of an Inquiry.
type Holding struct {
	Tables map[string]TableHolding // by "database.table"
	// Limits are the sizes above which it drops nothing, by setting.
	Limits map[string]Limit
}

// TableHolding is what one node has of one table.
type TableHolding struct {
	Engine string
	Path   string // ZooKeeper path, which its replicas share; empty if not Replicated
	Amount Amount
	// Columns are by name; Partitions by partition and, behind "ID ", by its ID.
	Columns    map[string]ColumnHolding
	Partitions map[string]Amount
}

// ColumnHolding is what one node has of one column.
type ColumnHolding struct {
	Type, Kind, TTL string
	Bytes           uint64 // 0 also where the server does not tell
}

// of lists the tables of a holding that are meant: one, or all of a database.
func (h Holding) of(table ops.Table) iter.Seq2[string, TableHolding] {
	return func(yield func(string, TableHolding) bool) {
		if table.Name != "" {
			if have, there := h.Tables[table.String()]; there {
				yield(table.String(), have)
			}
			return
		}
		for name, have := range maps.All(h.Tables) {
			if strings.HasPrefix(name, table.Database+".") && !yield(name, have) {
				return
			}
		}
	}
}

// share is what of a table a step rewrites or drops: all of it, some partitions,
// or the bytes of some columns. Servers rewrite the whole of a part that is not
// big enough to have a file for each column, and tell no bytes of columns there.
func (t TableHolding) share(step plan.Step, path *course) Amount {
	have := t.Amount
	if bytes := t.columnBytes(step, path); bytes > 0 {
		have.Bytes = bytes
	}
	limit := limited(step.Statement)
	have.AtMost = limit == "" && len(columnsOf(step.Statement)) == 0
	if named := partitions(step.Statement); len(named) > 0 {
		some, known := t.partitions(named)
		some.AtMost = have.AtMost
		if known {
			return some
		}
		have.AtMost = true
	}
	return have
}

// partitions sums partitions; one that the node has not may be an expression, and
// makes the sum not known.
func (t TableHolding) partitions(named []string) (Amount, bool) {
	sum := Amount{Known: true}
	for _, name := range named {
		have, there := t.Partitions[name]
		if !there {
			return Amount{}, false
		}
		sum = sum.Add(have)
	}
	return sum, true
}

func (t TableHolding) columnBytes(step plan.Step, path *course) uint64 {
	bytes := uint64(0)
	for _, c := range columnsOf(step.Statement) {
		now, _ := path.at(step.Cluster, c.table)
		name := path.column(step.Cluster, now, c.name)
		for have, column := range t.Columns {
			if have == name || strings.HasPrefix(have, name+".") { // Nested
				bytes += column.Bytes
			}
		}
	}
	return bytes
}

type columnOf struct {
	table ops.Table
	name  string
}

// columnsOf lists the columns that a statement is about.
func columnsOf(stmt ops.Statement) []columnOf {
	var out []columnOf
	for _, condition := range stmt.After {
		switch c := condition.(type) {
		case ops.ColumnIs:
			out = append(out, columnOf{c.Table, c.Column.Name})
		case ops.ColumnGone:
			out = append(out, columnOf{c.Table, c.Name})
		}
	}
	if len(out) > 0 || len(stmt.Writes) == 0 {
		return out
	}
	// What has no condition says it in its text alone.
	verb := regexp.MustCompile("(?i)^(?:CLEAR|MATERIALIZE) COLUMN (?:IF EXISTS )?`([^`\\\\]+)`")
	if found := verb.FindStringSubmatch(stmt.Tail); found != nil {
		out = append(out, columnOf{stmt.Writes[0], found[1]})
	}
	return out
}

const partitionExpression = `\s+PARTITION\s+(ID\s+)?(tuple\(\)|'(?:[^'\\]|\\.)*'|\((?:'(?:[^'\\]|\\.)*'|[^')])*\)|[^\s,)]+)`

// partitions lists the partitions that an ALTER names, as Partitions has them.
func partitions(stmt ops.Statement) []string {
	return partitionsAfter(stmt, `IN|DROP|REPLACE|DETACH|MOVE|ATTACH`)
}

func partitionsAfter(stmt ops.Statement, words string) []string {
	var out []string
	sql := stmt.SQL("")
	if !strings.HasPrefix(strings.ToUpper(sql), "ALTER") {
		return nil
	}
	for _, found := range regexp.MustCompile(`(?i)\b(?:`+words+`)`+partitionExpression).FindAllStringSubmatch(sql, -1) {
		out = append(out, PartitionKey(found[1] != "", found[2]))
	}
	return out
}

// PartitionKey names a partition in TableHolding: 202601, 'x' and ('x','y') as
// ALTER takes them and as system.parts shows them are one.
func PartitionKey(byID bool, text string) string {
	text = strings.NewReplacer(" ", "", "'", "").Replace(text)
	if byID {
		return "ID " + text
	}
	return text
}
