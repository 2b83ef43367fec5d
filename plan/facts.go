// Package plan turns operations into steps: statements with every decision
// made — nodes, ON CLUSTER or direct, final text. It is pure: facts about the
// clusters in, steps out. What a plan prints is what runs.
package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Facts are what is known of one configured cluster when a plan is made.
type Facts struct {
	Cluster      string // the configured name
	SingleNode   bool
	LocalCluster string // cluster_name
	DistCluster  string // distributed_cluster_name
	Database     string
	Direct       bool // ddl: direct, never ON CLUSTER

	Local, Dist []journal.Node
	// LeftLocal and LeftDist are the nodes that the run goes on without. They are
	// not in Local and Dist, and nothing is known of them.
	LeftLocal, LeftDist []journal.Node
	Nodes               map[string]NodeFacts        // by node name
	Tables              map[string]TableFacts       // by "database.table"
	Databases           map[string]string           // engines by name
	Since               map[ops.Feature]ops.Version // since when a feature exists
	// Secrets are those that are configured, with why one cannot be read; empty if it can.
	Secrets map[string]string
	// Variables are those of the environment, which {env:NAME} names.
	Variables map[string]string
	// Shared storages are written by one node for all.
	Shared map[ops.Storage]bool

	ReplicaMacro, UnshardedReplica string
	Paths                          map[string]string
}

// NodeFacts are what one server says of itself.
type NodeFacts struct {
	Version  ops.Version
	Settings map[string]bool
	Macros   map[string]string
}

// TableFacts are what the nodes of one cluster say of one table.
type TableFacts struct {
	Engine string
	// Sets are its replica sets, as node names. A table that is not Replicated
	// has a set for each node.
	Sets [][]string
}

// NodesOf lists the nodes of a target.
func (f *Facts) NodesOf(target ops.Target) []journal.Node {
	if target == ops.Distributed {
		return f.Dist
	}
	return f.Local
}

// LeftOut lists the nodes of a target that the run goes on without.
func (f *Facts) LeftOut(target ops.Target) []journal.Node {
	if target == ops.Distributed {
		return f.LeftDist
	}
	return f.LeftLocal
}

// OnClusterName is the name that ON CLUSTER takes for a target.
func (f *Facts) OnClusterName(target ops.Target) string {
	if target == ops.Distributed {
		return f.DistCluster
	}
	return f.LocalCluster
}

// Env is what operations render from: what all nodes of a target have.
func (f *Facts) Env(target ops.Target) ops.Env {
	env := ops.Env{
		SingleNode:       f.SingleNode,
		LocalCluster:     f.LocalCluster,
		DistCluster:      f.DistCluster,
		Database:         f.Database,
		ReplicaMacro:     f.ReplicaMacro,
		UnshardedReplica: f.UnshardedReplica,
		Paths:            f.Paths,
		Variables:        f.Variables,
		Features:         map[ops.Feature]bool{},
		Settings:         map[string]bool{},
	}
	nodes := f.NodesOf(target)
	if len(nodes) == 0 {
		return env
	}
	first := f.Nodes[nodes[0].Name()]
	env.Version = first.Version
	for name := range first.Settings {
		env.Settings[name] = true
	}
	// Nodes of one build have one map between them, of more than a thousand names.
	seen := map[uintptr]bool{reflect.ValueOf(first.Settings).Pointer(): true}
	for _, node := range nodes[1:] {
		facts := f.Nodes[node.Name()]
		if facts.Version.Less(env.Version) {
			env.Version = facts.Version
		}
		at := reflect.ValueOf(facts.Settings).Pointer()
		if seen[at] {
			continue
		}
		seen[at] = true
		for name := range env.Settings {
			if !facts.Settings[name] {
				delete(env.Settings, name)
			}
		}
	}
	for feature, since := range f.Since {
		env.Features[feature] = !env.Version.Less(since)
	}
	return env
}

// lacking names the first node of a target that is older than a feature.
func (f *Facts) lacking(target ops.Target, feature ops.Feature) string {
	since, known := f.Since[feature]
	for _, node := range f.NodesOf(target) {
		version := f.Nodes[node.Name()].Version
		if known && version.Less(since) {
			return fmt.Sprintf("ClickHouse %d.%d for %s; %s runs %s",
				since.Major, since.Minor, feature, node.Name(), version)
		}
	}
	return string(feature) + ", which no released version is known to have"
}

