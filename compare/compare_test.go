package compare_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/compare"
)

var events = compare.Name{Database: "default", Table: "events"}

// table makes one of an engine and of parts such as "column id=UInt64".
func table(engine string, parts ...string) compare.Table {
	t := compare.Table{Engine: engine, Parts: map[compare.Part]compare.Value{{Kind: compare.KindEngine}: compare.Text(engine)}}
	for _, part := range parts {
		what, text, _ := strings.Cut(part, "=")
		kind, name, _ := strings.Cut(what, " ")
		t.Parts[compare.Part{Kind: compare.Kind(kind), Name: name}] = compare.Text(text)
		if compare.Kind(kind) == compare.KindColumn {
			t.Columns = append(t.Columns, name)
		}
	}
	return t
}

func at(path, replica, meets string) compare.Table {
	t := table("ReplicatedMergeTree", "column id=UInt64")
	t.Replica, t.Meets = &compare.Replica{Path: path, Name: replica}, meets
	return t
}

// none is a node without the table.
var none = compare.Table{}

// twoByTwo is n1 to n4: two shards of two replicas, local and query nodes in one.
func twoByTwo(tables ...compare.Table) []compare.Node {
	nodes := make([]compare.Node, len(tables))
	for i, t := range tables {
		nodes[i] = compare.Node{
			Name: fmt.Sprintf("n%d", i+1), Local: true, Query: true, Shard: i/2 + 1, Tables: map[compare.Name]compare.Table{},
			Macros: map[string]string{"shard": fmt.Sprintf("0%d", i/2+1), "replica": fmt.Sprintf("r-%d", i+1)},
		}
		if t.Engine != "" {
			nodes[i].Tables[events] = t
		}
	}
	return nodes
}

// said is a difference in one line.
func said(differences []compare.Difference) []string {
	var out []string
	for _, d := range differences {
		out = append(out, fmt.Sprintf("%s %s %s: %q, not %q as %s", d.Name, d.Node, d.What, d.Has, d.Most, strings.Join(d.MostNodes, " ")))
	}
	return out
}

