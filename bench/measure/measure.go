// Package measure is what every measurement of bench has in common: what it is, and
// what it answers with.
package measure

import "context"

// Figure is one number that was measured, and what it has to be.
type Figure struct {
	Name  string
	Value float64
	Unit  string
	// Target is the highest Value that is good enough; 0 for a figure that has none and
	// is only told.
	Target float64 // <=
	// Note says what a reader of the number has to know, or why there is none.
	Note string
}

// Reached says whether the figure has a target and is within it.
func (f Figure) Reached() bool { return f.Target != 0 && f.Value <= f.Target }

// Measurement is one thing that is measured.
type Measurement struct {
	// Name picks it: -only NAME.
	Name string
	// What is done, in one line.
	What string
	// Run measures. What it starts it stops, whatever happens. With an error the figures
	// that it came to are returned too.
	Run func(context.Context) ([]Figure, error)
}
