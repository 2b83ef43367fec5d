package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/integration/testcluster"
)

func statusCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "status --dir DIR",
		Short: "Show the servers; exit code 1 when one does not serve",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := attach(*dir)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), describe(c))
			if !report(cmd.Context(), cmd.OutOrStdout(), c) {
				return errNotAllServe
			}
			return nil
		},
	}
}

// report prints a line for each server and says whether all serve.
func report(ctx context.Context, w io.Writer, c *testcluster.Cluster) bool {
	all := true
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(p *testcluster.Process, native, http, place string) {
		state := stateOf(ctx, p)
		all = all && state == serves
		fmt.Fprintf(tab, "  %s\t%s\t%s\t%s\tpid %d\t%s\n", p.Name, native, http, place, p.PID(), state)
	}
	if c.ZooKeeper != nil {
		line(c.ZooKeeper, c.ZooKeeperAddr, "", "")
	}
	for _, n := range c.Nodes {
		line(n.Process, n.Addr(), fmt.Sprintf("http %d", n.HTTPPort), fmt.Sprintf("shard %d replica %d", n.Shard, n.Replica))
	}
	_ = tab.Flush() // an error here is a closed stdout
	return all
}

const serves = "serves"

func stateOf(ctx context.Context, p *testcluster.Process) string {
	switch {
	case !p.Running():
		return "down"
	case p.Paused():
		return "paused"
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if p.WaitReady(ctx) != nil {
		return "does not answer"
	}
	return serves
}
