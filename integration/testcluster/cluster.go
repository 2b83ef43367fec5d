package testcluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// startLimit is how long a server may take until it serves.
const startLimit = 60 * time.Second

// failureLines is how much of each server's log a failure to start quotes.
const failureLines = 30

// Cluster is a set of running servers.
type Cluster struct {
	// Nodes are the ClickHouse servers: shard 1 with all its replicas, shard 2….
	Nodes []*Node
	// ZooKeeper is nil where there is none.
	ZooKeeper *Process
	// ZooKeeperAddr is "127.0.0.1:port", or empty.
	ZooKeeperAddr string
	// Dir is where cluster.json and skein.yaml of detached servers are; their data
	// and logs are below it, in "servers".
	Dir string
	// Database exists on every node, stores its tables on disk and is empty at first.
	Database string
	// Options are those that it was started with, defaults filled in.
	Options Options

	temporary  bool
	ports      *ports
	leash      *leash // nil for detached servers
	describing sync.Mutex
}

// Node is one ClickHouse server.
type Node struct {
	*Process
	Host            string
	Port            int // native protocol
	HTTPPort        int
	InterserverPort int // 0 for a modern node
	Shard, Replica  int // counted from 1

	database string
	http     *http.Client
}

// Addr is host:port of the native protocol.
func (n *Node) Addr() string { return fmt.Sprintf("%s:%d", n.Host, n.Port) }

// Start starts servers and returns when they serve, ON CLUSTER too. It needs what
// scripts/deps.sh installs: *MissingError when that is not there. In a directory
// where servers of an earlier run are left, detached ones are an error and others
// are stopped first.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	e, err := findEngine(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := stopLeftovers(ctx, o); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		c, err := startOnce(ctx, o, e)
		if err == nil || attempt == 3 || !portClash(err) {
			return c, err
		}
	}
}

func portClash(err error) bool {
	return strings.Contains(err.Error(), "Address already in use")
}

func startOnce(ctx context.Context, o Options, e engine) (*Cluster, error) {
	c, err := newCluster(o)
	if err != nil {
		return nil, err
	}
	if err := c.prepare(e); err != nil {
		return nil, errors.Join(err, c.Stop(ctx))
	}
	if err := c.startServers(ctx); err != nil {
		err = fmt.Errorf("%w\n%s", err, c.Logs(failureLines))
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	return c, nil
}

func newCluster(o Options) (*Cluster, error) {
	c := &Cluster{Dir: o.Dir, Options: o, Database: o.database(), ports: newPorts()}
	if c.Dir == "" {
		dir, err := makeRunDir()
		if err != nil {
			return nil, err
		}
		c.Dir, c.temporary = dir, true
	}
	if abs, err := filepath.Abs(c.Dir); err == nil {
		c.Dir = abs
	}
	if !o.Detach {
		c.leash = newLeash()
	}
	return c, os.MkdirAll(serversDir(c.Dir), 0o755)
}

// serversDir holds all that is ours in a directory and may be deleted.
func serversDir(dir string) string { return filepath.Join(dir, "servers") }

func (c *Cluster) spawner() spawner {
	if c.leash == nil {
		return detached{}
	}
	return c.leash
}

func (c *Cluster) startServers(ctx context.Context) error {
	if c.ZooKeeper != nil {
		if err := c.ZooKeeper.Start(ctx); err != nil {
			return err
		}
	}
	if err := c.each(func(n *Node) error { return n.Start(ctx) }); err != nil {
		return err
	}
	if err := c.settle(ctx); err != nil {
		return err
	}
	if !c.Options.Detach {
		return nil
	}
	c.ports.release()
	for _, n := range c.Nodes {
		n.started = c.writeDescription
	}
	return c.writeDescription()
}

// settle returns when the servers work together: ON CLUSTER is answered by all.
func (c *Cluster) settle(ctx context.Context) error {
	if c.Options.Engine == EngineModern {
		return c.each(func(n *Node) error {
			_, err := n.query(ctx, "CREATE DATABASE IF NOT EXISTS "+c.Database+" ENGINE = Atomic", url.Values{})
			return err
		})
	}
	return c.ddlBarrier(ctx, ddlLimit)
}

// Stop ends every server and deletes their data and what Start wrote. It works on a
// cluster that is stopped already.
func (c *Cluster) Stop(ctx context.Context) error {
	// By SIGKILL: their data goes anyway, and 18.16 may take ten seconds to end well.
	var errs []error
	for _, p := range c.Processes() {
		errs = append(errs, p.Kill(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	c.ports.release()
	if c.leash != nil {
		c.leash.close()
	}
	if c.temporary {
		return os.RemoveAll(c.Dir)
	}
	return removeWritten(c.Dir)
}

// each calls f for all nodes at once and joins the errors.
func (c *Cluster) each(f func(*Node) error) error {
	errs := make([]error, len(c.Nodes))
	var g errgroup.Group
	for i, n := range c.Nodes {
		g.Go(func() error {
			errs[i] = f(n)
			return nil
		})
	}
	_ = g.Wait()
	return errors.Join(errs...)
}

// Node finds a server by its name; nil when there is none.
func (c *Cluster) Node(name string) *Node {
	for _, n := range c.Nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// Processes are all servers, ZooKeeper first.
func (c *Cluster) Processes() []*Process {
	var all []*Process
	if c.ZooKeeper != nil {
		all = append(all, c.ZooKeeper)
	}
	for _, n := range c.Nodes {
		all = append(all, n.Process)
	}
	return all
}

// Running is how many of the servers run, paused ones included.
func (c *Cluster) Running() int {
	running := 0
	for _, p := range c.Processes() {
		if p.Running() {
			running++
		}
	}
	return running
}

// Logs is the end of every server's log, lines of each.
func (c *Cluster) Logs(lines int) string {
	return c.logs(func(p *Process) string { return p.LogTail(lines) })
}

// Complaints is what the servers' logs warned of last, for a failed test: what it
// says itself must not drown in what they did.
func (c *Cluster) Complaints() string {
	return c.logs(func(p *Process) string {
		lines := slices.DeleteFunc(strings.Split(p.LogTail(1000), "\n"), func(line string) bool { return !complaint.MatchString(line) })
		return strings.Join(lines[max(0, len(lines)-complaintLines):], "\n")
	})
}

// What 26.7 says whenever a table is dropped is no complaint.
var complaint = regexp.MustCompile(`<(Warning|Error|Fatal)> [^B]|ERROR|FATAL`)

const complaintLines = 5

func (c *Cluster) logs(of func(*Process) string) string {
	var b strings.Builder
	for _, p := range c.Processes() {
		fmt.Fprintf(&b, "--- %s, pid %d\n%s\n", p.Name, p.PID(), of(p))
	}
	return b.String()
}
