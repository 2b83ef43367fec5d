package sqlfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration/sqlfile"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

// twoByTwo is a cluster of two shards with two replicas each, without tables.
func twoByTwo() plan.Facts {
	f := plan.Facts{
		Cluster: "events", LocalCluster: "local", DistCluster: "dist", Database: "default",
		Nodes: map[string]plan.NodeFacts{}, Tables: map[string]plan.TableFacts{},
		Since: map[ops.Feature]ops.Version{ops.FeatureAlterOnCluster: {Major: 20, Minor: 3}},
	}
	for i := range 4 {
		n := journal.Node{Host: fmt.Sprintf("c%dr%d", i/2+1, i%2+1), Port: 9000, Shard: i/2 + 1, Replica: i%2 + 1}
		f.Local = append(f.Local, n)
		f.Nodes[n.Name()] = plan.NodeFacts{
			Version: ops.Version{Major: 26, Minor: 7},
			Macros:  map[string]string{"shard": fmt.Sprint(n.Shard), "replica": n.Host},
		}
		n.Shard, n.Replica = i+1, 1
		f.Dist = append(f.Dist, n)
	}
	return f
}

// planned says of each step who is asked, and what.
func planned(t *testing.T, facts plan.Facts, file string) string {
	t.Helper()
	m, err := sqlfile.Parse("0001_a.sql", []byte(file), events())
	if err != nil {
		t.Fatal(err)
	}
	sets, err := storageset.Assign(map[string][]storageset.Key{"events": {"events"}})
	if err != nil {
		t.Fatal(err)
	}
	steps, _, err := plan.New(sets, facts).Operations(m.Forward)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, step := range steps {
		who := "ON CLUSTER " + step.OnCluster
		if step.OnCluster == "" {
			who = "directly"
			for _, group := range step.Groups {
				who += fmt.Sprintf(" [%s]", strings.Join(hosts(group), " "))
			}
		}
		fmt.Fprintf(&b, "%s: %s\n", who, strings.Join(strings.Fields(step.Text), " "))
	}
	return b.String()
}

func hosts(nodes []journal.Node) []string {
	var names []string
	for _, n := range nodes {
		names = append(names, n.Host)
	}
	return names
}

// TestWhereBlocksGo: as written to one node, by ON CLUSTER, or where the statement
// does not say that, to the nodes of its target. Tables that an earlier block makes
// are known to later ones.
func TestWhereBlocksGo(t *testing.T) {
	const create = "CREATE TABLE {db}.t {on_cluster} (id UInt64) ENGINE = {replicated:MergeTree} ORDER BY id"
	const everyone = "[c1r1] [c1r2] [c2r1] [c2r2]"
	const made = "(id UInt64) ENGINE = ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/t', '{replica}') ORDER BY id\n"
	direct := strings.ReplaceAll(create, " {on_cluster}", "")
	file := func(blocks ...string) string {
		return "-- skein:up\n" + strings.Join(blocks, "\n") + "\n-- skein:down\n"
	}
	for _, test := range []struct{ name, file, want string }{
		{"bare", file("-- @stmt", "SELECT 1"), "directly [c1r1 c1r2 c2r1 c2r2]: SELECT 1\n"},
		{"its own ON CLUSTER", file("-- @stmt target=local", "DROP TABLE t ON CLUSTER x"), "directly [c1r1 c1r2 c2r1 c2r2]: DROP TABLE t ON CLUSTER x\n"},
		{"on_cluster", file("-- @stmt", create), "ON CLUSTER local: CREATE TABLE `default`.t ON CLUSTER 'local' " + made},
		{"direct", file("-- @stmt target=local", direct), "directly " + everyone + ": CREATE TABLE `default`.t " + made},
		{
			"distributed", file("-- @stmt target=distributed", "DROP TABLE d {on_cluster}", "-- @stmt target=distributed", "DROP TABLE d"),
			"ON CLUSTER dist: DROP TABLE d ON CLUSTER 'dist'\ndirectly " + everyone + ": DROP TABLE d\n",
		},
		{
			"alter of what was made", file("-- @stmt target=local", create, "-- @stmt target=local", "ALTER TABLE {db}.t ADD COLUMN c UInt8"),
			"ON CLUSTER local: CREATE TABLE `default`.t ON CLUSTER 'local' " + made +
				"directly [c1r1 c1r2] [c2r1 c2r2]: ALTER TABLE `default`.t ADD COLUMN c UInt8\n",
		},
		{
			"alter of what is not replicated", file("-- @stmt target=local", "CREATE TABLE t (id UInt8) ENGINE = Log", "-- @stmt target=local", "ALTER TABLE t {on_cluster} ADD COLUMN c UInt8"),
			"directly " + everyone + ": CREATE TABLE t (id UInt8) ENGINE = Log\ndirectly " + everyone + ": ALTER TABLE t ADD COLUMN c UInt8\n",
		},
		{"alter of what is nowhere", file("-- @stmt target=local", "ALTER TABLE t ADD COLUMN c UInt8"), `operation 1 (RunBlock): table default.t is on no node of cluster "events"`},
		{"one of each replica set", file("-- @stmt scope=one-per-replica-set", "INSERT INTO FUNCTION null('x UInt8') SELECT 1"), "directly [c1r1 c1r2] [c2r1 c2r2]: INSERT INTO FUNCTION null('x UInt8') SELECT 1\n"},
	} {
		if diff := cmp.Diff(test.want, planned(t, twoByTwo(), test.file)); diff != "" {
			t.Errorf("%s (-want +have):\n%s", test.name, diff)
		}
	}
	single := twoByTwo()
	single.SingleNode, single.Local, single.Dist = true, single.Local[:1], single.Dist[:1]
	single.LocalCluster, single.DistCluster = "", ""
	want := "directly [c1r1]: CREATE TABLE `default`.t (id UInt64) ENGINE = MergeTree ORDER BY id\n"
	if diff := cmp.Diff(want, planned(t, single, file("-- @stmt target=local", create, "-- @stmt target=distributed", "DROP TABLE d {on_cluster}"))); diff != "" {
		t.Errorf("a single node (-want +have):\n%s", diff)
	}
	if have := planned(t, single, file("-- @stmt target=local", "DROP TABLE t ON CLUSTER {cluster}")); !strings.Contains(have, "write {on_cluster}") {
		t.Errorf("{cluster} on a single node: %s", have)
	}
}
