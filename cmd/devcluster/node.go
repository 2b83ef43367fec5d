package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/integration/testcluster/chdb"
)

// nodeCommand is a command that does one thing to one server.
func nodeCommand(dir *string, verb, short string, do func(*testcluster.Process, context.Context) error) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   verb + " --dir DIR --node NAME",
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := attach(*dir)
			if err != nil {
				return err
			}
			p, err := find(c, name)
			if err != nil {
				return err
			}
			if err := do(p, cmd.Context()); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s done\n", p.Name, verb)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "node", "", "the server, as status names it (zookeeper too)")
	return cmd
}

func find(c *testcluster.Cluster, name string) (*testcluster.Process, error) {
	var names []string
	for _, p := range c.Processes() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return nil, fmt.Errorf("no server %q here: --node is one of %s", name, strings.Join(names, ", "))
}

// serveModern is the command that up starts for each node of the modern engine.
const serveModern = "serve-modern"

func serveModernCommand() *cobra.Command {
	return &cobra.Command{
		Use:                serveModern + " LIBCHDB.SO FLAG...",
		Short:              "Serve one modern node until killed",
		Hidden:             true,
		DisableFlagParsing: true, // they are ClickHouse's
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("which library?")
			}
			return chdb.Serve(args[0], args[1:])
		},
	}
}
