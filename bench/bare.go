package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"

	"github.com/skein-migrate/skein/bench/rig"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// bareRole is the role in which this program sends statements in a loop and does
// nothing else.
const bareRole = "skein-bench-bare"

// bare is what it sends, as JSON in a file.
type bare struct {
	Address, Database string
	Protocol          int // 0: what ch-go has
	Statements        []string
	// Insert has a row inserted after each statement, into a table that is made first.
	Insert bool
}

// The protocol of ClickHouse 18.16; package wire says why.
const oldProtocol = 54031

// bareLoop makes the process that sends statements to a node.
func bareLoop(r *rig.Rig, c *testcluster.Cluster, b bare) (rig.Process, error) {
	node := c.Nodes[0]
	b.Address, b.Database = netip.AddrPortFrom(netip.MustParseAddr(node.Host), uint16(node.Port)).String(), c.Database
	if c.Options.Engine == testcluster.EngineCluster {
		b.Protocol = oldProtocol
	}
	dir, err := r.Dir("bare")
	if err != nil {
		return rig.Process{}, err
	}
	text, err := json.Marshal(b)
	if err != nil {
		return rig.Process{}, err
	}
	if err := rig.Write(dir, "bare.json", string(text)); err != nil {
		return rig.Process{}, err
	}
	return rig.Self(bareRole, filepath.Join(dir, "bare.json"))
}

// bareMain is this program in that role.
func bareMain(args []string) error {
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var b bare
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	const longest = 5 * time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	client, err := ch.Dial(ctx, ch.Options{Address: b.Address, Database: b.Database, ProtocolVersion: b.Protocol, ReadTimeout: ch.NoTimeout})
	if err != nil {
		return err
	}
	if err := b.send(ctx, client); err != nil {
		return err
	}
	return client.Close()
}

func (b bare) send(ctx context.Context, client *ch.Client) error {
	if b.Insert {
		if err := statement(ctx, client, "CREATE TABLE bare_log (id String, status String, timestamp DateTime, version UInt64) "+
			"ENGINE = ReplacingMergeTree(version) ORDER BY id"); err != nil {
			return err
		}
	}
	for i, sql := range b.Statements {
		if err := statement(ctx, client, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
		if !b.Insert {
			continue
		}
		if err := insert(ctx, client, i); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return nil
}

// statement sends one and reads what comes, as ON CLUSTER answers with rows.
func statement(ctx context.Context, client *ch.Client, sql string) error {
	var rows proto.Results
	return client.Do(ctx, ch.Query{Body: sql, Result: rows.Auto(), OnResult: func(context.Context, proto.Block) error { return nil }})
}

func insert(ctx context.Context, client *ch.Client, i int) error {
	var id, status proto.ColStr
	var timestamp proto.ColDateTime
	var version proto.ColUInt64
	id.Append(fmt.Sprintf("%04d", i))
	status.Append("completed")
	timestamp.Append(time.Now())
	version.Append(uint64(i))
	input := proto.Input{{Name: "id", Data: id}, {Name: "status", Data: status}, {Name: "timestamp", Data: timestamp}, {Name: "version", Data: version}}
	return client.Do(ctx, ch.Query{
		Body: input.Into("bare_log"), Input: input,
		// As skein has it: a row is there when the server says so.
		Settings: []ch.Setting{{Key: "async_insert", Value: "0", Important: true}},
	})
}
