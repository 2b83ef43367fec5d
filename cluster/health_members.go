package cluster

import (
	"context"
	"fmt"
	"strconv"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// member is a cluster as some nodes have it: its name, and what tells it from what others
// have under that name.
type member struct{ cluster, sum string }

// membersOf lists the members of a cluster as a node has it. Of the nodes that have it
// alike, the first one is asked, and all share what it says.
func (e *examination) membersOf(ctx context.Context, node string, m member) ([]journal.Node, error) {
	known := func() ([]journal.Node, bool) {
		e.mu.Lock()
		defer e.mu.Unlock()
		nodes, known := e.members[m]
		return nodes, known
	}
	if nodes, there := known(); there {
		return nodes, nil
	}
	ask := func() (any, error) {
		if nodes, there := known(); there {
			return nodes, nil
		}
		nodes, err := e.cluster.membersOn(ctx, node, m.cluster)
		if err != nil {
			return nil, err
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.members == nil {
			e.members = map[member][]journal.Node{}
		}
		e.members[m] = nodes
		return nodes, nil
	}
	if _, err, shared := e.reading.Do(m.cluster+" "+m.sum, ask); err != nil && shared {
		// Another node's silence, perhaps, is not this one's.
		return e.cluster.membersOn(ctx, node, m.cluster)
	} else if err != nil {
		return nil, err
	}
	nodes, _ := known()
	return nodes, nil
}

func (c *Cluster) membersOn(ctx context.Context, node, cluster string) ([]journal.Node, error) {
	rows, err := c.Query(ctx, node, "SELECT host_name, toString(port), toString(shard_num), toString(replica_num) "+
		"FROM system.clusters WHERE cluster = "+ops.String(cluster)+" ORDER BY shard_num, replica_num")
	if err != nil {
		return nil, err
	}
	nodes := make([]journal.Node, len(rows))
	for i, row := range rows {
		numbers := make([]int, 3)
		for j := range numbers {
			if numbers[j], err = strconv.Atoi(row[j+1]); err != nil {
				return nil, fmt.Errorf("member %s of cluster %q: %w", row[0], cluster, err)
			}
		}
		nodes[i] = journal.Node{Host: row[0], Port: numbers[0], Shard: numbers[1], Replica: numbers[2]}
	}
	return nodes, nil
}
