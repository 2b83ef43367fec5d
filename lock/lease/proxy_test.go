package lease_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// proxy stands between one process's lease and the server.
type proxy struct {
	listener net.Listener
	server   string

	mu      sync.Mutex
	cut     bool // accepts nothing any more
	mute    bool // passes nothing on, in both directions, and closes nothing
	swallow string
	conns   []net.Conn
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, server: server}
	go p.serve()
	t.Cleanup(p.breakOff)
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// breakOff ends every connection and takes no more.
func (p *proxy) breakOff() {
	_ = p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for _, conn := range p.conns {
		_ = conn.Close()
	}
}

// silence passes nothing on any more.
func (p *proxy) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = true
}

// swallowAnswerTo ends a connection, once, after the server did a statement and
// before the client hears of it.
func (p *proxy) swallowAnswerTo(statement string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.swallow = statement
}

func (p *proxy) swallowing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.swallow != ""
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		if p.cut {
			_ = client.Close()
			_ = server.Close()
		}
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		go p.requests(server, client)
		go p.answers(client, server)
	}
}

func (p *proxy) requests(server, client net.Conn) {
	defer server.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if p.silent() {
			continue
		}
		if p.takeSwallow(buffer[:n]) {
			_ = client.Close()
			_, _ = server.Write(buffer[:n])
			time.Sleep(300 * time.Millisecond) // server is closed next; let it work
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) answers(client, server net.Conn) {
	defer client.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := server.Read(buffer)
		if err != nil && !errors.Is(err, io.EOF) || n == 0 {
			return
		}
		if p.silent() {
			continue
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) silent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mute
}

func (p *proxy) takeSwallow(chunk []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.swallow == "" || !strings.Contains(string(chunk), p.swallow) {
		return false
	}
	p.swallow = ""
	return true
}
