package cli

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/telemetry/metrics"
	"github.com/skein-migrate/skein/telemetry/spans"
)

// reportFlags are of the commands that take the lock: what they do is a run.
func reportFlags(a *app, cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.eventsTo, "events", "", "add the run's events to `FILE` as JSON lines; - is stdout, and what else is said goes to stderr")
	cmd.Flags().StringVar(&a.metricsTo, "metrics-file", "", "write the run's metrics to `FILE` at its end, in Prometheus' text format")
}

// observe joins those who are told of the events of a command: whoever reads its
// stderr, and what its flags and the environment ask for. Nothing of it can make a
// migration fail once it has begun: what cannot be written is a warning at the end.
func (a *app) observe(cmd *cobra.Command) error {
	a.holder = holder(cmd)
	printer := a.printer()
	if jobs, err := cmd.Flags().GetInt(jobsFlag); err == nil { // else it has no such flag
		printer.lanes = jobs > 1
	}
	sinks := []journal.Sink{printer.event}
	if isRun(cmd) {
		if bars := a.bars(); bars != nil {
			printer.live = true
			sinks = append(sinks, bars.Event)
			a.closers = append(a.closers, bars.Close)
			cmd.Root().SetOut(belowBars{a.program.Stdout, bars})
		}
		for _, begin := range []func(context.Context) (journal.Sink, error){a.eventLines, a.runMetrics, a.runSpans} {
			sink, err := begin(cmd.Context())
			if err != nil {
				return err
			}
			if sink != nil {
				sinks = append(sinks, sink)
			}
		}
		if a.eventsTo == toStdout {
			cmd.Root().SetOut(a.program.Stderr)
		}
	}
	var oneByOne sync.Mutex
	a.events = func(event journal.Event) {
		oneByOne.Lock()
		defer oneByOne.Unlock()
		for _, sink := range sinks {
			sink(event)
		}
	}
	return nil
}

// isRun says whether a command is to change something. What it only shows is told
// in its own output alone, and is no news for a file of the last run's metrics.
func isRun(cmd *cobra.Command) bool {
	if cmd.Flags().Lookup("metrics-file") == nil {
		return false
	}
	dry := cmd.Flags().Lookup("dry-run")
	return dry == nil || dry.Value.String() != "true"
}

func (a *app) runMetrics(context.Context) (journal.Sink, error) {
	if a.metricsTo == "" {
		return nil, nil // no sink is wanted
	}
	// Better now than after an hour of migrations.
	if info, err := os.Stat(filepath.Dir(a.metricsTo)); err != nil || !info.IsDir() {
		return nil, journal.Usagef("--metrics-file %s: %s is no folder", a.metricsTo, filepath.Dir(a.metricsTo))
	}
	run := metrics.New(a.holder.RunID, a.holder.Command, a.without)
	a.closers = append(a.closers, func() {
		if err := run.Write(a.metricsTo); err != nil {
			a.warn("--metrics-file: %v", err)
		}
	})
	return run.Event, nil
}

func (a *app) runSpans(ctx context.Context) (journal.Sink, error) {
	environment := map[string]string{}
	for _, line := range os.Environ() {
		name, value, _ := strings.Cut(line, "=")
		environment[name] = value
	}
	if !spans.Wanted(environment) {
		return nil, nil // no sink is wanted
	}
	info, _ := debug.ReadBuildInfo()
	run, err := spans.New(ctx, environment, spans.Options{RunID: a.holder.RunID, Command: a.commandLine(), Version: buildVersion(info)})
	if err != nil {
		// The variable may be of the whole machine, and not for skein in particular.
		a.warn("no OpenTelemetry spans: %v", err)
		return nil, nil // the run goes on without
	}
	a.closers = append(a.closers, func() {
		if err := run.Close(); err != nil {
			a.warn("OpenTelemetry spans are lost: %v", err)
		}
	})
	return run.Event, nil
}
