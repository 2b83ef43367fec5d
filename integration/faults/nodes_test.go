package faults

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// frail are the servers of which nodes and ZooKeeper are struck.
func frail() []place {
	return []place{
		{onCluster, &servers.frailLeft, "on_cluster"},
		{onDirect, &servers.frailRight, "direct"},
	}
}

// has says that the place has the case of a number: what takes long is in one of
// the modes in turn, unless all of the matrix is asked for.
func (p place) has(i int) bool { return *whole || i%2 == 0 == (p.name == onCluster) }

// blow is what happens to a server.
type blow struct {
	fault, when string
	moments     []moment
	server      func(*testcluster.Cluster) *testcluster.Process
	strike      func(context.Context, *testcluster.Process) error
	// later happens while the migrations go on; nil: nothing.
	later func(context.Context, *testcluster.Process) error
	out   func(i int) recovery
	// maySucceed says that a migration may go on to its end.
	maySucceed bool
	// restart is for ZooKeeper's: the nodes are restarted once they have sessions again. 18.16
	// mostly ends its DDL worker while it has none.
	restart bool
}

func (b blow) way() string {
	if b.out(0) != b.out(1) {
		return string(resume) + " or " + string(undo)
	}
	return string(b.out(0))
}

func always(way recovery) func(int) recovery { return func(int) recovery { return way } }

// alternate takes back every second migration.
func alternate(i int) recovery { return []recovery{resume, undo}[i%2] }

func node(name string) func(*testcluster.Cluster) *testcluster.Process {
	return func(c *testcluster.Cluster) *testcluster.Process { return c.Node(name).Process }
}

func nothing(context.Context, *testcluster.Process) error        { return nil }
func stopIt(ctx context.Context, p *testcluster.Process) error   { return p.Stop(ctx) }
func killIt(ctx context.Context, p *testcluster.Process) error   { return p.Kill(ctx) }
func freezeIt(ctx context.Context, p *testcluster.Process) error { return p.Pause(ctx) }
func thawIt(ctx context.Context, p *testcluster.Process) error   { return p.Continue(ctx) }
func startIt(ctx context.Context, p *testcluster.Process) error  { return p.Start(ctx) }

// after does so once what was about to be sent is under way.
func after(d time.Duration, do func(context.Context, *testcluster.Process) error) func(context.Context, *testcluster.Process) error {
	return func(ctx context.Context, p *testcluster.Process) error {
		time.Sleep(d)
		return do(ctx, p)
	}
}

// The second node of the second shard gets statements from its neighbour alone,
// the first of the first is the one that skein asks first, and has the state.
func nodeBlows() []blow {
	return []blow{
		{
			fault: "a replica killed (SIGKILL)", when: "each statement about to be sent, or first answered", moments: eachStatement(),
			server: node("s2r2"), strike: killIt, out: alternate,
		},
		{
			fault: "a replica stopped (SIGTERM)", when: "CREATE, ALTER, mutation, RENAME about to be sent", moments: sent(1, 2, 4, 5),
			server: node("s2r2"), strike: stopIt, out: always(resume),
		},
		{
			fault: "a replica frozen, then killed", when: "CREATE, ALTER, mutation, RENAME under way", moments: sent(1, 2, 4, 5),
			server: node("s2r2"), strike: freezeIt, later: after(time.Second, killIt), out: always(resume),
		},
		{
			fault: "a replica restarted", when: "CREATE, ALTER, INSERT, mutation about to be sent", moments: sent(1, 2, 3, 4),
			server: node("s2r2"), strike: stopIt, later: startIt, out: always(resume), maySucceed: true,
		},
		{
			fault: "the initiator killed (SIGKILL)", when: "each statement about to be sent", moments: sent(1, 2, 3, 4, 5, 6),
			server: node("s1r1"), strike: killIt, out: always(resume),
		},
		{
			fault: "the initiator killed (SIGKILL)", when: "CREATE, ALTER, INSERT, mutation first answered", moments: firstAnswered(1, 2, 3, 4),
			server: node("s1r1"), strike: killIt, out: alternate,
		},
	}
}

func TestANodeDiesDuringAStatement(t *testing.T) {
	take(t, &lanes.frail)
	for _, at := range frail() {
		t.Run(at.name, func(t *testing.T) {
			c := cluster(t, at.servers)
			t.Parallel() // each place has servers of its own
			want, _ := withoutFault(t, c, at.ddl)
			for i, b := range nodeBlows() {
				if !at.has(i) {
					continue
				}
				t.Run(b.fault+", "+b.when, func(t *testing.T) {
					victim := b.server(c)
					r := b.round(t, c, at.ddl, i+1)
					r.judge = func(p *project, m moment, got result) {
						switch {
						case got.code == 0 && !b.maySucceed && m.statement < 6:
							p.errorf("completed while %s is down", victim.Name)
						case got.code != 0 && !strings.Contains(got.stderr, c.Node(victim.Name).Addr()):
							p.errorf("does not name %s", c.Node(victim.Name).Addr())
						}
						honest(p, got)
					}
					took := r.run(t, b.moments, want)
					proven(t, line{
						Case: 3, Fault: b.fault, Moments: b.when, Runs: len(b.moments), Place: at.name, Way: b.way(), took: took,
					})
				})
			}
		})
	}
}

func (b blow) round(t *testing.T, c *testcluster.Cluster, ddl string, number int) round {
	server := b.server(c)
	r := round{
		servers: c, ddl: ddl, number: number, out: b.out,
		strike: func() { ok(t, b.strike(t.Context(), server)) },
		heal:   func() { ok(t, c.Mend(t.Context())) },
	}
	if b.later != nil {
		r.later = func() { ok(t, b.later(t.Context(), server)) }
	}
	return r
}

// honest checks what skein says at the end of a migration that was struck.
func honest(p *project, got result) {
	p.t.Helper()
	p.t.Logf("exit %d\n%s%s", got.code, got.stdout, got.stderr)
	switch got.code {
	case 0:
	case 5:
		if !strings.Contains(got.stderr, "skein resume --group "+group) {
			p.errorf("does not say how to go on")
		}
	case 4: // the lock was lost
	default:
		p.errorf("exit %d", got.code)
	}
	if got.code != 0 && strings.Contains(got.stderr, "completed  ") {
		p.errorf("says completed")
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
