package doctor_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/ops"
)

// failing is a mutation's expression that no row survives.
const failing = "toUInt64(concat('x', toString(id)))"

func TestMutationFails(t *testing.T) {
	c := servers.modern.Cluster(t)
	n := c.Nodes[0]
	s := newSession(t, c, table("0001_a", "a_local"), table("0002_b", "b_local"),
		addColumn("0003_c", "b_local", "c"), addColumn("0004_d", "a_local", "d"), update("0005_e", "a_local", "1"))
	s.Must(0, "migrate", "-g", "events", "0002")
	running.Query(t, n, "INSERT INTO a_local SELECT number, 0 FROM numbers(10)")
	running.Query(t, n, "ALTER TABLE a_local UPDATE v = "+failing+" WHERE 1 SETTINGS mutations_sync = 0")
	running.Eventually(t, "the mutation fails", func() bool {
		return len(running.Query(t, n, "SELECT 1 FROM system.mutations WHERE latest_fail_reason != ''")) > 0
	})
	findings := s.doctor(3)
	finds(t, findings, "mutations", doctor.Error, "of skein.a_local fails on "+n.Addr(), "Cannot parse string 'x", "KILL MUTATION WHERE ")
	only(t, findings, "mutations")

	// A change of another table is none of its business. One that alters the table is
	// warned, one that would come behind the mutation is refused.
	if r := s.Must(0, "migrate", "-g", "events", "0003"); strings.Contains(r.Stderr, "mutation") {
		t.Error("it tells of a mutation of another table")
	}
	if n := strings.Count(s.Must(0, "migrate", "-g", "events", "0004").Stderr, "warning: mutations: dev: mutation "); n != 1 {
		t.Errorf("%d warnings", n)
	}
	running.Says(t, s.Must(3, "migrate").Stderr, "nothing was changed", "mutations  dev: mutation ", "skein.a_local fails", "--skip-check mutations")

	end := regexp.MustCompile(`KILL MUTATION [^\n"]*`)
	for _, f := range findings {
		if kill := end.FindString(f.Do); kill != "" {
			running.Query(t, n, kill)
		}
	}
	only(t, s.doctor(0))
	s.Must(0, "migrate")
}

// 18.16 says why only in the queue of a replica. One shard has rows.
func TestMutationFailsOnOneNode(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"))
	s.Must(0, "migrate")
	running.Query(t, c.Nodes[0], "INSERT INTO a_local SELECT number, 0 FROM system.numbers LIMIT 10")
	running.Query(t, c.Nodes[0], "ALTER TABLE a_local UPDATE v = "+failing+" WHERE 1")
	var findings []doctor.Finding
	running.Eventually(t, "the mutation fails", func() bool {
		findings = s.findings(s.Run(withJSON([]string{"--only", "mutations"})...)) // it may fail at any moment
		return has(findings, "mutations", doctor.Error)
	})
	finds(t, findings, "mutations", doctor.Error, "of default.a_local fails on ", "Cannot parse string 'x", "delete the znode /clickhouse/tables/events/1/default/a_local/mutations/")
	for _, n := range c.Nodes {
		running.Query(t, n, "DROP TABLE a_local") // which ends it
	}
}

// A mutation that waits, and one that only just began.
func TestMutationThatDoesNotGetOn(t *testing.T) {
	c := servers.modern.Cluster(t)
	n := c.Nodes[0]
	s := newSession(t, c, table("0001_a", "a_local"))
	s.Must(0, "migrate")
	running.Query(t, n, "SYSTEM STOP MERGES a_local")
	t.Cleanup(func() { running.Query(t, n, "SYSTEM START MERGES") })
	running.Query(t, n, "INSERT INTO a_local SELECT number, 0 FROM numbers(10)")
	running.Query(t, n, "ALTER TABLE a_local UPDATE v = 1 WHERE 1 SETTINGS mutations_sync = 0")
	finds(t, s.doctor(0), "mutations", doctor.OK, "1 open, none fails")
	running.Eventually(t, "it is a second old", func() bool {
		return has(s.doctor(0, "--max-lag", "1s"), "mutations", doctor.Warning, "of skein.a_local is not done after ", "1 parts to do")
	})
}

