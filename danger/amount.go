package danger

import (
	"cmp"
	"fmt"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Amount is how much data there is, each row once, whatever the replicas.
type Amount struct {
	Known bool
	// AtMost: the statement picks among them.
	AtMost      bool
	Rows, Bytes uint64 // bytes as they are on disk: compressed
	ReplicaSets int    // that hold them
}

// Add sums amounts, also of steps that touch the same rows; one that is not known
// makes the sum so.
func (a Amount) Add(b Amount) Amount {
	return Amount{
		Known: a.Known && b.Known, AtMost: a.AtMost || b.AtMost, Rows: a.Rows + b.Rows, Bytes: a.Bytes + b.Bytes,
		ReplicaSets: max(a.ReplicaSets, b.ReplicaSets),
	}
}

func (a Amount) String() string {
	switch {
	case !a.Known && a.Rows == 0:
		return "how many rows is not known"
	case a.Rows == 0:
		return "no rows now"
	}
	text := grouped(a.Rows) + " rows"
	if a.Rows == 1 {
		text = "1 row"
	}
	if a.AtMost {
		text = "up to " + text
	}
	if a.Bytes > 0 {
		text += ", " + Size(a.Bytes)
	}
	if a.ReplicaSets > 1 {
		text += fmt.Sprintf(" on %d replica sets", a.ReplicaSets)
	}
	if !a.Known {
		text += ", and some that are not known"
	}
	return text
}

// Size writes bytes as servers do in their logs: 1.2 GiB.
func Size(bytes uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	value, unit := float64(bytes), 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

// grouped writes 12400000 as 12,400,000.
func grouped(n uint64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// amount sums what a step rewrites or drops, of each replica set what the replica
// with the most rows has.
func amount(step plan.Step, path *course, nodes map[string]Holding) Amount {
	total := Amount{Known: true}
	asked := subjects(step)
	if len(asked) == 0 {
		return Amount{} // the author names no table
	}
	for _, table := range asked {
		now, there := path.at(step.Cluster, table)
		if !there {
			continue
		}
		if nodes == nil {
			return Amount{}
		}
		total = total.Add(amountOf(step, path, now, nodes))
	}
	return total
}

func amountOf(step plan.Step, path *course, now ops.Table, nodes map[string]Holding) Amount {
	type key struct{ table, set string }
	sets := map[key]Amount{}
	known, atMost, tables := true, false, map[string]int{}
	for _, node := range step.Nodes {
		holding, read := nodes[node.Name()]
		if !read {
			return Amount{}
		}
		for name, table := range holding.of(now) {
			k := key{name, cmp.Or(table.Path, node.Name())}
			have := table.share(step, path)
			known, atMost = known && have.Known, atMost || have.AtMost
			if best, seen := sets[k]; !seen || have.Rows > best.Rows {
				sets[k] = have
			}
		}
	}
	sum := Amount{Known: known, AtMost: atMost}
	for k, have := range sets {
		sum.Rows, sum.Bytes = sum.Rows+have.Rows, sum.Bytes+have.Bytes
		if have.Rows > 0 {
			tables[k.table]++
			sum.ReplicaSets = max(sum.ReplicaSets, tables[k.table])
		}
	}
	return sum
}

// subjects are the tables whose rows a step rewrites or drops.
func subjects(step plan.Step) []ops.Table {
	for _, condition := range step.Statement.After {
		if gone, ok := condition.(ops.ObjectGone); ok && gone.Object.Kind == ops.ObjectDatabase {
			return []ops.Table{{Place: step.Statement.Place, Database: gone.Object.Name}}
		}
	}
	return step.Statement.Writes
}
