package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/skein-migrate/skein/bench/measure"
	"github.com/skein-migrate/skein/bench/nodes"
	"github.com/skein-migrate/skein/bench/rig"
)

// nodesMeasurement is that of package nodes, with a profile of each task that does not reach
// its time or its memory.
func nodesMeasurement(r *rig.Rig) measure.Measurement {
	m := nodes.Measurement()
	m.Run = func(ctx context.Context) ([]measure.Figure, error) {
		dir, err := r.Dir("nodes")
		if err != nil {
			return nil, err
		}
		figures, err := nodes.Run(ctx, nodes.Options{Sizes: r.Nodes, Rounds: r.Runs, Profiles: dir})
		if err != nil {
			return figures, err
		}
		profiled := map[string]bool{}
		var failures []error
		for _, f := range figures {
			task, _, _ := strings.Cut(f.Name, ",")
			if f.Target == 0 || f.Reached() || profiled[task] {
				continue
			}
			profiled[task] = true
			failures = append(failures, r.Top(ctx, "nodes-"+task, filepath.Join(dir, task+".cpu")))
		}
		return figures, errors.Join(failures...)
	}
	return m
}
