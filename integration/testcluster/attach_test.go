package testcluster

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDetachedServersAreAttachedToAndDescribed(t *testing.T) {
	servers.Cluster(t) // for its gate
	o := Options{Shards: 1, Replicas: 2, Detach: true, Dir: t.TempDir()}
	started, err := Start(t.Context(), o)
	check(t, err)
	defer func() { check(t, started.Stop(t.Context())) }()
	if _, err := Start(t.Context(), o); err == nil {
		t.Error("a second start in the same directory worked")
	}

	c, err := Attach(o.Dir)
	check(t, err)
	if same, err := c.Options.SameShape(o); err != nil || !same {
		t.Errorf("another shape after Attach: %+v, %v", c.Options, err)
	}
	n := c.Node("s1r2")
	if n.PID() != started.Node("s1r2").PID() {
		t.Errorf("attached to pid %d, started %d", n.PID(), started.Node("s1r2").PID())
	}
	check(t, n.Kill(t.Context()))
	if started.Node("s1r2").Running() {
		t.Error("the handle that started it still calls it running")
	}
	check(t, n.Start(t.Context()))
	if got := readDescription(t, o.Dir).Nodes[1].PID; got != n.PID() {
		t.Errorf("cluster.json has pid %d, the restarted node %d", got, n.PID())
	}

	check(t, c.Stop(t.Context()))
	left, err := os.ReadDir(o.Dir)
	if check(t, err); len(left) != 0 {
		t.Errorf("left after Stop: %v", left)
	}
	if _, err := Attach(o.Dir); !errors.Is(err, ErrNoCluster) {
		t.Errorf("Attach after Stop: %v", err)
	}
}

func readDescription(t *testing.T, dir string) description {
	t.Helper()
	b, err := os.ReadFile(describedIn(dir))
	check(t, err)
	var d description
	check(t, json.Unmarshal(b, &d))
	var keys map[string]any
	check(t, json.Unmarshal(b, &keys))
	node := keys["nodes"].([]any)[0].(map[string]any)
	for _, wanted := range []string{"name", "host", "port", "http_port", "pid", "shard", "replica"} {
		if _, ok := node[wanted]; !ok {
			t.Errorf("cluster.json: a node has no %q: %v", wanted, node)
		}
	}
	if len(keys) != 3 || len(node) != 7 || !cmp.Equal(keys["engine"], "cluster") {
		t.Errorf("cluster.json is not as promised: %s", b)
	}
	return d
}
