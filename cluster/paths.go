package cluster

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// LocalCluster is the cluster of the local nodes, as system.clusters names it.
func (c *Cluster) LocalCluster() string { return c.options.LocalCluster }

// FreePaths refuses, as a *journal.PreflightError, steps that make a Replicated
// table where ZooKeeper has replicas which no node of its cluster serves: the
// server would join another cluster's table, and share its rows, or refuse (253)
// when others have done it. Nodes that do not let it be looked at are passed over.
func (s *Set) FreePaths(ctx context.Context, steps []plan.Step) error {
	wanted := map[string][]wantedPath{}
	written := map[string]bool{}
	for _, step := range steps {
		c, err := s.Cluster(ctx, step.Cluster)
		if err != nil {
			return err
		}
		if created := step.Statement.Creates; created != nil && strings.HasPrefix(created.Path, "/") {
			before := maps.Clone(written)
			for _, node := range step.Nodes {
				wanted[step.Cluster] = append(wanted[step.Cluster], c.wantedPath(*created, node.Name(), before))
			}
		}
		for _, table := range step.Statement.Writes {
			written[step.Cluster+" "+table.String()] = true
		}
		if len(step.Statement.Writes) == 0 { // SQL of the author's own, DROP DATABASE
			written[step.Cluster] = true
		}
	}
	for name, paths := range wanted {
		c, err := s.Cluster(ctx, name)
		if err != nil {
			return err
		}
		if err := c.freePaths(ctx, paths); err != nil {
			return err
		}
	}
	return nil
}

// wantedPath is where a node is going to have a replica.
type wantedPath struct {
	node, path, replica string
	table               ops.Table
	// moved says that a table may have left its path when the step's turn comes.
	moved func(table string) bool
}

func (c *Cluster) wantedPath(created ops.Created, node string, before map[string]bool) wantedPath {
	return wantedPath{
		node: node, table: created.Table,
		path:    c.pathOn(node, ops.TableIs{Table: created.Table, Path: created.Path}),
		replica: c.pathOn(node, ops.TableIs{Table: created.Table, Path: created.Replica}),
		moved: func(table string) bool {
			return before[c.options.Name] || before[c.options.Name+" "+table]
		},
	}
}

// served is a replica that a node of the cluster has.
type served struct{ node, table string }

func (c *Cluster) freePaths(ctx context.Context, wanted []wantedPath) error {
	ours, err := c.served(ctx)
	if err != nil {
		return err
	}
	look := zooKeeperLook{cluster: c, children: map[string][]string{}}
	var taken []string
	for i, w := range wanted {
		if w.path == "" || slices.ContainsFunc(wanted[:i], func(o wantedPath) bool { return o.path == w.path && o.table == w.table }) {
			continue
		}
		found, err := look.replicas(ctx, w.node, w.path)
		if err != nil {
			return journal.Refusef("look whether %s is free in ZooKeeper: %w", w.path, err)
		}
		for _, replica := range found {
			why, err := c.takenBy(ctx, w, replica, ours, wanted)
			if err != nil {
				return err
			}
			if why != "" {
				taken = append(taken, fmt.Sprintf("%s  %s: %s", w.path, replica, why))
			}
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return journal.Refusef("cluster %q: the tables to be made would meet replicas that are in ZooKeeper already, nothing was changed\n  %s\n"+
		"Another cluster's: give the table a path of its own, with paths in clusters[%[1]s] or PathSuffix.\n"+
		"A lost table's: SYSTEM DROP REPLICA 'NAME' FROM ZKPATH 'PATH', on old servers zkCli.sh deleteall PATH/replicas/NAME",
		c.options.Name, strings.Join(taken, "\n  "))
}

// takenBy says why a replica in ZooKeeper is in the way; empty: it is not.
func (c *Cluster) takenBy(ctx context.Context, w wantedPath, replica string, ours map[string]map[string]served, wanted []wantedPath) (string, error) {
	if own, ok := ours[w.path][replica]; ok {
		if own.table == w.table.String() || w.moved(own.table) {
			return "", nil
		}
		return fmt.Sprintf("%s of %s, which keeps the path that it was made with", own.table, own.node), nil
	}
	mine := slices.ContainsFunc(wanted, func(o wantedPath) bool { return o.path == w.path && o.replica == replica })
	if len(ours[w.path]) > 0 && !mine {
		return "", nil // a node of ours that is gone, or left out: what is inactive is asked elsewhere
	}
	rows, err := c.Query(ctx, w.node, "SELECT value FROM system.zookeeper WHERE path = "+
		ops.String(path.Join(w.path, "replicas", replica))+" AND name = 'host'")
	if err != nil && !isNoZooKeeperNode(err) {
		return "", err
	}
	if len(rows) == 0 || rows[0][0] == "" {
		return "of an unknown host", nil
	}
	return servedFrom(rows[0][0]), nil
}

// servedFrom reads what a replica says of itself: a line each of "host: a", "port: 9009",
// "tcp_port: 9000", "database: b", "table: c".
func servedFrom(text string) string {
	is := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		is[name] = value
	}
	return fmt.Sprintf("%s.%s of %s:%s", is["database"], is["table"], is["host"], is["tcp_port"])
}

// served lists the replicas that the nodes have, by path and name.
func (c *Cluster) served(ctx context.Context) (map[string]map[string]served, error) {
	out := map[string]map[string]served{}
	for _, node := range c.All() {
		rows, err := c.Query(ctx, node.Name(), "SELECT database, table, zookeeper_path, replica_name FROM system.replicas")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if out[row[2]] == nil {
				out[row[2]] = map[string]served{}
			}
			out[row[2]][row[3]] = served{node: node.Name(), table: row[0] + "." + row[1]}
		}
	}
	return out, nil
}

// zooKeeperLook lists replicas. What is below one folder is asked for once: of
// many tables to be made, most are in none.
type zooKeeperLook struct {
	cluster  *Cluster
	children map[string][]string // by node and folder
}

func (l zooKeeperLook) replicas(ctx context.Context, node, at string) ([]string, error) {
	folder, name := path.Split(strings.TrimSuffix(at, "/"))
	if len(folder) > 1 {
		there, err := l.list(ctx, node, strings.TrimSuffix(folder, "/"))
		if err != nil || !slices.Contains(there, name) {
			return nil, err
		}
	}
	return l.list(ctx, node, path.Join(at, "replicas"))
}

func (l zooKeeperLook) list(ctx context.Context, node, folder string) ([]string, error) {
	key := node + " " + folder
	if known, ok := l.children[key]; ok {
		return known, nil
	}
	rows, err := l.cluster.Query(ctx, node, "SELECT name FROM system.zookeeper WHERE path = "+ops.String(folder)+" ORDER BY name")
	if err != nil && !isNoZooKeeperNode(err) && !cannotSeeZooKeeper(err) {
		return nil, err
	}
	names := make([]string, 0, len(rows))
	for _, row := range rows {
		names = append(names, row[0])
	}
	l.children[key] = names
	return names, nil
}
