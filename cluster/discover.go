package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/journal"
)

// settle lists every node once. It is called when it is known which there are.
func (c *Cluster) settle() {
	c.roles = make(map[string]role, len(c.local))
	for _, nodes := range [][]journal.Node{c.local, c.dist} {
		for _, node := range nodes {
			if _, there := c.roles[node.Name()]; !there {
				c.all = append(c.all, node)
				c.roles[node.Name()] = role{}
			}
		}
	}
	for _, node := range c.local {
		c.roles[node.Name()] = role{local: true}
	}
	for _, node := range c.dist {
		c.roles[node.Name()] = role{local: c.roles[node.Name()].local, query: true}
	}
}

// seed finds a configured host that answers, and says what it waits for.
func (c *Cluster) seed(ctx context.Context) (string, error) {
	began, said := time.Now(), ""
	waits := func(reason string) {
		if c.options.Events != nil && reason != said {
			said = reason
			c.options.Events(journal.Waiting{Reason: fmt.Sprintf("cluster %q: %s", c.options.Name, reason), Since: time.Since(began)})
		}
	}
	asking := func(host string) error {
		slow := make(chan struct{})
		timer := time.AfterFunc(await.Quiet, func() { defer close(slow); waits("no answer yet from " + host) })
		err := c.pool(host).Ping(ctx)
		if !timer.Stop() {
			<-slow
		}
		return err
	}
	try := func() (string, error) {
		var failures []error
		var lacking error // the database; another host may have it
		for _, host := range c.options.Hosts {
			if c.isLeftOut(host) {
				failures = append(failures, fmt.Errorf("%s is left out", host))
				continue
			}
			err := asking(host)
			if err == nil {
				return host, nil
			}
			failures = append(failures, err)
			switch {
			case IsAuthentication(err):
				return "", backoff.Permanent(err)
			case hasCode(err, codeUnknownDatabase) && lacking == nil:
				lacking = err
			}
		}
		if lacking != nil {
			return "", backoff.Permanent(lacking)
		}
		return "", errors.Join(failures...)
	}
	host, err := backoff.Retry(ctx, try,
		backoff.WithBackOff(backoff.NewConstantBackOff(c.options.ConnectInterval)),
		backoff.WithMaxTries(uint(c.options.ConnectRetries)+1),
		backoff.WithNotify(func(err error, in time.Duration) {
			waits(fmt.Sprintf("no host answers, all are asked again every %s: %s", in, oneLine(err)))
		}))
	switch {
	case IsAuthentication(err): // it does answer
		return "", journal.Refusef("cluster %q: %s. Mend user or password of the cluster in skein.yaml", c.options.Name, oneLine(err))
	case hasCode(err, codeUnknownDatabase):
		return "", journal.Refusef("cluster %q: %s. Create it on every node, or mend database of the cluster in skein.yaml", c.options.Name, oneLine(err))
	case err != nil:
		return "", journal.Refusef("cluster %q: no host answers: %w", c.options.Name, err)
	}
	return host, nil
}

func (c *Cluster) discover(ctx context.Context, seed string) error {
	if c.options.SingleNode {
		node, err := parseNode(seed)
		if err != nil {
			return err
		}
		c.local, c.dist = []journal.Node{node}, []journal.Node{node}
		return nil
	}
	rows, err := c.Query(ctx, seed, "SELECT cluster, host_name, toString(port), "+
		"toString(shard_num), toString(replica_num) FROM system.clusters ORDER BY cluster, shard_num, replica_num")
	if err != nil {
		return fmt.Errorf("read the topology: %w", err)
	}
	byCluster := map[string][]journal.Node{}
	var names []string
	for _, row := range rows {
		if byCluster[row[0]] == nil {
			names = append(names, row[0])
		}
		numbers := make([]int, 3)
		for i := range numbers {
			if numbers[i], err = strconv.Atoi(row[i+2]); err != nil {
				return fmt.Errorf("read the topology: %w", err)
			}
		}
		byCluster[row[0]] = append(byCluster[row[0]],
			journal.Node{Host: row[1], Port: numbers[0], Shard: numbers[1], Replica: numbers[2]})
	}
	for _, want := range []struct {
		key, name string
		nodes     *[]journal.Node
	}{{"cluster_name", c.options.LocalCluster, &c.local}, {"distributed_cluster_name", c.options.DistCluster, &c.dist}} {
		nodes, known := byCluster[want.name]
		if !known {
			return journal.Usagef("%s: cluster %q: %s: system.clusters of %s has no %q (there are: %s)",
				c.where(want.key), c.options.Name, want.key, seed, want.name, strings.Join(names, ", "))
		}
		*want.nodes = nodes
	}
	return nil
}

func (c *Cluster) where(field string) string {
	if c.options.Where == nil {
		return "configuration"
	}
	return c.options.Where(field)
}

func parseNode(address string) (journal.Node, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return journal.Node{}, fmt.Errorf("host %q: %w", address, err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return journal.Node{}, fmt.Errorf("host %q: %w", address, err)
	}
	return journal.Node{Host: host, Port: number, Shard: 1, Replica: 1}, nil
}
