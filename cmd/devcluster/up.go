package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/integration/testcluster"
)

func upCommand(dir *string) *cobra.Command {
	o := testcluster.Options{Detach: true}
	cmd := &cobra.Command{
		Use:   "up --dir DIR",
		Short: "Start servers in the background; returns when they serve",
		Long: `Starts servers in the background, returns when they serve (ON CLUSTER too), and
writes DIR/cluster.json and DIR/skein.yaml. Where the same servers run already,
that is said and nothing is done.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Dir = *dir
			return up(cmd.Context(), cmd.OutOrStdout(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Engine, "engine", testcluster.EngineCluster, "cluster (ClickHouse 18.16, ON CLUSTER) or modern (26.7)")
	f.IntVar(&o.Shards, "shards", 2, "shards of the cluster engine")
	f.IntVar(&o.Replicas, "replicas", 2, "replicas of each shard")
	f.IntVar(&o.QueryNodes, "query-nodes", 0, "how many of the nodes skein_dist has (default all)")
	f.IntVar(&o.Nodes, "nodes", 1, "nodes of the modern engine")
	f.BoolVar(&o.SameReplicaNames, "same-replica-names", false, "replica macros r1, r2… in each shard, not s1r1…")
	f.BoolVar(&o.NoZooKeeper, "no-zookeeper", false, "no ZooKeeper for the modern engine")
	return cmd
}

func up(ctx context.Context, w io.Writer, o testcluster.Options) error {
	c, err := attach(o.Dir)
	switch {
	case err == nil && c.Running() > 0:
		return alreadyUp(ctx, w, c, o)
	case err != nil && !errors.Is(err, testcluster.ErrNoCluster):
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o.ModernHost = []string{self, serveModern}
	start := time.Now()
	if c, err = testcluster.Start(ctx, o); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, up in %.2fs\n", describe(c), time.Since(start).Seconds())
	report(ctx, w, c)
	fmt.Fprintf(w, "skein --config %s list\ndevcluster down --dir %s\n", shown(o.Dir, "skein.yaml"), o.Dir)
	return nil
}

// alreadyUp accepts servers that are the ones asked for and all answer.
func alreadyUp(ctx context.Context, w io.Writer, c *testcluster.Cluster, o testcluster.Options) error {
	same, err := c.Options.SameShape(o)
	if err != nil {
		return err
	}
	if !same {
		return fmt.Errorf("%s runs in %s already; first: devcluster down --dir %s", describe(c), o.Dir, o.Dir)
	}
	fmt.Fprintf(w, "%s, already up\n", describe(c))
	if !report(ctx, w, c) {
		return fmt.Errorf("not all of them serve; first: devcluster down --dir %s", o.Dir)
	}
	return nil
}
