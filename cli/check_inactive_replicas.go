package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/journal"
)

func (a *app) checkInactiveReplicasCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "check-inactive-replicas",
		Short: "Every replicated table with inactive replicas, by node; exit 3 if any",
		Long: `check-inactive-replicas reads system.replicas of every node of every configured
cluster and lists tables with fewer active than total replicas, read-only ones,
ones whose session with ZooKeeper has expired, ones that have not begun to
replicate since their server was started, whatever ZooKeeper says, and (on servers
before 19.15) ones whose data a RENAME without ZooKeeper has left in the folder of
another table, with the statement that puts them back. Every changing command does
the same first. A node that has just crashed counts as active until
its session has run out: the command waits for that, up to 12 s.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			w, err := a.wire(cmd)
			if err != nil {
				return err
			}
			tables, checked, err := w.CheckInactiveReplicas(cmd.Context())
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if output == "json" {
				if tables == nil {
					tables = []journal.InactiveReplica{}
				}
				if err := writeJSON(out, map[string]any{"checked": checked, "inactive": tables}); err != nil {
					return err
				}
			}
			if len(tables) == 0 {
				if output == "text" {
					fmt.Fprintf(out, "%s, all replicas active\n", count(checked, "replicated table"))
				}
				return nil
			}
			found := &journal.InactiveReplicasError{Tables: tables, Checked: checked}
			if output == "text" {
				printInactive(out, found)
			}
			a.checking = true
			return found
		},
	}
	outputFlag(cmd, &output)
	return cmd
}
