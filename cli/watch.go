package cli

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/state"
	"github.com/skein-migrate/skein/storageset"
	"github.com/skein-migrate/skein/watch/terminal"
)

// onceLimit bounds one snapshot: a frozen node takes 3 s of it.
const onceLimit = 12 * time.Second

func (a *app) watchCommand() *cobra.Command {
	var output string
	var once bool
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "A run as it goes, or what it is stuck at, from another terminal",
		Long: `watch shows the run that holds the lock, or the last one: who, since when, which
command. Of each migration in progress it shows the step and its statement, and
each node: done, waiting or unknown, why, and for how long. Below that are
mutations with the parts they have yet to do, entries of the distributed DDL queue
that hosts have not finished, statements that run now, and nodes without an answer.
If no run lives it says what a migration stopped at, and what to type next.

It looks about every second, and every 5 s while nothing changes. A node that is
slow or frozen keeps nothing waiting: it is asked one question at a time, and its
row says for how long it gave no answer. It takes no lock and writes nothing.
Times are UTC.

Keys: q, Esc or Ctrl-C quits; ? helps; arrows, j and k, page keys scroll.
NO_COLOR is heeded. Without a terminal (a pipe, CI), with --once and with
--output json it prints one snapshot and exits 0, whatever that says.`,
		Example: "  skein watch\n  skein watch --once\n  skein watch --output json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			w, err := a.wire(cmd)
			if err != nil {
				return err
			}
			watcher, err := w.watcher(cmd)
			if err != nil {
				return err
			}
			screen, ok := a.screen()
			if ok && !once && output == "text" {
				return show(cmd, watcher, screen)
			}
			snapshot, err := watcher.Once(cmd.Context(), onceLimit)
			if err != nil {
				return err
			}
			if output == "json" {
				return writeJSON(cmd.OutOrStdout(), snapshot)
			}
			fmt.Fprint(cmd.OutOrStdout(), snapshot.Text())
			return nil
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "print one snapshot, also on a terminal")
	outputFlag(cmd, &output)
	return cmd
}

// watcher reads the state through nodes that fail fast, and through which nothing
// can be written.
func (w *wired) watcher(cmd *cobra.Command) (*coordinator.Watcher, error) {
	home, err := w.config.StorageSets().Cluster(storageset.Migrations)
	if err != nil {
		return nil, &journal.UsageError{Err: err}
	}
	c, err := w.clusters.Cluster(cmd.Context(), home)
	if err != nil {
		return nil, err
	}
	watching := w.clusters.Watching()
	store := state.New(watching.Reader(c), state.Options{
		Database: c.Database(), Cluster: c.LocalCluster(), SingleNode: c.SingleNode(),
	})
	options := coordinator.WatchOptions{
		Servers: watching, Clusters: w.clusters.Names(), States: store, Trails: store, Lock: string(w.lock.kind),
	}
	if w.lock.kind != config.LockNone {
		options.Holder = w.lock.glance
	}
	return coordinator.NewWatcher(options), nil
}

// screen is the terminal that this process has, if it has one that can be drawn on.
func (a *app) screen() (terminal.Options, bool) {
	in, isFile := a.program.Stdin.(*os.File)
	out, isFileToo := a.program.Stdout.(*os.File)
	if !isFile || !isFileToo || !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) || os.Getenv("TERM") == "dumb" {
		return terminal.Options{}, false
	}
	return terminal.Options{In: in, Out: out, Colour: os.Getenv("NO_COLOR") == ""}, true
}

// show gathers in the background until the screen is left.
func show(cmd *cobra.Command, watcher *coordinator.Watcher, screen terminal.Options) error {
	ctx := cmd.Context()
	var gathering sync.WaitGroup
	running, cancel := context.WithCancel(ctx)
	gathering.Go(func() { watcher.Run(running) })
	screen.Snapshot = watcher.Snapshot
	err := terminal.Show(ctx, screen)
	cancel()
	gathering.Wait()
	return err
}
