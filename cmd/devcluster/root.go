package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// errNotAllServe is the end of a status that found a server down.
var errNotAllServe = errors.New("not all servers serve")

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "devcluster",
		Short: "Real ClickHouse servers on loopback, to develop skein on",
		Long: `Starts real ClickHouse servers and a ZooKeeper on loopback, in the background.

  devcluster up --dir D                  2 shards × 2 replicas of ClickHouse 18.16
  devcluster up --dir D --engine modern  one node of ClickHouse 26.7
  devcluster down --dir D                stops what that up started

D/skein.yaml is a configuration for skein, D/cluster.json a description of the
servers for scripts. scripts/deps.sh installs what is needed.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	dir := root.PersistentFlags().String("dir", "", "where the servers' files are (required)")
	root.AddCommand(
		upCommand(dir),
		downCommand(dir),
		statusCommand(dir),
		nodeCommand(dir, "kill", "Kill a server with SIGKILL", (*testcluster.Process).Kill),
		nodeCommand(dir, "pause", "Freeze a server with SIGSTOP", (*testcluster.Process).Pause),
		nodeCommand(dir, "continue", "Thaw a frozen server", (*testcluster.Process).Continue),
		nodeCommand(dir, "restart", "Restart a server, or start a killed one", (*testcluster.Process).Restart),
		serveModernCommand(),
	)
	return root
}

// attach gives the handles on the servers in dir.
func attach(dir string) (*testcluster.Cluster, error) {
	if dir == "" {
		return nil, errors.New("which cluster? Say --dir DIR")
	}
	return testcluster.Attach(dir)
}

// shown is a directory as people type it: relative where that is shorter.
func shown(dir, file string) string {
	path := filepath.Join(dir, file)
	if rel, err := filepath.Rel(".", path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}

func describe(c *testcluster.Cluster) string {
	o := c.Options
	if o.Engine == testcluster.EngineModern {
		return fmt.Sprintf("%d × ClickHouse 26.7", o.Nodes)
	}
	return fmt.Sprintf("%d shards × %d replicas, %d query nodes", o.Shards, o.Replicas, o.QueryNodes)
}
