package addnode_test

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// TestANodeOfToday has what 18.16 has not: functions, dictionaries, Atomic databases
// with UUIDs, views with inner tables. Replicated tables do not work on these nodes.
func TestANodeOfToday(t *testing.T) {
	c := testcluster.Own(t, testcluster.Options{Engine: testcluster.EngineModern, Nodes: 2})
	s := newSession(t, c)
	old, fresh := c.Nodes[0], c.Nodes[1]
	for _, sql := range []string{
		"CREATE DATABASE side ENGINE = Atomic",
		"CREATE FUNCTION doubled AS x -> x * 2",
		"CREATE TABLE side.source (id UInt64, name String) ENGINE = MergeTree ORDER BY id",
		"CREATE DICTIONARY side.names (id UInt64, name String DEFAULT '?') PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'source' DB 'side')) LIFETIME(60) LAYOUT(HASHED())",
		// A table that comes first by its name and needs the dictionary.
		"CREATE TABLE skein.a (id UInt64, name String DEFAULT dictGet('side.names', 'name', id), twice UInt64 DEFAULT doubled(id)) ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 1024",
		"CREATE MATERIALIZED VIEW skein.m ENGINE = SummingMergeTree ORDER BY id AS SELECT id, count() AS n FROM skein.a GROUP BY id",
		"CREATE VIEW skein.v AS SELECT * FROM skein.m",
		"CREATE TABLE skein.a_dist AS skein.a ENGINE = Distributed('skein_local', 'skein', 'a', rand())",
		"INSERT INTO skein.a (id) VALUES (1)",
	} {
		query(t, old, "%s", sql)
	}
	made := s.Must(0, "add-node", fresh.Addr())
	running.Says(t, made.Stdout, "skein.a is not Replicated: it is made without rows", "8 made", "no difference")
	const texts = "SELECT name, engine, replaceRegexpAll(create_table_query, 'UUID \\'[^\\']*\\' ?', '') FROM system.tables " +
		"WHERE database IN ('skein', 'side') AND name NOT LIKE '.inner%' ORDER BY database, name"
	has, wants := query(t, fresh, "%s", texts), query(t, old, "%s", texts)
	if len(wants) != 6 || len(has) != len(wants) {
		t.Fatalf("it has %v, want %v", has, wants)
	}
	for i := range wants {
		if strings.Join(has[i], " ") != strings.Join(wants[i], " ") {
			t.Errorf("it has %v\nwant   %v", has[i], wants[i])
		}
	}
	query(t, fresh, "INSERT INTO skein.a (id) VALUES (4)")
	if got := first(t, fresh, "SELECT concat(toString(twice), name, toString((SELECT sum(n) FROM skein.v))) FROM skein.a"); got != "8?1" {
		t.Errorf("the new node's tables give %s", got)
	}
	running.Says(t, s.Must(0, "add-node", fresh.Addr()).Stdout, " 0 made, ")

	query(t, fresh, "DROP FUNCTION doubled")
	query(t, fresh, "CREATE FUNCTION doubled AS x -> x * 3")
	query(t, fresh, "DROP TABLE skein.v")
	query(t, fresh, "DROP TABLE skein.m")
	running.Says(t, s.Must(3, "add-node", fresh.Addr()).Stderr, "function doubled is there already, and is not as on", "nothing was changed")
	if got := first(t, fresh, "SELECT toString(count()) FROM system.tables WHERE database = 'skein' AND name IN ('m', 'v')"); got != "0" {
		t.Errorf("a conflict, and yet it made %s tables", got)
	}
}
