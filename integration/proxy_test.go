package integration

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// proxy stands between skein and one node, to answer what a server cannot be
// brought to answer on demand: an error of its own (517 takes a race between
// replicas), and a connection that breaks when the statement has arrived.
type proxy struct {
	listener net.Listener
	server   string

	mu sync.Mutex
	// meddle is asked about each chunk from the client; nil lets it pass.
	meddle func(chunk []byte) *meddling
}

// meddling is what happens to one query.
type meddling struct {
	forward bool   // the server gets it
	reply   []byte // the client gets this instead of the server's answer
	cut     bool   // then both connections are closed
}

func newProxy(t *testing.T, n *testcluster.Node) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, server: n.Addr()}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	buffer := make([]byte, 1<<20)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		m := p.ask(buffer[:n])
		if m == nil || m.forward {
			if _, err := server.Write(buffer[:n]); err != nil {
				return
			}
		}
		if m == nil {
			continue
		}
		if _, err := client.Write(m.reply); err != nil || m.cut {
			return
		}
	}
}

func (p *proxy) set(meddle func([]byte) *meddling) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meddle = meddle
}

func (p *proxy) ask(chunk []byte) *meddling {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.meddle == nil {
		return nil
	}
	return p.meddle(chunk)
}

// exception is a server's Exception packet of the native protocol: kind 2,
// code, name, message, stack trace, and whether another follows.
func exception(code int32, message string) []byte {
	var b bytes.Buffer
	text := func(s string) {
		b.Write(binary.AppendUvarint(nil, uint64(len(s))))
		b.WriteString(s)
	}
	b.WriteByte(2)
	_ = binary.Write(&b, binary.LittleEndian, code) // a Buffer takes everything
	text("DB::Exception")
	text("DB::Exception: " + message)
	text("")
	b.WriteByte(0)
	return b.Bytes()
}

// behind makes skein reach a node through a proxy.
func (s *session) behind(n *testcluster.Node, p *proxy) {
	s.edit("    storage_sets:", fmt.Sprintf("    address_map: {\"%s\": \"%s\"}\n    storage_sets:", n.Addr(), p.listener.Addr()))
}

// isAddColumn tells the statement, which has an ID, from the audit trail's copy.
func isAddColumn(chunk []byte) bool {
	return bytes.Contains(chunk, []byte("skein-")) && bytes.Contains(chunk, []byte("ADD COLUMN `n`"))
}

func addColumn(t *testing.T) (*session, *testcluster.Node, *proxy) {
	t.Helper()
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}},
		migration.Migration{ID: "0002_n", Forward: []ops.Operation{
			ops.AddColumn{Table: local("a_local"), Column: ops.Column{Name: "n", Type: "UInt64"}},
		}},
	))
	s.must(0, "migrate", "--group", "events", "0001")
	p := newProxy(t, c.Nodes[0])
	s.behind(c.Nodes[0], p)
	return s, c.Nodes[0], p
}

// 517: the metadata was not up to date, nothing was changed; again, with
// back-off, until it works.
func TestMetadataNotUpToDateIsTriedAgain(t *testing.T) {
	s, n, p := addColumn(t)
	refused := 0
	p.set(func(chunk []byte) *meddling {
		if !isAddColumn(chunk) || refused == 3 {
			return nil
		}
		refused++
		return &meddling{reply: exception(517, "Metadata on replica is not up to date with common metadata in Zookeeper")}
	})
	done := s.must(0, "migrate", "--ddl", "direct")
	says(t, done.stderr, "again in", "on "+n.Addr(), "not up to date")
	if refused != 3 {
		t.Errorf("refused %d times, want 3", refused)
	}
	s.everywhere("DESCRIBE TABLE a_local")
}

// A statement that may have arrived is never sent again: the conditions tell.
func TestConnectionLostAfterSendingIsDecidedByConvergence(t *testing.T) {
	for _, test := range []struct {
		name    string
		forward bool
		code    int
	}{{"it arrived", true, 0}, {"it did not", false, 5}} {
		t.Run(test.name, func(t *testing.T) {
			s, n, p := addColumn(t)
			sent := 0
			p.set(func(chunk []byte) *meddling {
				if !isAddColumn(chunk) {
					return nil
				}
				sent++
				return &meddling{forward: test.forward, cut: true}
			})
			done := s.must(test.code, "migrate", "--ddl", "direct")
			if sent != 1 {
				t.Errorf("sent %d times: a statement whose outcome is unknown must not be repeated", sent)
			}
			if test.code == 5 {
				says(t, done.stderr, "unknown   "+n.Addr(), "column n is not there", "connection lost")
			}
		})
	}
}

// hostRows is the answer of ON CLUSTER: a block with a row for each host, and
// the end of the stream. "host port status error num_hosts_remaining num_hosts_active".
func hostRows(t *testing.T, nodes []*testcluster.Node, refusing *testcluster.Node, code int64) []byte {
	t.Helper()
	var host, text proto.ColStr
	var port proto.ColUInt16
	var status proto.ColInt64
	var remaining, active proto.ColUInt64
	for i, n := range nodes {
		host.Append(n.Host)
		port.Append(uint16(n.Port))
		remaining.Append(uint64(len(nodes) - 1 - i))
		active.Append(0)
		if n == refusing {
			status.Append(code)
			text.Append("Metadata on replica is not up to date")
		} else {
			status.Append(0)
			text.Append("")
		}
	}
	input := []proto.InputColumn{
		{Name: "host", Data: &host},
		{Name: "port", Data: &port},
		{Name: "status", Data: &status},
		{Name: "error", Data: &text},
		{Name: "num_hosts_remaining", Data: &remaining},
		{Name: "num_hosts_active", Data: &active},
	}
	var b proto.Buffer
	proto.ServerCodeData.Encode(&b)
	b.PutString("")
	block := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: len(input), Rows: len(nodes)}
	if err := block.EncodeBlock(&b, 54031, input); err != nil { // what skein speaks with 18.16
		t.Fatal(err)
	}
	proto.ServerCodeEndOfStream.Encode(&b)
	return b.Buf
}

// 517 from one host of an ON CLUSTER is asked again there, directly; the others
// have done it, and are left in peace.
func TestHostThatRefusesForNowIsAskedAgainAlone(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	s.must(0, "migrate", "--group", "system")
	n := c.Nodes[0]
	p := newProxy(t, n)
	s.behind(n, p)
	again := 0
	p.set(func(chunk []byte) *meddling {
		if !bytes.Contains(chunk, []byte("skein-")) || !bytes.Contains(chunk, []byte("CREATE TABLE `default`.`a_local`")) {
			return nil
		}
		if !bytes.Contains(chunk, []byte("ON CLUSTER")) {
			again++
			return nil
		}
		for _, other := range c.Nodes[1:] { // they really do it, once
			if _, err := other.Query(context.Background(), "CREATE TABLE a_local (id UInt64) ENGINE = "+
				"ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/a_local', '{replica}') ORDER BY id"); err != nil {
				t.Error(err)
			}
		}
		return &meddling{reply: hostRows(t, c.Nodes, n, 517)}
	})
	s.must(0, "migrate", "-v")
	if again != 1 {
		t.Errorf("%s was asked %d times directly, want once", n.Addr(), again)
	}
	s.everywhere("DESCRIBE TABLE a_local")
}
