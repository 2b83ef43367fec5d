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
	shared  []ops.Storage // with other nodes
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
		found, databases, err := c.tablesOf(ctx, node.Name())
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		facts.Nodes[node.Name()] = known.NodeFacts
		maps.Copy(facts.Databases, databases)
		for _, storage := range known.shared {
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

// tablesOf lists a node's tables with engine and ZooKeeper path, and its databases
// with their engines. Reading zookeeper_path alone asks nothing of ZooKeeper.
func (c *Cluster) tablesOf(ctx context.Context, node string) (tables map[string]nodeTable, databases map[string]string, err error) {
	rows, err := c.Query(ctx, node, "SELECT 'database', name, engine, '' FROM system.databases"+
		unionAll+"SELECT 'table', database, name, engine FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')"+
		unionAll+"SELECT 'replica', database, table, zookeeper_path FROM system.replicas")
	if err != nil {
		return nil, nil, err
	}
	tables, databases = make(map[string]nodeTable, len(rows)), map[string]string{}
	for _, row := range rows {
		switch row[0] {
		case "database":
			databases[row[1]] = row[2]
		case "table":
			tables[row[1]+"."+row[2]] = nodeTable{node: node, engine: row[3]}
		}
	}
	for _, row := range rows {
		name := row[1] + "." + row[2]
		if table, ok := tables[name]; ok && row[0] == "replica" {
			table.path = row[3]
			tables[name] = table
		}
	}
	return tables, databases, nil
}

// unionAll joins questions into one query, which takes the way to a node once. What
// they answer comes as it is ready, and says in its first column what it is.
const unionAll = " UNION ALL "

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
	rows, err := c.Query(ctx, name, "SELECT 'version', version(), ''"+
		unionAll+"SELECT 'setting', name, '' FROM system.settings"+
		unionAll+"SELECT 'macro', macro, substitution FROM system.macros"+
		unionAll+"SELECT 'column', table, name FROM system.columns WHERE database = 'system' AND table IN "+
		"('columns', 'tables', 'replicas', 'mutations', 'user_directories', 'server_settings', 'disks')")
	if err != nil {
		return nodeFacts{}, err
	}
	for _, row := range rows {
		switch row[0] {
		case "version":
			if facts.Version, err = ops.ParseVersion(row[1]); err != nil {
				return nodeFacts{}, fmt.Errorf("%s: %w", name, err)
			}
		case "setting":
			facts.Settings[row[1]] = true
		case "macro":
			facts.Macros[row[1]] = row[2]
		case "column":
			if facts.columns[row[1]] == nil {
				facts.columns[row[1]] = map[string]bool{}
			}
			facts.columns[row[1]][row[2]] = true
		}
	}
	if facts.shared, err = c.shared(ctx, name, facts); err != nil {
		return nodeFacts{}, err
	}
	c.mu.Lock()
	c.facts[name] = facts
	c.mu.Unlock()
	return facts, nil
}
