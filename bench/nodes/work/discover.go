package work

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/config"
)

// Discover opens the first cluster of a configuration, reads its facts, and says how many
// nodes and tables there are: what every command that plans begins with.
func Discover(ctx context.Context, file string, out io.Writer) error {
	debug.SetGCPercent(400) // as package cli has it
	debug.SetMemoryLimit(280 << 20)
	cfg, err := config.Load(config.Options{Path: file})
	if err != nil {
		return err
	}
	c := cfg.Clusters[0]
	opened, err := cluster.Open(ctx, cluster.Options{
		Name: c.Name, Hosts: c.Hosts, LocalCluster: c.ClusterName, DistCluster: c.DistributedClusterName,
		Database: c.Database, User: c.User, Direct: c.DDL == config.Direct, NodeConcurrency: c.NodeConcurrency, ConnectTimeout: c.Connect.Timeout, WaitLimit: c.Limits.Wait,
	})
	if err != nil {
		return err
	}
	defer opened.Close()
	facts, err := opened.Facts(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d nodes, %d tables\n", len(facts.Nodes), len(facts.Tables))
	return err
}
