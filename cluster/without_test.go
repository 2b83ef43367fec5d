package cluster

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// fourNodes are two shards of two replicas, a1 and a2, b1 and b2.
func fourNodes(without ...string) *Cluster {
	c := &Cluster{options: Options{Name: "main", Without: without}}
	for shard, name := range []string{"a", "b"} {
		for replica, number := range []string{"1", "2"} {
			c.local = append(c.local, journal.Node{Host: name + number, Port: 9000, Shard: shard + 1, Replica: replica + 1})
		}
	}
	c.dist = c.local
	return c
}

func TestAShardKeepsANode(t *testing.T) {
	c := fourNodes("b2:9000", "a1:9000", "elsewhere:9000")
	if err := c.leaveOut(); err != nil {
		t.Fatal(err)
	}
	if have := strings.Join(journal.Names(c.All()), " "); have != "a2:9000 b1:9000" {
		t.Errorf("left are %s", have)
	}
	if have := strings.Join(journal.Names(c.LeftOut(ops.Local)), " "); have != "a1:9000 b2:9000" {
		t.Errorf("left out are %s", have)
	}
	err := fourNodes("b1:9000", "b2:9000").leaveOut()
	if err == nil || !strings.Contains(err.Error(), "shard 2 would have no node left") {
		t.Errorf("%v", err)
	}
}

// Missing replicas are forgiven as far as nodes are left out of their own set.
func TestInactiveReplicasOfNodesThatAreLeftOut(t *testing.T) {
	c := fourNodes("b2:9000")
	if err := c.leaveOut(); err != nil {
		t.Fatal(err)
	}
	row := func(node, path string, active, total int) replicaRow {
		return replicaRow{node: node, path: path, active: active, total: total, database: "default", table: "t"}
	}
	for name, test := range map[string]struct {
		rows []replicaRow
		bad  bool
	}{
		"the one left out":               {[]replicaRow{row("a1:9000", "/1", 2, 2), row("a2:9000", "/1", 2, 2), row("b1:9000", "/2", 1, 2)}, false},
		"of another shard":               {[]replicaRow{row("a1:9000", "/1", 1, 2), row("a2:9000", "/1", 1, 2), row("b1:9000", "/2", 1, 2)}, true},
		"more than are left out":         {[]replicaRow{row("b1:9000", "/2", 1, 3)}, true},
		"of one set over all":            {[]replicaRow{row("a1:9000", "/all", 3, 4), row("a2:9000", "/all", 3, 4), row("b1:9000", "/all", 3, 4)}, false},
		"one that answers is not active": {[]replicaRow{row("a1:9000", "/all", 2, 3), row("a2:9000", "/all", 2, 3), row("b1:9000", "/all", 2, 3)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if found, bad := c.judge(test.rows, nil); bad != test.bad {
				t.Errorf("%v, %+v", bad, found)
			}
		})
	}
}

func TestANeighboursTableUnderItsOwnName(t *testing.T) {
	created := ops.Created{
		Table: ops.Table{Database: "default", Name: "t"}, Engine: "ReplicatedMergeTree",
		Path: "/tables/{shard}/t", Replica: "{replica}",
	}
	for create, want := range map[string]string{
		`CREATE TABLE default.u ( id UInt64,  e String DEFAULT 'ENGINE = x') ENGINE = ReplicatedMergeTree('/tables/2/t', 'b1') ORDER BY id`: "CREATE TABLE `default`.`t` ( id UInt64,  e String DEFAULT 'ENGINE = x') " +
			`ENGINE = ReplicatedMergeTree('/tables/{shard}/t', '{replica}') ORDER BY id`,
		`CREATE TABLE default.u (id UInt64) ENGINE = ReplicatedReplacingMergeTree('/tables/2/t', 'b1', v) ORDER BY id`: "CREATE TABLE `default`.`t` (id UInt64) " +
			`ENGINE = ReplicatedReplacingMergeTree('/tables/{shard}/t', '{replica}', v) ORDER BY id`,
		`CREATE TABLE default.u (id UInt64) ENGINE = ReplicatedMergeTree ORDER BY id`: "CREATE TABLE `default`.`t` (id UInt64) ENGINE = ReplicatedMergeTree ORDER BY id",
	} {
		if have := reproduced(create, created); have != want {
			t.Errorf("%s\nwant\n%s", have, want)
		}
	}
}

func TestNobodyWaitsForANodeThatIsLeftOut(t *testing.T) {
	c := fourNodes("b2:9000")
	if err := c.leaveOut(); err != nil {
		t.Fatal(err)
	}
	names := []string{"alter_sync", "mutations_sync", "replication_alter_columns_timeout"}
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	for _, setting := range c.settings(known, ops.Statement{}, false) {
		if setting.Value != "1" {
			t.Errorf("%s = %s", setting.Name, setting.Value)
		}
	}
}

func TestLateReplicas(t *testing.T) {
	for text, want := range map[string]string{
		"Alter is not finished because some replicas are inactive right now: s2r2. Alter will be done asynchronously.":                                                                                       "s2r2",
		"Alter is not finished because timeout when waiting for some replicas: s2r2 (replication_alter_columns_timeout = 1). Alter will be done asynchronously.":                                             "s2r2",
		"Alter is not finished because some replicas are inactive right now: a, b-1; timeout when waiting for some replicas: c (replication_alter_columns_timeout = 60). Alter will be done asynchronously.": "a b-1 c",
		"Alter is not finished": "",
	} {
		if got := strings.Join(lateReplicas(text), " "); got != want {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
}
