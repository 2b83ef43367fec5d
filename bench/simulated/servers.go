package simulated

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Handler answers for all nodes. It is used by many goroutines.
type Handler interface {
	// Connect begins a connection to a node.
	Connect(ctx context.Context, node Node, database string) (Session, error)
}

// Session answers on one connection.
type Session interface {
	Answer(ctx context.Context, query Query) Reply
	// Close ends it.
	Close()
}

// Query is what a client asks.
type Query struct {
	Body     string
	Settings []Setting
}

// Servers are listening nodes.
type Servers struct {
	Nodes []Node

	handler   Handler
	latency   time.Duration
	listeners []net.Listener
	serving   errgroup.Group

	mu    sync.Mutex
	links map[net.Conn]bool // nil once they are closed
}

// Host is where all of them listen, each on a port of its own.
const Host = "127.0.0.1"

// Listen starts count nodes, so many replicas a shard, which serve until Close. Each answer,
// to hello and ping too, comes after the latency.
func Listen(ctx context.Context, count, replicas int, latency time.Duration, handler func([]Node) (Handler, error)) (*Servers, error) {
	s := &Servers{Nodes: nodes(count, replicas), latency: latency, links: map[net.Conn]bool{}}
	var listening net.ListenConfig
	for i := range s.Nodes {
		listener, err := listening.Listen(ctx, "tcp", Host+":0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for node %d of %d: %w", i+1, count, err), s.Close())
		}
		s.listeners = append(s.listeners, listener)
		address, ok := listener.Addr().(*net.TCPAddr)
		if !ok {
			return nil, errors.Join(fmt.Errorf("listen for node %d: %s is no TCP address", i+1, listener.Addr()), s.Close())
		}
		s.Nodes[i].Port = address.Port
	}
	var err error
	if s.handler, err = handler(s.Nodes); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	for i, listener := range s.listeners {
		s.serving.Go(func() error { return s.accept(ctx, listener, s.Nodes[i]) })
	}
	return s, nil
}

// Address is where a node listens.
func (n Node) Address() string { return fmt.Sprintf("%s:%d", Host, n.Port) }

func (s *Servers) accept(ctx context.Context, listener net.Listener, node Node) error {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept at %s: %w", node.Address(), err)
		}
		s.mu.Lock()
		open := s.links != nil
		if open {
			s.links[conn] = true
		}
		s.mu.Unlock()
		if !open {
			conn.Close()
			continue
		}
		s.serving.Go(func() error {
			defer s.forget(conn)
			l := &link{servers: s, node: node, conn: conn}
			return l.serve(ctx)
		})
	}
}

func (s *Servers) forget(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.links, conn)
}

// Close ends them all. Its error is the first that a connection ended with otherwise than by
// its client's or its own end.
func (s *Servers) Close() error {
	for _, listener := range s.listeners {
		listener.Close()
	}
	s.mu.Lock()
	for conn := range s.links {
		conn.Close()
	}
	s.links = nil
	s.mu.Unlock()
	return s.serving.Wait()
}
