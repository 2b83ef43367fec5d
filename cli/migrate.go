package cli

import (
	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
)

// jobsFlag is how many groups run at a time.
const jobsFlag = "jobs"

func (a *app) migrateCommand() *cobra.Command {
	var s selection
	cmd := &cobra.Command{
		Use:   "migrate [THROUGH]",
		Short: "Run all pending migrations",
		Long: `migrate runs pending migrations, groups in the order of their dependencies.
THROUGH is the first letters of one pending ID of the named group: it and all
before it run. It stops before anything is changed if a migration is in
progress, a blocking one would run without --force, a replica is inactive, a
node does not answer, a server cannot parse a statement (--no-validate does not
ask), a completed migration is modified or missing here (--allow-dirty), or a
table to be dropped is larger than its server's max_table_size_to_drop. With --check-dangerous it also stops, and names the
steps with the rows and bytes in question, if anything but metadata would
change. What touches no row passes: the table is empty, or of the same plan.

Before anything runs it shows what is about to: groups, migrations, steps, nodes,
what becomes of data, and of how many rows and bytes, each row counted once. On a
terminal it asks once if rows would be rewritten or dropped (--yes does not ask);
without a terminal it goes on, so a CI job that must not do that has
--check-dangerous.

With --jobs, groups that do not depend on one another and touch no table in
common run side by side, each its migrations one after the other. What a group
needs of another has to be in its depends_on. A migration with RunSQL or RunGo that
does not say what it writes runs beside no other of its cluster. If one stops, nothing
new begins, and what is under way goes on to its end.`,
		Example: "  skein migrate\n  skein migrate --group events 0002\n  skein migrate --dry-run",
		Args:    exactly(1, "at most one ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.jobs < 1 {
				return journal.Usagef("--%s %d: use a positive number", jobsFlag, s.jobs)
			}
			return a.change(cmd, s, args, verb{
				plan: (*coordinator.Coordinator).Plan, run: (*coordinator.Coordinator).Migrate, past: "completed",
			})
		},
	}
	s.flags(cmd)
	cmd.Flags().IntVar(&s.jobs, jobsFlag, 1, "run so many groups at a time, of those that do not depend on one another and share no table")
	s.changeFlags(a, cmd, "run blocking migrations too")
	s.dirtyFlag(cmd)
	s.yesFlag(cmd)
	return cmd
}
