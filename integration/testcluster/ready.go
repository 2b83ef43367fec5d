package testcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

const (
	// ddlLimit is how long the nodes may take to work off the distributed DDL queue.
	ddlLimit = 20 * time.Second
	// ddlPatience is how long nodes that run are waited for before a restart.
	ddlPatience = 2 * time.Second
)

// zooKeeperServes asks by the four-letter word srvr: ruok is answered before
// ZooKeeper serves clients.
func zooKeeperServes(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(conn, "srvr"); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if err == nil && !strings.Contains(string(answer), "Mode:") {
		err = fmt.Errorf("srvr answered %q", answer)
	}
	return err
}

// ddlBarrier returns when every node has executed everything that was in the
// distributed DDL queue before: a node works off its entries in order.
func (c *Cluster) ddlBarrier(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errors.New("ON CLUSTER is not answered by all nodes"))
	defer cancel()
	const nothing = "DROP DATABASE IF EXISTS skein_barrier ON CLUSTER skein_local"
	for {
		_, err := c.Nodes[0].query(ctx, nothing, url.Values{"distributed_ddl_task_timeout": {"5"}})
		if err == nil {
			return nil
		}
		if sleep(ctx, 50*time.Millisecond) != nil {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

// mendDDL is ddlBarrier for servers that tests were at. 18.16 ends its DDL worker
// for good when that meets an expired session while ZooKeeper does not answer; only
// a restart brings it back.
func (c *Cluster) mendDDL(ctx context.Context) error {
	if c.ddlBarrier(ctx, ddlPatience) == nil {
		return nil
	}
	if err := c.each(func(n *Node) error { return n.Restart(ctx) }); err != nil {
		return err
	}
	return c.ddlBarrier(ctx, ddlLimit)
}

// Mend brings servers back that tests were at, and leaves their data alone: all
// run, and the distributed DDL queue is worked off.
func (c *Cluster) Mend(ctx context.Context) error {
	if err := c.revive(ctx); err != nil {
		return fmt.Errorf("bring the servers back: %w", err)
	}
	if c.Options.Engine == EngineCluster {
		return c.mendDDL(ctx)
	}
	return nil
}

// DataDir is where a server keeps its data. It may be copied and replaced while
// the server does not run.
func (p *Process) DataDir() string { return filepath.Join(p.dir, "data") }
