// Package danger says what each step of a plan does to data, and to how much of
// it: metadata only, or data rewritten, dropped, or out of reach. It is pure:
// steps and what nodes hold in, words out.
package danger

import (
	"slices"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Class says what a step does to what is there.
type Class string

// The classes, the first two harmless.
const (
	MetadataOnly Class = "metadata only"
	AddsData     Class = "adds data"
	RewritesData Class = "rewrites data"
	DropsData    Class = "drops data"
	Blocks       Class = "blocks"    // queries of its tables wait or fail from it on
	NotKnown     Class = "not known" // Go code
)

// Assessment says what a step does to data, and to how much of it.
type Assessment struct {
	Class Class
	// Why says in words what the class alone does not: what a narrower type may
	// cost, or that nodes differ.
	Why []string
	// Amount is of the rows that the step rewrites or drops.
	Amount Amount
	// TooLarge are the drops that servers would refuse (359).
	TooLarge []TooLarge
}

// Harmless says that the step touches no rows that are there, as far as servers tell.
func (d Assessment) Harmless() bool {
	switch d.Class {
	case MetadataOnly, AddsData:
		return true
	case RewritesData, DropsData:
		return d.Amount.Known && d.Amount.Rows == 0
	}
	return false
}

// Words are the class with its amount, and why.
func (d Assessment) Words() []string {
	first := string(d.Class)
	switch d.Class {
	case RewritesData, DropsData:
		first += ": " + d.Amount.String()
	case NotKnown:
		first = "Go code, what it does is not known"
	case Blocks:
		first += ": queries of its tables wait or fail from it on"
	}
	return append([]string{first}, d.Why...)
}

// ClassOf is what a statement says of itself. What it changes of a column's type
// is for Assess to compare.
func ClassOf(stmt ops.Statement) Class {
	t := stmt.Traits
	switch {
	case stmt.Call != nil:
		return NotKnown
	case t.DropsData:
		return DropsData
	case t.Mutation, t.RewritesData:
		return RewritesData
	case t.Blocks:
		return Blocks
	case t.AddsData:
		return AddsData
	}
	return MetadataOnly
}

// Assess says of each step what it does to data. steps are those of a whole plan,
// in order; holdings are by configured cluster and node name what Inquire asked
// for. A step of which nothing was asked has its class alone.
func Assess(steps []plan.Step, holdings map[string]map[string]Holding) []Assessment {
	path := newCourse()
	out := make([]Assessment, len(steps))
	for i, step := range steps {
		out[i] = assess(step, path, holdings[step.Cluster])
		path.follow(step)
	}
	return out
}

func assess(step plan.Step, path *course, nodes map[string]Holding) Assessment {
	d := Assessment{Class: ClassOf(step.Statement)}
	if changes := changed(step); len(changes) > 0 && !step.Statement.Traits.DropsData && nodes != nil {
		d.Class, d.Why = MetadataOnly, nil
		if step.Statement.Traits.Mutation {
			d.Class = RewritesData
		}
		for _, change := range changes {
			d.worsen(change.against(step, path, nodes))
		}
	}
	if d.Class == RewritesData || d.Class == DropsData {
		d.Amount = amount(step, path, nodes)
	}
	d.TooLarge = tooLarge(step, path, nodes)
	return d
}

// worsen keeps the worse class of two: dropped values are gone for good.
func (d *Assessment) worsen(class Class, why []string) {
	rank := func(c Class) int { return slices.Index([]Class{MetadataOnly, RewritesData, DropsData}, c) }
	if rank(class) > rank(d.Class) {
		d.Class = class
	}
	for _, text := range why {
		if !slices.Contains(d.Why, text) {
			d.Why = append(d.Why, text)
		}
	}
}
