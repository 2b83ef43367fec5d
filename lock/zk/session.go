package zk

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	zookeeper "github.com/go-zookeeper/zk"

	"github.com/skein-migrate/skein/await"
)

// session is one ZooKeeper session over one connection. The library would
// reconnect and keep the session; this one ends with its connection, because a
// holder that cannot ask whether it still holds must stop at once.
type session struct {
	options Options
	acl     []zookeeper.ACL
	conn    *zookeeper.Conn

	opened chan struct{} // closed when conn is set
	ready  chan struct{} // closed when the server gave a session
	lost   chan struct{} // closed when that session is of no use any more

	mu      sync.Mutex
	isReady bool
	isLost  bool
	socket  net.Conn
	dialled error // why no server gave a session, the last reason
}

// UnreachableError says that no server gave a session.
type UnreachableError struct {
	Servers []string
	Err     error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("connect to ZooKeeper (%s): %v", strings.Join(e.Servers, ", "), e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// open gets a session from any of the servers, within SessionTimeout and ctx.
func open(ctx context.Context, options Options) (*session, error) {
	if len(options.Servers) == 0 {
		return nil, errors.New("no ZooKeeper servers are given")
	}
	s := &session{options: options, opened: make(chan struct{}), ready: make(chan struct{}), lost: make(chan struct{})}
	s.acl = zookeeper.WorldACL(zookeeper.PermAll)
	var err error
	s.conn, _, err = zookeeper.Connect(options.Servers, options.SessionTimeout,
		zookeeper.WithHostProvider(&hosts{}), zookeeper.WithDialer(s.dial), zookeeper.WithEventCallback(s.event),
		zookeeper.WithLogger(options.Logger), zookeeper.WithLogInfo(false))
	if err != nil {
		return nil, fmt.Errorf("connect to ZooKeeper (%s): %w", strings.Join(options.Servers, ", "), err)
	}
	close(s.opened)
	limit := time.NewTimer(options.SessionTimeout)
	defer limit.Stop()
	if options.Waiting != nil {
		said := make(chan struct{})
		slow := time.AfterFunc(await.Quiet, func() {
			defer close(said)
			options.Waiting("no answer yet from ZooKeeper ("+strings.Join(options.Servers, ", ")+")"+s.lastDialError(), options.SessionTimeout)
		})
		defer func() {
			if !slow.Stop() {
				<-said // nothing else is told before
			}
		}()
	}
	select {
	case <-s.ready:
	case <-limit.C:
		err = fmt.Errorf("no answer for %s%s", options.SessionTimeout, s.lastDialError())
	case <-ctx.Done():
		err = fmt.Errorf("%w%s", ctx.Err(), s.lastDialError())
	}
	if err != nil {
		s.close()
		return nil, &UnreachableError{Servers: options.Servers, Err: err}
	}
	if options.Auth != "" {
		s.acl = zookeeper.AuthACL(zookeeper.PermAll)
		_, err = call(ctx, s, func(c *zookeeper.Conn) (struct{}, error) {
			return struct{}{}, c.AddAuth("digest", []byte(options.Auth))
		})
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("connect to ZooKeeper (%s): %w", strings.Join(options.Servers, ", "), err)
	}
	return s, nil
}

// event hears of everything that happens to the connection. It must not block.
func (s *session) event(event zookeeper.Event) {
	if event.Type != zookeeper.EventSession {
		return
	}
	switch event.State {
	case zookeeper.StateHasSession:
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.isReady {
			s.isReady = true
			close(s.ready)
		}
	case zookeeper.StateDisconnected, zookeeper.StateExpired:
		s.mu.Lock()
		had := s.isReady
		s.mu.Unlock()
		if had {
			s.lose()
		}
	}
}

// lose ends the session for good, whatever the library would still try.
func (s *session) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isLost {
		return
	}
	s.isLost = true
	close(s.lost)
	// Close of the library waits, and this may be its own goroutine, before
	// Connect has returned.
	go func() {
		<-s.opened
		s.close()
	}()
}

// close ends the session; the server then removes what is ephemeral at once. It
// returns within two seconds or so, also when the server does not answer.
func (s *session) close() {
	s.conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isLost {
		s.isLost = true
		close(s.lost)
	}
	// A server that accepts and then keeps silent would hold the library's
	// goroutine for many session timeouts.
	if s.socket != nil {
		_ = s.socket.Close()
	}
}

// dial connects to one server. After the session was lost it refuses, so that
// the library cannot bring it back.
func (s *session) dial(network, address string, _ time.Duration) (net.Conn, error) {
	s.mu.Lock()
	over := s.isReady || s.isLost
	s.mu.Unlock()
	if over {
		return nil, net.ErrClosed
	}
	// A third: the next server must have its turn before the session's time is up.
	limit := max(s.options.SessionTimeout/3, time.Second)
	conn, err := s.dialOne(network, address, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		// "connect: connection refused", without the address.
		if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
			err = op.Err
		}
		s.dialled = s.of(address, err)
		return nil, err
	}
	s.dialled = s.of(address, errors.New("it accepted and gave no session"))
	s.socket = conn
	// A frozen server still accepts: its kernel does.
	time.AfterFunc(limit, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.isReady {
			_ = conn.Close()
		}
	})
	return conn, nil
}

