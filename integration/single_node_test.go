package integration

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/skein-migrate/skein/integration/testproxy"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// The OK of a server that is alone is convergence: what ten statements more ask of its
// system tables is nothing. One that may do nothing is looked after, and one that is
// refused is not done because somebody else has made its table.
func TestTheOKOfASingleNodeIsConvergence(t *testing.T) {
	t.Parallel()
	noServers := false
	looks := func(id string, operations ...ops.Operation) (seen int32) {
		t.Run(id, func(t *testing.T) {
			defer func() { noServers = noServers || t.Skipped() }()
			s := newSession(t, servers.modern.Cluster(t), group("events", migration.Migration{ID: "0001_" + id, Forward: operations}))
			s.Must(0, "migrate", "--group", "system")
			s.behindAll(func(r testproxy.Request) *testproxy.Meddling {
				if testproxy.BeginsQuery(r.Data) && bytes.Contains(r.Data, []byte("FROM system.tables")) {
					atomic.AddInt32(&seen, 1)
				}
				return nil
			})
			s.Must(0, "migrate")
		})
		return seen
	}
	tables := func(n int) []ops.Operation {
		var out []ops.Operation
		for i := range n {
			out = append(out, createTable(fmt.Sprintf("t%d_local", i)))
		}
		return out
	}
	one, eleven := looks("one", tables(1)...), looks("eleven", tables(11)...)
	if noServers {
		t.SkipNow()
	}
	if eleven != one {
		t.Errorf("with one statement there are %d looks in all, with eleven %d", one, eleven)
	}
	conditional := createTable("t_local")
	conditional.IfNotExists = true
	if some := looks("if", conditional); some <= one {
		t.Errorf("%d looks where the server may do nothing, %d where not", some, one)
	}
	t.Run("refused", func(t *testing.T) {
		c := servers.modern.Cluster(t)
		s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: tables(1)}))
		s.Must(0, "migrate", "--group", "system")
		s.behindAll(func(r testproxy.Request) *testproxy.Meddling {
			if testproxy.BeginsQuery(r.Data) && bytes.Contains(r.Data, []byte("skein-")) && bytes.Contains(r.Data, []byte("CREATE TABLE")) {
				exec(t, c.Nodes[0], "CREATE TABLE IF NOT EXISTS t0_local (id UInt64) ENGINE = MergeTree ORDER BY id")
			}
			return nil
		})
		s.Must(5, "migrate")
	})
}
