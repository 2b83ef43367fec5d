package rig

import (
	"fmt"
	"time"

	"github.com/skein-migrate/skein/bench/measure"
)

// Took is the median of runs, in milliseconds. A target of 0 is none.
func Took(name string, times Times, target time.Duration) measure.Figure {
	return measure.Figure{
		Name: name, Value: milliseconds(times.Median()), Unit: "ms", Target: milliseconds(target), Note: times.Spread(),
	}
}

// Ratio is how many times as long as the other one of two medians is.
func Ratio(name string, one, other Times, target float64) measure.Figure {
	f := measure.Figure{Name: name, Unit: "×", Target: target}
	if other.Median() > 0 {
		f.Value = float64(one.Median()) / float64(other.Median())
	}
	f.Note = fmt.Sprintf("%.0f ms of %.0f ms", milliseconds(one.Median()), milliseconds(other.Median()))
	return f
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// AllReached says whether all figures that have a target are within it.
func AllReached(figures []measure.Figure) bool {
	for _, f := range figures {
		if f.Target != 0 && !f.Reached() {
			return false
		}
	}
	return true
}