// of says of which server an error is, where there are several.
func (s *session) of(address string, err error) error {
	if len(s.options.Servers) > 1 {
		return fmt.Errorf("%s: %w", address, err)
	}
	return err
}

func (s *session) dialOne(network, address string, limit time.Duration) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: limit}
	if s.options.TLS == nil {
		return dialer.Dial(network, address)
	}
	// tls.DialWithDialer fills in an empty ServerName from the address, which is
	// why hosts does not resolve names as the library's own provider does.
	return tls.DialWithDialer(dialer, network, address, s.options.TLS)
}

func (s *session) lastDialError() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dialled == nil {
		return ""
	}
	return ": " + s.dialled.Error()
}

// errUnknown says that the session ended, or kept silent, before it answered.
var errUnknown = errors.New("the connection to ZooKeeper was lost")

func connectionLost(err error) bool {
	return errors.Is(err, zookeeper.ErrConnectionClosed) || errors.Is(err, zookeeper.ErrClosing) ||
		errors.Is(err, zookeeper.ErrSessionExpired) || errors.Is(err, zookeeper.ErrNoServer)
}

// call makes one request: the library's have no context. It ends with the
// session, the context or SessionTimeout; what comes later is dropped. After
// errUnknown, and when ctx ended, the request may be done all the same.
func call[T any](ctx context.Context, s *session, request func(*zookeeper.Conn) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		value, err := request(s.conn)
		answers <- answer{value, err}
	}()
	limit := time.NewTimer(s.options.SessionTimeout)
	defer limit.Stop()
	var none T
	select {
	case a := <-answers:
		if connectionLost(a.err) {
			return none, fmt.Errorf("%w: %w", errUnknown, a.err)
		}
		return a.value, a.err
	case <-s.lost:
		return none, errUnknown
	case <-limit.C:
		return none, fmt.Errorf("%w: no answer from %s for %s", errUnknown, s.conn.Server(), s.options.SessionTimeout)
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// hosts goes round the servers in random order, by name.
type hosts struct {
	mu      sync.Mutex
	servers []string
	next    int
}

// Init takes the servers.
func (h *hosts) Init(servers []string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.servers = slices.Clone(servers)
	rand.Shuffle(len(h.servers), func(i, j int) { h.servers[i], h.servers[j] = h.servers[j], h.servers[i] })
	return nil
}

// Len counts the servers.
func (h *hosts) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.servers)
}

// Next is the server to try; again says that all were tried, which makes the
// library pause for a second.
func (h *hosts) Next() (server string, again bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	server = h.servers[h.next%len(h.servers)]
	again = h.next > 0 && h.next%len(h.servers) == 0
	h.next++
	return server, again
}

// Connected is for providers that return to the server that worked; this
// one's session ends with its connection.
func (h *hosts) Connected() {}
