package doctor_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// withMacros changes a node's macros for one test.
func withMacros(t *testing.T, n *testcluster.Node, change func(map[string]string)) {
	t.Helper()
	own, err := n.Macros(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changed := maps.Clone(own)
	change(changed)
	t.Cleanup(func() {
		if err := n.SetMacros(context.WithoutCancel(t.Context()), own); err != nil {
			t.Error(err)
		}
	})
	if err := n.SetMacros(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
}

func TestMacroMissing(t *testing.T) {
	c := servers.cluster.Cluster(t)
	withMacros(t, c.Nodes[2], func(m map[string]string) { delete(m, "replica") })
	findings := newSession(t, c).doctor(3)
	finds(t, findings, "macros", doctor.Error, c.Nodes[2].Addr(), "has no macro {replica}", "<macros>")
	only(t, findings, "macros")
}

func TestShardMacroOfAnotherShard(t *testing.T) {
	c := servers.cluster.Cluster(t)
	withMacros(t, c.Nodes[3], func(m map[string]string) { m["shard"] = "1" })
	findings := newSession(t, c).doctor(3)
	finds(t, findings, "macros", doctor.Error, `nodes of different shards have the macro {shard} "1"`, c.Nodes[3].Addr()+" (shard 2)")
	finds(t, findings, "macros", doctor.Error, "the replicas of shard 2 have different macros {shard}: 1, 2")
	only(t, findings, "macros")
}

func TestSameReplicaNames(t *testing.T) {
	c := servers.cluster.Cluster(t)
	own, err := c.Nodes[0].Macros(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	withMacros(t, c.Nodes[1], func(m map[string]string) { m["replica"] = own["replica"] })
	findings := newSession(t, c).doctor(3)
	finds(t, findings, "replica-names", doctor.Error, "replicas of shard 1 have the same name", c.Nodes[0].Addr(), c.Nodes[1].Addr())
	only(t, findings, "replica-names")
}

// Names that are unique in each shard alone are good enough for sharded tables.
func TestReplicaNamesOverShards(t *testing.T) {
	c := servers.cluster.Cluster(t)
	own, err := c.Nodes[0].Macros(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	withMacros(t, c.Nodes[2], func(m map[string]string) { m["replica"] = own["replica"] })
	s := newSession(t, c)
	finds(t, s.doctor(0), "replica-names", doctor.Warning, "different shards", c.Nodes[2].Addr()+" (shard 2)", `unsharded_replica: "{shard}-{replica}"`)
	s.Edit("    single_node: false", "    single_node: false\n    unsharded_replica: \"{shard}-{replica}\"")
	only(t, s.doctor(0))
}

// withoutMember takes a node out of what another takes skein_local to be.
func withoutMember(t *testing.T, c *testcluster.Cluster, on, member *testcluster.Node) {
	t.Helper()
	file := filepath.Join(c.Dir, "servers", on.Name, "config.xml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	later := 2 * time.Second // servers compare times of change in seconds
	set := func(text, want string) {
		t.Helper()
		at := time.Now().Add(later)
		later += 2 * time.Second
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
		running.Eventually(t, "<remote_servers> of "+on.Name, func() bool {
			return running.Query(t, on, "SELECT count() FROM system.clusters WHERE cluster = 'skein_local'")[0][0] == want
		})
	}
	t.Cleanup(func() { set(string(text), "4") })
	entry := "<replica><host>127.0.0.1</host><port>" + strconv.Itoa(member.Port) + "</port></replica>"
	set(strings.Replace(string(text), entry, "", 1), "3")
}

func TestNodeMissingInRemoteServers(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"), addColumn("0002_b", "a_local", "b"))
	s.Must(0, "migrate", "-g", "events", "0001")
	withoutMember(t, c, c.Nodes[1], c.Nodes[3])
	findings := s.doctor(3)
	finds(t, findings, "topology", doctor.Error, c.Nodes[1].Addr()+"\nits cluster skein_local is 1: ", c.Nodes[3].Addr(), "<remote_servers>")
	only(t, findings, "topology")

	// Before a change the same.
	refused := s.Must(3, "migrate")
	running.Says(t, refused.Stderr, "nothing was changed", "topology  dev: "+c.Nodes[1].Addr()+": its cluster skein_local", "skein doctor", "--skip-check topology")
	if rows := running.Query(t, c.Nodes[0], "SELECT 1 FROM system.columns WHERE table = 'a_local' AND name = 'b'"); len(rows) > 0 {
		t.Error("the column was added all the same")
	}
	running.Says(t, s.Must(2, "migrate", "--skip-check", "topolgy").Stderr, `did you mean "topology"?`)
	s.Must(0, "migrate", "--skip-check", "topology")
}

// A host that is configured, and in nobody's cluster any more.
func TestHostThatIsNoNode(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c)
	s.Edit(`hosts: ["`, `hosts: ["127.0.0.1:1", "`)
	findings := s.doctor(3)
	finds(t, findings, "topology", doctor.Warning, "127.0.0.1:1", "is among hosts, and in neither skein_local nor skein_dist")
	finds(t, findings, "connection", doctor.Error, "127.0.0.1:1", "does not answer", "out of hosts")
	only(t, findings, "topology", "connection", "disk")
}

// Checks are chosen by name; one that there is not is refused, with the nearest.
func TestOnlyAndSkip(t *testing.T) {
	s := newSession(t, servers.modern.Cluster(t))
	if got := s.doctor(0, "--only", "versions,state"); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	if got := s.doctor(0, "--skip", "grants", "--skip", "disk"); len(got) != len(doctor.Checks())-2 {
		t.Errorf("%d findings", len(got))
	}
	running.Says(t, s.Must(2, "doctor", "--only", "replcas").Stderr, `did you mean "replicas"?`, "replication-queue")
	running.Says(t, s.Must(2, "doctor", "--skip", "granst").Stderr, `--skip: there is no check "granst", did you mean "grants"?`)
	running.Says(t, s.Must(2, "doctor", "--only", "state", "--skip", "state").Stderr, "leave no check")
}

// A user without a right is told which, before a migration is refused half-way.
func TestGrantRevoked(t *testing.T) {
	servers.modern.Cluster(t) // the gate: skips or fails where there are no servers
	c, err := testcluster.Start(t.Context(), testcluster.Options{Engine: testcluster.EngineModern})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	file := filepath.Join(c.Dir, "servers", c.Nodes[0].Name, "users.xml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	users, _, ok := strings.Cut(string(text), "</users>")
	if !ok {
		t.Fatal("users.xml has no users")
	}
	rest := strings.TrimPrefix(string(text), users)
	grant := func(grants ...string) {
		t.Helper()
		var queries strings.Builder
		for _, g := range grants {
			queries.WriteString("<query>GRANT " + g + "</query>")
		}
		user := "<migrator><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota><grants>" +
			queries.String() + "</grants></migrator>\n"
		if err := os.WriteFile(file, []byte(users+user+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		// The server reads its users anew when it starts, whatever the file's time is.
		if err := c.Nodes[0].Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s := newSession(t, c, table("0001_a", "a_local"))
	s.Edit("    database: skein", "    database: skein\n    user: migrator")
	system, all := "SELECT ON system.*", "SELECT, INSERT, CREATE TABLE, ALTER, DROP TABLE, CREATE VIEW, DROP VIEW, TRUNCATE, OPTIMIZE ON skein.*"
	grant(system, all)
	only(t, s.doctor(0))
	grant(system, strings.Replace(all, "ALTER, ", "", 1))
	findings := s.doctor(0)
	finds(t, findings, "grants", doctor.Warning, "the user lacks ALTER ON skein.*, on "+c.Nodes[0].Addr())
	only(t, findings, "grants")
	grant(system, strings.Replace(all, "INSERT, ", "", 1))
	finds(t, s.doctor(3), "grants", doctor.Error, "the user lacks INSERT ON skein.*")
}
