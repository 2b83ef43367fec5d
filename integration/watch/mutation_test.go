package watch_test

import (
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// updating has a migration that makes a table, and one that updates it.
func updating(expression string) []migration.Group {
	table := ops.LocalTable("events", "m_local")
	return []migration.Group{{Name: "events", Migrations: []migration.Migration{
		{ID: "0001_m", Forward: []ops.Operation{ops.CreateTable{
			Table: table, Columns: []ops.Column{{Name: "id", Type: "UInt64"}, {Name: "v", Type: "UInt64"}},
			Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
		}}},
		{ID: "0002_update", Irreversible: "a test", Forward: []ops.Operation{ops.RunSQL{
			Place: table.Place, SQL: "ALTER TABLE {db}.m_local {on_cluster} UPDATE v = " + expression + " WHERE 1",
			Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{{Name: "m_local"}},
			Mutation: true, RewritesData: true, Repeatable: true,
		}}},
	}}}
}

// filled has the table with 120 rows on each shard, in three parts.
func filled(t *testing.T, c *testcluster.Cluster, groups []migration.Group) *project {
	t.Helper()
	p := newProject(t, c)
	skein(t)
	p.with(groups).Must(0, "migrate", "--group", "events", "0001")
	for _, n := range c.Nodes {
		if n.Replica == 1 {
			for i := range 3 { // not the same rows: a replica drops what it has
				query(t, n, "INSERT INTO m_local SELECT number + %d, 0 FROM system.numbers LIMIT 40", 1000*i)
			}
		}
	}
	return p
}

func TestAMutationInProgress(t *testing.T) {
	for name, shared := range map[string]*testcluster.Shared{"2x2": &servers.cluster, "26.7": &servers.modern} {
		t.Run(name, func(t *testing.T) {
			c := shared.Cluster(t)
			groups := updating("id + 1")
			p := filled(t, c, groups)
			merges := func(verb string) {
				for _, n := range c.Nodes {
					query(t, n, "SYSTEM %s MERGES", verb)
				}
			}
			merges("STOP")
			t.Cleanup(func() { merges("START") })
			term := newTerminal(t, 80, 50)
			term.watches(p, "")
			done := make(chan running.Result)
			go func() { done <- p.with(groups).Run("migrate") }()
			n := c.Nodes[0]
			screen := term.shows("events/0002_update", "step 1 of 1", "UPDATE v = id + 1", "waiting  "+n.Addr(), ": 3 parts to do",
				"Mutations", n.Addr()+" ", ".m_local 3 parts to do, for ", "no estimate yet")
			term.fills(screen, 80, 50)
			merges("START")
			if r := <-done; r.Code != 0 {
				t.Errorf("exit %d", r.Code)
			}
			screen = term.shows("No run lives: the lock is free.", "completed at", "No migration is in progress, 2 completed.")
			if strings.Contains(screen, "Mutations") {
				t.Errorf("a mutation that is done is still shown:\n%s", screen)
			}
		})
	}
}

// Why a mutation fails is shown, wherever the server tells it.
func TestAMutationThatFails(t *testing.T) {
	for name, shared := range map[string]*testcluster.Shared{"2x2": &servers.cluster, "26.7": &servers.modern} {
		t.Run(name, func(t *testing.T) {
			c := shared.Cluster(t)
			groups := updating("toUInt64(concat('x', toString(id)))")
			p := filled(t, c, groups)
			if r := p.with(groups).Run("migrate"); r.Code != 5 {
				t.Fatalf("exit %d, want 5", r.Code)
			}
			term := newTerminal(t, 100, 60)
			term.watches(p, "")
			term.shows("No run lives: the lock is free.", "failed at", "stopped there", "error ", "Mutations", "fails ",
				"Cannot parse string 'x", "skein resume --group events")
		})
	}
}