// created says what a table will be once its CREATE has run, so that later
// statements of the same plan can be decided before any server has it.
func (f *Facts) created(c ops.Created, nodes []journal.Node) TableFacts {
	facts := TableFacts{Engine: c.Engine}
	if c.Path == "" {
		for _, node := range nodes {
			facts.Sets = append(facts.Sets, []string{node.Name()})
		}
		return facts
	}
	// The path with a node's own macros is what makes nodes one replica set.
	bySet := map[string][]string{}
	var order []string
	for _, node := range nodes {
		path := f.expand(c.Path, node)
		if _, known := bySet[path]; !known {
			order = append(order, path)
		}
		bySet[path] = append(bySet[path], node.Name())
	}
	for _, path := range order {
		facts.Sets = append(facts.Sets, bySet[path])
	}
	return facts
}

// expand replaces a node's macros, as the server does.
func (f *Facts) expand(text string, node journal.Node) string {
	for name, value := range f.Nodes[node.Name()].Macros {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// checkReplicas refuses a Replicated table two of whose nodes would take the
// same replica name under the same path, or whose macros nodes lack. All such
// nodes are named.
func (f *Facts) checkReplicas(c ops.Created, nodes []journal.Node) error {
	if c.Path == "" {
		return nil
	}
	taken := map[string]string{}
	var lacking, same []string
	for _, node := range nodes {
		path, replica := builtin(c.Table, f.expand(c.Path, node)), builtin(c.Table, f.expand(c.Replica, node))
		if macros := unexpanded(path + " " + replica); len(macros) > 0 {
			lacking = append(lacking, node.Name()+"  "+strings.Join(macros, ", "))
			continue
		}
		key := path + "\x00" + replica
		if other, dup := taken[key]; dup {
			same = append(same, fmt.Sprintf("nodes %s and %s would both be replica %q of %s", other, node.Name(), replica, path))
			continue
		}
		taken[key] = node.Name()
	}
	switch {
	case len(lacking) > 0:
		return journal.Refusef("table %s: its path in ZooKeeper or its replica name has macros that nodes lack, nothing was changed\n  %s\n"+
			"Add them to <macros> in the configuration of these servers, such as <macros><shard>1</shard><replica>ch-1</replica></macros>. "+
			"SELECT * FROM system.macros shows what a node has", c.Table, strings.Join(lacking, "\n  "))
	case len(same) == 0:
		return nil
	case strings.Contains(c.Path, "{shard}"):
		return journal.Refusef("table %s: %s, nothing was changed. "+
			"Give each replica of a shard a <replica> of its own, and each shard its <shard>, in <macros> of these servers' configuration",
			c.Table, strings.Join(same, ", "))
	}
	return journal.Refusef("table %s: %s: "+
		"give them different names, for instance with unsharded_replica: \"{shard}-{replica}\" in clusters[%s]",
		c.Table, strings.Join(same, ", "), f.Cluster)
}

// builtin fills what newer servers know by themselves.
func builtin(table ops.Table, text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return strings.NewReplacer("{database}", table.Database, "{table}", table.Name, "{uuid}", "uuid").Replace(text)
}

// unexpanded lists the macros that a text still has, each once.
func unexpanded(text string) []string {
	var out []string
	for {
		_, rest, open := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !open || !closed {
			return out
		}
		if macro := "{" + name + "}"; !slices.Contains(out, macro) {
			out = append(out, macro)
		}
		text = after
	}
}

// checkDatabases refuses what would change a table of a Replicated database:
// such a database sends the statement to its nodes itself, and skein would send
// it to each of them again.
func (f *Facts) checkDatabases(stmt *ops.Statement) error {
	for _, table := range stmt.Writes {
		if f.Databases[table.Database] == "Replicated" {
			return journal.Refusef("%s: database %s has the engine Replicated, which spreads DDL by itself; skein does not support that yet: "+
				"use a database of another engine, such as Atomic", stmt.Summary, table.Database)
		}
	}
	return nil
}

// checkSecrets refuses a statement that names a secret which is not there: it
// would fail half-way.
func (f *Facts) checkSecrets(stmt *ops.Statement) error {
	for _, name := range append(ops.SecretsIn(stmt.Head), ops.SecretsIn(stmt.Tail)...) {
		problem, configured := f.Secrets[name]
		switch {
		case !configured:
			return journal.Usagef("%s: secret %q is not configured: add it to secrets, such as %s: env:NAME", stmt.Summary, name, name)
		case problem != "":
			return journal.Usagef("%s: secret %q: %s", stmt.Summary, name, problem)
		}
	}
	return nil
}
