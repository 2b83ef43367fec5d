// Package wire speaks ClickHouse's native protocol through ch-go: connections,
// settings, cancellation. It hides how servers of 2018 and of today differ and
// gives errors that say on which node, with which code, and whether the
// statement may have reached the server.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"go.uber.org/zap"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Protocol versions that are asked for. The newer stays below 54451, from which on
// servers send some hundred counts of events with every answer, which nobody here reads,
// and below 54454, with which they may send sparse columns, which ch-go cannot infer. The older
// is for servers that expect client info from newer clients, which ch-go sends
// only to newer servers; it has no settings with a query, so they go by SET.
const (
	modernProtocol = 54450
	legacyProtocol = 54031
	// settingsRevision is the first server revision that takes settings as text.
	settingsRevision = 54429
)

// Options say how to reach one node.
type Options struct {
	Node        string // how skein names it, for errors
	Address     string // host:port to dial
	Database    string
	User        string
	Password    string
	TLS         *tls.Config
	DialTimeout time.Duration // 5 s when 0
	Logger      *zap.Logger   // Nop when nil
	Secrets     *Secrets      // none when nil
}

// Query is one SQL text for one node.
type Query struct {
	ID       string // query_id; the server makes one up when empty
	SQL      string
	Settings []ops.Setting
	Reveal   bool // fill the references to secrets
	// Again says that the query may be asked twice, as it changes nothing: a connection that
	// was used a moment ago is then taken to live, and another asked where it does not.
	Again bool
	// OnRow receives each row as text, while the query runs. NULL is Null.
	OnRow func(row []string)
}

// Null is how a NULL comes out of a row, told apart from an empty string.
const Null = "\x00NULL"

// conn is one connection. It runs one query at a time.
type conn struct {
	client   *ch.Client
	used     time.Time // when it last answered; zero when that was an error
	raw      net.Conn
	closing  bool // by the end of a context
	legacy   bool
	settings string // the settings that SET gave a legacy connection
}

func dial(ctx context.Context, o Options) (*conn, error) {
	c, err := dialVersion(ctx, o, modernProtocol)
	if err != nil {
		return nil, err
	}
	if c.client.ServerInfo().Revision >= settingsRevision {
		return c, nil
	}
	c.close()
	c, err = dialVersion(ctx, o, legacyProtocol)
	if err != nil {
		return nil, err
	}
	c.legacy = true
	return c, nil
}

// keepDialer remembers the socket, so that a cancelled query can close it at
// once: ch-go looks at its context only between packets.
type keepDialer struct {
	net.Dialer
	tls     *tls.Config
	version int // of the protocol that is asked for
	raw     net.Conn
}

// DialContext implements ch.Dialer.
func (d *keepDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var (
		raw net.Conn
		err error
	)
	if d.tls != nil {
		dialer := tls.Dialer{NetDialer: &d.Dialer, Config: d.tls}
		raw, err = dialer.DialContext(ctx, network, address)
	} else {
		raw, err = d.Dialer.DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	if d.tls != nil {
		raw = refusing{raw}
	}
	d.raw = raw
	return newGuard(raw, d.version), nil
}

func dialVersion(ctx context.Context, o Options, version int) (*conn, error) {
	timeout := o.DialTimeout
	if timeout == 0 {
		timeout = 5 * time.Second
	}
	callers, own := ctx, time.Now().Add(timeout)
	ctx, cancel := context.WithDeadline(ctx, own)
	defer cancel()
	dialer := &keepDialer{Dialer: net.Dialer{Timeout: timeout}, tls: o.TLS, version: version}
	client, err := ch.Dial(ctx, ch.Options{
		Logger:           o.Logger,
		Address:          o.Address,
		Database:         o.Database,
		User:             o.User,
		Password:         o.Password,
		ReadTimeout:      ch.NoTimeout,
		Dialer:           dialer,
		HandshakeTimeout: timeout,
		ProtocolVersion:  version,
		ClientName:       "skein",
	})
	// The socket may notice the end of the time before the context does.
	if err != nil && (ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded)) {
		until, limited := callers.Deadline()
		switch {
		case errors.Is(callers.Err(), context.Canceled):
			return nil, callers.Err()
		case limited && !until.After(own):
			return nil, context.DeadlineExceeded // it is not the node that took too long
		}
		return nil, fmt.Errorf("no answer in %s", timeout)
	}
	if err != nil {
		return nil, err
	}
	return &conn{client: client, raw: dialer.raw}, nil
}

