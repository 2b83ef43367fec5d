package doctor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// With everything fine there is a line for each check, and only those are skipped
// that such servers cannot answer.
func TestNothingIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		shared  *testcluster.Shared
		skipped string
	}{
		"2x2":  {&servers.cluster, "disk grants"},
		"26.7": {&servers.modern, "topology macros replica-names ddl-queue"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t, test.shared.Cluster(t), table("0001_a", "a_local"), update("0002_b", "a_local", "1"))
			s.Must(0, "doctor") // before anything was run
			s.Must(0, "migrate")
			r := s.Must(0, "doctor")
			lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
			if len(lines) != len(doctor.Checks())+1 || !strings.HasPrefix(lines[len(lines)-1], "Nothing is wrong: ") {
				t.Errorf("not a line for each check and a last one")
			}
			for _, finding := range s.doctor(0) {
				skipped := strings.Contains(" "+test.skipped+" ", " "+finding.Check+" ")
				if skipped != (finding.Severity == doctor.Skipped) || !skipped && finding.Severity != doctor.OK {
					t.Errorf("%+v", finding)
				}
			}
		})
	}
}

func TestNodeStopped(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"))
	s.Must(0, "migrate")
	if err := c.Nodes[3].Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	running.Eventually(t, "its session is over", func() bool { // at once, but for one that had to be killed
		rows, err := c.Nodes[2].Query(t.Context(), "SELECT max(active_replicas) FROM system.replicas")
		return err == nil && rows[0][0] == "1"
	})
	r := s.Must(3, "doctor")
	running.Says(t, r.Stdout, "error     connection         dev  "+c.Nodes[3].Addr()+"  does not answer: ", "-> Start or thaw it", "--without "+c.Nodes[3].Addr())
	if !strings.HasPrefix(r.Stdout, "error ") || r.Stderr != "" {
		t.Errorf("the worst does not come first, or is told twice: %s", r.Stderr)
	}
	findings := s.doctor(3)
	finds(t, findings, "replicas", doctor.Error, "default.a_local, default.migration_steps_local, default.migrations_local: 3 of 4 replicas active", c.Nodes[3].Addr(), "does not answer")
	finds(t, findings, "state", doctor.OK)
	finds(t, findings, "versions", doctor.OK, "18.16.1")
}

// A node that is frozen accepts connections and says nothing.
func TestNodeFrozen(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"))
	s.Must(0, "migrate")
	if err := c.Nodes[1].Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	findings := s.doctor(3)
	finds(t, findings, "connection", doctor.Error, c.Nodes[1].Addr(), "no answer in ")
	finds(t, findings, "macros", doctor.OK, "3 nodes")
	// One that is frozen while it is asked.
	if err := c.Nodes[1].Continue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Nodes[1].WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Ports = func(o coordinator.Options) coordinator.Options {
		o.Health = freezing{o.Health, func() {
			if err := c.Nodes[1].Pause(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		}}
		return o
	}
	findings = s.doctor(3)
	finds(t, findings, "connection", doctor.Error, c.Nodes[1].Addr(), "no answer in ")
	finds(t, findings, "versions", doctor.OK)
	if has(findings, "tables", doctor.Warning, "context") {
		t.Error("it tells how it was cut off, not why")
	}
}

// freezing acts when the topology is known and connections are open.
type freezing struct {
	health coordinator.Health
	act    func()
}

// Health implements coordinator.Health.
func (f freezing) Health(ctx context.Context, inquiry doctor.Inquiry) doctor.Cluster {
	f.act()
	return f.health.Health(ctx, inquiry)
}

func TestNoNodeAtAll(t *testing.T) {
	s := newSession(t, servers.modern.Cluster(t))
	s.Edit(servers.modern.Cluster(t).Nodes[0].Addr(), "127.0.0.1:1")
	finds(t, s.doctor(3), "connection", doctor.Error, "no host answers", "127.0.0.1:1", "Start a node")
	running.Says(t, s.Must(3, "doctor").Stdout, "error     connection", "1 error, ")
}

// One of two clusters cannot be reached: what can be said of the other is said.
func TestClusterThatCannotBeReached(t *testing.T) {
	s := newSession(t, servers.modern.Cluster(t), table("0001_a", "a_local"))
	s.Must(0, "migrate")
	s.Edit("coordination:", "  - {name: far, hosts: [\"127.0.0.1:1\"], single_node: true, storage_sets: [far], connect: {retries: 0, interval: 1s, timeout: 1s}}\ncoordination:")
	findings := s.doctor(3)
	finds(t, findings, "connection", doctor.Error, "far", "no host answers", "127.0.0.1:1")
	finds(t, findings, "state", doctor.OK, "2 migrations completed")
	finds(t, findings, "grants", doctor.OK)
	only(t, findings, "connection")
}

// Servers of one machine share its clock: what a node answers is changed on its way.
func TestClockOfOneNode(t *testing.T) {
	c := servers.cluster.Cluster(t)
	s := newSession(t, c, table("0001_a", "a_local"))
	s.Ports = func(o coordinator.Options) coordinator.Options {
		o.Health = shifted{o.Health, c.Nodes[2].Addr()}
		return o
	}
	findings := s.doctor(0)
	finds(t, findings, "clock", doctor.Warning, c.Nodes[2].Addr(), "1m0s behind", "NTP")
	only(t, findings, "clock")
	only(t, s.doctor(0, "--max-skew", "2m"))
	r := s.Must(0, "migrate")
	if n := strings.Count(r.Stderr, "warning: clock: dev: "+c.Nodes[2].Addr()); n != 1 {
		t.Errorf("a change warns %d times of it", n)
	}
	if n := strings.Count(s.Must(0, "reverse", "-g", "events", "--migration-id", "0001_a", "--force", "--skip-check", "clock").Stderr, "clock"); n > 0 {
		t.Error("it warns of what is skipped")
	}
}

type shifted struct {
	health coordinator.Health
	node   string
}

// Health implements coordinator.Health.
func (s shifted) Health(ctx context.Context, inquiry doctor.Inquiry) doctor.Cluster {
	out := s.health.Health(ctx, inquiry)
	for i := range out.Nodes {
		if out.Nodes[i].Name == s.node {
			out.Nodes[i].Ahead -= time.Minute
		}
	}
	return out
}

func TestReadOnlyReplica(t *testing.T) {
	c := servers.modern.Cluster(t)
	// There a replica is never more than that: this server has no interserver port.
	running.Query(t, c.Nodes[0], "CREATE TABLE r (id UInt64) ENGINE = ReplicatedMergeTree('/clickhouse/tables/r', 'r1') ORDER BY id")
	findings := newSession(t, c).doctor(3)
	finds(t, findings, "replicas", doctor.Error, "skein.r", "read-only", "SYSTEM RESTART REPLICA skein.r")
}
