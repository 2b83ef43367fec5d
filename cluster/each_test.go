package cluster

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-migrate/skein/journal"
)

func TestSoManyNodesAreAskedAtOnce(t *testing.T) {
	const most = 3
	c := &Cluster{options: Options{NodeConcurrency: most}.withDefaults()}
	nodes := make([]journal.Node, 20)
	for i := range nodes {
		nodes[i] = journal.Node{Host: "ch", Port: 9000 + i}
	}
	var now atomic.Int32
	var mu sync.Mutex
	var seen int32
	errs := c.each(t.Context(), nodes, func(context.Context, journal.Node) error {
		n := now.Add(1)
		defer now.Add(-1)
		mu.Lock()
		seen = max(seen, n)
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		return nil
	})
	if len(errs) > 0 || seen != most {
		t.Errorf("%d at once, want %d; %v", seen, most, errs)
	}
	if have := (Options{}).withDefaults().NodeConcurrency; have != DefaultNodeConcurrency {
		t.Errorf("by default %d", have)
	}
}

func TestALineNamesFewNodes(t *testing.T) {
	names := strings.Fields("a b c d e f g h")
	if have := few(names); have != "a, b, c, d, e, f, g, h" {
		t.Error(have)
	}
	if have := few(append(names, "i", "j")); have != "a, b, c, d, e, f, g, h and 2 more" {
		t.Error(have)
	}
}
