package testcluster

import (
	"context"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

func TestModernNodeServesNativeProtocolAndHTTP(t *testing.T) {
	c := newest.Cluster(t)
	n := c.Nodes[0]
	run(t, n, "CREATE TABLE kept (id UInt64) ENGINE = MergeTree ORDER BY id")
	run(t, n, "INSERT INTO kept VALUES (42)")

	client, err := ch.Dial(t.Context(), ch.Options{Address: n.Addr(), Database: c.Database})
	check(t, err)
	defer func() { _ = client.Close() }()
	var ids proto.ColUInt64
	check(t, client.Do(t.Context(), ch.Query{Body: "SELECT id FROM kept", Result: proto.Results{{Name: "id", Data: &ids}}}))
	if len(ids) != 1 || ids[0] != 42 {
		t.Errorf("over the native protocol: %v", ids)
	}

	check(t, n.Kill(t.Context()), n.Start(t.Context()))
	eventually(t, n, "SELECT id FROM kept", "42")
	eventually(t, n, "SELECT engine FROM system.databases WHERE name = currentDatabase()", "Atomic")
}

func TestModernNodeReachesZooKeeper(t *testing.T) {
	n := newest.Cluster(t).Nodes[0]
	const create = "CREATE TABLE locks (k String, v String) ENGINE = KeeperMap('/locks') PRIMARY KEY k"
	run(t, n, create)
	run(t, n, "INSERT INTO locks VALUES ('a', 'b')")
	eventually(t, n, "SELECT v FROM locks WHERE k = 'a'", "b")
	run(t, n, "CREATE FUNCTION twice AS (x) -> x * 2")

	n = newest.Cluster(t).Nodes[0] // cleaned
	run(t, n, create)
	eventually(t, n, "SELECT count() FROM locks", "0")
	run(t, n, "CREATE FUNCTION twice AS (x) -> x + x")
}

func TestModernNodePausesAndStopsAtOnce(t *testing.T) {
	n := newest.Cluster(t).Nodes[0]
	check(t, n.Pause(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	check(t, n.Stop(ctx))
	if ctx.Err() != nil {
		t.Error("stopping took over 2 s")
	}
}
