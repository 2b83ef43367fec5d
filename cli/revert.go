package cli

import (
	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
)

func (a *app) revertCommand() *cobra.Command {
	s := selection{back: true}
	cmd := &cobra.Command{
		Use:   "revert [THROUGH]",
		Short: "Reverse all completed migrations, back through one of a group",
		Long: `revert reverses completed migrations, last first, groups in reverse order.
With THROUGH, the first letters of one completed ID of the named group, it and
all after it are reversed. The group system stays unless --include-system.`,
		Example: "  skein revert --group events 0002 --force\n  skein revert --force",
		Args:    exactly(1, "at most one ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.change(cmd, s, args, verb{
				plan: (*coordinator.Coordinator).PlanRevert, run: (*coordinator.Coordinator).Revert, past: "reversed", asks: true,
			})
		},
	}
	s.groupFlag(cmd, "only this `group` (repeatable)")
	s.changeFlags(a, cmd, "reverse them although they are completed")
	s.systemFlag(cmd)
	s.yesFlag(cmd)
	return cmd
}
