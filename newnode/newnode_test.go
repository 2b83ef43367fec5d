package newnode_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/newnode"
)

func replicated(path, replica string) newnode.Object {
	return newnode.Object{
		Database: "d", Name: "t", Engine: "ReplicatedMergeTree", UUID: "11111111-2222-3333-4444-555555555555",
		Create: "CREATE TABLE d.t UUID '11111111-2222-3333-4444-555555555555' (`id` UInt64) ENGINE = ReplicatedMergeTree('" + path + "', '" + replica + "') ORDER BY id",
	}
}

func node(name string, shard int, shardMacro string, objects ...newnode.Object) newnode.Node {
	return newnode.Node{
		Name: name, Shard: shard, Macros: map[string]string{"shard": shardMacro, "replica": name},
		Databases: []newnode.Database{{Name: "d", Engine: "Atomic"}}, Objects: objects,
	}
}

// Paths by the node's own macros: what goes to the right place, and what would not.
func TestReplicatedTablesGoToThePathOfTheirShard(t *testing.T) {
	shards := map[string]int{"a": 1, "b": 2}
	each := map[string]string{"a": "/t/1/d/t", "b": "/t/2/d/t"}
	all := map[string]string{"a": "/t/all/d/t", "b": "/t/all/d/t"}
	for name, test := range map[string]struct {
		object   newnode.Object
		paths    map[string]string
		node     newnode.Node
		want     string // arguments of the engine
		conflict string
	}{
		"macros":                       {replicated("/t/{shard}/d/t", "{replica}"), each, node("c", 1, "1"), "('/t/{shard}/d/t', '{replica}')", ""},
		"database and table":           {replicated("/t/{shard}/{database}/{table}", "{replica}"), each, node("c", 1, "1"), "('/t/{shard}/{database}/{table}', '{replica}')", ""},
		"a replica written out":        {replicated("/t/{shard}/d/t", "a"), each, node("c", 1, "1"), "('/t/{shard}/d/t', '{replica}')", ""},
		"a path written out":           {replicated("/t/1/d/t", "a"), each, node("c", 1, "1"), "('/t/1/d/t', '{replica}')", ""},
		"the macro of another shard":   {replicated("/t/{shard}/d/t", "{replica}"), each, node("c", 1, "2"), "", "its path in ZooKeeper would be /t/2/d/t, and that of its shard is /t/1/d/t"},
		"no macro":                     {replicated("/t/{layer}/d/t", "{replica}"), each, node("c", 1, "1"), "", "c lacks the macro {layer}"},
		"first of its shard":           {replicated("/t/{shard}/d/t", "{replica}"), each, node("c", 3, "3"), "('/t/{shard}/d/t', '{replica}')", ""},
		"first, with another's macro":  {replicated("/t/{shard}/d/t", "{replica}"), each, node("c", 3, "2"), "", "c is the first of shard 3, and its path in ZooKeeper would be /t/2/d/t"},
		"first, with a path of one":    {replicated("/t/1/d/t", "{replica}"), each, node("c", 3, "3"), "", "that of another shard"},
		"first, one table for all":     {replicated("/t/all/d/t", "{replica}"), all, node("c", 3, "3"), "('/t/all/d/t', '{replica}')", ""},
		"UUID in the path":             {replicated("/t/{uuid}/{shard}", "{replica}"), map[string]string{"a": "/t/11111111-2222-3333-4444-555555555555/1"}, node("c", 1, "1"), "('/t/11111111-2222-3333-4444-555555555555/{shard}', '{replica}')", ""},
		"second shard of a cluster":    {replicated("/t/1/d/t", "{replica}"), map[string]string{"a": "/t/1/d/t"}, node("c", 3, "3"), "", "that of another shard"},
		"second shard, for all shards": {replicated("/t/all/d/t", "{replica}"), map[string]string{"a": "/t/all/d/t"}, node("c", 3, "3"), "('/t/all/d/t', '{replica}')", ""},
	} {
		p := newnode.Compare(node("a", 1, "1", test.object), test.node, map[string]map[string]string{"d.t": test.paths}, shards)
		switch {
		case test.conflict != "" && (len(p.Conflicts) != 1 || !strings.Contains(p.Conflicts[0], test.conflict)):
			t.Errorf("%s: conflicts %q, want %q", name, p.Conflicts, test.conflict)
		case test.conflict == "" && len(p.Conflicts) > 0:
			t.Errorf("%s: %q", name, p.Conflicts)
		case test.conflict == "" && p.Make[0].Statement != "CREATE TABLE d.t (`id` UInt64) ENGINE = ReplicatedMergeTree"+test.want+" ORDER BY id":
			t.Errorf("%s: %s", name, p.Make[0].Statement)
		}
	}
}

