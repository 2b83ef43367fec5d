package nodes_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-migrate/skein/bench/nodes"
	"github.com/skein-migrate/skein/bench/nodes/work"
	"github.com/skein-migrate/skein/bench/simulated"
)

// A statement is sent to so many nodes at once, not to all.
func TestAStatementIsSentToSoManyNodesAtOnce(t *testing.T) {
	recording, err := simulated.Recorded267()
	if err != nil {
		t.Fatal(err)
	}
	counter := &counting{}
	servers, err := simulated.Listen(t.Context(), 10, 2, 0, func(nodes []simulated.Node) (simulated.Handler, error) {
		replay, err := simulated.NewReplay(recording, nodes)
		counter.Handler = replay
		return counter, err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := servers.Close(); err != nil {
			t.Error(err)
		}
	}()
	file := filepath.Join(t.TempDir(), "skein.yaml")
	if err := os.WriteFile(file, nodes.Config(servers.Nodes[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	skein(t, file, "migrate", "--group", work.GroupName, "--node-concurrency", "3")
	if have := counter.most; have != 3 {
		t.Errorf("%d at once", have)
	}
	if have := counter.all.Load(); have != 10 {
		t.Errorf("sent to %d nodes", have)
	}
}

// counting counts how many nodes run the measured statement.
type counting struct {
	simulated.Handler
	now, all atomic.Int32
	mu       sync.Mutex
	most     int32
}

func (c *counting) Connect(ctx context.Context, node simulated.Node, database string) (simulated.Session, error) {
	session, err := c.Handler.Connect(ctx, node, database)
	return counted{session, c}, err
}

type counted struct {
	simulated.Session
	by *counting
}

func (c counted) Answer(ctx context.Context, query simulated.Query) simulated.Reply {
	if strings.HasPrefix(query.Body, "CREATE TABLE") && strings.Contains(query.Body, work.Made) {
		n := c.by.now.Add(1)
		defer c.by.now.Add(-1)
		c.by.mu.Lock()
		c.by.most = max(c.by.most, n)
		c.by.mu.Unlock()
		c.by.all.Add(1)
		time.Sleep(50 * time.Millisecond)
	}
	return c.Session.Answer(ctx, query)
}
