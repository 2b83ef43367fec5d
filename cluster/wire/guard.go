package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"github.com/ClickHouse/ch-go/proto"
)

// What a server may send. ch-go makes room for whatever a length says before it
// reads, and panics, or takes all memory, when that is absurd.
const (
	maxPacket  = 256 << 20 // bytes
	maxColumns = 1 << 16
	maxRows    = 100_000_000
)

// keepPacket is the room that a connection keeps for packets: an idle one to each of a
// thousand nodes must not hold what the largest answer took.
const keepPacket = 8 << 10

// readSize is how much is read from a socket at once.
const readSize = 8 << 10

// guard reads a server's packets before ch-go does, and hands on those whose
// lengths are true: it holds what has arrived, never what a length announces.
type guard struct {
	net.Conn
	server  *bufio.Reader
	version int          // of the protocol
	packet  bytes.Buffer // checked, and not yet handed on
	failed  error        // what ended it
	off     bool         // something came that it cannot measure: all passes
}

func newGuard(conn net.Conn, version int) *guard {
	return &guard{Conn: conn, server: bufio.NewReaderSize(conn, readSize), version: version}
}

// Read implements net.Conn.
func (g *guard) Read(p []byte) (int, error) {
	if g.packet.Len() == 0 && g.failed == nil && !g.off {
		g.packet.Reset()
		if g.packet.Cap() > keepPacket {
			g.packet = bytes.Buffer{}
		}
		if err := g.next(); err != nil {
			g.failed = err
		}
	}
	switch {
	case g.failed != nil:
		return 0, g.failed
	case g.packet.Len() > 0:
		return g.packet.Read(p)
	}
	return g.server.Read(p)
}

// next reads one packet.
func (g *guard) next() error {
	if _, err := g.server.Peek(1); err != nil {
		return err // between packets, a server may go
	}
	kind, err := g.byte()
	if err != nil {
		return err
	}
	switch proto.ServerCode(kind) {
	case proto.ServerCodeHello:
		return g.hello()
	case proto.ServerCodeException:
		return g.exception()
	case proto.ServerCodeProgress:
		if proto.FeatureClientWriteInfo.In(g.version) {
			return g.numbers(5)
		}
		return g.numbers(3)
	case proto.ServerCodePong, proto.ServerCodeEndOfStream:
		return nil
	case proto.ServerCodeProfile:
		return g.all(func() error { return g.numbers(3) }, func() error { return g.bytes(1) },
			func() error { return g.numbers(1) }, func() error { return g.bytes(1) })
	case proto.ServerCodeTableColumns:
		return g.strings(2)
	case proto.ServerCodeData, proto.ServerCodeTotals, proto.ServerCodeExtremes, proto.ServerCodeLog, proto.ServerProfileEvents:
		return g.block()
	}
	return fmt.Errorf("malformed answer: a packet of the unknown kind %d", kind)
}

func (g *guard) all(parts ...func() error) error {
	for _, part := range parts {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (g *guard) hello() error {
	if err := g.strings(1); err != nil {
		return err
	}
	if err := g.numbers(2); err != nil {
		return err
	}
	revision, err := g.number()
	if err != nil {
		return err
	}
	asked := g.version
	g.version = min(g.version, int(min(revision, 1<<30)))
	if proto.FeatureTimezone.In(asked) {
		if err := g.strings(1); err != nil {
			return err
		}
	}
	if proto.FeatureDisplayName.In(asked) {
		if err := g.strings(1); err != nil {
			return err
		}
	}
	if proto.FeatureVersionPatch.In(asked) {
		return g.numbers(1)
	}
	return nil
}

func (g *guard) exception() error {
	for {
		if err := g.all(func() error { return g.bytes(4) }, func() error { return g.strings(3) }); err != nil {
			return err
		}
		if nested, err := g.byte(); err != nil || nested == 0 {
			return err
		}
	}
}

// bytes takes so many bytes from the server, as they come.
func (g *guard) bytes(n uint64) error {
	if n > maxPacket || uint64(g.packet.Len())+n > maxPacket {
		return fmt.Errorf("malformed answer: a length of %d bytes", n)
	}
	if n <= uint64(g.server.Size()) { // nearly always; without what CopyN makes for each string
		text, err := g.server.Peek(int(n))
		if err != nil {
			return truncated(err)
		}
		g.packet.Write(text)
		_, err = g.server.Discard(int(n))
		return truncated(err)
	}
	_, err := io.CopyN(&g.packet, g.server, int64(n))
	return truncated(err)
}

func truncated(err error) error {
	if err == io.EOF { //nolint:errorlint // io.CopyN and bufio return it bare
		return io.ErrUnexpectedEOF
	}
	return err
}

func (g *guard) byte() (byte, error) {
	b, err := g.server.ReadByte()
	if err != nil {
		return 0, truncated(err)
	}
	return b, g.packet.WriteByte(b)
}

// ReadByte implements io.ByteReader, for binary.ReadUvarint.
func (g *guard) ReadByte() (byte, error) { return g.byte() }

func (g *guard) number() (uint64, error) {
	n, err := binary.ReadUvarint(g)
	if err != nil {
		return 0, fmt.Errorf("malformed answer: %w", truncated(err))
	}
	return n, nil
}

func (g *guard) numbers(n int) error {
	for range n {
		if _, err := g.number(); err != nil {
			return err
		}
	}
	return nil
}

func (g *guard) strings(n uint64) error {
	for range n {
		length, err := g.number()
		if err != nil {
			return err
		}
		if err := g.bytes(length); err != nil {
			return err
		}
	}
	return nil
}

// text is one string.
func (g *guard) text() (string, error) {
	length, err := g.number()
	if err != nil {
		return "", err
	}
	before := g.packet.Len()
	if err := g.bytes(length); err != nil {
		return "", err
	}
	return string(g.packet.Bytes()[before:]), nil
}
