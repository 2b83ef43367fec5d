package nodes

import (
	"bytes"
	"fmt"

	"github.com/skein-migrate/skein/bench/simulated"
)

// Config is a skein.yaml for a cluster that is found from one of its nodes: statements go
// to each node, and nothing keeps two runs apart, as there is nobody to run the other.
func Config(seed simulated.Node) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `clusters:
  - name: bench
    hosts: [%q]
    cluster_name: skein_local
    distributed_cluster_name: skein_dist
    database: skein
    storage_sets: [migrations, events]
    ddl: direct
coordination: {lock: none}
`, seed.Address())
	return b.Bytes()
}
