package plan_test

import (
	"fmt"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

// node names its shard and replica: c2r1 is the first replica of shard 2.
func node(shard, replica int) journal.Node {
	return journal.Node{Host: fmt.Sprintf("c%dr%d", shard, replica), Port: 9000, Shard: shard, Replica: replica}
}

// cluster is shards × replicas with a flat cluster of all its nodes over it,
// like skein_local and skein_dist, and no tables.
func cluster(shards, replicas int) plan.Facts {
	f := plan.Facts{
		Cluster: "events", LocalCluster: "local", DistCluster: "dist", Database: "default",
		Nodes: map[string]plan.NodeFacts{}, Tables: map[string]plan.TableFacts{},
		Since: map[ops.Feature]ops.Version{ops.FeatureIndexes: {Major: 20, Minor: 1}, ops.FeatureAlterOnCluster: {Major: 20, Minor: 3}},
	}
	for shard := 1; shard <= shards; shard++ {
		for replica := 1; replica <= replicas; replica++ {
			n := node(shard, replica)
			f.Local = append(f.Local, n)
			f.Nodes[n.Name()] = plan.NodeFacts{
				Version:  ops.Version{Major: 26, Minor: 7},
				Settings: map[string]bool{"alter_sync": true},
				Macros:   map[string]string{"shard": fmt.Sprint(shard), "replica": fmt.Sprintf("c%dr%d", shard, replica)},
			}
			n.Shard, n.Replica = len(f.Dist)+1, 1
			f.Dist = append(f.Dist, n)
		}
	}
	return f
}

func single() plan.Facts {
	f := cluster(1, 1)
	f.SingleNode, f.LocalCluster, f.DistCluster = true, "", ""
	return f
}

// with adds a table to the facts, by its replica sets.
func with(f plan.Facts, table, engine string, sets ...[]string) plan.Facts {
	f.Tables["default."+table] = plan.TableFacts{Engine: engine, Sets: sets}
	return f
}

func planner(t *testing.T, facts plan.Facts) *plan.Planner {
	t.Helper()
	sets, err := storageset.Assign(map[string][]storageset.Key{facts.Cluster: {"events"}})
	if err != nil {
		t.Fatal(err)
	}
	return plan.New(sets, facts)
}

func steps(t *testing.T, facts plan.Facts, operations ...ops.Operation) []plan.Step {
	t.Helper()
	made, _, err := planner(t, facts).Operations(operations)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func columns() []ops.Column { return []ops.Column{{Name: "id", Type: "UInt64"}} }

func create(name string, change ...func(*ops.Engine)) ops.CreateTable {
	engine := ops.Engine{Kind: ops.MergeTree, OrderBy: "id"}
	for _, f := range change {
		f(&engine)
	}
	return ops.CreateTable{Table: ops.LocalTable("events", name), Columns: columns(), Engine: engine}
}

func unsharded(e *ops.Engine) { e.Unsharded = true }
func localOnly(e *ops.Engine) { e.LocalOnly = true }

func createDist(name string) ops.CreateTable {
	return ops.CreateTable{
		Table: ops.DistributedTable("events", name), Columns: columns(),
		Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: "t"},
	}
}

func addColumn(table ops.Table) ops.AddColumn {
	return ops.AddColumn{Table: table, Column: ops.Column{Name: "x", Type: "UInt8"}}
}

// groups shows who is asked: the hosts of each group.
func groups(step plan.Step) [][]string {
	var out [][]string
	for _, group := range step.Groups {
		var hosts []string
		for _, n := range group {
			hosts = append(hosts, n.Host)
		}
		out = append(out, hosts)
	}
	return out
}
