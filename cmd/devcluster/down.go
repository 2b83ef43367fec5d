package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/integration/testcluster"
)

func downCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "down --dir DIR",
		Short: "Stop what up started there, and delete its data",
		Long: `Stops the servers that up started in DIR and nothing else, and deletes their
data, DIR/cluster.json and DIR/skein.yaml. It is no error if nothing runs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := attach(*dir)
			if errors.Is(err, testcluster.ErrNoCluster) {
				fmt.Fprintf(cmd.OutOrStdout(), "nothing is running in %s\n", *dir)
				return nil
			}
			if err != nil {
				return err
			}
			running := c.Running()
			if err := c.Stop(cmd.Context()); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d of %d servers were running, all are stopped\n",
				*dir, running, len(c.Processes()))
			return nil
		},
	}
}
