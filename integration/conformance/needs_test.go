package conformance

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/ops"
)

// TestMisspeltNamesAreNotSent: 26.7 says OK to each, and does nothing.
func TestMisspeltNamesAreNotSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers.modern.Cluster(t), "misspelt")
	b.base()
	for _, op := range []ops.Operation{
		ops.MaterializeIndex{Table: local("t"), Names: []string{"nope"}},
		ops.ClearIndex{Table: local("t"), Names: []string{"nope"}},
		ops.MaterializeProjection{Table: local("t"), Names: []string{"nope"}},
		ops.ClearProjection{Table: local("t"), Names: []string{"nope"}},
	} {
		err := b.do(op)
		if err == nil || !strings.Contains(err.Error(), "nope is not there") {
			t.Errorf("%s: %v", ops.KindOf(op), err)
		}
	}
	if rows := b.on(b.servers.Nodes[0], "SELECT command FROM system.mutations WHERE database = 'misspelt'"); len(rows) > 0 {
		t.Errorf("mutations were begun: %v", rows)
	}
}
