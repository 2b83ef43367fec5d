package simulated

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// link is one connection to a node.
type link struct {
	servers *Servers
	node    Node
	conn    net.Conn
	reader  *proto.Reader
	version int // of the protocol
	session Session
}

// serve answers until the client goes. What a client may do at any time is no error.
func (l *link) serve(ctx context.Context) error {
	l.reader = proto.NewReader(l.conn)
	err := l.hello(ctx)
	if err == nil {
		defer l.session.Close()
	}
	for err == nil {
		err = l.packet(ctx)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return fmt.Errorf("simulated node %d: %w", l.node.Number, err)
}

func (l *link) hello(ctx context.Context) error {
	kind, err := l.kind()
	if err != nil {
		return err
	}
	if kind != proto.ClientCodeHello {
		return fmt.Errorf("a client that begins with %s", kind)
	}
	var client proto.ClientHello
	if err := client.Decode(l.reader); err != nil {
		return err
	}
	l.version = min(client.ProtocolVersion, revision)
	if l.version != revision {
		// The answers are made for this one alone.
		return fmt.Errorf("a client of version %d, older than %d", client.ProtocolVersion, revision)
	}
	if l.session, err = l.servers.handler.Connect(ctx, l.node, client.Database); err != nil {
		return err
	}
	var b proto.Buffer
	server := proto.ServerHello{Name: "ClickHouse", Major: 26, Minor: 7, Revision: revision, Timezone: "UTC", DisplayName: l.node.ReplicaMacro(), Patch: 1}
	server.EncodeAware(&b, client.ProtocolVersion)
	return l.send(b.Buf)
}

func (l *link) kind() (proto.ClientCode, error) {
	n, err := l.reader.UVarInt()
	return proto.ClientCode(n), err
}

// send lets the latency of the network pass first.
func (l *link) send(packets []byte) error {
	if l.servers.latency > 0 {
		time.Sleep(l.servers.latency)
	}
	_, err := l.conn.Write(packets)
	return err
}

func (l *link) packet(ctx context.Context) error {
	switch kind, err := l.kind(); {
	case err != nil:
		return err
	case kind == proto.ClientCodePing:
		return l.send([]byte{byte(proto.ServerCodePong)})
	case kind == proto.ClientCodeQuery:
		return l.query(ctx)
	default:
		return fmt.Errorf("a packet of the kind %s", kind)
	}
}

func (l *link) query(ctx context.Context) error {
	var q proto.Query
	if err := q.DecodeAware(l.reader, l.version); err != nil {
		return err
	}
	if q.Compression == proto.CompressionEnabled {
		return errors.New("a client that compresses")
	}
	if err := l.rows(nil); err != nil { // external tables: there are none
		return err
	}
	query := Query{Body: q.Body}
	for _, s := range q.Settings {
		query.Settings = append(query.Settings, Setting{Name: s.Key, Value: s.Value})
	}
	reply := l.session.Answer(ctx, query)
	if err := l.send(reply.First); err != nil || reply.Then == nil {
		return err
	}
	if err := l.rows(reply.Take); err != nil {
		return err
	}
	return l.send(reply.Then)
}

// rows takes the blocks that a client sends, to the empty one that ends them.
func (l *link) rows(take func(proto.Results) error) error {
	for {
		kind, err := l.kind()
		if err != nil {
			return err
		}
		if kind != proto.ClientCodeData {
			return fmt.Errorf("a packet of the kind %s where rows were to come", kind)
		}
		var data proto.ClientData
		if err := data.DecodeAware(l.reader, l.version); err != nil {
			return err
		}
		var results proto.Results
		var block proto.Block
		if err := block.DecodeBlock(l.reader, l.version, results.Auto()); err != nil {
			return err
		}
		if block.End() {
			return nil
		}
		if take != nil {
			if err := take(results); err != nil {
				return err
			}
		}
	}
}
