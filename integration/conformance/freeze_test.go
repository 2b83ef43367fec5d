package conformance

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/skein-migrate/skein/ops"
)

// TestFreezeReachesEveryReplica looks for the backup on each node's disk: 18.16 has
// no is_frozen in system.parts, and replicas do not tell each other.
func TestFreezeReachesEveryReplica(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	b := newBench(t, c, "frozen")
	b.base()
	name := fmt.Sprintf("conformance_%d", time.Now().UnixNano())
	if err := b.do(ops.FreezePartition{Table: local("t"), Partition: "202601", Name: name}); err != nil {
		t.Fatal(err)
	}
	for _, node := range c.Nodes {
		january, err := filepath.Glob(filepath.Join(c.Dir, "servers", node.Name, "data", "shadow", name, "data", "frozen", "t", "202601_*"))
		if err != nil || len(january) == 0 {
			t.Errorf("%s has no backup of the partition (%v)", node.Name, err)
		}
		all, err := filepath.Glob(filepath.Join(c.Dir, "servers", node.Name, "data", "shadow", name, "data", "frozen", "*", "*"))
		if err != nil || len(all) != len(january) {
			t.Errorf("%s has a backup of %v (%v), want January of t alone", node.Name, all, err)
		}
	}
}
