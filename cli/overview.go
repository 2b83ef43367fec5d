package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// overview is what plan and every change show before anything runs: which groups,
// migrations and nodes it is about, and what becomes of data.
type overview struct {
	environment string
	plans       []coordinator.MigrationPlan
	leftAlone   []leftAloneView // groups that this environment has nothing to do with
}

type leftAloneView struct {
	Group string `json:"group"`
	Why   string `json:"why"`
}

// overviewOf adds what the configuration says to plans. Groups that are left alone
// are named where all groups were asked for.
func (w *wired) overviewOf(plans []coordinator.MigrationPlan, r coordinator.Request) overview {
	o := overview{environment: w.config.Environment, plans: plans}
	if len(r.Groups) == 0 {
		o.leftAlone = leftAloneIn(w.registry)
	}
	return o
}

func leftAloneIn(registry *migration.Registry) []leftAloneView {
	var out []leftAloneView
	for _, group := range registry.Groups() {
		if why := registry.Inactive(group.Name); why != "" {
			out = append(out, leftAloneView{group.Name, why})
		}
	}
	return out
}

// groupPlans are the plans of one group that follow each other.
type groupPlans struct {
	name  string
	plans []coordinator.MigrationPlan
}

func (o overview) groups() []groupPlans {
	var out []groupPlans
	for _, p := range o.plans {
		if len(out) == 0 || out[len(out)-1].name != p.Key.Group {
			out = append(out, groupPlans{name: p.Key.Group})
		}
		last := &out[len(out)-1]
		last.plans = append(last.plans, p)
	}
	return out
}

// nodesOf lists the nodes that plans touch, each once, by shard as clusters have them.
func nodesOf(plans []coordinator.MigrationPlan) []string {
	names := []string{}
	for _, p := range plans {
		for _, step := range p.Steps {
			for _, name := range journal.Names(step.Nodes) {
				if !p.Fake && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// print writes the overview, and a last line that sums it up.
func (o overview) print(w io.Writer, last string) {
	if o.environment != "" {
		fmt.Fprintf(w, "%-15s %s\n", "environment", o.environment)
	}
	groups := o.groups()
	for _, g := range groups {
		where := nodesOf(g.plans)
		on := "no node: only the status is written"
		if len(where) > 0 {
			on = count(len(where), "node") + ": " + strings.Join(where, ", ")
		}
		fmt.Fprintf(w, "%-15s %s, %s\n", g.name, count(len(g.plans), "migration"), on)
		printGroupPlans(w, g.plans)
	}
	for _, left := range o.leftAlone {
		fmt.Fprintf(w, "%-15s left alone: %s\n", left.Group, left.Why)
	}
	sum := totalsOf(o.plans)
	fmt.Fprintf(w, "%s in %s, %s on %s, %s.%s\n", count(len(o.plans), "migration"), count(len(groups), "group"),
		count(sum.steps, "step"), count(len(nodesOf(o.plans)), "node"), sum, last)
}

// shown is how many migrations of a group that change nothing but metadata have a
// line of their own: the first run of a big project has hundreds.
const shown = 10

func printGroupPlans(w io.Writer, plans []coordinator.MigrationPlan) {
	quiet := 0
	for _, p := range plans {
		if isQuiet(p) {
			if quiet++; quiet > shown {
				continue
			}
		}
		printGlance(w, p)
	}
	if quiet > shown {
		fmt.Fprintf(w, "  and %d more that change metadata only\n", quiet-shown)
	}
}

func isQuiet(p coordinator.MigrationPlan) bool {
	words, _ := glance(p)
	return !p.Blocking && len(words) == 1 && words[0] == string(danger.MetadataOnly)
}

// printGlance writes one migration: how many steps, and the worst of what they do.
func printGlance(w io.Writer, p coordinator.MigrationPlan) {
	name := p.Key.ID + backwardMark(p.Direction)
	if p.Blocking {
		name += "  blocking"
	}
	words, why := glance(p)
	steps := count(len(p.Steps), "step")
	if p.Fake {
		steps = "fake"
	}
	below := append(words, why...)
	if len(below) == 1 && len(below[0]) <= beside {
		steps, below = fmt.Sprintf("%-9s %s", steps, below[0]), nil
	}
	fmt.Fprintf(w, "  %-40s %s\n", name, steps)
	for _, text := range below {
		fmt.Fprintf(w, "      %s\n", text)
	}
}

// beside is how much fits into 80 columns beside a migration's name.
const beside = 26

// glance says what a migration does to data, worst first, and why where the class
// alone does not say it.
func glance(p coordinator.MigrationPlan) (words, why []string) {
	if p.Fake {
		return []string{"only its status is written"}, nil
	}
	sum := totalsOf([]coordinator.MigrationPlan{p})
	for _, class := range []danger.Class{danger.DropsData, danger.RewritesData, danger.NotKnown, danger.Blocks, danger.AddsData} {
		if of, there := sum.byClass[class]; there {
			words = append(words, danger.Assessment{Class: class, Amount: of.amount}.Words()[0])
		}
	}
	if len(words) == 0 {
		words = []string{string(danger.MetadataOnly)}
	}
	for i, step := range p.Steps {
		for _, text := range dangerOf(p, i).Why {
			why = append(why, fmt.Sprintf("step %d %s", step.Index, text))
		}
	}
	return words, why
}

type groupView struct {
	Group      string   `json:"group"`
	Migrations int      `json:"migrations"`
	Steps      int      `json:"steps"`
	Nodes      []string `json:"nodes"`
}

func (o overview) groupViews() []groupView {
	var out []groupView
	for _, g := range o.groups() {
		out = append(out, groupView{g.name, len(g.plans), totalsOf(g.plans).steps, nodesOf(g.plans)})
	}
	return out
}