func (c *conn) close() {
	_ = c.client.Close() // already closed is fine
}

// ping proves that an idle connection still has its server.
func (c *conn) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	err := c.client.Ping(ctx)
	if !stop() {
		return context.Cause(ctx)
	}
	if err == nil {
		c.used = time.Now()
	}
	return err
}

// apply gives a legacy connection its settings, or returns those that go with
// the query.
func (c *conn) apply(ctx context.Context, settings []ops.Setting) ([]ch.Setting, error) {
	if !c.legacy {
		out := make([]ch.Setting, len(settings))
		for i, s := range settings {
			// Important: an unknown one fails instead of vanishing.
			out[i] = ch.Setting{Key: s.Name, Value: s.Value, Important: true}
		}
		return out, nil
	}
	want := signature(settings)
	if want == c.settings {
		return nil, nil
	}
	parts := make([]string, len(settings))
	for i, s := range settings {
		parts[i] = s.Name + " = " + literal(s.Value)
	}
	if err := c.client.Do(ctx, ch.Query{Body: "SET " + strings.Join(parts, ", ")}); err != nil {
		return nil, err
	}
	c.settings = want
	return nil, nil
}

// literal writes a value for SET, which wants numbers bare (18.16: "Cannot
// convert String to unsigned long").
func literal(value string) string {
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return value
	}
	return ops.String(value)
}

func signature(settings []ops.Setting) string {
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "%s=%s\x00", s.Name, s.Value)
	}
	return b.String()
}

// run sends one query. sent says whether the text may have reached the server.
func (c *conn) run(ctx context.Context, q Query, input proto.Input) (sent bool, err error) {
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	// The answer and the end of the context may come together: the socket is then being closed.
	defer func() { c.closing = !stop() || c.closing }()
	settings, err := c.apply(ctx, q.Settings)
	if err != nil {
		return false, err
	}
	query := ch.Query{Body: q.SQL, QueryID: q.ID, Settings: settings, Input: input}
	if input == nil {
		var result answer
		query.Result = &result
		query.OnResult = func(_ context.Context, _ proto.Block) error {
			if isInsert(q.SQL) {
				return errNoRows
			}
			emit(result.columns, q.OnRow)
			return nil
		}
	}
	err = c.client.Do(ctx, query)
	if errors.Is(err, errNoRows) {
		err = &ch.Exception{Code: noDataToInsert, Name: "NO_DATA_TO_INSERT", Message: errNoRows.Error()}
	}
	return true, err
}

// serves says whether the connection can carry the next query, after this one ended so.
// What the server had not read of a query that it refused, the rows of an INSERT above
// all, stands before the next one: newer servers pass it over, those of 2018 answer that
// next one with 101.
func (c *conn) serves(err error) bool {
	c.used = time.Time{}
	if err == nil {
		c.used = time.Now()
	}
	refused := ch.IsException(err) && !ch.IsErr(err, noDataToInsert) && !c.legacy
	return (err == nil || refused) && !c.client.IsClosed() && !c.closing
}

// errNoRows: a server that shows the columns of an INSERT wants its rows as
// blocks, and waits for them for ever; those in the text it passes over (seen on
// 18.16; 26.7 reads them).
var errNoRows = errors.New("this server takes no rows in the text of an INSERT: write INSERT … SELECT")

// noDataToInsert is what servers answer that give up on such an INSERT.
const noDataToInsert = 108

var insert = regexp.MustCompile(`(?is)^\s*(?:(?:--[^\n]*\n|/\*.*?\*/)\s*)*INSERT\b`)

func isInsert(sql string) bool { return insert.MatchString(sql) }

// nodeError says what a node answered: an exception with its code, or a broken
// connection with code 0.
func nodeError(node string, sent bool, err error) error {
	if err == nil {
		return nil
	}
	var exception *ch.Exception
	if errors.As(err, &exception) {
		message := strings.TrimSpace(strings.TrimPrefix(exception.Message, exception.Name+":"))
		return &journal.NodeError{Node: node, Code: int(exception.Code), Sent: sent, Err: errors.New(message)}
	}
	var dialed *net.OpError
	if errors.As(err, &dialed) && dialed.Op == "dial" {
		err = dialed.Err // "connect: connection refused"; the address is the node's name
	}
	if sent && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)) {
		err = errors.New("connection lost")
	}
	return &journal.NodeError{Node: node, Sent: sent, Err: err}
}