func TestTheNodeThatIsNotLikeMostIsNamed(t *testing.T) {
	plain := table("MergeTree", "column id=UInt64", "column x=UInt8")
	for _, test := range []struct {
		name  string
		nodes []compare.Node
		want  []string
	}{
		{"all alike", twoByTwo(plain, plain, plain, plain), nil},
		{
			"a column too many",
			twoByTwo(plain, plain, table("MergeTree", "column id=UInt64", "column extra=String", "column x=UInt8"), plain),
			[]string{`default.events n3 column extra: "String", not "" as n1 n2 n4`},
		},
		{
			"a column less",
			twoByTwo(plain, plain, plain, table("MergeTree", "column id=UInt64")),
			[]string{`default.events n4 column x: "", not "UInt8" as n1 n2 n3`},
		},
		{
			"another type, and a setting",
			twoByTwo(plain, table("MergeTree", "column id=UInt32", "column x=UInt8", "SETTING a=1"), plain, plain),
			[]string{
				`default.events n2 column id: "UInt32", not "UInt64" as n1 n3 n4`,
				`default.events n2 SETTING a: "1", not "" as n1 n3 n4`,
			},
		},
		{
			"another order",
			twoByTwo(plain, table("MergeTree", "column x=UInt8", "column id=UInt64"), plain, plain),
			[]string{`default.events n2 order of columns: "x, id", not "id, x" as n1 n3 n4`},
		},
		{
			"another engine",
			twoByTwo(plain, plain, plain, table("Log", "column id=UInt64", "column x=UInt8")),
			[]string{`default.events n4 engine: "Log", not "MergeTree" as n1 n2 n3`},
		},
		{
			"missing on one", twoByTwo(plain, none, plain, plain),
			[]string{`default.events n2 table: "", not "MergeTree" as n1 n3 n4`},
		},
		{
			"on one alone", twoByTwo(none, plain, none, none),
			[]string{`default.events n2 table: "MergeTree", not "" as n1 n3 n4`},
		},
		{
			"of two halves the one that has it", twoByTwo(none, none, plain, plain),
			[]string{
				`default.events n1 table: "", not "MergeTree" as n3 n4`,
				`default.events n2 table: "", not "MergeTree" as n3 n4`,
			},
		},
		{
			"of two halves the first", twoByTwo(plain, table("MergeTree", "column id=UInt64", "column x=Int8"))[:2],
			[]string{`default.events n2 column x: "Int8", not "UInt8" as n1`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, differences := compare.Nodes(test.nodes, nil)
			if n != 1 {
				t.Errorf("%d tables", n)
			}
			if diff := cmp.Diff(test.want, said(differences)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPathsDifferByMacrosAlone(t *testing.T) {
	const template, replica = "/clickhouse/tables/{shard}/default/events", "{replica}"
	meets := func(shard int) string { return fmt.Sprintf("/clickhouse/tables/0%d/default/events", shard) }
	good := func() []compare.Table {
		return []compare.Table{
			at(template, replica, meets(1)), at(template, replica, meets(1)),
			at(template, replica, meets(2)), at(template, replica, meets(2)),
		}
	}
	with := func(change func([]compare.Table)) []compare.Node {
		tables := good()
		change(tables)
		return twoByTwo(tables...)
	}
	literal := func(tables []compare.Table, i int) {
		tables[i].Replica = &compare.Replica{Path: meets(i/2 + 1), Name: fmt.Sprintf("r-%d", i+1)}
	}
	for _, test := range []struct {
		name  string
		nodes []compare.Node
		want  []string
	}{
		{"macros", twoByTwo(good()...), nil},
		{"one written out", with(func(tables []compare.Table) { literal(tables, 2) }), nil},
		{"all written out", with(func(tables []compare.Table) {
			for i := range tables {
				literal(tables, i)
			}
		}), nil},
		{"written out as part of a piece", with(func(tables []compare.Table) {
			for i := range tables {
				tables[i].Replica = &compare.Replica{Path: fmt.Sprintf("/x/shard_0%d-a", i/2+1), Name: replica}
				tables[i].Meets = tables[i].Replica.Path
			}
		}), nil},
		{"with another's macros", with(func(tables []compare.Table) {
			tables[1].Replica = &compare.Replica{Path: "/clickhouse/tables/{shard}/{database}/{table}", Name: replica}
		}), nil},
		{"UUIDs of their own, by shard", with(func(tables []compare.Table) {
			for i := range tables {
				tables[i].UUID = fmt.Sprintf("00000000-0000-0000-0000-00000000000%d", i/2+1)
				tables[i].Replica.Path = "/x/" + tables[i].UUID + "/{shard}"
				tables[i].Meets = tables[i].Replica.Path
			}
		}), nil},
		{"all with one path that has a shard's number in it", with(func(tables []compare.Table) {
			for i := range tables {
				tables[i].Replica = &compare.Replica{Path: "/x/01", Name: replica}
				tables[i].Meets = "/x/01"
			}
		}), nil},
		{
			"another path", with(func(tables []compare.Table) {
				tables[3].Replica = &compare.Replica{Path: "/old/{shard}/events", Name: replica}
				tables[3].Meets = "/old/02/events"
			}),
			[]string{`default.events n4 ZooKeeper path: "/old/{shard}/events", not "` + template + `" as n1 n2 n3`},
		},
		{
			"a node of shard 2 with the macros of shard 3", with(func(tables []compare.Table) { tables[3].Meets = meets(3) }),
			[]string{`default.events n4 place in ZooKeeper: "/clickhouse/tables/03/default/events", not "/clickhouse/tables/02/default/events" as n3`},
		},
		{
			"another replica name", with(func(tables []compare.Table) { tables[0].Replica.Name = "{shard}-{replica}" }),
			[]string{`default.events n1 replica name: "{shard}-{replica}", not "{replica}" as n2 n3 n4`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, differences := compare.Nodes(test.nodes, nil)
			if diff := cmp.Diff(test.want, said(differences)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Two local nodes and two query nodes that are not local.
func TestATableIsAtHomeWhereItsMigrationsPutIt(t *testing.T) {
	local, dist := table("MergeTree", "column id=UInt64"), table("Distributed", "column id=UInt64")
	for _, test := range []struct {
		name   string
		tables []compare.Table // l1 l2 q1 q2
		home   compare.Home
		want   []string // nodes that differ
	}{
		{"local", []compare.Table{local, local, none, none}, compare.Home{Local: true}, nil},
		{"local, missing on one", []compare.Table{local, none, none, none}, compare.Home{Local: true}, []string{"n2"}},
		{"distributed", []compare.Table{none, none, dist, dist}, compare.Home{Query: true}, nil},
		{"distributed, missing on one", []compare.Table{none, none, none, dist}, compare.Home{Query: true}, []string{"n3"}},
		{"one name, two tables", []compare.Table{local, local, dist, dist}, compare.Home{Local: true, Query: true}, nil},
		{"one name, known of one", []compare.Table{local, local, dist, dist}, compare.Home{Local: true}, nil},
		{"unknown, local", []compare.Table{none, local, none, none}, compare.Home{}, []string{"n1"}},
		{"unknown, distributed", []compare.Table{none, none, none, dist}, compare.Home{}, []string{"n3"}},
		{"unknown, on all", []compare.Table{local, local, local, local}, compare.Home{}, nil},
		{"nowhere", []compare.Table{none, none, none, none}, compare.Home{Local: true}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			nodes := twoByTwo(test.tables...)
			for i := range nodes {
				nodes[i].Local, nodes[i].Query = i < 2, i >= 2
			}
			_, differences := compare.Nodes(nodes, map[compare.Name]compare.Home{events: test.home})
			var have []string
			for _, d := range differences {
				have = append(have, d.Node)
			}
			if diff := cmp.Diff(test.want, have); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Query nodes that are the first of the local nodes' replicas.
func TestQueryNodesMayBeSomeOfTheLocalOnes(t *testing.T) {
	local, dist := table("MergeTree", "column id=UInt64"), table("Distributed", "column id=UInt64")
	for _, test := range []struct {
		name   string
		tables []compare.Table
		home   compare.Home
		want   int
	}{
		{"distributed on its nodes", []compare.Table{dist, none, dist, none}, compare.Home{}, 0},
		{"distributed, missing on one of them", []compare.Table{dist, none, none, none}, compare.Home{}, 1},
		{"a view on the query nodes", []compare.Table{table("View"), none, table("View"), none}, compare.Home{}, 0},
		{"rows on the query nodes alone", []compare.Table{local, none, local, none}, compare.Home{}, 2},
		{"a table on some nodes", []compare.Table{local, none, none, none}, compare.Home{}, 1},
		{"a table on all but one", []compare.Table{local, local, local, none}, compare.Home{}, 1},
		{"rows on the query nodes, where migrations put them", []compare.Table{local, none, local, none}, compare.Home{Query: true}, 0},
		{"a view on the query nodes, of which migrations say all", []compare.Table{table("View"), none, table("View"), none}, compare.Home{Local: true}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			nodes := twoByTwo(test.tables...)
			for i := range nodes {
				nodes[i].Query = i%2 == 0
			}
			if _, differences := compare.Nodes(nodes, map[compare.Name]compare.Home{events: test.home}); len(differences) != test.want {
				t.Errorf("differences: %v", said(differences))
			}
		})
	}
}

func TestDifferencesComeInTheOrderOfTables(t *testing.T) {
	nodes := twoByTwo(none, none)
	for _, name := range []string{"c", "a", "b"} {
		nodes[0].Tables[compare.Name{Database: "default", Table: name}] = table("Log")
	}
	_, differences := compare.Nodes(nodes, nil)
	var have []string
	for _, d := range differences {
		have = append(have, d.Table)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, have); diff != "" {
		t.Error(diff)
	}
}