// A test cannot fill a disk that others use: what has to stay free is set above what
// there is.
func TestDiskTooSmall(t *testing.T) {
	c := servers.modern.Cluster(t)
	n := c.Nodes[0]
	s := newSession(t, c, table("0001_a", "a_local"), update("0002_b", "a_local", "1"))
	s.Must(0, "migrate", "-g", "events", "0001")
	running.Query(t, n, "INSERT INTO a_local SELECT number, rand() FROM numbers(100000)")
	finds(t, s.doctor(0), "disk", doctor.OK, " free at least, the plan rewrites up to ", "MB")
	findings := s.doctor(3, "--min-free", "1000000000000000000")
	finds(t, findings, "disk", doctor.Error, n.Addr(), "the plan rewrites up to ", "1.0 EB have to stay free", "Make room")
	s.Must(0, "migrate")
	finds(t, s.doctor(0, "--min-free", "1000000000000000000"), "disk", doctor.Warning, n.Addr(), "Make room")
}

func TestTableByHandOnOneNode(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"), addColumn("0002_b", "a_local", "b"))
	s.Must(0, "migrate")
	running.Query(t, c.Nodes[2], "CREATE TABLE scratch (id UInt64) ENGINE = Memory")
	findings := s.doctor(0)
	finds(t, findings, "tables", doctor.Warning, "default.scratch is only on "+c.Nodes[2].Addr(), "skein verify")
	only(t, findings, "tables")
	running.Query(t, c.Nodes[2], "DROP TABLE scratch")

	running.Query(t, c.Nodes[1], "DROP TABLE a_local")
	findings = s.doctor(3)
	finds(t, findings, "tables", doctor.Error, "default.a_local is missing on "+c.Nodes[1].Addr(), "SHOW CREATE TABLE")
	only(t, findings, "tables")

	running.Query(t, c.Nodes[3], "CREATE TABLE other (id UInt64) ENGINE = Memory")
	for _, n := range c.Nodes[:3] {
		running.Query(t, n, "CREATE TABLE other (id UInt8) ENGINE = Memory")
	}
	finds(t, s.doctor(3), "tables", doctor.Warning, "1 table is on all its nodes and not the same there")
}

func TestStateTableWithoutAColumn(t *testing.T) {
	c := servers.modern.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"))
	s.Must(0, "migrate")
	running.Query(t, c.Nodes[0], "ALTER TABLE migrations_local DROP COLUMN duration_ms")
	finds(t, s.doctor(3), "state", doctor.Error, "column duration_ms is missing: ALTER TABLE", c.Nodes[0].Addr())
}

func TestStateTableMissingOnANode(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"))
	s.Must(0, "migrate")
	running.Query(t, c.Nodes[3], "DROP TABLE migrations_local")
	finds(t, s.doctor(3), "state", doctor.Error, "missing on "+c.Nodes[3].Addr()+", while other nodes have rows", "skein add-node "+c.Nodes[3].Addr())
}

func TestMigrationInProgress(t *testing.T) {
	c := servers.modern.Cluster(t)
	broken := table("0001_a", "a_local")
	broken.Irreversible = "a test"
	broken.Forward = append(broken.Forward, ops.RunSQL{Place: local("").Place, SQL: "SELECT throwIf(1)", Scope: ops.RunOneNode})
	s := newSession(t, c, broken)
	s.Must(5, "migrate")
	findings := s.doctor(0)
	finds(t, findings, "state", doctor.Warning, "events/0001_a is in progress since ", "step 2 of 2", "skein resume --group events", "reverse-in-progress")
	only(t, findings, "state")
}

func TestNodeIsOwed(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"), table("0002_b", "b_local"))
	s.Must(0, "migrate", "-g", "events", "0001")
	if err := c.Nodes[3].Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	running.Eventually(t, "the node's session has run out", func() bool {
		return running.Query(t, c.Nodes[2], "SELECT active_replicas FROM system.replicas WHERE table = 'a_local'")[0][0] == "1"
	})
	s.Must(0, "migrate", "--without", c.Nodes[3].Addr())
	if err := c.Nodes[3].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	running.Eventually(t, "the node has its session again", func() bool {
		return running.Query(t, c.Nodes[2], "SELECT active_replicas FROM system.replicas WHERE table = 'a_local'")[0][0] == "2"
	})
	findings := s.doctor(3) // its table is missing there
	finds(t, findings, "state", doctor.Warning, c.Nodes[3].Addr(), "is owed events/0002_b, which ran without it", "skein resume")
	finds(t, findings, "tables", doctor.Error, "default.b_local is missing on "+c.Nodes[3].Addr())
	s.Must(0, "resume")
	only(t, s.doctor(0))
}
