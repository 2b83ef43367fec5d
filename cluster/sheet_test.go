package cluster

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
)

// shown are the parts of a table as people see them.
func shown(t compare.Table) map[string]string {
	out := map[string]string{}
	for part, value := range t.Parts {
		out[part.String()] = value.Text
	}
	return out
}

// The texts are what 26.7 and 18.16 were seen to write.
func TestSheet(t *testing.T) {
	for _, test := range []struct {
		name  string
		state tableState
		want  map[string]string
	}{
		{
			"a replicated table",
			tableState{
				engine: "ReplicatedReplacingMergeTree",
				createQuery: "CREATE TABLE default.t UUID '11111111-2222-3333-4444-555555555555' (`id` UInt64 CODEC(ZSTD(1)) STATISTICS(tdigest) TTL d + toIntervalDay(1), `d` Date, INDEX i d TYPE minmax GRANULARITY 1, " +
					"PROJECTION p (SELECT id ORDER BY d), CONSTRAINT c CHECK id > 0) ENGINE = ReplicatedReplacingMergeTree('/t/{shard}/x', '{replica}', d) " +
					"PARTITION BY d PRIMARY KEY id ORDER BY (id, d) SAMPLE BY id TTL d + toIntervalDay(3) SETTINGS index_granularity = 8192",
				comment: "hi",
				columns: []columnState{
					{name: "id", typ: "UInt64", codec: "CODEC(ZSTD(1))", ttl: "d + toIntervalDay(1)"},
					{name: "d", typ: "Date", kind: "DEFAULT", expression: "today()", comment: "it's"},
				},
			},
			map[string]string{
				"engine": "ReplicatedReplacingMergeTree(d)", "column id": "UInt64 CODEC(ZSTD(1)) TTL d + toIntervalDay(1) STATISTICS (tdigest)",
				"column d": `Date DEFAULT today() COMMENT 'it\'s'`, "index i": "d TYPE minmax GRANULARITY 1", "projection p": "(SELECT id ORDER BY d)",
				"constraint c": "CHECK id > 0", "PARTITION BY": "d", "PRIMARY KEY": "id", "ORDER BY": "(id, d)", "SAMPLE BY": "id",
				"TTL": "d + toIntervalDay(3)", "setting index_granularity": "8192", "COMMENT": "hi",
			},
		},
		{
			"a materialized view with a table of its own",
			tableState{
				engine: "MaterializedView",
				createQuery: "CREATE MATERIALIZED VIEW default.`a b` UUID '11111111-2222-3333-4444-555555555555' TO INNER UUID '11111111-2222-3333-4444-666666666666' (`id` UInt64) " +
					"ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 8192 DEFINER = default SQL SECURITY DEFINER AS SELECT id FROM default.t",
			},
			map[string]string{
				"engine": "MaterializedView MergeTree", "ORDER BY": "id",
				"setting index_granularity": "8192 DEFINER = default SQL SECURITY DEFINER", // what follows is part of it, on all nodes alike
				"query":                     "SELECT id FROM default.t",
			},
		},
		{
			"a view of another's rights",
			tableState{engine: "View", createQuery: "CREATE VIEW default.v (`id` UInt64) DEFINER = bob SQL SECURITY DEFINER AS SELECT id FROM default.t"},
			map[string]string{"engine": "View", "definition": "DEFINER = bob SQL SECURITY DEFINER", "query": "SELECT id FROM default.t"},
		},
		{
			"a dictionary",
			tableState{
				engine: "Dictionary", columns: []columnState{{name: "id", typ: "UInt64"}},
				createQuery: "CREATE DICTIONARY default.d (`id` UInt64) PRIMARY KEY id SOURCE(MYSQL(USER 'u' PASSWORD 'secret' TABLE 't')) LIFETIME(MIN 0 MAX 1000) LAYOUT(FLAT())",
			},
			map[string]string{
				"engine": "Dictionary", "column id": "UInt64",
				"definition": "PRIMARY KEY id SOURCE(MYSQL(USER 'u' PASSWORD '[HIDDEN]' TABLE 't')) LIFETIME(MIN 0 MAX 1000) LAYOUT(FLAT())",
			},
		},
		{
			"a Distributed table of an old server",
			tableState{engine: "Distributed", createQuery: "CREATE TABLE default.d ( id UInt64) ENGINE = Distributed(skein_local, default, t, cityHash64(id))"},
			map[string]string{"engine": "Distributed(skein_local, default, t, cityHash64(id))"},
		},
		{
			"passwords among an engine's arguments and in a query",
			tableState{engine: "MySQL", createQuery: "CREATE TABLE default.m (`id` UInt64) ENGINE = MySQL('h:3306', 'db', 't', 'u', 'secret')"},
			map[string]string{"engine": "MySQL(…)"},
		},
		{
			"a password in a query",
			tableState{engine: "View", createQuery: "CREATE VIEW default.v (`id` UInt64) AS SELECT id FROM remote('h', default.t, 'u', 'secret')"},
			map[string]string{"engine": "View", "query": "SELECT id FROM remote('…', default.t, '…', '…')"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, shown(sheet(test.state))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is hidden is compared all the same.
func TestHiddenArgumentsAreCompared(t *testing.T) {
	of := func(password string) compare.Value {
		s := sheet(tableState{engine: "MySQL", createQuery: "CREATE TABLE a.m (`id` UInt64) ENGINE = MySQL('h', 'db', 't', 'u', '" + password + "')"})
		return s.Parts[compare.Part{Kind: compare.KindEngine}]
	}
	if one, two := of("a"), of("b"); one.Text != two.Text || one.Key == two.Key {
		t.Errorf("%+v and %+v", one, two)
	}
}

func TestReplicasArgumentsAreTakenOut(t *testing.T) {
	for engine, want := range map[string]string{
		"ReplicatedMergeTree('/a/{shard}', '{replica}')":          "ReplicatedMergeTree",
		"ReplicatedMergeTree('/a/{shard}', '{replica}') ORDER":    "ReplicatedMergeTree ORDER",
		"ReplicatedMergeTree('/a, (b)', 'it\\'s', d, (id), 8192)": "ReplicatedMergeTree(d, (id), 8192)",
		"ReplicatedMergeTree":      "ReplicatedMergeTree",
		"MergeTree(d, (id), 8192)": "MergeTree(d, (id), 8192)",
		"MaterializedView ReplicatedMergeTree('/a/{shard}/inner', '{replica}')": "MaterializedView ReplicatedMergeTree('/a/{shard}/inner', '{replica}')",
	} {
		if have, _ := replicaOf(engine); have != want {
			t.Errorf("%s: %s, want %s", engine, have, want)
		}
	}
	if _, replica := replicaOf("ReplicatedMergeTree('/a/{shard}', 'r')"); replica == nil || *replica != (compare.Replica{Path: "/a/{shard}", Name: "r"}) {
		t.Errorf("replica: %+v", replica)
	}
}

// A view's inner table bears the view's UUID, which differs between nodes.
func TestInnerTablesAreNamedForTheirViews(t *testing.T) {
	const id = "11111111-2222-3333-4444-555555555555"
	c := &Cluster{options: Options{}}
	p := &printed{node: journal.Node{Host: "ch-1", Port: 9000}, tables: []printedTable{
		{fingerprint: fingerprint{database: "a", name: "v"}, uuid: id},
		{fingerprint: fingerprint{database: "a", name: ".inner_id." + id}},
		{fingerprint: fingerprint{database: "a", name: ".inner_id.66666666-2222-3333-4444-555555555555"}}, // an orphan
		{fingerprint: fingerprint{database: "a", name: ".inner.w"}},                                       // of an old view
	}}
	sheets := map[fingerprint]compare.Table{}
	for _, table := range p.tables {
		sheets[table.fingerprint] = compare.Table{}
	}
	node := c.nodeOf(p, sheets)
	var names []string
	for _, name := range slices.SortedFunc(maps.Keys(node.Tables), func(a, b compare.Name) int {
		return strings.Compare(a.Table, b.Table)
	}) {
		names = append(names, name.Table)
	}
	want := []string{".inner.v", ".inner.w", ".inner_id.66666666-2222-3333-4444-555555555555", "v"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if ofView(compare.Name{Database: "a", Table: ".inner.v"}).Table != "v" {
		t.Error("with a view its inner table is meant")
	}
}

func TestSpacesCountInLiteralsAlone(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"(a, b)", "(a,b)", true},
		{"SELECT `a` FROM t", "SELECT a\nFROM t", true},
		{"String DEFAULT 'a b'", "String DEFAULT 'ab'", false},
		{`'it\'s a'  x`, `'it\'s a' x`, true},
		{"'open", "'open", true},
	} {
		if loosely(test.a) == loosely(test.b) != test.same {
			t.Errorf("%q and %q: the same is %v", test.a, test.b, !test.same)
		}
	}
}
