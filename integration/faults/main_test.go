package faults

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// servers are started by the first case that asks. Two clusters, so that the one
// waits for ZooKeeper's sessions to run out while the other works.
var servers = struct{ left, right, modern, frailLeft, frailRight, cabledLeft, cabledRight testcluster.Shared }{
	left:   testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	right:  testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	modern: testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1, QueryLog: true}},

	// Of these, nodes and ZooKeeper itself are struck: short sessions save waiting.
	frailLeft:  testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, SessionTimeout: 4 * time.Second}},
	frailRight: testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, SessionTimeout: 4 * time.Second}},

	// Of these, nodes are cut off from ZooKeeper.
	cabledLeft:  testcluster.Shared{Options: testcluster.Options{SessionTimeout: 4 * time.Second, ZooKeeperVia: toZooKeeper.left.via}},
	cabledRight: testcluster.Shared{Options: testcluster.Options{SessionTimeout: 4 * time.Second, ZooKeeperVia: toZooKeeper.right.via}},
}

// gateVariable turns the matrix on: it takes minutes, so that `make test` goes without.
const gateVariable = "SKEIN_FAULTS"

// cluster is running servers, cleaned.
func cluster(t *testing.T, shared *testcluster.Shared) *testcluster.Cluster {
	t.Helper()
	if os.Getenv(gateVariable) == "" {
		t.Skip("the fault matrix: make faults")
	}
	return shared.Cluster(t)
}

// lanes are tests that use the same servers, one at a time. While those of one
// lane wait for a session to run out, the others work.
var lanes struct{ plain, frail, cabled sync.Mutex }

// take makes a test the one of its lane, until it and its subtests have ended.
func take(t *testing.T, lane *sync.Mutex) {
	t.Helper()
	if os.Getenv(gateVariable) == "" {
		t.Skip("the fault matrix: make faults")
	}
	t.Parallel()
	lane.Lock()
	t.Cleanup(lane.Unlock)
}

// whole adds what does not fit into CI's quarter of an hour: both kinds of SIGINT
// and all false answers in both ddl modes, more rounds.
var whole = flag.Bool("whole", false, "run all of the matrix, not only what fits into 15 minutes")

var update = flag.Bool("update", false, "write the table of docs/reliability.md anew")

func TestMain(m *testing.M) {
	if fault := os.Getenv(faultVariable); fault != "" {
		os.Exit(victim(fault))
	}
	flag.Parse()
	code := testcluster.Main(m, &servers.left, &servers.right, &servers.modern, &servers.frailLeft, &servers.frailRight,
		&servers.cabledLeft, &servers.cabledRight)
	if code == 0 && os.Getenv(gateVariable) != "" {
		if *whole {
			os.Exit(code) // the table has what CI runs
		}
		complete := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""
		if err := checkDocument(complete); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
