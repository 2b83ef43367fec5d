package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) rollbackCommand() *cobra.Command {
	s := selection{back: true}
	cmd := &cobra.Command{
		Use:     "rollback [N] --group GROUP",
		Short:   "Reverse the last N migrations of a group (1 if not said)",
		Example: "  skein rollback --group events --force\n  skein rollback 3 --group events --force",
		Args:    exactly(1, "at most one number"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				n, err := strconv.Atoi(args[0])
				if err != nil || n < 1 {
					return journal.Usagef("rollback %q: N is how many migrations, 1 or more", args[0])
				}
				s.count = n
			}
			return a.change(cmd, s, nil, verb{
				plan: (*coordinator.Coordinator).PlanRollback, run: (*coordinator.Coordinator).Rollback, past: "reversed", asks: true,
			})
		},
	}
	s.groupFlag(cmd, "the `group`")
	s.changeFlags(a, cmd, "reverse them although they are completed")
	s.systemFlag(cmd)
	s.yesFlag(cmd)
	return cmd
}

func (s *selection) systemFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.system, "include-system", false, "also skein's own group: its state tables go last")
}
