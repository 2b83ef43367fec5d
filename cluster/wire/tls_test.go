package wire

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// closed is a connection that its server closed: writes say how, and what is left to
// read may say why.
type closed struct {
	net.Conn
	how, why error
}

func (c closed) Write([]byte) (int, error)       { return 0, c.how }
func (c closed) Read([]byte) (int, error)        { return 0, c.why }
func (c closed) SetReadDeadline(time.Time) error { return nil }

// Which of the two comes first is the network's to decide, so that a real server
// cannot be made to show it.
func TestAWriteSaysWhyTheServerClosedIt(t *testing.T) {
	reset := &net.OpError{Op: "write", Err: syscall.ECONNRESET}
	alert := &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}
	timeout := &net.OpError{Op: "write", Err: errors.New("i/o timeout")}
	for _, test := range []struct{ how, why, want error }{
		{reset, alert, alert},
		{&net.OpError{Op: "write", Err: syscall.EPIPE}, alert, alert},
		{reset, io.EOF, reset},
		{timeout, alert, timeout},
		{nil, alert, nil},
	} {
		if _, err := (refusing{closed{how: test.how, why: test.why}}).Write(nil); err != test.want { //nolint:errorlint // this very error
			t.Errorf("%v, %v: %v", test.how, test.why, err)
		}
	}
}
