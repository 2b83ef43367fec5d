// Command bench measures what skein adds to the servers' own work, on real servers.
// README.md beside it says what each measurement is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/skein-migrate/skein/bench/measure"
	"github.com/skein-migrate/skein/bench/rig"
	"github.com/skein-migrate/skein/integration/peertool"
)

// measurements are all there are, in the order in which they run.
func measurements(r *rig.Rig) []measure.Measurement {
	return []measure.Measurement{
		startMeasurement(r),
		planMeasurement(r),
		noopMeasurement(r),
		peersMeasurement(r),
		batchMeasurement(r),
		clusterMeasurement(r),
		nodesMeasurement(r),
	}
}

func main() {
	// A measurement starts this program again in other roles, each told by its name.
	if role, is := roles()[os.Args[0]]; is {
		if err := role(os.Args[1:]); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// roles are what this program is besides, by the names by which it starts itself.
func roles() map[string]func(args []string) error {
	return map[string]func([]string) error{
		rig.ProfiledSkein: rig.ProfiledSkeinMain,
		bareRole:          bareMain,
		planRole:          planMain,
	}
}

func run(ctx context.Context, args []string) error {
	sizes := rig.FullSizes()
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "the measurements to run, separated by commas; all if left out")
	results := flags.String("results", "", "the directory to write to; bench/results if left out")
	flags.IntVar(&sizes.Runs, "runs", sizes.Runs, "how many runs of each side, of which the median is taken")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0 || sizes.Runs < 1:
		return errors.New("flags alone, and at least one run")
	}
	if *results == "" {
		root, err := peertool.Root(ctx)
		if err != nil {
			return err
		}
		*results = filepath.Join(root, "bench", "results")
	}
	r, err := rig.New(sizes, *results, os.Stderr)
	if err != nil {
		return err
	}
	chosen, err := choose(measurements(r), *only)
	if err == nil {
		err = measureAll(ctx, r, chosen)
	}
	return errors.Join(err, r.Close())
}

// choose picks measurements by their names, in their own order.
func choose(all []measure.Measurement, only string) ([]measure.Measurement, error) {
	if only == "" {
		return all, nil
	}
	names := strings.Split(only, ",")
	var known []string
	var chosen []measure.Measurement
	for _, m := range all {
		known = append(known, m.Name)
		if slices.Contains(names, m.Name) {
			chosen = append(chosen, m)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("-only %s: there are %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

// measureAll measures one after the other, and writes after each, so that what was
// measured is kept. That one fails does not stop the others.
func measureAll(ctx context.Context, r *rig.Rig, chosen []measure.Measurement) error {
	path := filepath.Join(r.Results, "results")
	report, err := readReport(path + ".json")
	if err != nil {
		return err
	}
	var failed []string
	var mine []string
	for _, m := range chosen {
		r.Logf("%s: %s", m.Name, m.What)
		began := time.Now()
		o := outcomeOf(ctx, m)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		r.Logf("  %s took %s", m.Name, time.Since(began).Round(time.Second/10))
		if o.Error != "" {
			r.Logf("  %s failed: %s", m.Name, o.Error)
			failed = append(failed, m.Name)
		}
		mine = append(mine, m.Name)
		report.put(o)
		if err := report.write(path); err != nil {
			return err
		}
	}
	fmt.Print(report.only(mine).table())
	if len(failed) > 0 {
		return fmt.Errorf("%s could not be measured to the end", strings.Join(failed, ", "))
	}
	return nil
}
