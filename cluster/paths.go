package cluster

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

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
	written := map[string]int{} // by the first step that writes it
	writes := func(what string, step int) {
		if _, known := written[what]; !known {
			written[what] = step
		}
	}
	for i, step := range steps {
		c, err := s.Cluster(ctx, step.Cluster)
		if err != nil {
			return err
		}
		if created := step.Statement.Creates; created != nil && strings.HasPrefix(created.Path, "/") {
			before := func(what string) bool {
				at, known := written[what]
				return known && at < i
			}
			for _, node := range step.Nodes {
				wanted[step.Cluster] = append(wanted[step.Cluster], c.wantedPath(*created, node.Name(), before))
			}
		}
		for _, table := range step.Statement.Writes {
			writes(step.Cluster+" "+table.String(), i)
		}
		if len(step.Statement.Writes) == 0 { // SQL of the author's own, DROP DATABASE
			writes(step.Cluster, i)
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

func (c *Cluster) wantedPath(created ops.Created, node string, before func(what string) bool) wantedPath {
	return wantedPath{
		node: node, table: created.Table,
		path:    c.pathOn(node, ops.TableIs{Table: created.Table, Path: created.Path}),
		replica: c.pathOn(node, ops.TableIs{Table: created.Table, Path: created.Replica}),
		moved: func(table string) bool {
			return before(c.options.Name) || before(c.options.Name+" "+table)
		},
	}
}

// servedBy is a replica that a node of the cluster has.
type servedBy struct{ node, table string }

// served are the replicas that nodes have, by path and name.
type served map[string]map[string]servedBy

func (s served) add(node string, tables map[string]nodeTable) {
	for name, table := range tables {
		if table.path == "" {
			continue
		}
		if s[table.path] == nil {
			s[table.path] = map[string]servedBy{}
		}
		s[table.path][table.replica] = servedBy{node: node, table: name}
	}
}

func (c *Cluster) freePaths(ctx context.Context, wanted []wantedPath) error {
	ours, err := c.served(ctx)
	if err != nil {
		return err
	}
	mine := map[string]bool{} // replicas that are to be made, by path and name
	var byNode [][]wantedPath // each path of a table once, by the node that is asked about it
	at, seen := map[string]int{}, map[string]bool{}
	for _, w := range wanted {
		mine[w.path+"\x00"+w.replica] = true
		key := w.path + "\x00" + w.table.String()
		if w.path == "" || seen[key] {
			continue
		}
		seen[key] = true
		if _, there := at[w.node]; !there {
			at[w.node], byNode = len(byNode), append(byNode, nil)
		}
		byNode[at[w.node]] = append(byNode[at[w.node]], w)
	}
	found := make([][]string, len(byNode))
	var g errgroup.Group
	g.SetLimit(c.options.NodeConcurrency)
	for i, paths := range byNode {
		g.Go(func() (err error) {
			look := zooKeeperLook{cluster: c, children: map[string][]string{}}
			found[i], err = look.taken(ctx, paths, ours, mine)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	taken := slices.Concat(found...)
	if len(taken) == 0 {
		return nil
	}
	return journal.Refusef("cluster %q: the tables to be made would meet replicas that are in ZooKeeper already, nothing was changed\n  %s\n"+
		"Another cluster's: give the table a path of its own, with paths in clusters[%[1]s] or PathSuffix.\n"+
		"A lost table's: SYSTEM DROP REPLICA 'NAME' FROM ZKPATH 'PATH', on old servers zkCli.sh deleteall PATH/replicas/NAME",
		c.options.Name, strings.Join(taken, "\n  "))
}

// takenBy says why a replica in ZooKeeper is in the way; empty: it is not.
func (c *Cluster) takenBy(ctx context.Context, w wantedPath, replica string, ours served, mine map[string]bool) (string, error) {
	if own, ok := ours[w.path][replica]; ok {
		if own.table == w.table.String() || w.moved(own.table) {
			return "", nil
		}
		return fmt.Sprintf("%s of %s, which keeps the path that it was made with", own.table, own.node), nil
	}
	if len(ours[w.path]) > 0 && !mine[w.path+"\x00"+replica] {
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

// served lists the replicas that the nodes have. Those of a moment ago will do.
func (c *Cluster) served(ctx context.Context) (served, error) {
	c.mu.Lock()
	lately := c.lately
	c.lately.tables, c.lately.at = nil, time.Time{}
	c.mu.Unlock()
	out := served{}
	if time.Since(lately.at) <= stillTrue {
		for node, tables := range lately.tables {
			out.add(node, tables)
		}
		return out, nil
	}
	var mu sync.Mutex
	errs := c.each(ctx, c.all, func(ctx context.Context, node journal.Node) error {
		facts, err := c.node(ctx, node.Name())
		if err != nil {
			return err
		}
		has, err := c.has(ctx, node.Name(), facts)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		out.add(node.Name(), has.tables)
		return nil
	})
	return out, first(c.all, errs)
}

// taken says of each of a node's paths why it is not free.
func (l zooKeeperLook) taken(ctx context.Context, paths []wantedPath, ours served, mine map[string]bool) ([]string, error) {
	var taken []string
	for _, w := range paths {
		found, err := l.replicas(ctx, w.node, w.path)
		if err != nil {
			return nil, journal.Refusef("look whether %s is free in ZooKeeper: %w", w.path, err)
		}
		for _, replica := range found {
			why, err := l.cluster.takenBy(ctx, w, replica, ours, mine)
			if err != nil {
				return nil, err
			}
			if why != "" {
				taken = append(taken, fmt.Sprintf("%s  %s: %s", w.path, replica, why))
			}
		}
	}
	return taken, nil
}

// zooKeeperLook lists replicas, as one node has them. What is below one folder is asked for once: of
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
