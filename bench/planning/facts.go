// Package planning is what has to be known, and what there is, to plan ten thousand
// migrations without a server.
package planning

import (
	"fmt"

	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// TwoByTwo is what two shards with two replicas say of themselves, without tables: the
// cluster main.
func TwoByTwo() plan.Facts {
	f := plan.Facts{
		Cluster: "main", LocalCluster: "local", DistCluster: "dist", Database: "default",
		Nodes: map[string]plan.NodeFacts{}, Since: cluster.Since(),
	}
	settings := map[string]bool{}
	for i := range 1500 { // as many as a server has
		settings[fmt.Sprintf("setting_%04d", i)] = true
	}
	for i := range 4 {
		n := journal.Node{Host: fmt.Sprintf("ch-%d", i+1), Port: 9000, Shard: i/2 + 1, Replica: i%2 + 1}
		f.Local = append(f.Local, n)
		f.Nodes[n.Name()] = plan.NodeFacts{
			Version: ops.Version{Major: 26, Minor: 7}, Settings: settings,
			Macros: map[string]string{"shard": fmt.Sprint(n.Shard), "replica": n.Host},
		}
		n.Shard, n.Replica = i+1, 1
		f.Dist = append(f.Dist, n)
	}
	return f
}
