package cluster

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Compare compares the tables of a configured cluster on all of its nodes. Nodes
// that cannot be read are in the report; that none can be is an error.
func (s *Set) Compare(ctx context.Context, inquiry compare.Inquiry) (compare.Report, error) {
	c, err := s.Cluster(ctx, inquiry.Cluster)
	if err != nil {
		return compare.Report{}, err
	}
	return c.compare(ctx, inquiry)
}

func (c *Cluster) compare(ctx context.Context, inquiry compare.Inquiry) (compare.Report, error) {
	homes := map[compare.Name]compare.Home{}
	databases := []string{c.options.Database}
	for name, home := range inquiry.Homes {
		if name.Database == "" {
			name.Database = c.options.Database
		}
		was := homes[name]
		homes[name] = compare.Home{Local: home.Local || was.Local, Query: home.Query || was.Query}
		databases = append(databases, name.Database)
	}
	slices.Sort(databases)
	all := c.All()
	nodes, silent := c.sheets(ctx, all, slices.Compact(databases))
	if err := ctx.Err(); err != nil {
		return compare.Report{}, err // an end by the user is no node's silence
	}
	if len(nodes) == 0 {
		return compare.Report{}, journal.Refusef("cluster %q: read the tables: %w", c.options.Name, first(all, silent))
	}
	if inquiry.Only {
		for i := range nodes {
			maps.DeleteFunc(nodes[i].Tables, func(name compare.Name, _ compare.Table) bool {
				_, meant := homes[ofView(name)]
				return !meant
			})
		}
	}
	// The lists are never nil: a program reads them as lists.
	report := compare.Report{
		Cluster: c.options.Name, Nodes: []string{}, Silent: []compare.Silent{},
		Versions: c.versions(nodes), Differences: []compare.Difference{},
	}
	for _, node := range nodes {
		report.Nodes = append(report.Nodes, node.Name)
	}
	for _, node := range slices.Sorted(maps.Keys(silent)) {
		why := silentDetail(node, silent[node])
		report.Silent = append(report.Silent, compare.Silent{Node: node, Why: strings.Replace(why.Why, "its replicas", "its tables", 1)})
	}
	tables, differences := compare.Nodes(nodes, homes)
	report.Tables, report.Differences = tables, append(report.Differences, differences...)
	return report, nil
}

// sheets reads all nodes at once, in their order, and says which cannot be read.
func (c *Cluster) sheets(ctx context.Context, all []journal.Node, databases []string) ([]compare.Node, map[string]error) {
	var mu sync.Mutex
	read := map[string]*printed{}
	texts := &vocabulary{known: map[string]string{}}
	silent := c.each(ctx, all, func(ctx context.Context, node journal.Node) error {
		ctx, cancel := context.WithTimeout(ctx, queryTimeout)
		defer cancel()
		facts, err := c.node(ctx, node.Name())
		if err != nil {
			return err
		}
		tables, err := c.prints(ctx, node.Name(), databases, texts)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		read[node.Name()] = &printed{node: node, macros: facts.Macros, tables: tables}
		return nil
	})
	var found []*printed
	for _, node := range all {
		if p, ok := read[node.Name()]; ok {
			found = append(found, p)
		}
	}
	sheets := c.sheetsOf(ctx, found, silent)
	var nodes []compare.Node
	for _, p := range found {
		if silent[p.node.Name()] == nil {
			nodes = append(nodes, c.nodeOf(p, sheets))
		}
	}
	return nodes, silent
}

func (c *Cluster) nodeOf(p *printed, sheets map[fingerprint]compare.Table) compare.Node {
	is := c.roles[p.node.Name()]
	out := compare.Node{
		Name: p.node.Name(), Local: is.local, Query: is.query,
		Macros: p.macros, Tables: make(map[compare.Name]compare.Table, len(p.tables)),
	}
	if out.Local {
		out.Shard = p.node.Shard // All takes the local cluster's word first
	}
	views := map[string]string{}
	for _, table := range p.tables {
		if table.uuid != "" {
			views[table.uuid] = table.fingerprint.name
		}
	}
	for _, table := range p.tables {
		alike, there := sheets[table.fingerprint]
		if !there {
			continue // dropped since
		}
		name := compare.Name{Database: table.fingerprint.database, Table: table.fingerprint.name}
		// What a view stores its rows in bears the UUID of the view.
		if id, is := strings.CutPrefix(name.Table, innerID); is && views[id] != "" {
			name.Table = innerName + views[id]
		}
		alike.Meets, alike.UUID = table.path, table.uuid
		out.Tables[name] = alike
	}
	return out
}

// ofView is the view of an inner table, or the name itself.
func ofView(name compare.Name) compare.Name {
	name.Table = strings.TrimPrefix(name.Table, innerName)
	return name
}

// The names of inner tables begin so: with the view's name, or with its UUID.
const (
	innerName = ".inner."
	innerID   = ".inner_id."
)

// versions are those of the nodes, if they differ.
func (c *Cluster) versions(nodes []compare.Node) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	versions, seen := map[string]string{}, map[ops.Version]bool{}
	for _, node := range nodes {
		version := c.facts[node.Name].Version
		versions[node.Name], seen[version] = version.String(), true
	}
	if len(seen) < 2 {
		return nil
	}
	return versions
}
