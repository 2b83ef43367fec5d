package cli

import (
	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
)

func (a *app) reverseCommand() *cobra.Command {
	s := selection{back: true}
	cmd := &cobra.Command{
		Use:   "reverse --group GROUP --migration-id ID",
		Short: "Run one completed migration backward",
		Long: `reverse runs the backward operations of one completed migration. Those after
it have to be reversed first. On a terminal it asks, unless --yes is given.`,
		Example: "  skein reverse --group events --migration-id 0002_add_trace_id --force",
		Args:    exactly(0, "no arguments: name the migration with --group and --migration-id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.change(cmd, s, args, verb{
				plan: (*coordinator.Coordinator).PlanReverse, run: (*coordinator.Coordinator).Reverse, past: "reversed", asks: true,
			})
		},
	}
	s.oneFlags(cmd)
	s.changeFlags(a, cmd, "reverse it although it is completed")
	s.systemFlag(cmd)
	s.yesFlag(cmd)
	return cmd
}
