package danger

import (
	"slices"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Inquiry is what Assess has to know of the nodes of one cluster.
type Inquiry struct {
	Cluster string
	Nodes   []journal.Node
	Tables  []ops.Table // one without a name: all of its database
	// Partitions asks for the rows of each partition too.
	Partitions bool
}

// Inquire lists what Assess has to know. everything asks for all steps that
// rewrite or drop data, or change a column's type; else only for those that a
// server may refuse because of the size of what they drop.
func Inquire(steps []plan.Step, everything bool) []Inquiry {
	var out []Inquiry
	path := newCourse()
	for _, step := range steps {
		class := ClassOf(step.Statement)
		wanted := everything && (class == RewritesData || class == DropsData || len(changed(step)) > 0)
		if wanted || limited(step.Statement) != "" {
			for _, table := range subjects(step) {
				if now, there := path.at(step.Cluster, table); there {
					out = ask(out, step, now)
				}
			}
		}
		path.follow(step)
	}
	return out
}

func ask(inquiries []Inquiry, step plan.Step, table ops.Table) []Inquiry {
	i := slices.IndexFunc(inquiries, func(q Inquiry) bool { return q.Cluster == step.Cluster })
	if i < 0 {
		i = len(inquiries)
		inquiries = append(inquiries, Inquiry{Cluster: step.Cluster})
	}
	q := &inquiries[i]
	if !slices.ContainsFunc(q.Tables, func(t ops.Table) bool { return t.String() == table.String() }) {
		q.Tables = append(q.Tables, table)
	}
	for _, node := range step.Nodes {
		if !slices.ContainsFunc(q.Nodes, func(n journal.Node) bool { return n.Name() == node.Name() }) {
			q.Nodes = append(q.Nodes, node)
		}
	}
	q.Partitions = q.Partitions || len(partitions(step.Statement)) > 0
	return inquiries
}
