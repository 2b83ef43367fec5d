package testproxy

import (
	"io"
	"net"
	"sync"
	"time"
)

// link is a client's connection and the one to the server that belongs to it.
type link struct {
	proxy          *Proxy
	number         int
	client, server net.Conn
	requests       chan []byte // as they come

	once   sync.Once
	closed chan struct{}

	mu    sync.Mutex
	taken *taken
}

// taken is a server's answer that is kept from the client.
type taken struct {
	parts chan []byte
	over  chan struct{}
}

func (l *link) close() {
	l.once.Do(func() {
		close(l.closed)
		_ = l.client.Close()
		go hangUp(l.server)
	})
}

// hangUp ends a connection so that the server reads its end. To close it while an
// answer is unread would reset it, and a reset makes the library that 26.7 is here
// abort at times: "Connection reset by peer, while reading from socket", SIGABRT.
func hangUp(server net.Conn) {
	defer func() { _ = server.Close() }()
	tcp, ok := server.(*net.TCPConn)
	if !ok || tcp.CloseWrite() != nil || tcp.SetReadDeadline(time.Now().Add(10*time.Second)) != nil {
		return
	}
	_, _ = io.Copy(io.Discard, tcp) // until the server has closed it too
}

func (l *link) run() {
	go l.answers()
	defer func() {
		l.close()
		l.proxy.mu.Lock()
		delete(l.proxy.links, l)
		l.proxy.mu.Unlock()
	}()
	go l.read()
	for {
		select {
		case data := <-l.requests:
			if !l.request(data) {
				return
			}
		case <-l.closed:
			return
		}
	}
}

func (l *link) read() {
	defer l.close()
	for {
		data, err := l.proxy.options.Next(l.client)
		if err != nil {
			return
		}
		select {
		case l.requests <- data:
		case <-l.closed:
			return
		}
	}
}

// request passes a request on, or does with it what a test asks for. It says
// whether the link goes on.
func (l *link) request(data []byte) bool {
	m := l.proxy.ask(Request{Connection: l.number, Data: data})
	if m != nil && m.Hold != nil {
		select {
		case <-m.Hold:
		case <-l.closed:
			return false
		}
	}
	if !l.proxy.wait(ToServer, l.closed) {
		return false
	}
	if m == nil || m.Pass {
		_, err := l.server.Write(data)
		return err == nil
	}
	if !m.Withhold {
		answer := l.done(data)
		_, _ = l.client.Write(answer[:min(m.Keep, len(answer))]) // it may have gone in the meantime
	}
	if !l.proxy.wait(ToClient, l.closed) {
		return false
	}
	_, err := l.client.Write(m.Reply)
	return err == nil && !m.Cut
}

// done has the server do a request and returns its answer.
func (l *link) done(data []byte) []byte {
	take := &taken{parts: make(chan []byte), over: make(chan struct{})}
	l.mu.Lock()
	l.taken = take
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		close(take.over)
		l.taken = nil
	}()
	if _, err := l.server.Write(data); err != nil {
		return nil
	}
	var answer []byte
	for {
		select {
		case part := <-take.parts:
			answer = append(answer, part...)
		case more := <-l.requests: // the rest of it
			if _, err := l.server.Write(more); err != nil {
				return answer
			}
			continue
		case <-l.closed:
			return answer
		}
		if l.proxy.options.Answered(answer) {
			return answer
		}
	}
}

func (l *link) answers() {
	defer l.close()
	for {
		data, err := l.proxy.chunk(l.server)
		if len(data) == 0 || err != nil || !l.proxy.wait(ToClient, l.closed) {
			return
		}
		l.mu.Lock()
		take := l.taken
		l.mu.Unlock()
		if take != nil {
			select {
			case take.parts <- data:
				continue
			case <-take.over: // the request was settled without it
			case <-l.closed:
				return
			}
		}
		if _, err := l.client.Write(data); err != nil {
			return
		}
	}
}
