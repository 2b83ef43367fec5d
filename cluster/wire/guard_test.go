package wire_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/integration/testproxy"
	"github.com/skein-migrate/skein/journal"
)

// impostor says hello as 18.16 does, and answers each query with the same bytes.
func impostor(t *testing.T, answer []byte) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	hello := func(version int) []byte {
		var b proto.Buffer
		hello := proto.ServerHello{Name: "ClickHouse", Major: 26, Minor: 7, Revision: 54453, Timezone: "UTC", DisplayName: "n", Patch: 2}
		hello.EncodeAware(&b, version)
		return b.Buf
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buffer := make([]byte, 1<<16)
				for _, packet := range [][]byte{hello(54453), answer} {
					if _, err := conn.Read(buffer); err != nil {
						return
					}
					_, _ = conn.Write(packet)
				}
				_, _ = conn.Read(buffer) // until the client has gone
			}()
		}
	}()
	return listener.Addr().String()
}

// A length that cannot be true is an error at once: ch-go alone would panic, or
// take all memory.
func TestMalformedAnswersAreErrors(t *testing.T) {
	for name, test := range map[string]struct {
		answer []byte
		says   string
	}{
		"unknown kind":              {testproxy.UnknownPacket(), "unknown kind 127"},
		"a string of 4 EiB":         {testproxy.AbsurdLength(1 << 62), "a length of"},
		"a string of 1 TiB":         {testproxy.AbsurdLength(1 << 40), "a length of"},
		"a string of 2 GiB":         {testproxy.AbsurdLength(1 << 31), "a length of"},
		"columns without end":       {testproxy.AbsurdColumns(), "a block of"},
		"a number that never ends":  {append([]byte{3}, strings.Repeat("\xff", 20)...), "overflow"},
		"a block of unknown fields": {[]byte{1, 0, 99}, "unknown field 99"},
	} {
		t.Run(name, func(t *testing.T) {
			address := impostor(t, test.answer)
			pool := wire.NewPool(wire.Options{Node: "n", Address: address, Database: "default"})
			t.Cleanup(pool.Close)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := pool.Rows(ctx, wire.Query{SQL: "SELECT 1"})
			runtime.ReadMemStats(&after)
			var node *journal.NodeError
			if !errors.As(err, &node) || !node.Sent || node.Code != 0 || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want one that says %q, of a query that was sent", err, test.says)
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 32<<20 {
				t.Errorf("%d MiB were taken", taken>>20)
			}
		})
	}
}
