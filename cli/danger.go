package cli

import (
	"strings"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/danger"
)

// dangerOf is what a step does to data: what servers said, or else its own word.
func dangerOf(p coordinator.MigrationPlan, step int) danger.Assessment {
	if step < len(p.Dangers) {
		return p.Dangers[step]
	}
	return danger.Assessment{Class: danger.ClassOf(p.Steps[step].Statement)}
}

// totals sum the dangers of a plan.
type totals struct {
	steps   int
	byClass map[danger.Class]total
}

type total struct {
	steps  int
	amount danger.Amount
}

func totalsOf(plans []coordinator.MigrationPlan) totals {
	t := totals{byClass: map[danger.Class]total{}}
	for _, p := range plans {
		if p.Fake {
			continue
		}
		for i := range p.Steps {
			risk := dangerOf(p, i)
			sum, seen := t.byClass[risk.Class]
			if !seen {
				sum.amount.Known = true
			}
			sum.steps++
			sum.amount = sum.amount.Add(risk.Amount)
			t.byClass[risk.Class] = sum
			t.steps++
		}
	}
	return t
}

// String is for the last line of a plan: "data rewritten in 1 step (12 rows),
// nothing dropped".
func (t totals) String() string {
	parts := []string{t.of(danger.RewritesData, "rewritten"), t.of(danger.DropsData, "dropped")}
	if n := t.byClass[danger.Blocks].steps; n > 0 {
		parts = append(parts, count(n, "step")+" that may block")
	}
	if n := t.byClass[danger.NotKnown].steps; n > 0 {
		parts = append(parts, count(n, "step")+" of Go code")
	}
	return strings.Join(parts, ", ")
}

func (t totals) of(class danger.Class, what string) string {
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

func viewOf(a danger.Amount) *dataView {
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
	of := func(class danger.Class) totalView {
		sum := t.byClass[class]
		if sum.steps == 0 {
			return totalView{}
		}
		return totalView{Steps: sum.steps, Amount: viewOf(sum.amount)}
	}
	return totalsView{
		Steps: t.steps, Rewrites: of(danger.RewritesData), Drops: of(danger.DropsData),
		Blocks: t.byClass[danger.Blocks].steps, NotKnown: t.byClass[danger.NotKnown].steps,
	}
}
