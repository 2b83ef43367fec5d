package cluster

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/newnode"
	"github.com/skein-migrate/skein/ops"
)

// Member finds a node of a configured cluster by host:port, or by its host if that
// is one node's alone; false: the cluster has none.
func (s *Set) Member(ctx context.Context, cluster, host string) (string, bool, error) {
	c, err := s.Cluster(ctx, cluster)
	if err != nil {
		return "", false, err
	}
	var found []string
	for _, node := range c.All() {
		if node.Name() == host {
			return host, true, nil
		}
		if node.Host == host {
			found = append(found, node.Name())
		}
	}
	if len(found) > 1 {
		return "", false, journal.Usagef("cluster %q has %d nodes on %s: name one, such as %s", cluster, len(found), host, found[0])
	}
	return strings.Join(found, ""), len(found) == 1, nil
}

// Newcomer says what a node lacks that its neighbour has: a replica of its shard, or,
// for the first of a shard, a node of another. Both have to be local nodes, query
// nodes, or both.
func (s *Set) Newcomer(ctx context.Context, cluster, node string) (newnode.Plan, error) {
	c, err := s.Cluster(ctx, cluster)
	if err != nil {
		return newnode.Plan{}, err
	}
	if err := c.Answering(ctx); err != nil {
		return newnode.Plan{}, err
	}
	if err := c.knowsItself(ctx, node); err != nil {
		return newnode.Plan{}, err
	}
	source, err := c.neighbourOf(node)
	if err != nil {
		return newnode.Plan{}, err
	}
	from, err := c.inventory(ctx, source)
	if err != nil {
		return newnode.Plan{}, fmt.Errorf("read what %s has: %w", source, err)
	}
	to, err := c.inventory(ctx, node)
	if err != nil {
		return newnode.Plan{}, fmt.Errorf("read what %s has: %w", node, err)
	}
	paths, shards, err := c.pathsBut(ctx, node)
	if err != nil {
		return newnode.Plan{}, err
	}
	plan := newnode.Compare(from, to, paths, shards)
	plan.Cluster = cluster
	return plan, nil
}

// knowsItself refuses a node that sees another cluster than the others: ON CLUSTER
// would not reach it, or not through it.
func (c *Cluster) knowsItself(ctx context.Context, node string) error {
	if c.options.SingleNode {
		return journal.Usagef("cluster %q is a single node: there is no neighbour to be like", c.options.Name)
	}
	for _, want := range []struct {
		name  string
		nodes []journal.Node
	}{{c.options.LocalCluster, c.local}, {c.options.DistCluster, c.dist}} {
		rows, err := c.Query(ctx, node, "SELECT host_name, toString(port), toString(shard_num), toString(replica_num) FROM system.clusters "+
			"WHERE cluster = "+ops.String(want.name)+" ORDER BY shard_num, replica_num")
		if err != nil {
			return fmt.Errorf("read the topology: %w", err)
		}
		var have, wanted []string
		for _, row := range rows {
			have = append(have, row[0]+":"+row[1]+" in shard "+row[2])
		}
		for _, n := range want.nodes {
			wanted = append(wanted, fmt.Sprintf("%s:%d in shard %d", n.Host, n.Port, n.Shard))
		}
		slices.Sort(have)
		slices.Sort(wanted)
		if !slices.Equal(have, wanted) {
			return journal.Refusef("%s sees another cluster %s than its neighbours, nothing was changed\n  it sees  %s\n  they see %s\n"+
				"Give its configuration the same remote_servers", node, want.name, strings.Join(have, ", "), strings.Join(wanted, ", "))
		}
	}
	return nil
}

// neighbourOf is the node to be like: one of the same kind, of the same shard if
// there is one.
func (c *Cluster) neighbourOf(node string) (string, error) {
	among := func(nodes []journal.Node, name string) int {
		return slices.IndexFunc(nodes, func(n journal.Node) bool { return n.Name() == name })
	}
	local, dist := among(c.local, node), among(c.dist, node)
	found := ""
	for _, other := range c.All() {
		name := other.Name()
		if name == node || (among(c.local, name) >= 0) != (local >= 0) || (among(c.dist, name) >= 0) != (dist >= 0) {
			continue
		}
		if local >= 0 && c.local[among(c.local, name)].Shard == c.local[local].Shard {
			return name, nil
		}
		if found == "" {
			found = name
		}
	}
	if found == "" {
		return "", journal.Refusef("cluster %q has no other node of the kind of %s, to make it like: one in %s and %s as it is",
			c.options.Name, node, c.options.LocalCluster, c.options.DistCluster)
	}
	return found, nil
}

