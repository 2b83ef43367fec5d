package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) lockReleaseCommand() *cobra.Command {
	var output string
	var force bool
	cmd := &cobra.Command{
		Use:   "release",
		Short: "End the lock of a run that died; with --force, of any run",
		Long: `lock release ends the lock of a run that died. Such a lock ends by itself when
its session has run out; release waits for that, and for no longer. A holder
that is alive then keeps its lock: the command is refused with exit code 4.

With --force the lock is taken from whoever holds it, at once. A run that is
alive notices before it sends its next statement, and ends with exit code 4;
the statement in flight is not stopped. Only use it on a run that you know to
be dead, or cannot reach: ending the run itself is safer.`,
		Example: "  skein lock release\n  skein lock release --force",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			w, err := a.wire(cmd)
			if err != nil {
				return err
			}
			if w.lock.kind == config.LockNone {
				return journal.Usagef("coordination.lock is none: there is no lock to release")
			}
			was, err := a.release(cmd, w.lock, force)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			switch {
			case output == "json":
				return writeJSON(out, lockOutput{Lock: w.lock.kind, Holder: was, Released: was != nil})
			case was == nil:
				fmt.Fprintf(out, "the lock (%s) is free, there is nothing to release\n", w.lock.kind)
				return nil
			}
			fmt.Fprintf(out, "the lock (%s) is released, it was held by\n", w.lock.kind)
			printHolder(out, *was)
			if force {
				fmt.Fprintln(out, "What that run has in flight was not stopped. Look: skein list")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "take it from a holder that is alive, too")
	outputFlag(cmd, &output)
	return cmd
}

// release says who held the lock that it ended, nil if nobody did.
func (a *app) release(cmd *cobra.Command, l *lock, force bool) (*journal.Holder, error) {
	ctx := cmd.Context()
	if force {
		return l.broken(ctx)
	}
	was, err := l.status(ctx)
	if err != nil || was == nil {
		return nil, err
	}
	a.releasing = true
	// Who gets the lock within a dead holder's time knows that the holder is dead.
	lease, err := l.acquire(ctx, holder(cmd), 0, l.limit, a.printer().event)
	if err != nil {
		return nil, fmt.Errorf("release the lock: %w", err)
	}
	if err := lease.Release(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	return was, nil
}
