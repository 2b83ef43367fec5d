package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

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
	tables := make(map[string]map[string]nodeTable, len(c.all)) // by node
	at := time.Now()
	nodes := c.All()
	errs := c.each(ctx, nodes, func(ctx context.Context, node journal.Node) error {
		known, err := c.node(ctx, node.Name())
		if err != nil {
			return err
		}
		found, err := c.has(ctx, node.Name(), known)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		facts.Nodes[node.Name()] = known.NodeFacts
		maps.Copy(facts.Databases, found.databases)
		for _, storage := range found.shared {
			facts.Shared[storage] = true
		}
		tables[node.Name()] = found.tables
		return nil
	})
	if err := first(nodes, errs); err != nil {
		return plan.Facts{}, fmt.Errorf("read the facts of cluster %q: %w", c.options.Name, err)
	}
	facts.Tables = replicaSets(tables)
	c.mu.Lock()
	c.lately.tables, c.lately.at = tables, at
	c.mu.Unlock()
	return facts, nil
}

// holdings are what a node has.
type holdings struct {
	tables    map[string]nodeTable // by "database.table"
	databases map[string]string    // with their engines
	shared    []ops.Storage        // with other nodes
}

type nodeTable struct{ engine, path, replica string }

// replicaSets groups the nodes of each table by its ZooKeeper path; tables are by node
// and name.
func replicaSets(tables map[string]map[string]nodeTable) map[string]plan.TableFacts {
	type holder struct {
		node string
		nodeTable
	}
	holders := map[string][]holder{} // in the order of their names
	for _, node := range slices.Sorted(maps.Keys(tables)) {
		for name, table := range tables[node] {
			if holders[name] == nil {
				holders[name] = make([]holder, 0, len(tables))
			}
			holders[name] = append(holders[name], holder{node, table})
		}
	}
	out := make(map[string]plan.TableFacts, len(holders))
	for name, nodes := range holders {
		byPath := map[string][]string{}
		for _, h := range nodes {
			key := h.path
			if key == "" {
				key = "\x00" + h.node
			}
			byPath[key] = append(byPath[key], h.node)
		}
		facts := plan.TableFacts{Engine: nodes[0].engine, Sets: make([][]string, 0, len(byPath))}
		for _, path := range slices.Sorted(maps.Keys(byPath)) {
			facts.Sets = append(facts.Sets, byPath[path])
		}
		out[name] = facts
	}
	return out
}

// has reads what a node has. Reading zookeeper_path and replica_name alone asks
// nothing of ZooKeeper.
func (c *Cluster) has(ctx context.Context, node string, facts nodeFacts) (holdings, error) {
	queries := append([]string{
		"SELECT 'database', name, engine, '', '' FROM system.databases",
		"SELECT 'table', database, name, engine, '' FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')",
		"SELECT 'replica', database, table, zookeeper_path, replica_name FROM system.replicas",
	}, facts.asksShared()...)
	rows, err := c.Query(ctx, node, strings.Join(queries, unionAll))
	if err != nil {
		return holdings{}, err
	}
	found := holdings{tables: make(map[string]nodeTable, len(rows)), databases: map[string]string{}}
	for _, row := range rows {
		switch row[0] {
		case "database":
			found.databases[row[1]] = row[2]
		case "table":
			found.tables[row[1]+"."+row[2]] = nodeTable{engine: row[3]}
		case "replica":
		default:
			if storage, is := sharing(row[0], row[1]); is {
				found.shared = append(found.shared, storage)
			}
		}
	}
	for _, row := range rows {
		if row[0] != "replica" {
			continue
		}
		name := row[1] + "." + row[2]
		if table, ok := found.tables[name]; ok {
			table.path, table.replica = row[3], row[4]
			found.tables[name] = table
		}
	}
	return found, nil
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
	var facts nodeFacts
	facts.Macros = map[string]string{}
	rows, err := c.Query(ctx, name, "SELECT 'version', version(), ''"+
		unionAll+"SELECT 'macro', macro, substitution FROM system.macros"+
		unionAll+buildSums)
	if err != nil {
		return nodeFacts{}, err
	}
	sums := map[string]string{}
	for _, row := range rows {
		switch row[0] {
		case "version":
			sums[row[0]] = row[1]
			if facts.Version, err = ops.ParseVersion(row[1]); err != nil {
				return nodeFacts{}, fmt.Errorf("%s: %w", name, err)
			}
		case "macro":
			facts.Macros[row[1]] = row[2]
		default:
			sums[row[0]] = row[1] + " " + row[2]
		}
	}
	build, err := c.buildOf(ctx, name, buildKey{sums["version"], sums["settings"], sums["columns"]})
	if err != nil {
		return nodeFacts{}, err
	}
	facts.Settings, facts.columns = build.settings, build.columns
	c.mu.Lock()
	c.facts[name] = facts
	c.mu.Unlock()
	return facts, nil
}
