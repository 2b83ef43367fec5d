package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/journal"
)

func (a *app) addNodeCommand() *cobra.Command {
	var (
		output string
		dryRun bool
	)
	cmd := &cobra.Command{
		Use:   "add-node HOST",
		Short: "Bring a new, empty node to the schema of its cluster",
		Long: `add-node makes on a new node what its neighbours have: databases, functions, tables,
Distributed tables, dictionaries, views, each behind what it needs. It reads a replica
of the node's shard, or for the first node of a shard one of another shard. Replicated
tables go to the paths of their shard, by the node's own macros, and fetch their rows;
skein's own tables are among them. Afterwards all nodes are compared, as verify does.

HOST is host:port as system.clusters has it, or the host alone. The node has to run,
and to be in remote_servers of all nodes, its own included.

It holds the lock while it works, so that no migration runs beside it, and writes no
status. What is there already is left alone, so it may be run again after an end
half-way. A table that is there under a name of the neighbour's, and is not the same,
is refused before anything is made. Exit code 6 if nodes differ in the end.`,
		Example: "  skein add-node ch-5:9000\n  skein add-node ch-5 --dry-run",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return journal.Usagef("skein add-node takes one node, such as ch-5:9000")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			w, err := a.wire(cmd)
			if err != nil {
				return err
			}
			added, failure := w.AddNode(cmd.Context(), w.clusters, w.clusters, args[0], dryRun)
			if output == "json" && added != nil {
				failure = errors.Join(failure, writeJSON(cmd.OutOrStdout(), map[string]any{"clusters": added, "dry_run": dryRun}))
			} else if failure == nil {
				printAdded(cmd.OutOrStdout(), added, dryRun)
			}
			if failure != nil || dryRun {
				return failure
			}
			var reports []compare.Report
			for _, node := range added {
				reports = append(reports, node.Verify)
			}
			if output != "json" {
				printReports(cmd.OutOrStdout(), reports)
			}
			return judged(reports)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be made, and make nothing")
	lockFlag(a, cmd)
	outputFlag(cmd, &output)
	return cmd
}

func printAdded(w io.Writer, added []coordinator.AddedNode, dryRun bool) {
	for _, node := range added {
		fmt.Fprintf(w, "%s  %s as %s\n", node.Cluster, node.Node, node.Source)
		if dryRun {
			for _, making := range node.Make {
				fmt.Fprintf(w, "    %s\n", indent(making.Statement, "    "))
			}
		}
		for _, text := range node.LeftOut {
			fmt.Fprintf(w, "    LEFT OUT  %s\n", text)
		}
		for _, text := range node.Notes {
			fmt.Fprintf(w, "    note: %s\n", text)
		}
		switch {
		case dryRun:
			fmt.Fprintf(w, "    %d to make, %d there already. Nothing was run.\n", len(node.Make), node.There)
		default:
			fmt.Fprintf(w, "    %d made, %d there already\n", node.Made, node.There)
		}
	}
}
