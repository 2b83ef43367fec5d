package wire_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

var servers = struct{ old, modern testcluster.Shared }{
	old:    testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 1, Replicas: 1}},
	modern: testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, NoZooKeeper: true}},
}

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m, &servers.old, &servers.modern)) }

// onBoth runs a test against a server of 2018, whose settings go by SET, and
// one of today.
func onBoth(t *testing.T, test func(t *testing.T, c *testcluster.Cluster, p *wire.Pool)) {
	t.Helper()
	for name, shared := range map[string]*testcluster.Shared{"18.16": &servers.old, "26.7": &servers.modern} {
		t.Run(name, func(t *testing.T) {
			c := shared.Cluster(t)
			p := wire.NewPool(wire.Options{Node: c.Nodes[0].Addr(), Address: c.Nodes[0].Addr(), Database: c.Database})
			t.Cleanup(p.Close)
			test(t, c, p)
		})
	}
}

func TestRowsComeAsText(t *testing.T) {
	onBoth(t, func(t *testing.T, _ *testcluster.Cluster, p *wire.Pool) {
		rows, err := p.Rows(t.Context(), wire.Query{SQL: "SELECT 'a\\'b', toUInt8(7), CAST(NULL AS Nullable(Int64)), " +
			"CAST(5 AS Nullable(Int64)), toDateTime('2020-01-02 03:04:05', 'UTC'), ''"})
		if err != nil {
			t.Fatal(err)
		}
		want := [][]string{{"a'b", "7", wire.Null, "5", "2020-01-02 03:04:05", ""}}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSettingsReachTheServerAndUnknownOnesFail(t *testing.T) {
	onBoth(t, func(t *testing.T, _ *testcluster.Cluster, p *wire.Pool) {
		ask := wire.Query{SQL: "SELECT value FROM system.settings WHERE name = 'max_block_size'"}
		ask.Settings = []ops.Setting{{Name: "max_block_size", Value: "4321"}}
		for range 2 { // the second time over the same connection
			rows, err := p.Rows(t.Context(), ask)
			if err != nil || rows[0][0] != "4321" {
				t.Fatalf("with the setting: %v, %v", rows, err)
			}
		}
		ask.Settings = nil
		rows, err := p.Rows(t.Context(), ask)
		if err != nil || rows[0][0] == "4321" {
			t.Errorf("a setting of an earlier query stayed: %v, %v", rows, err)
		}
		ask.Settings = []ops.Setting{{Name: "no_such_setting", Value: "1"}}
		_, err = p.Rows(t.Context(), ask)
		var node *journal.NodeError
		if !errors.As(err, &node) || node.Code != 115 {
			t.Errorf("unknown setting: %v", err)
		}
	})
}

func TestErrorsSayNodeAndCodeAndThatItWasSent(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster, p *wire.Pool) {
		err := p.Run(t.Context(), wire.Query{SQL: "DROP TABLE nowhere"})
		var node *journal.NodeError
		if !errors.As(err, &node) || node.Code != 60 || !node.Sent || node.Node != c.Nodes[0].Addr() {
			t.Errorf("%#v", err)
		}
	})
}

// ch-go looks at its context only between packets; a frozen or busy server
// sends none.
func TestCancellationEndsAQueryAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, _ *testcluster.Cluster, p *wire.Pool) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := p.Run(ctx, wire.Query{SQL: "SELECT sleep(3)"})
		if err == nil || time.Since(began) > 1500*time.Millisecond {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestConnectionOfARestartedServerCarriesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster, p *wire.Pool) {
		if err := p.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Nodes[0].Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Rows(t.Context(), wire.Query{SQL: "SELECT 1"}); err != nil {
			t.Errorf("the stale connection was used: %v", err)
		}
	})
}

// A context may end as the answer comes: what it closes carries nothing afterwards. Of
// 18.16 alone: the library of 26.7 dies of connections that are cut.
func TestAConnectionOfAnEndedContextCarriesNothing(t *testing.T) {
	node := servers.old.Cluster(t).Nodes[0].Addr()
	p := wire.NewPool(wire.Options{Node: node, Address: node, Database: "default", User: "default"})
	t.Cleanup(p.Close)
	for i := range 1000 {
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(time.Duration(i)*2*time.Microsecond, cancel)
		_, _ = p.Rows(ctx, wire.Query{SQL: "SELECT 1"})
		if _, err := p.Rows(t.Context(), wire.Query{SQL: "SELECT 2"}); err != nil {
			t.Fatal(err)
		}
		timer.Stop()
		cancel()
	}
}

