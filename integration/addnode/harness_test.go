// Package addnode_test proves on real servers that a new node is brought to the schema of
// its cluster.
package addnode_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/skein-migrate/skein/examples/groups"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// session runs skein, with the groups of the examples, as a user would.
type session struct{ *running.Skein }

func newSession(t *testing.T, c *testcluster.Cluster) *session {
	t.Helper()
	limits := "    limits: {ddl: 10s, wait: 20s}\n" + running.Connect
	return &session{running.New(t, c, limits, groups.Events(), groups.Transactions())}
}

func query(t *testing.T, n *testcluster.Node, format string, args ...any) [][]string {
	t.Helper()
	return running.Query(t, n, fmt.Sprintf(format, args...))
}

// first is the first value that a query answers.
func first(t *testing.T, n *testcluster.Node, sql string) string {
	t.Helper()
	rows := query(t, n, "%s", sql)
	if len(rows) == 0 {
		return ""
	}
	return rows[0][0]
}

// eventually waits for a value: replicas fetch rows in the background.
func eventually(t *testing.T, n *testcluster.Node, sql, want string) {
	t.Helper()
	have := ""
	for range 800 {
		if have = first(t, n, sql); have == want {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%s: %s: %s, want %s", n.Name, sql, have, want)
}
