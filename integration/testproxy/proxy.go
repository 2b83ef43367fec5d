package testproxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Options say what a proxy takes for a request and for an answer. The zero
// value takes what one read returns: enough where clients write a request at once.
type Options struct {
	// Wrap may put something around the listener, such as TLS.
	Wrap func(net.Listener) net.Listener
	// Next reads one request.
	Next func(io.Reader) ([]byte, error)
	// Answered says whether all that a server answered to a request is there. It is
	// asked only about requests that are meddled with.
	Answered func(answer []byte) bool
}

// Proxy takes connections on a loopback port of its own and passes what comes
// on to one server. It may be used by several goroutines.
type Proxy struct {
	server  string
	options Options
	address string
	chunk   func(io.Reader) ([]byte, error)

	mu       sync.Mutex
	listener net.Listener // nil while it is cut
	links    map[*link]bool
	numbers  int
	silent   [2]chan struct{} // by Direction; closed when it ends
	asking   sync.Mutex
	meddle   func(Request) *Meddling
}

// Direction is one of the two ways through a proxy.
type Direction int

// The directions.
const (
	ToServer Direction = iota
	ToClient
)

// Request is what a client sends.
type Request struct {
	Connection int // from 1; requests of one come in order
	Data       []byte
}

// Meddling is what becomes of a request and of its answer. Without a field set
// the server gets the request, does it, and the client hears nothing.
type Meddling struct {
	Hold     <-chan struct{} // nothing is done before it is closed
	Withhold bool            // the server does not get the request
	Keep     int             // so many bytes of the server's answer are passed
	Reply    []byte          // is sent after that, in place of the rest
	Cut      bool            // then both connections are closed
	Pass     bool            // no meddling after all: for what was only held
}

// Test is a *testing.T, or what is like one.
type Test interface {
	Helper()
	Fatal(args ...any)
	Cleanup(f func())
}

// New makes a proxy for a server, which need not run yet. It ends with the test.
func New(t Test, server string, options Options) *Proxy {
	t.Helper()
	p, err := Listen(server, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Cut)
	return p
}

// Listen makes a proxy that ends with Cut. A server's address may be left empty
// until SetServer gives it.
func Listen(server string, options Options) (*Proxy, error) {
	chunk := chunks()
	if options.Next == nil {
		options.Next = chunk
	}
	if options.Answered == nil {
		options.Answered = func(answer []byte) bool { return len(answer) > 0 }
	}
	p := &Proxy{server: server, options: options, chunk: chunk, links: map[*link]bool{}}
	// Below the ports that the kernel gives to outgoing connections: a client that
	// dials such a one while the proxy is cut may get itself.
	var err error
	for range 100 {
		p.address = fmt.Sprintf("127.0.0.1:%d", 10000+rand.IntN(20000))
		if err = p.listen(); err == nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no free port: %w", err)
}

// Address is where the proxy listens, as host:port. It stays the same.
func (p *Proxy) Address() string { return p.address }

func (p *Proxy) listen() error {
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		return err
	}
	if p.options.Wrap != nil {
		listener = p.options.Wrap(listener)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener = listener
	go p.serve(listener)
	return nil
}

func (p *Proxy) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go p.link(listener, client)
	}
}

func (p *Proxy) link(listener net.Listener, client net.Conn) {
	server, err := net.DialTimeout("tcp", p.server, 5*time.Second)
	if err != nil {
		_ = client.Close()
		return
	}
	l := &link{proxy: p, client: client, server: server, requests: make(chan []byte), closed: make(chan struct{})}
	p.mu.Lock()
	cut := p.listener != listener
	if !cut {
		p.numbers++
		l.number = p.numbers
		p.links[l] = true
	}
	p.mu.Unlock()
	if cut {
		l.close()
		return
	}
	l.run()
}

// Cut closes every connection and takes no more, until Mend.
func (p *Proxy) Cut() {
	p.mu.Lock()
	if p.listener != nil {
		_ = p.listener.Close()
	}
	p.listener = nil
	links := p.links
	p.links = map[*link]bool{}
	p.mu.Unlock()
	for l := range links {
		l.close()
	}
}

// Silence passes nothing on any more in the directions given, both if none is,
// and closes nothing: a black hole. What comes is kept for Mend, as a client would
// send it again.
func (p *Proxy) Silence(directions ...Direction) {
	if len(directions) == 0 {
		directions = []Direction{ToServer, ToClient}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range directions {
		if p.silent[d] == nil {
			p.silent[d] = make(chan struct{})
		}
	}
}

// Mend ends Cut and Silence.
func (p *Proxy) Mend() error {
	p.mu.Lock()
	for d, silence := range p.silent {
		if silence != nil {
			close(silence)
			p.silent[d] = nil
		}
	}
	cut := p.listener == nil
	p.mu.Unlock()
	if !cut {
		return nil
	}
	return p.listen()
}

// Meddle has every request shown to f, one at a time; nil lets it pass. A nil f
// ends it.
func (p *Proxy) Meddle(f func(Request) *Meddling) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meddle = f
}

func (p *Proxy) ask(r Request) *Meddling {
	p.mu.Lock()
	f := p.meddle
	p.mu.Unlock()
	if f == nil {
		return nil
	}
	p.asking.Lock()
	defer p.asking.Unlock()
	return f(r)
}

// wait lasts while a direction is silent. It says whether the link is still there.
func (p *Proxy) wait(d Direction, closed <-chan struct{}) bool {
	for {
		p.mu.Lock()
		silence := p.silent[d]
		p.mu.Unlock()
		if silence == nil {
			return true
		}
		select {
		case <-silence:
		case <-closed:
			return false
		}
	}
}

// chunks makes a reader of what one read returns. Its buffers are large, as what a
// client sends at once is to be seen in one piece, and used again.
func chunks() func(io.Reader) ([]byte, error) {
	buffers := sync.Pool{New: func() any {
		buffer := make([]byte, 1<<20)
		return &buffer
	}}
	return func(from io.Reader) ([]byte, error) {
		buffer, _ := buffers.Get().(*[]byte)
		defer buffers.Put(buffer)
		n, err := from.Read(*buffer)
		if n == 0 && err == nil {
			err = errors.New("nothing was read")
		}
		return bytes.Clone((*buffer)[:n]), err
	}
}