// The client may have sent the rows of an INSERT, or the block that follows a query, when
// the server refuses it. 18.16 takes them for the next packet (101), and closes.
func TestWhatComesAfterAnErrorIsNotMetByIt(t *testing.T) {
	onBoth(t, func(t *testing.T, _ *testcluster.Cluster, p *wire.Pool) {
		fails := map[string]func() error{
			"INSERT": func() error {
				return p.Insert(t.Context(), wire.Query{SQL: "INSERT INTO nowhere (s) VALUES"}, []string{"s"}, [][]any{{"one"}})
			},
			"syntax": func() error { return p.Run(t.Context(), wire.Query{SQL: "SELEC 1"}) },
			"table":  func() error { return p.Run(t.Context(), wire.Query{SQL: "SELECT 1 FROM nowhere"}) },
		}
		for name, fail := range fails {
			for range 50 {
				var node *journal.NodeError
				if err := fail(); !errors.As(err, &node) || node.Code != 60 && node.Code != 62 {
					t.Fatalf("%s: %v", name, err)
				}
				if _, err := p.Rows(t.Context(), wire.Query{SQL: "SELECT 1", Again: true}); err != nil {
					t.Fatalf("after %s: %v", name, err)
				}
			}
		}
	})
}

func TestNodeThatIsDownWasSentNothing(t *testing.T) {
	p := wire.NewPool(wire.Options{Node: "down:1", Address: "127.0.0.1:1"})
	var node *journal.NodeError
	if err := p.Run(t.Context(), wire.Query{SQL: "SELECT 1"}); !errors.As(err, &node) || node.Sent {
		t.Errorf("%#v", err)
	}
}

func TestInsertIsOneBlock(t *testing.T) {
	onBoth(t, func(t *testing.T, c *testcluster.Cluster, p *wire.Pool) {
		create := "CREATE TABLE i (s String, e Enum8('x' = 1, 'y' = 2), u UInt64, v UInt32, t DateTime, a Array(String)) ENGINE = MergeTree ORDER BY s"
		if err := p.Run(t.Context(), wire.Query{SQL: create}); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(1_600_000_000, 0)
		err := p.Insert(t.Context(), wire.Query{SQL: "INSERT INTO i (s, e, u, v, t, a) VALUES"}, []string{"s", "e", "u", "v", "t", "a"}, [][]any{
			{"one", wire.Enum("x"), uint64(1 << 40), uint32(7), at, []string{"p", "q"}},
			{"two", wire.Enum("y"), uint64(2), uint32(8), at, []string{}},
		})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := p.Rows(t.Context(), wire.Query{SQL: "SELECT s, toString(e), toString(u), toString(v), " +
			"toString(toUnixTimestamp(t)), arrayStringConcat(a, '+') FROM i ORDER BY s"})
		want := [][]string{
			{"one", "x", "1099511627776", "7", "1600000000", "p+q"},
			{"two", "y", "2", "8", "1600000000", ""},
		}
		if diff := cmp.Diff(want, rows); diff != "" || err != nil {
			t.Error(diff, err)
		}
		parts, err := p.Rows(t.Context(), wire.Query{SQL: "SELECT toString(count()) FROM system.parts WHERE table = 'i' AND active AND database = '" + c.Database + "'"})
		if err != nil || parts[0][0] != "1" {
			t.Errorf("parts: %v, %v", parts, err)
		}
	})
}

func TestAnInsertWhoseRowsTheServerDoesNotReadFailsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, _ *testcluster.Cluster, p *wire.Pool) {
		for _, sql := range []string{"CREATE TABLE texts (a UInt8) ENGINE = Memory", "INSERT INTO texts SELECT 1"} {
			if err := p.Run(t.Context(), wire.Query{SQL: sql}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := p.Run(ctx, wire.Query{SQL: "/* two */ INSERT INTO texts VALUES (2)"})
		rows, counted := p.Rows(t.Context(), wire.Query{SQL: "SELECT count() FROM texts"})
		if counted != nil {
			t.Fatal(counted)
		}
		var node *journal.NodeError
		refused := errors.As(err, &node) && node.Code == 108 && rows[0][0] == "1"
		if taken := err == nil && rows[0][0] == "2"; !taken && !refused {
			t.Errorf("%v, and there are %s rows", err, rows[0][0])
		}
	})
}
