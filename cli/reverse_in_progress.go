package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) reverseInProgressCommand() *cobra.Command {
	var s selection
	cmd := &cobra.Command{
		Use:   "reverse-in-progress",
		Short: "Take back what stopped half-way",
		Long: `reverse-in-progress runs the backward operations of each migration in progress,
on the nodes where they have something to undo. What was there before the
migration began is left alone, and said. --fake marks it as not started and
runs nothing.`,
		Example: "  skein reverse-in-progress --group transactions",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, request, err := a.wireFor(cmd, s, args)
			if err != nil {
				return err
			}
			result, err := w.ReverseInProgress(cmd.Context(), request)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if len(result.Applied) == 0 {
				fmt.Fprintln(out, "Nothing is in progress.")
				return nil
			}
			fmt.Fprintf(out, "%s reversed.\n", count(len(result.Applied), "migration"))
			return nil
		},
	}
	s.groupFlag(cmd, "only this `group` (repeatable)")
	cmd.Flags().BoolVar(&s.fake, "fake", false, "mark it as not started, run nothing")
	withoutFlag(a, cmd)
	lockFlag(a, cmd)
	return cmd
}
