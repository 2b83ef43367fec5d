package testcluster

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

const loopback = "127.0.0.1"

// prepare finds ports, writes every server's configuration and the state from
// which Attach makes the same handles.
func (c *Cluster) prepare(e engine) error {
	commands := map[string]command{}
	if c.Options.zooKeeper() {
		port, err := c.ports.take()
		if err != nil {
			return err
		}
		c.addZooKeeper(port)
		if commands[c.ZooKeeper.Name], err = c.configureZooKeeper(e, port); err != nil {
			return fmt.Errorf("configure ZooKeeper: %w", err)
		}
	}
	if err := c.layOut(); err != nil {
		return err
	}
	for _, n := range c.Nodes {
		cmd, err := c.configureNode(e, n)
		if err != nil {
			return fmt.Errorf("configure %s: %w", n.Name, err)
		}
		commands[n.Name] = cmd
	}
	for _, p := range c.Processes() {
		p.command = commands[p.Name]
	}
	return c.saveState()
}

func (c *Cluster) configureZooKeeper(e engine, port int) (command, error) {
	if err := os.MkdirAll(c.ZooKeeper.dir, 0o755); err != nil {
		return command{}, err
	}
	return e.zooKeeper(c.ZooKeeper.dir, port, c.ports)
}

func (c *Cluster) configureNode(e engine, n *Node) (command, error) {
	if err := os.MkdirAll(n.dir, 0o755); err != nil {
		return command{}, err
	}
	zooKeeper := c.zooKeeperPort()
	if c.Options.ZooKeeperVia != nil && zooKeeper != 0 {
		var err error
		if zooKeeper, err = c.Options.ZooKeeperVia(n.Name, c.ZooKeeperAddr); err != nil {
			return command{}, err
		}
	}
	return e.node(serverConfig{
		Dir:           n.dir,
		Node:          n,
		ReplicaMacro:  c.replicaMacro(n),
		Shards:        c.shards(),
		QueryNodes:    c.Nodes[:c.Options.QueryNodes],
		ZooKeeperPort: zooKeeper,
		SharedStorage: c.Options.SharedStorage, QueryLog: c.Options.QueryLog, MaxSizeToDrop: c.Options.MaxSizeToDrop,
		SessionTimeout: cmp.Or(c.Options.SessionTimeout, 5*time.Second),
		LogLevel:       cmp.Or(os.Getenv(logLevelVariable), "information"),
	})
}

// logLevelVariable names how much the nodes of EngineCluster log, in ClickHouse's
// words. "debug" tells of each query, and costs them a part of their time.
const logLevelVariable = "SKEIN_TESTCLUSTER_LOG"

// layOut makes the nodes, stopped, each with free ports.
func (c *Cluster) layOut() error {
	for i := range c.Options.size() {
		n := &Node{Process: &Process{Name: "n" + strconv.Itoa(i+1)}, Shard: i + 1, Replica: 1}
		if c.Options.Engine == EngineCluster {
			n.Shard, n.Replica = i/c.Options.Replicas+1, i%c.Options.Replicas+1
			n.Name = fmt.Sprintf("s%dr%d", n.Shard, n.Replica)
		}
		wanted := []*int{&n.Port, &n.HTTPPort}
		if c.Options.Engine == EngineCluster {
			wanted = append(wanted, &n.InterserverPort)
		}
		for _, port := range wanted {
			var err error
			if *port, err = c.ports.take(); err != nil {
				return err
			}
		}
		c.addNode(n)
	}
	return nil
}

// addNode completes a node that has its name, place and ports.
func (c *Cluster) addNode(n *Node) {
	n.Host = loopback
	n.database = c.Database
	// A connection kept from before a restart would fail the first query after it.
	n.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	n.dir = filepath.Join(serversDir(c.Dir), n.Name)
	n.spawn = c.spawner()
	n.ready = n.answers
	if c.Options.Engine == EngineCluster {
		n.ready = n.answersOnCluster
	}
	c.Nodes = append(c.Nodes, n)
}

func (c *Cluster) addZooKeeper(port int) {
	c.ZooKeeperAddr = net.JoinHostPort(loopback, strconv.Itoa(port))
	c.ZooKeeper = &Process{
		Name:  "zookeeper",
		dir:   filepath.Join(serversDir(c.Dir), "zookeeper"),
		spawn: c.spawner(),
		ready: func(ctx context.Context) error { return zooKeeperServes(ctx, c.ZooKeeperAddr) },
	}
}

func (c *Cluster) zooKeeperPort() int {
	_, port, err := net.SplitHostPort(c.ZooKeeperAddr)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(port)
	return n
}

func (c *Cluster) replicaMacro(n *Node) string {
	if c.Options.SameReplicaNames {
		return "r" + strconv.Itoa(n.Replica)
	}
	return n.Name
}

// shards groups the nodes as skein_local has them.
func (c *Cluster) shards() [][]*Node {
	var shards [][]*Node
	for _, n := range c.Nodes {
		if n.Shard > len(shards) {
			shards = append(shards, nil)
		}
		shards[n.Shard-1] = append(shards[n.Shard-1], n)
	}
	return shards
}
