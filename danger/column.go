package danger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// typeChange is a column that a step gives a type or a TTL.
type typeChange struct {
	table  ops.Table
	column ops.Column
}

// changed lists the columns of stored tables that a step changes.
func changed(step plan.Step) []typeChange {
	var out []typeChange
	if step.Statement.Place.Target == ops.Distributed {
		return nil
	}
	for _, condition := range step.Statement.After {
		c, ok := condition.(ops.ColumnIs)
		if ok && !c.Added && (c.Column.Type != "" || c.Column.TTL != "") {
			out = append(out, typeChange{c.Table, c.Column})
		}
	}
	return out
}

// against compares a change with the column as it is on each node.
func (c typeChange) against(step plan.Step, path *course, nodes map[string]Holding) (Class, []string) {
	class, why := MetadataOnly, []string(nil)
	now, there := path.at(step.Cluster, c.table)
	if !there { // the plan itself makes the table: what it is, its statement says
		return ClassOf(step.Statement), nil
	}
	byType := map[string][]string{}
	for _, node := range step.Nodes {
		column, known := nodes[node.Name()].Tables[now.String()].Columns[path.column(step.Cluster, now, c.column.Name)]
		have := cmp.Or(path.typeOf(step.Cluster, now, c.column.Name), column.Type)
		if !known && have == "" {
			why = append(why, fmt.Sprintf("%s has no column %s", node.Name(), c.column.Name))
			class = RewritesData
			continue
		}
		byType[have] = append(byType[have], node.Name())
		if column.Kind == string(ops.Alias) {
			continue // nothing of it is stored
		}
		d := Assessment{Class: class, Why: why}
		d.worsen(c.compare(have, column))
		class, why = d.Class, d.Why
	}
	if len(byType) > 1 {
		why = append(why, disagreement(c.column.Name, byType))
	}
	return class, why
}

func (c typeChange) compare(have string, column ColumnHolding) (Class, []string) {
	d := Assessment{Class: MetadataOnly}
	if c.column.Type != "" {
		class, lost := classifyChange(have, c.column.Type)
		d.worsen(class, nil)
		if lost != "" {
			d.worsen(class, []string{lost})
		}
	}
	if c.column.TTL != "" && !sameText(c.column.TTL, column.TTL) {
		// Seen on 26.7: it starts MATERIALIZE TTL by itself.
		d.worsen(DropsData, []string{"values past the column's TTL go, at once or when parts merge"})
	}
	return d.Class, d.Why
}

func sameText(a, b string) bool {
	bare := strings.NewReplacer(" ", "", "\n", "", "`", "")
	return bare.Replace(a) == bare.Replace(b)
}

func disagreement(column string, byType map[string][]string) string {
	var parts []string
	for typ, nodes := range byType {
		slices.Sort(nodes)
		parts = append(parts, typ+" on "+strings.Join(nodes, ", "))
	}
	slices.Sort(parts)
	return "nodes differ: column " + column + " is " + strings.Join(parts, "; ")
}
