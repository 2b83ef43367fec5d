package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/skein-migrate/skein/bench/measure"
	"github.com/skein-migrate/skein/bench/rig"
)

func startMeasurement(r *rig.Rig) measure.Measurement {
	return measure.Measurement{
		Name: "start", What: "skein version and skein list --help, and the size of the stripped binary",
		Run: func(ctx context.Context) ([]measure.Figure, error) { return measureStart(ctx, r) },
	}
}

func measureStart(ctx context.Context, r *rig.Rig) ([]measure.Figure, error) {
	const limit, largest = 30 * time.Millisecond, 30 // ms, MB
	skein, err := r.Skein(ctx)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(skein)
	if err != nil {
		return nil, err
	}
	var figures []measure.Figure
	for _, args := range [][]string{{"version"}, {"list", "--help"}} {
		var times rig.Times
		for range r.Starts {
			ended, err := (rig.Process{Path: skein, Args: args}).Run(ctx)
			if err != nil {
				return figures, err
			}
			times = append(times, ended.Wall)
		}
		figures = append(figures, rig.Took("skein "+strings.Join(args, " "), times, limit))
	}
	figures = append(figures, measure.Figure{Name: "binary", Value: float64(info.Size()) / (1 << 20), Unit: "MB", Target: largest})
	if rig.AllReached(figures) {
		return figures, nil
	}
	return figures, initialisations(ctx, r, skein)
}

// initialisations writes what each package does before main: a CPU profile begins
// after that.
func initialisations(ctx context.Context, r *rig.Rig, skein string) error {
	cmd := exec.CommandContext(ctx, skein, "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("trace what skein does before main: %w", err)
	}
	return os.WriteFile(filepath.Join(r.Results, "start.pprof.txt"), out, 0o644)
}
