package integration

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/integration/testproxy"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// newProxy stands between skein and one node, to answer what a server cannot be
// brought to answer on demand: an error of its own (517 takes a race between
// replicas), and a connection that breaks when the statement has arrived.
func newProxy(t *testing.T, n *testcluster.Node) *testproxy.Proxy {
	t.Helper()
	return testproxy.New(t, n.Addr(), testproxy.Options{Answered: testproxy.Answered})
}

// behind makes skein reach a node through a proxy.
func (s *session) behind(n *testcluster.Node, p *testproxy.Proxy) {
	s.Edit("    storage_sets:", fmt.Sprintf("    address_map: {\"%s\": \"%s\"}\n    storage_sets:", n.Addr(), p.Address()))
}

// isAddColumn tells the statement, which has an ID, from the audit trail's copy.
func isAddColumn(chunk []byte) bool {
	return bytes.Contains(chunk, []byte("skein-")) && bytes.Contains(chunk, []byte("ADD COLUMN `n`"))
}

func addColumn(t *testing.T) (*session, *testcluster.Node, *testproxy.Proxy) {
	t.Helper()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}},
		migration.Migration{ID: "0002_n", Forward: []ops.Operation{
			ops.AddColumn{Table: local("a_local"), Column: ops.Column{Name: "n", Type: "UInt64"}},
		}},
	))
	s.Must(0, "migrate", "--group", "events", "0001")
	p := newProxy(t, c.Nodes[0])
	s.behind(c.Nodes[0], p)
	return s, c.Nodes[0], p
}

// 517: the metadata was not up to date, nothing was changed; again, with
// back-off, until it works.
func TestMetadataNotUpToDateIsTriedAgain(t *testing.T) {
	t.Parallel()
	s, n, p := addColumn(t)
	refused := 0
	p.Meddle(func(r testproxy.Request) *testproxy.Meddling {
		if !isAddColumn(r.Data) || refused == 3 {
			return nil
		}
		refused++
		return &testproxy.Meddling{Withhold: true, Reply: testproxy.Exception(517, "Metadata on replica is not up to date with common metadata in Zookeeper")}
	})
	done := s.Must(0, "migrate", "--ddl", "direct")
	running.Says(t, done.Stderr, "again in", "on "+n.Addr(), "not up to date")
	if refused != 3 {
		t.Errorf("refused %d times, want 3", refused)
	}
	s.everywhere("DESCRIBE TABLE a_local")
}

// A statement that may have arrived is never sent again: the conditions tell.
func TestConnectionLostAfterSendingIsDecidedByConvergence(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		arrives bool
		code    int
	}{{"it arrived", true, 0}, {"it did not", false, 5}} {
		t.Run(test.name, func(t *testing.T) {
			s, n, p := addColumn(t)
			sent := 0
			p.Meddle(func(r testproxy.Request) *testproxy.Meddling {
				if !isAddColumn(r.Data) {
					return nil
				}
				sent++
				return &testproxy.Meddling{Withhold: !test.arrives, Cut: true}
			})
			done := s.Must(test.code, "migrate", "--ddl", "direct")
			if sent != 1 {
				t.Errorf("sent %d times: a statement whose outcome is unknown must not be repeated", sent)
			}
			if test.code == 5 {
				running.Says(t, done.Stderr, "unknown   "+n.Addr(), "column n is not there", "connection lost")
			}
		})
	}
}

// refusedBy is the answer of ON CLUSTER when one host says 517, and the others OK.
func refusedBy(t *testing.T, refusing *testcluster.Node, nodes []*testcluster.Node) []byte {
	t.Helper()
	var rows []testproxy.HostRow
	for _, n := range nodes {
		row := testproxy.HostRow{Host: n.Host, Port: n.Port}
		if n == refusing {
			row.Status, row.Error = 517, "Metadata on replica is not up to date"
		}
		rows = append(rows, row)
	}
	answer, err := testproxy.HostRows(rows...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// 517 from one host of an ON CLUSTER is asked again there, directly; the others
// have done it, and are left in peace.
func TestHostThatRefusesForNowIsAskedAgainAlone(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	s.Must(0, "migrate", "--group", "system")
	n := c.Nodes[0]
	p := newProxy(t, n)
	s.behind(n, p)
	again := 0
	answer := refusedBy(t, n, c.Nodes)
	p.Meddle(func(r testproxy.Request) *testproxy.Meddling {
		if !bytes.Contains(r.Data, []byte("skein-")) || !bytes.Contains(r.Data, []byte("CREATE TABLE `default`.`a_local`")) {
			return nil
		}
		if !bytes.Contains(r.Data, []byte("ON CLUSTER")) {
			again++
			return nil
		}
		for _, other := range c.Nodes[1:] { // they really do it, once
			if _, err := other.Query(context.Background(), "CREATE TABLE a_local (id UInt64) ENGINE = "+
				"ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/a_local', '{replica}') ORDER BY id"); err != nil {
				t.Error(err)
			}
		}
		return &testproxy.Meddling{Withhold: true, Reply: answer}
	})
	s.Must(0, "migrate", "-v")
	if again != 1 {
		t.Errorf("%s was asked %d times directly, want once", n.Addr(), again)
	}
	s.everywhere("DESCRIBE TABLE a_local")
}
