package integration

import (
	"os"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// Only the query nodes have Distributed tables, where there are fewer of them.
func TestFewerQueryNodesThanNodes(t *testing.T) {
	t.Parallel()
	c := testcluster.Own(t, testcluster.Options{QueryNodes: 1})
	s := examples(t, c)
	s.Must(0, "migrate", "--force")
	for i, n := range c.Nodes {
		tables := strings.Join(s.tables(n), " ")
		if has := strings.Contains(tables, "events_dist"); has != (i == 0) {
			t.Errorf("%s has %s", n.Name, tables)
		}
		if !strings.Contains(tables, "events_local") {
			t.Errorf("%s has %s", n.Name, tables)
		}
	}
	s.Must(0, "revert", "--force")
	for _, n := range c.Nodes {
		if names := s.tables(n); len(names) > 0 {
			t.Errorf("%s still has %v", n.Name, names)
		}
	}
}

// Without distributed_cluster_name the local nodes are the query nodes, in a
// cluster whose shards replicate: ALTERs of Distributed tables go directly (371).
func TestWithoutADistributedClusterName(t *testing.T) {
	t.Parallel()
	s := examples(t, servers.cluster.Cluster(t))
	s.Edit("    distributed_cluster_name: skein_dist\n", "")
	s.Must(0, "migrate", "--force")
	for _, name := range exampleTables {
		s.everywhere("DESCRIBE TABLE " + name)
	}
	s.Must(0, "revert", "--force")
}

// The state is on one configured cluster, a group's tables on another: here two
// databases of the same servers.
func TestGroupOnAnotherClusterThanTheState(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	s := examples(t, c)
	for _, n := range c.Nodes {
		exec(t, n, "CREATE DATABASE IF NOT EXISTS other")
	}
	text, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	head, tail, _ := strings.Cut(string(text), "coordination:")
	_, cluster, _ := strings.Cut(head, "clusters:\n")
	second := strings.NewReplacer("name: dev", "name: other", "database: default", "database: other",
		"[migrations, events, transactions]", "[transactions]").Replace(cluster)
	first := strings.Replace(head, "[migrations, events, transactions]", "[migrations, events]", 1)
	s.Write(first + second + "coordination:" + tail)
	s.Must(0, "migrate", "--force")
	for _, n := range c.Nodes {
		if got := query(t, n, "EXISTS TABLE other.transactions_local")[0][0]; got != "1" {
			t.Errorf("%s has no other.transactions_local", n.Name)
		}
		if got := strings.Join(s.tables(n), " "); strings.Contains(got, "transactions") || !strings.Contains(got, "events_local") {
			t.Errorf("%s has %s in default", n.Name, got)
		}
	}
	s.Must(0, "revert", "--force")
}