func TestWhatIsThereIsComparedWithoutItsUUID(t *testing.T) {
	table := func(uuid, typ string) newnode.Object {
		return newnode.Object{Database: "d", Name: "m", Engine: "MergeTree", Create: "CREATE TABLE d.m UUID '" + uuid + "' (`id` " + typ + ") ENGINE = MergeTree ORDER BY id"}
	}
	source := node("a", 1, "1", table("11111111-2222-3333-4444-555555555555", "UInt64"))
	same := newnode.Compare(source, node("c", 1, "1", table("99999999-2222-3333-4444-555555555555", "UInt64")), nil, nil)
	if len(same.Conflicts)+len(same.Make) > 0 || same.There != 2 {
		t.Errorf("the same table: %+v", same)
	}
	other := newnode.Compare(source, node("c", 1, "1", table("11111111-2222-3333-4444-555555555555", "UInt32")), nil, nil)
	if diff := cmp.Diff([]string{"d.m is there already, and is not as on a"}, other.Conflicts); diff != "" {
		t.Errorf("another table (-want +got):\n%s", diff)
	}
	bare := node("c", 1, "1", newnode.Object{Database: "d", Name: "own"})
	bare.Databases = []newnode.Database{{Name: "d", Engine: "Ordinary"}}
	if p := newnode.Compare(source, bare, nil, nil); len(p.Conflicts) != 1 || !strings.Contains(p.Conflicts[0], "engine Ordinary, and Atomic on a") ||
		!strings.Contains(strings.Join(p.Notes, " "), "d.own is on c and not on a") {
		t.Errorf("another engine: %+v", p)
	}
}

func TestKindsComeInOrderAndSecretsAreLeftOut(t *testing.T) {
	of := func(name, engine, verb string) newnode.Object {
		return newnode.Object{Database: "d", Name: name, Engine: engine, Create: "CREATE " + verb + " d." + name + " AS x"}
	}
	hidden := of("kafka", "Kafka", "TABLE")
	hidden.Create += " SETTINGS kafka_sasl_password = '[HIDDEN]'"
	source := node("a", 1, "1",
		of("a_mv", "MaterializedView", "MATERIALIZED VIEW"), of("b_view", "View", "VIEW"), of("c_dict", "Dictionary", "DICTIONARY"),
		of("d_dist", "Distributed", "TABLE"), of("e_table", "MergeTree", "TABLE"), hidden)
	source.Functions = []newnode.Object{{Name: "f", Create: "CREATE FUNCTION f AS x -> x"}}
	source.Databases = append(source.Databases, newnode.Database{Name: "remote", Engine: "MySQL('h', 'd', 'u', '[HIDDEN]')"})
	source.Objects = append(source.Objects, newnode.Object{Database: "remote", Name: "x", Engine: "MySQL"})
	fresh := newnode.Node{Name: "c", Shard: 1}
	p := newnode.Compare(source, fresh, nil, nil)
	var order []string
	for _, m := range p.Make {
		order = append(order, m.What)
	}
	want := []string{"database d", "function f", "d.e_table", "d.d_dist", "d.c_dict", "d.b_view", "d.a_mv"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if len(p.LeftOut) != 2 || !strings.Contains(p.LeftOut[0], "database remote has the engine MySQL") || !strings.Contains(p.LeftOut[1], "d.kafka: its definition has a secret") {
		t.Errorf("left out: %q", p.LeftOut)
	}
	if diff := cmp.Diff([]string{"CREATE DATABASE d", "CREATE FUNCTION f", "CREATE TABLE d.e_table"}, []string{p.Make[0].Summary(), p.Make[1].Summary(), p.Make[2].Summary()}); diff != "" {
		t.Error(diff)
	}
}
