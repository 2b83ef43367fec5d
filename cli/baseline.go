package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) baselineCommand() *cobra.Command {
	var s selection
	verify := false
	cmd := &cobra.Command{
		Use:   "baseline GROUP [THROUGH]",
		Short: "Record migrations as applied whose tables are there already",
		Long: `baseline records the migrations of a group as completed and runs none of them:
for a cluster that had its tables before skein came. The group must have no rows.
THROUGH is the first letters of one ID: it and all before it are recorded. They
are marked, and neither compared with their files nor taken back by rollback and
revert; revert --fake forgets them.

With --verify the migrations are first tried in an empty database that is made
on one node and dropped again, and the tables of every node are compared with
what came out. If anything differs, nothing is recorded (exit 6).`,
		Example: "  skein baseline events --verify\n  skein baseline events 0004",
		Args:    exactly(2, "a group, and at most one ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return journal.Usagef("%s: name the group: skein baseline GROUP [THROUGH]", cmd.CommandPath())
			}
			s.groups = args[:1]
			request, err := s.request(args[1:])
			if err != nil {
				return err
			}
			request.Verify = verify
			w, err := a.wireWith(cmd, s.groups)
			if err != nil {
				return err
			}
			result, err := w.Baseline(cmd.Context(), request)
			out := cmd.OutOrStdout()
			printLacks(out, result)
			var differ *journal.NodesDifferError
			if errors.As(err, &differ) {
				fmt.Fprintf(out, "%d of %d are not as the migrations would make them. Nothing was recorded.\n", differ.Tables, differ.Of)
			}
			recorded := 0
			for _, key := range result.Applied {
				if key.Group == args[0] {
					recorded++
				}
			}
			if recorded > 0 {
				fmt.Fprintf(out, "%s recorded, none was run.\n", count(recorded, "migration"))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&verify, "verify", false, "first compare what is there with what the migrations would make")
	lockFlag(a, cmd)
	return cmd
}

// printLacks says what is not as the migrations would have made it, and what could
// not be compared.
func printLacks(w io.Writer, result coordinator.Result) {
	last := ""
	for _, d := range result.Differences {
		if d.What != last {
			fmt.Fprintln(w, d.What)
			last = d.What
		}
		has, want := clipped(d.Has, d.Want)
		fmt.Fprintf(w, "    %s  %s; the migrations: %s\n", d.Node, cmp.Or(has, "not there"), cmp.Or(want, "not there"))
	}
	if len(result.Unseen) > 0 {
		fmt.Fprintf(w, "compared by their engines alone: %s\n", strings.Join(result.Unseen, ", "))
	}
}
