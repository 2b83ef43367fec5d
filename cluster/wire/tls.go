package wire

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// refusing is a connection with TLS whose writes say why the server closed it. Of a
// missing client certificate a server of TLS 1.3 tells only after the client's part
// of the handshake: a write then fails with a reset, and the reason is left unread.
type refusing struct{ net.Conn }

// alertLimit is for an alert that has arrived before the reset did, or never will.
const alertLimit = time.Second

// Write implements net.Conn.
func (c refusing) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		return n, err
	}
	if c.SetReadDeadline(time.Now().Add(alertLimit)) != nil {
		return n, err
	}
	_, said := c.Read(make([]byte, 1))
	var alert *net.OpError
	if errors.As(said, &alert) && alert.Op == "remote error" {
		return n, said
	}
	return n, err
}
