package testcluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// AddNode starts one more node of EngineCluster, empty, as the next replica of a
// shard, or as the first of a new one. It returns when all nodes have it in
// skein_local and skein_dist, and ON CLUSTER reaches it. Clean does not take it away.
func (c *Cluster) AddNode(ctx context.Context, shard int) (*Node, error) {
	if c.Options.Engine != EngineCluster || c.Options.Detach {
		return nil, errors.New("only a cluster that ends with its test takes another node")
	}
	e, err := findEngine(ctx, c.Options)
	if err != nil {
		return nil, err
	}
	n := &Node{Process: &Process{}, Shard: shard, Replica: 1}
	for _, other := range c.Nodes {
		if other.Shard == shard {
			n.Replica = max(n.Replica, other.Replica+1)
		}
	}
	n.Name = fmt.Sprintf("s%dr%d", n.Shard, n.Replica)
	for _, port := range []*int{&n.Port, &n.HTTPPort, &n.InterserverPort} {
		if *port, err = c.ports.take(); err != nil {
			return nil, err
		}
	}
	all := c.Options.QueryNodes == len(c.Nodes)
	c.addNode(n)
	if all {
		c.Options.QueryNodes++
	}
	if n.command, err = c.configureNode(e, n); err != nil {
		return nil, fmt.Errorf("configure %s: %w", n.Name, err)
	}
	for _, other := range c.Nodes {
		if other != n {
			if err := c.tellClusters(other); err != nil {
				return nil, fmt.Errorf("give %s the new remote_servers: %w", other.Name, err)
			}
		}
	}
	// Not by its usual test: that asks ON CLUSTER of all, who may not know it yet.
	n.ready = n.answers
	if err := n.Start(ctx); err != nil {
		return nil, err
	}
	if err := c.each(func(other *Node) error { return other.awaitMembers(ctx, len(c.Nodes)) }); err != nil {
		return nil, err
	}
	n.ready = n.answersOnCluster
	return n, c.ddlBarrier(ctx, ddlLimit)
}

// tellClusters writes the clusters that there are now into a running node's
// configuration, and leaves the rest of it alone.
func (c *Cluster) tellClusters(n *Node) error {
	text, err := render("remote_servers", serverConfig{Shards: c.shards(), QueryNodes: c.Nodes[:c.Options.QueryNodes]})
	if err != nil {
		return err
	}
	file := filepath.Join(n.dir, "config.xml")
	have, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	servers := regexp.MustCompile(`(?s)\s*<remote_servers>.*</remote_servers>`)
	return n.rewrite(file, servers.ReplaceAllLiteral(have, text))
}

// awaitMembers waits until a node has so many nodes in skein_local.
func (n *Node) awaitMembers(ctx context.Context, want int) error {
	ctx, cancel := context.WithTimeout(ctx, reloadLimit)
	defer cancel()
	for {
		rows, err := n.query(ctx, "SELECT count() FROM system.clusters WHERE cluster = 'skein_local'", url.Values{})
		if err == nil && len(rows) > 0 && rows[0][0] == strconv.Itoa(want) {
			return nil
		}
		if sleep(ctx, 100*time.Millisecond) != nil {
			return fmt.Errorf("%s has not %d nodes in skein_local: %w", n.Name, want, errors.Join(err, ctx.Err()))
		}
	}
}
