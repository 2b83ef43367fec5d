package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// update is a mutation of an author's own SQL over 40 rows, one block each.
func update(expression string) ops.RunSQL {
	return ops.RunSQL{
		Place: local("").Place, SQL: "ALTER TABLE {db}.m_local {on_cluster} UPDATE v = " + expression + " WHERE 1",
		Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{{Name: "m_local"}},
		Mutation: true, RewritesData: true, Repeatable: true,
	}
}

func mutated(t *testing.T, c *testcluster.Cluster, expression string) *session {
	t.Helper()
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_m", Forward: []ops.Operation{
			createTable("m_local", ops.Column{Name: "v", Type: "UInt64"}),
		}},
		migration.Migration{ID: "0002_update", Irreversible: "a test", Forward: []ops.Operation{update(expression)}},
	))
	s.must(0, "migrate", "--group", "events", "0001")
	for _, n := range c.Nodes {
		if n.Replica == 1 {
			exec(t, n, "INSERT INTO m_local SELECT number, 0 FROM system.numbers LIMIT 40")
		}
	}
	return s
}

// A mutation is awaited on every replica before its migration is completed.
func TestMutationIsAwaitedOnEveryNode(t *testing.T) {
	for name, shared := range map[string]*testcluster.Shared{"2x2": &servers.cluster, "26.7": &servers.modern} {
		t.Run(name, func(t *testing.T) {
			c := shared.Cluster(t)
			s := mutated(t, c, "id + 1")
			s.must(0, "migrate")
			for _, n := range c.Nodes {
				if rows := query(t, n, "SELECT count() FROM m_local WHERE v = id + 1"); rows[0][0] != "40" {
					t.Errorf("%s is said to be done, and has %s of 40 rows", n.Name, rows[0][0])
				}
			}
		})
	}
}

// A mutation that is killed, or fails, is not done.
func TestMutationThatIsKilledOrFailsIsNotCompleted(t *testing.T) {
	for name, test := range map[string]struct {
		expression string
		kill       bool
		says       string
	}{
		"killed": {expression: "id + sleepEachRow(0.07)", kill: true, says: "it was killed"},
		"fails":  {expression: "toUInt64(concat('x', toString(id)))", says: "KILL MUTATION WHERE mutation_id"},
	} {
		t.Run(name, func(t *testing.T) {
			c := servers.modern.Cluster(t)
			s := mutated(t, c, test.expression)
			if test.kill {
				s.on = map[string]func(){"mutates": func() {
					go exec(t, c.Nodes[0], "KILL MUTATION WHERE table = 'm_local'")
				}}
			}
			stopped := s.must(5, "migrate", "-v")
			says(t, stopped.stderr, test.says, "unknown")
			if strings.Contains(s.must(0, "list").stdout, "[X] 0002_update") {
				t.Error("it is said to be completed")
			}
			exec(t, c.Nodes[0], "KILL MUTATION WHERE table = 'm_local'")
			time.Sleep(100 * time.Millisecond)
		})
	}
}
