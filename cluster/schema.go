package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/dump"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Schema reads what a configured cluster has in its database: of its first local
// node, and of its first query node that is no local one. With a node named, of that
// one alone. Which nodes have what is read of all. Whether they have it alike is for
// Compare to say, and asked before.
func (s *Set) Schema(ctx context.Context, cluster, node string) (dump.Schema, error) {
	c, err := s.Cluster(ctx, cluster)
	if err != nil {
		return dump.Schema{}, err
	}
	facts, err := c.Facts(ctx)
	if err != nil {
		return dump.Schema{}, err
	}
	from, err := c.readFrom(node)
	if err != nil {
		return dump.Schema{}, err
	}
	schema := dump.Schema{
		Database: c.options.Database, SingleNode: c.options.SingleNode,
		Local: namesOf(c.local), Query: namesOf(c.dist), Envs: map[ops.Target]ops.Env{},
	}
	for _, target := range []ops.Target{ops.Local, ops.Distributed} {
		schema.Envs[target] = facts.Env(target)
	}
	schema.Version = schema.Envs[ops.Local].Version
	seen := map[string]dump.Object{}
	var texts []string
	for i, name := range from {
		read, err := c.readSchema(ctx, name, c.options.Database)
		if err != nil {
			return dump.Schema{}, fmt.Errorf("read the schema of %s: %w", name, err)
		}
		texts = append(texts, fmt.Sprintf("%s (%s)", name, facts.Nodes[name].Version))
		if facts.Nodes[name].Version.Less(schema.Version) {
			schema.Version = facts.Nodes[name].Version
		}
		for _, object := range read.tables {
			object.Nodes = having(facts, c.options.Database+"."+object.Name)
			if before, twice := seen[object.Name]; twice {
				if before.Create == object.Create {
					continue
				}
				// A local table, and another of its name on the query nodes.
				object.Nodes = slices.DeleteFunc(object.Nodes, func(n string) bool { return slices.Contains(schema.Local, n) })
				at := slices.IndexFunc(schema.Objects, func(o dump.Object) bool { return o.Name == object.Name })
				schema.Objects[at].Nodes = slices.DeleteFunc(slices.Clone(before.Nodes), func(n string) bool { return !slices.Contains(schema.Local, n) })
			}
			seen[object.Name] = object
			schema.Objects = append(schema.Objects, object)
		}
		for _, f := range read.functions {
			f.Nodes = schema.Local
			if at := slices.IndexFunc(schema.Functions, func(o dump.Object) bool { return o.Name == f.Name && o.Create == f.Create }); at >= 0 {
				schema.Functions[at].Nodes = slices.Concat(schema.Local, schema.Query)
				continue
			}
			if i > 0 {
				f.Nodes = schema.Query
			}
			schema.Functions = append(schema.Functions, f)
		}
	}
	schema.From = strings.Join(texts, " and ")
	return schema, nil
}

// readFrom are the nodes that are read.
func (c *Cluster) readFrom(node string) ([]string, error) {
	all := namesOf(c.All())
	if node != "" {
		if !slices.Contains(all, node) {
			return nil, journal.Usagef("cluster %q has no node %s (there are: %s)", c.options.Name, node, strings.Join(all, ", "))
		}
		return []string{node}, nil
	}
	local := namesOf(c.local)
	if len(local) == 0 {
		return nil, journal.Refusef("cluster %q has no local nodes", c.options.Name)
	}
	from := local[:1:1]
	for _, n := range namesOf(c.dist) {
		if !slices.Contains(local, n) {
			return append(from, n), nil
		}
	}
	return from, nil
}

func namesOf(nodes []journal.Node) []string {
	names := make([]string, len(nodes))
	for i, node := range nodes {
		names[i] = node.Name()
	}
	return names
}

// having lists the nodes that have a table.
func having(facts plan.Facts, table string) []string {
	var nodes []string
	for _, set := range facts.Tables[table].Sets {
		nodes = append(nodes, set...)
	}
	slices.Sort(nodes)
	return nodes
}

// onNode is what a node has.
type onNode struct{ tables, functions []dump.Object }

// The names of tables that a refresh fills, before it puts them in the place of
// others, begin so.
const (
	refreshing      = "_tmp_replace_"
	refreshingInner = ".tmp.inner"
)

// readSchema reads the CREATE texts of a node. What a view keeps its rows in is
// the view's.
func (c *Cluster) readSchema(ctx context.Context, node, database string) (onNode, error) {
	facts, err := c.node(ctx, node)
	if err != nil {
		return onNode{}, err
	}
	states, err := c.tables(ctx, node, inDatabases([]string{database}), 0)
	if err != nil {
		return onNode{}, err
	}
	var read onNode
	for _, key := range slices.Sorted(maps.Keys(states)) {
		state := states[key]
		if slices.ContainsFunc([]string{innerName, innerID, refreshing, refreshingInner}, func(own string) bool { return strings.HasPrefix(state.name, own) }) {
			continue
		}
		read.tables = append(read.tables, dump.Object{
			Name: state.name, Engine: state.engine, Create: state.createQuery, Comment: state.comment,
		})
	}
	if facts.Version.Less(Since()[ops.FeatureFunctions]) {
		return read, nil
	}
	rows, err := c.Query(ctx, node, "SELECT name, create_query FROM system.functions WHERE origin = 'SQLUserDefined' ORDER BY name")
	if err != nil {
		return onNode{}, err
	}
	for _, row := range rows {
		read.functions = append(read.functions, dump.Object{Name: row[0], Create: row[1]})
	}
	return read, nil
}

// Elsewhere lists databases, other than the cluster's, in which a node has tables.
func (s *Set) Elsewhere(ctx context.Context, cluster string) ([]string, error) {
	c, err := s.Cluster(ctx, cluster)
	if err != nil {
		return nil, err
	}
	rows, err := c.Query(ctx, c.All()[0].Name(), "SELECT DISTINCT database FROM system.tables WHERE database NOT IN "+
		"('system', 'INFORMATION_SCHEMA', 'information_schema', "+ops.String(c.options.Database)+") AND database != '' ORDER BY database")
	if err != nil {
		return nil, err
	}
	databases := make([]string, len(rows))
	for i, row := range rows {
		databases[i] = row[0]
	}
	return databases, nil
}
