package testproxy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testproxy"
)

// echo answers each line with "got " and the line.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				lines := bufio.NewReader(conn)
				for {
					line, err := lines.ReadString('\n')
					if err != nil {
						return
					}
					_, _ = io.WriteString(conn, "got "+line)
				}
			}()
		}
	}()
	return listener.Addr().String()
}

type client struct {
	t     *testing.T
	conn  net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, p *testproxy.Proxy) *client {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) says(line string) *client {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
	return c
}

func (c *client) hears(want string) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	got, err := c.lines.ReadString('\n')
	if err != nil || strings.TrimSpace(got) != want {
		c.t.Errorf("heard %q (%v), want %q", got, err, want)
	}
}

func (c *client) hearsNothing() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if got, err := c.lines.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Errorf("heard %q (%v), want nothing", got, err)
	}
}

func (c *client) isCutOff() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if got, err := c.lines.Peek(1); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Errorf("heard %q (%v), want the end", got, err)
	}
}

func TestCutClosesAllAndMendTakesAgain(t *testing.T) {
	p := testproxy.New(t, echo(t), testproxy.Options{})
	c := dial(t, p)
	c.says("a").hears("got a")
	p.Cut()
	c.isCutOff()
	if conn, err := net.Dial("tcp", p.Address()); err == nil {
		_ = conn.Close()
		t.Error("a proxy that is cut takes connections")
	}
	if err := p.Mend(); err != nil {
		t.Fatal(err)
	}
	dial(t, p).says("b").hears("got b")
}

func TestSilenceKeepsWhatComesInEachDirection(t *testing.T) {
	for _, directions := range [][]testproxy.Direction{nil, {testproxy.ToServer}, {testproxy.ToClient}} {
		p := testproxy.New(t, echo(t), testproxy.Options{})
		c := dial(t, p)
		c.says("a").hears("got a")
		p.Silence(directions...)
		c.says("b").hearsNothing()
		if err := p.Mend(); err != nil {
			t.Fatal(err)
		}
		c.hears("got b")
		c.says("c").hears("got c")
	}
}

func TestMeddling(t *testing.T) {
	held := make(chan struct{})
	close(held)
	for name, test := range map[string]struct {
		meddling testproxy.Meddling
		hears    string
		cut      bool
	}{
		"a reply in the server's place":       {testproxy.Meddling{Withhold: true, Reply: []byte("no\n")}, "no", false},
		"a reply when the server has done it": {testproxy.Meddling{Reply: []byte("no\n")}, "no", false},
		"the answer swallowed":                {testproxy.Meddling{Cut: true}, "", true},
		"closed in mid-answer":                {testproxy.Meddling{Keep: 2, Reply: []byte("\n"), Cut: true}, "go", true},
		"held and let pass":                   {testproxy.Meddling{Hold: held, Pass: true}, "got b", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := testproxy.New(t, echo(t), testproxy.Options{})
			p.Meddle(func(r testproxy.Request) *testproxy.Meddling {
				if strings.HasPrefix(string(r.Data), "b") {
					return &test.meddling
				}
				return nil
			})
			c := dial(t, p)
			c.says("a").hears("got a")
			c.says("b")
			if test.hears != "" {
				c.hears(test.hears)
			}
			if test.cut {
				c.isCutOff()
				return
			}
			c.says("c").hears("got c")
		})
	}
}

func TestAnswerIsTakenAsAWhole(t *testing.T) {
	p := testproxy.New(t, echo(t), testproxy.Options{
		Answered: func(answer []byte) bool { return strings.Count(string(answer), "\n") == 2 },
	})
	p.Meddle(func(r testproxy.Request) *testproxy.Meddling {
		if strings.HasPrefix(string(r.Data), "a") {
			return &testproxy.Meddling{Reply: []byte("both\n")}
		}
		return nil
	})
	c := dial(t, p)
	c.says("a\nb").hears("both")
	c.says("c").hears("got c")
}

// The rows of an INSERT may come in pieces, which begin with any byte.
func TestOnlyAQueryBeginsOne(t *testing.T) {
	for _, c := range []struct {
		name, request string
		want          bool
	}{
		{"a query", "\x01\x0cskein-01M7-1\x01", true},
		{"the middle of a column of UInt32", "\x01\x00\x00\x00\x01\x00\x00\x00", false},
		{"the middle of a column of texts", "\x01\x02\x04node\x06String", false},
		{"rows", "\x02\x00\x01\x00", false},
		{"a query that is cut off", "\x01\x0cskein", false},
		{"nothing", "", false},
	} {
		if got := testproxy.BeginsQuery([]byte(c.request)); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
