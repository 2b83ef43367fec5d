package cli

import (
	"strings"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/plan"
)

// dangerOf is what a step does to data: what servers said, or else its own word.
func dangerOf(p coordinator.MigrationPlan, step int) plan.Danger {
	if step < len(p.Dangers) {
		return p.Dangers[step]
	}
	return plan.Danger{Class: plan.ClassOf(p.Steps[step].Statement)}
}

// totals sum the dangers of a plan.
type totals struct {
	steps   int
	byClass map[plan.Class]total
}

type total struct {
	steps  int
	amount plan.Amount
}

func totalsOf(plans []coordinator.MigrationPlan) totals {
	t := totals{byClass: map[plan.Class]total{}}
	for _, p := range plans {
		if p.Fake {
			continue
		}
		for i := range p.Steps {
			danger := dangerOf(p, i)
			sum, seen := t.byClass[danger.Class]
			if !seen {
				sum.amount.Known = true
			}
			sum.steps++
			sum.amount = sum.amount.Add(danger.Amount)
			t.byClass[danger.Class] = sum
			t.steps++
		}
	}
	return t
}

// String is for the last line of a plan: "data rewritten in 1 step (12 rows),
// nothing dropped".
func (t totals) String() string {
	parts := []string{t.of(plan.RewritesData, "rewritten"), t.of(plan.DropsData, "dropped")}
	if n := t.byClass[plan.Blocks].steps; n > 0 {
		parts = append(parts, count(n, "step")+" that may block")
	}
	if n := t.byClass[plan.NotKnown].steps; n > 0 {
		parts = append(parts, count(n, "step")+" of Go code")
	}
	return strings.Join(parts, ", ")
}

func (t totals) of(class plan.Class, what string) string {
	sum := t.byClass[class]
	if sum.steps == 0 {
		return "nothing " + what
	}
	return "data " + what + " in " + count(sum.steps, "step") + " (" + sum.amount.String() + ")"
}

type dataView struct {
	Known       bool   `json:"known"`
	AtMost      bool   `json:"at_most,omitempty"`
	Rows        uint64 `json:"rows"`
	Bytes       uint64 `json:"bytes"` // compressed, each row once
	ReplicaSets int    `json:"replica_sets"`
}

func viewOf(a plan.Amount) *dataView {
	return &dataView{Known: a.Known, AtMost: a.AtMost, Rows: a.Rows, Bytes: a.Bytes, ReplicaSets: a.ReplicaSets}
}

type totalView struct {
	Steps  int       `json:"steps"`
	Amount *dataView `json:"amount,omitempty"`
}

type totalsView struct {
	Steps    int       `json:"steps"`
	Rewrites totalView `json:"rewrites_data"`
	Drops    totalView `json:"drops_data"`
	Blocks   int       `json:"blocks"`
	NotKnown int       `json:"not_known"`
}

func (t totals) view() totalsView {
	of := func(class plan.Class) totalView {
		sum := t.byClass[class]
		if sum.steps == 0 {
			return totalView{}
		}
		return totalView{Steps: sum.steps, Amount: viewOf(sum.amount)}
	}
	return totalsView{
		Steps: t.steps, Rewrites: of(plan.RewritesData), Drops: of(plan.DropsData),
		Blocks: t.byClass[plan.Blocks].steps, NotKnown: t.byClass[plan.NotKnown].steps,
	}
}
