package wire

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"

	"github.com/skein-migrate/skein/journal"
)

// Pool is the connections to one node. It is safe for concurrent use: a query
// gets a connection of its own, so that a node can be looked at while a
// statement runs on it. Idle connections are asked whether they live before
// they carry anything, but for those that answered just now; for what may be asked again,
// that they did a moment ago will do.
type Pool struct {
	options Options

	mu     sync.Mutex
	idle   []*conn
	closed bool
}

// NewPool makes a Pool. Nothing is dialled yet.
func NewPool(options Options) *Pool { return &Pool{options: options} }

// Node is how the pool's node is named.
func (p *Pool) Node() string { return p.options.Node }

// Run runs one query to its end. Its error is a *journal.NodeError, whose Sent
// is false when the text never reached the server. A cancelled context closes
// the connection at once, and leaves what the server does unknown.
func (p *Pool) Run(ctx context.Context, q Query) error {
	return p.do(ctx, q, nil)
}

// Rows runs a query and returns its rows as text.
func (p *Pool) Rows(ctx context.Context, q Query) ([][]string, error) {
	var rows [][]string
	q.OnRow = func(row []string) { rows = append(rows, row) }
	err := p.do(ctx, q, nil)
	if q.Again && lost(err) && ctx.Err() == nil {
		rows, q.Again = nil, false
		err = p.do(ctx, q, nil)
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// lost says that no server answered.
func lost(err error) bool {
	var node *journal.NodeError
	return errors.As(err, &node) && node.Code == 0
}

// Ping proves that the node answers.
func (p *Pool) Ping(ctx context.Context) error {
	c, err := p.get(ctx, "", false)
	if err != nil {
		return nodeError(p.options.Node, false, err)
	}
	if err := c.ping(ctx); err != nil {
		c.close()
		return nodeError(p.options.Node, false, err)
	}
	p.put(c)
	return nil
}

// Insert sends rows as one block. q.SQL is "INSERT INTO t (a, b) VALUES"; the
// values of a row are string, Enum, uint64, uint32, time.Time or []string, of the
// same type in all rows.
func (p *Pool) Insert(ctx context.Context, q Query, columns []string, rows [][]any) error {
	input, err := block(columns, rows)
	if err != nil {
		return err
	}
	return p.do(ctx, q, input)
}

func (p *Pool) do(ctx context.Context, q Query, input proto.Input) error {
	c, err := p.get(ctx, signature(q.Settings), q.Again)
	if err != nil {
		return nodeError(p.options.Node, false, err)
	}
	if q.Reveal {
		if q.SQL, err = p.options.Secrets.Reveal(ctx, q.SQL); err != nil {
			p.put(c)
			return nodeError(p.options.Node, false, err)
		}
	}
	sent, err := c.run(ctx, q, input)
	if c.serves(err) {
		p.put(c)
	} else {
		c.close()
	}
	if err != nil && !ch.IsException(err) && ctx.Err() != nil {
		// What the closed socket says is our own doing.
		err = context.Cause(ctx)
		if errors.Is(err, context.Canceled) {
			err = fmt.Errorf("interrupted: %w", err)
		}
	}
	return p.hide(nodeError(p.options.Node, sent, err))
}

// hide takes the values of secrets out of what a server said.
func (p *Pool) hide(err error) error {
	var node *journal.NodeError
	if !errors.As(err, &node) {
		return err
	}
	if hidden := p.options.Secrets.Redact(node.Err.Error()); hidden != node.Err.Error() {
		node.Err = errors.New(hidden)
	}
	return err
}

// trusted is how long a connection that has answered is taken to live, where a question
// may be asked again; justNow is how long for anything else: no longer than the statement
// itself is on its way, of which nobody knows either what became of it when its server ends.
const (
	trusted = time.Second
	justNow = 2 * time.Millisecond
)

// get returns a live connection, preferring one that a legacy server has
// already given these settings: such settings cannot be taken back. One that was used just
// now, or with trust a moment ago, is not asked.
func (p *Pool) get(ctx context.Context, settings string, trust bool) (*conn, error) {
	for {
		c := p.takeIdle(settings)
		if c == nil {
			break
		}
		idle := time.Since(c.used)
		if idle < justNow || trust && idle < trusted || c.ping(ctx) == nil {
			return c, nil
		}
		c.close()
	}
	return dial(ctx, p.options)
}

func (p *Pool) takeIdle(settings string) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	// The one that was used last: the server's side of it is awake.
	for i, c := range slices.Backward(p.idle) {
		if c.legacy && c.settings != "" && c.settings != settings {
			continue
		}
		p.idle = append(p.idle[:i], p.idle[i+1:]...)
		return c
	}
	return nil
}

func (p *Pool) put(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.close()
		return
	}
	p.idle = append(p.idle, c)
}

// Close closes the idle connections; those in use close when they come back.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.close()
	}
	p.idle = nil
}

// Enum is the name of a value for an Enum8 or Enum16 column.
type Enum string

func block(columns []string, rows [][]any) (proto.Input, error) {
	input := make(proto.Input, len(columns))
	for i, name := range columns {
		var column proto.ColInput
		switch rows[0][i].(type) {
		case string:
			column = new(proto.ColStr)
		case Enum:
			column = new(proto.ColEnum)
		case time.Time:
			column = new(proto.ColDateTime)
		case uint64:
			column = new(proto.ColUInt64)
		case uint32:
			column = new(proto.ColUInt32)
		case []string:
			column = new(proto.ColStr).Array()
		default:
			return nil, fmt.Errorf("column %s: no wire form for %T", name, rows[0][i])
		}
		for _, row := range rows {
			switch c := column.(type) {
			case *proto.ColStr:
				c.Append(row[i].(string))
			case *proto.ColEnum:
				c.Append(string(row[i].(Enum)))
			case *proto.ColDateTime:
				c.Append(row[i].(time.Time))
			case *proto.ColUInt64:
				c.Append(row[i].(uint64))
			case *proto.ColUInt32:
				c.Append(row[i].(uint32))
			case *proto.ColArr[string]:
				c.Append(row[i].([]string))
			}
		}
		input[i] = proto.InputColumn{Name: name, Data: column}
	}
	return input, nil
}

// Session runs f on one connection of its own, for what lives as long as a
// session does: temporary tables. The connection is closed afterwards.
func (p *Pool) Session(ctx context.Context, f func(rows func(context.Context, Query) ([][]string, error)) error) error {
	c, err := dial(ctx, p.options)
	if err != nil {
		return nodeError(p.options.Node, false, err)
	}
	defer c.close()
	return f(func(ctx context.Context, q Query) ([][]string, error) {
		var rows [][]string
		q.OnRow = func(row []string) { rows = append(rows, row) }
		sent, err := c.run(ctx, q, nil)
		return rows, nodeError(p.options.Node, sent, err)
	})
}