// inventory reads all databases of a node but the server's own.
func (c *Cluster) inventory(ctx context.Context, node string) (newnode.Node, error) {
	facts, err := c.node(ctx, node)
	if err != nil {
		return newnode.Node{}, err
	}
	out := newnode.Node{Name: node, Macros: facts.Macros}
	if at := slices.IndexFunc(c.local, func(n journal.Node) bool { return n.Name() == node }); at >= 0 {
		out.Shard = c.local[at].Shard
	}
	columns, err := c.columnsOn(ctx, node, ops.Table{Database: "system", Name: "databases"})
	if err != nil {
		return out, err
	}
	engine := "engine"
	if slices.Contains(columns, "engine_full") {
		engine = "engine_full"
	}
	own := " NOT IN ('', 'system', 'INFORMATION_SCHEMA', 'information_schema', '_temporary_and_external_tables')"
	rows, err := c.Query(ctx, node, "SELECT name, "+engine+" FROM system.databases WHERE name"+own+" ORDER BY name")
	if err != nil {
		return out, err
	}
	for _, row := range rows {
		out.Databases = append(out.Databases, newnode.Database{Name: row[0], Engine: row[1]})
	}
	states, err := c.tables(ctx, node, func(database, _ string) string { return database + own }, 0)
	if err != nil {
		return out, err
	}
	for _, state := range states {
		if slices.ContainsFunc([]string{innerName, innerID, refreshing, refreshingInner}, func(p string) bool { return strings.HasPrefix(state.name, p) }) {
			continue // a view's own
		}
		out.Objects = append(out.Objects, newnode.Object{
			Database: state.database, Name: state.name, Engine: state.engine, Create: state.createQuery, UUID: state.uuid,
		})
	}
	slices.SortFunc(out.Objects, func(a, b newnode.Object) int { return strings.Compare(a.String(), b.String()) })
	if facts.Version.Less(Since()[ops.FeatureFunctions]) {
		return out, nil
	}
	rows, err = c.Query(ctx, node, "SELECT name, create_query FROM system.functions WHERE origin = 'SQLUserDefined' ORDER BY name")
	for _, row := range rows {
		out.Functions = append(out.Functions, newnode.Object{Name: row[0], Create: row[1]})
	}
	return out, err
}

// pathsBut reads where the Replicated tables of all other nodes are in ZooKeeper.
func (c *Cluster) pathsBut(ctx context.Context, node string) (map[string]map[string]string, map[string]int, error) {
	paths, shards := map[string]map[string]string{}, map[string]int{}
	for _, other := range c.local {
		name := other.Name()
		if name == node {
			continue
		}
		shards[name] = other.Shard
		rows, err := c.Query(ctx, name, "SELECT database, table, zookeeper_path FROM system.replicas")
		if err != nil {
			return nil, nil, fmt.Errorf("read the paths of %s: %w", name, err)
		}
		for _, row := range rows {
			table := row[0] + "." + row[1]
			if paths[table] == nil {
				paths[table] = map[string]string{}
			}
			paths[table][name] = row[2]
		}
	}
	return paths, shards, nil
}

// Lacking says which of a plan's statements are still to be run.
func (s *Set) Lacking(ctx context.Context, plan newnode.Plan) ([]newnode.Making, error) {
	c, err := s.Cluster(ctx, plan.Cluster)
	if err != nil {
		return nil, err
	}
	have, err := c.inventory(ctx, plan.Node)
	if err != nil {
		return nil, err
	}
	return plan.Lacking(have), nil
}

// Make runs one statement on a node. It lets in what the neighbour was let in with.
func (s *Set) Make(ctx context.Context, cluster, node, queryID, statement string) error {
	c, err := s.Cluster(ctx, cluster)
	if err != nil {
		return err
	}
	facts, err := c.node(ctx, node)
	if err != nil {
		return err
	}
	settings := c.settings(facts.Settings, ops.Statement{}, false)
	permits := regexp.MustCompile(`^allow_(suspicious|experimental)_\w*(type|types|codecs|indices|json|variant|dynamic|object|index|view)$`)
	for name := range facts.Settings {
		if permits.MatchString(name) {
			settings = append(settings, ops.Setting{Name: name, Value: "1"})
		}
	}
	slices.SortFunc(settings, func(a, b ops.Setting) int { return strings.Compare(a.Name, b.Name) })
	return c.pool(node).Run(ctx, wire.Query{ID: queryID, SQL: statement, Settings: settings})
}
