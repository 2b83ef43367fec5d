package cli

import (
	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
)

func (a *app) runCommand() *cobra.Command {
	var s selection
	cmd := &cobra.Command{
		Use:     "run --group GROUP --migration-id ID",
		Short:   "Run one migration",
		Long:    `run runs one pending migration. Those before it have to be completed.`,
		Example: "  skein run --group events --migration-id 0002_add_trace_id",
		Args:    exactly(0, "no arguments: name the migration with --group and --migration-id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.change(cmd, s, args, verb{
				plan: (*coordinator.Coordinator).PlanRun, run: (*coordinator.Coordinator).Run, past: "completed",
			})
		},
	}
	s.oneFlags(cmd)
	s.changeFlags(a, cmd, "run it although it is blocking")
	s.dirtyFlag(cmd)
	s.yesFlag(cmd)
	return cmd
}
