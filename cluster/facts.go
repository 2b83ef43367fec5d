package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// nodeFacts are what does not change while a run lasts.
type nodeFacts struct {
	plan.NodeFacts
	// columns of the system tables that skein reads, by table: they grew over
	// the years, and what is not there cannot be asked for.
	columns map[string]map[string]bool
}

// Facts reads what planning needs, from every node. Nodes that do not answer
// are named in one error.
func (c *Cluster) Facts(ctx context.Context) (plan.Facts, error) {
	if err := c.Answering(ctx); err != nil {
		return plan.Facts{}, err
	}
	facts := plan.Facts{
		Cluster:          c.options.Name,
		SingleNode:       c.options.SingleNode,
		LocalCluster:     c.options.LocalCluster,
		DistCluster:      c.options.DistCluster,
		Database:         c.options.Database,
		Direct:           c.options.Direct,
		Local:            c.local,
		Dist:             c.dist,
		LeftLocal:        c.leftLocal,
		LeftDist:         c.leftDist,
		Nodes:            map[string]plan.NodeFacts{},
		Secrets:          c.secretProblems(ctx),
		Variables:        c.options.Variables,
		Databases:        map[string]string{},
		Shared:           map[ops.Storage]bool{},
		Since:            Since(),
		UnshardedReplica: c.options.UnshardedReplica,
		Paths:            c.options.Paths,
	}
	var mu sync.Mutex
	tables := map[string][]nodeTable{}
	nodes := c.All()
	errs := c.each(ctx, nodes, func(ctx context.Context, node journal.Node) error {
		known, err := c.node(ctx, node.Name())
		if err != nil {
			return err
		}
		found, err := c.tablesOf(ctx, node.Name())
		if err != nil {
			return err
		}
		databases, err := c.databases(ctx, node.Name())
		if err != nil {
			return err
		}
		shared, err := c.sharedStorages(ctx, node.Name(), known)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		facts.Nodes[node.Name()] = known.NodeFacts
		maps.Copy(facts.Databases, databases)
		for _, storage := range shared {
			facts.Shared[storage] = true
		}
		for name, table := range found {
			tables[name] = append(tables[name], table)
		}
		return nil
	})
	if err := first(nodes, errs); err != nil {
		return plan.Facts{}, fmt.Errorf("read the facts of cluster %q: %w", c.options.Name, err)
	}
	facts.Tables = replicaSets(tables)
	return facts, nil
}

type nodeTable struct{ node, engine, path string }

// replicaSets groups the nodes of each table by its ZooKeeper path.
func replicaSets(tables map[string][]nodeTable) map[string]plan.TableFacts {
	out := map[string]plan.TableFacts{}
	for name, found := range tables {
		slices.SortFunc(found, func(a, b nodeTable) int {
			switch {
			case a.node < b.node:
				return -1
			case a.node > b.node:
				return 1
			}
			return 0
		})
		byPath := map[string][]string{}
		for _, table := range found {
			key := table.path
			if key == "" {
				key = "\x00" + table.node
			}
			byPath[key] = append(byPath[key], table.node)
		}
		facts := plan.TableFacts{Engine: found[0].engine}
		for _, path := range slices.Sorted(maps.Keys(byPath)) {
			facts.Sets = append(facts.Sets, byPath[path])
		}
		out[name] = facts
	}
	return out
}

// tablesOf lists a node's tables with engine and ZooKeeper path. Reading
// zookeeper_path alone asks nothing of ZooKeeper.
func (c *Cluster) tablesOf(ctx context.Context, node string) (map[string]nodeTable, error) {
	rows, err := c.Query(ctx, node, "SELECT database, name, engine FROM system.tables "+
		"WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')")
	if err != nil {
		return nil, err
	}
	tables := make(map[string]nodeTable, len(rows))
	for _, row := range rows {
		tables[row[0]+"."+row[1]] = nodeTable{node: node, engine: row[2]}
	}
	rows, err = c.Query(ctx, node, "SELECT database, table, zookeeper_path FROM system.replicas")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		name := row[0] + "." + row[1]
		if table, ok := tables[name]; ok {
			table.path = row[2]
			tables[name] = table
		}
	}
	return tables, nil
}

// node reads a node's version, macros, settings and system columns, once.
func (c *Cluster) node(ctx context.Context, name string) (nodeFacts, error) {
	c.mu.Lock()
	known, ok := c.facts[name]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	facts := nodeFacts{columns: map[string]map[string]bool{}}
	facts.Settings, facts.Macros = map[string]bool{}, map[string]string{}
	for _, read := range []struct {
		sql string
		row func([]string) error
	}{
		{"SELECT version()", func(row []string) (err error) {
			facts.Version, err = ops.ParseVersion(row[0])
			return err
		}},
		{"SELECT name FROM system.settings", func(row []string) error {
			facts.Settings[row[0]] = true
			return nil
		}},
		{"SELECT macro, substitution FROM system.macros", func(row []string) error {
			facts.Macros[row[0]] = row[1]
			return nil
		}},
		{"SELECT table, name FROM system.columns WHERE database = 'system' AND table IN " +
			"('columns', 'tables', 'replicas', 'mutations', 'user_directories', 'server_settings', 'disks')", func(row []string) error {
			if facts.columns[row[0]] == nil {
				facts.columns[row[0]] = map[string]bool{}
			}
			facts.columns[row[0]][row[1]] = true
			return nil
		}},
	} {
		rows, err := c.Query(ctx, name, read.sql)
		if err != nil {
			return nodeFacts{}, err
		}
		for _, row := range rows {
			if err := read.row(row); err != nil {
				return nodeFacts{}, fmt.Errorf("%s: %s: %w", name, read.sql, err)
			}
		}
	}
	c.mu.Lock()
	c.facts[name] = facts
	c.mu.Unlock()
	return facts, nil
}
