package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) resumeCommand() *cobra.Command {
	var s selection
	var done, repeat bool
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Finish what stopped half-way",
		Long: `resume goes on with each migration in progress, in its direction, from the
first statement that is not confirmed on every node. It waits for what the run
before it left under way, looks at each node, and does only what is missing,
where it is missing.

What no node can tell of (INSERT, RunSQL, RunGo, mutations, partitions) is run
again only if it may be repeated or every server refused it. Otherwise resume
stops and says what to look at; --assume-done and --repeat then decide for that
one statement.

Before that, nodes that earlier runs went on without get what they are owed, in
the order in which they missed it, each on that node alone, whatever --group
says. What a node is owed is cleared when its tables are like those of its
neighbours. --without leaves a node out once more.`,
		Example: "  skein resume\n  skein resume --group transactions --assume-done",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if done && repeat {
				return journal.Usagef("--assume-done and --repeat exclude each other")
			}
			w, request, err := a.wireFor(cmd, s, args)
			if err != nil {
				return err
			}
			switch {
			case done:
				request.Decision = coordinator.AssumeDone
			case repeat:
				request.Decision = coordinator.Repeat
			}
			result, err := w.Resume(cmd.Context(), request)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, settled := range result.Settled {
				fmt.Fprintf(out, "%s has what it was owed, and is like its neighbours: %s\n", settled.Node, keys(settled.Keys))
			}
			if len(result.Applied) == 0 {
				if len(result.Settled) == 0 {
					fmt.Fprintln(out, "Nothing is in progress.")
				}
				return nil
			}
			fmt.Fprintf(out, "%s finished: %s\n", count(len(result.Applied), "migration"), keys(result.Applied))
			return nil
		},
	}
	s.groupFlag(cmd, "only this `group` (repeatable)")
	cmd.Flags().BoolVar(&done, "assume-done", false, "take the statement that may have run to be done on every node")
	cmd.Flags().BoolVar(&repeat, "repeat", false, "run the statement that may have run again, where it is not known to have worked")
	withoutFlag(a, cmd)
	lockFlag(a, cmd)
	return cmd
}
