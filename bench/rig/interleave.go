package rig

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Side is one of those that are compared.
type Side struct {
	Name string
	// Before is done before each run and not timed.
	Before func(context.Context) error
	// Run is timed by itself, so that what it has to do between two parts does not count.
	Run func(context.Context) (time.Duration, error)
}

// Interleave runs all sides in turn, r.Runs times, so that what else the machine does
// meets all of them. Each round begins with another side.
func (r *Rig) Interleave(ctx context.Context, sides ...Side) (map[string]Times, error) {
	all := map[string]Times{}
	for round := range r.Runs {
		for i := range sides {
			side := sides[(round+i)%len(sides)]
			if side.Before != nil {
				if err := side.Before(ctx); err != nil {
					return nil, fmt.Errorf("prepare %s: %w", side.Name, err)
				}
			}
			took, err := side.Run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", side.Name, err)
			}
			r.Logf("  run %d of %d: %-30s %s", round+1, r.Runs, side.Name, took.Round(time.Millisecond/10))
			all[side.Name] = append(all[side.Name], took)
		}
	}
	return all, nil
}

// Times are what the runs of one side took.
type Times []time.Duration

// Median is the one in the middle, or the mean of the two that are there.
func (t Times) Median() time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Spread says between what the runs lie.
func (t Times) Spread() string {
	if len(t) == 0 {
		return "no runs"
	}
	round := func(d time.Duration) time.Duration {
		if d > time.Second {
			return d.Round(time.Millisecond)
		}
		return d.Round(time.Millisecond / 10)
	}
	return fmt.Sprintf("%d runs, %s to %s", len(t), round(slices.Min(t)), round(slices.Max(t)))
}
