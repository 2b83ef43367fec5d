package faults

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/testcluster"
)

func zooKeeper(c *testcluster.Cluster) *testcluster.Process { return c.ZooKeeper }

func zooKeeperBlows() []blow {
	return []blow{
		{
			fault: "ZooKeeper frozen for less than a session", when: "each statement about to be sent", moments: sent(1, 2, 3, 4, 5, 6),
			server: zooKeeper, strike: freezeIt, later: after(500*time.Millisecond, thawIt), out: always(resume), maySucceed: true,
		},
		{
			fault: "ZooKeeper killed (SIGKILL)", when: "each statement about to be sent, or first answered", moments: eachStatement(),
			server: zooKeeper, strike: killIt, out: alternate, restart: true,
		},
		{
			fault: "ZooKeeper killed (SIGKILL)", when: "CREATE, ALTER, mutation, RENAME under way", moments: sent(1, 2, 4, 5),
			server: zooKeeper, strike: nothing, later: killIt, out: always(resume), maySucceed: true, restart: true,
		},
		{
			fault: "ZooKeeper restarted", when: "each statement about to be sent", moments: sent(1, 2, 3, 4, 5, 6),
			server: zooKeeper, strike: killIt, later: startIt, out: always(resume), maySucceed: true,
		},
		{
			fault: "ZooKeeper frozen until all sessions have expired", when: "each statement first answered", moments: firstAnswered(1, 2, 3, 4, 5, 6),
			server: zooKeeper, strike: freezeIt, later: after(8*time.Second, thawIt), out: always(resume), maySucceed: true, restart: true,
		},
	}
}

func TestZooKeeperGoesAwayDuringAStatement(t *testing.T) {
	take(t, &lanes.frail)
	for _, at := range frail() {
		t.Run(at.name, func(t *testing.T) {
			c := cluster(t, at.servers)
			t.Parallel() // each place has servers of its own
			want, _ := withoutFault(t, c, at.ddl)
			for i, b := range zooKeeperBlows() {
				if !at.has(i) {
					continue
				}
				t.Run(b.fault+", "+b.when, func(t *testing.T) {
					r := b.round(t, c, at.ddl, i+1)
					r.stuck = true
					onCall := newProject(t, c, fmt.Sprintf("%d000", i+1), at.ddl)
					defer onCall.drop()
					r.heal = func() {
						ok(t, c.ZooKeeper.Start(t.Context()))
						onCall.untilActive() // as skein warns: a restart does not find data in another table's folder
						for _, n := range c.Nodes {
							if b.restart {
								ok(t, n.Restart(t.Context()))
							}
						}
						ok(t, c.Mend(t.Context()))
					}
					r.judge = func(p *project, _ moment, got result) { honest(p, got) }
					took := r.run(t, b.moments, want)
					proven(t, line{
						Case: 4, Fault: b.fault, Moments: b.when, Runs: len(b.moments), Place: at.name, Way: b.way(), took: took,
					})
				})
			}
		})
	}
}

// ZooKeeper comes back empty. 18.16 has nothing that makes its Replicated tables
// writable again (SYSTEM RESTART REPLICA fails with 999, and the table is gone
// until a restart), so that all that can be asked is that nothing is done.
func TestZooKeeperLosesItsData(t *testing.T) {
	take(t, &lanes.frail)
	for _, at := range frail() {
		t.Run(at.name, func(t *testing.T) {
			cluster(t, at.servers) // for its gate
			t.Parallel()
			began := time.Now()
			c, err := testcluster.Start(t.Context(), testcluster.Options{SessionTimeout: 3 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { ok(t, c.Stop(context.WithoutCancel(t.Context()))) }()
			moments := []moment{sent(2)[0], firstAnswered(4)[0], {0, "lock: acquire", 1}}
			lost := newMeeting(len(moments), func() {
				ok(t, c.ZooKeeper.Kill(t.Context()))
				ok(t, os.RemoveAll(c.ZooKeeper.DataDir()))
				ok(t, os.Mkdir(c.ZooKeeper.DataDir(), 0o755))
				ok(t, c.ZooKeeper.Start(t.Context()))
			})
			projects := make([]*project, len(moments))
			var all sync.WaitGroup
			for i, m := range moments {
				all.Go(func() {
					var once sync.Once
					defer once.Do(lost.stayAway)
					p := newProject(t, c, fmt.Sprintf("9%03d", i), at.ddl)
					projects[i] = p
					p.edit(limits, limitsAtFault)
					p.whenActive(func(string) {}, "migrate", "--group", group, before)
					if r := p.whenActive(m.gate(func() { once.Do(lost.come) }), "migrate"); r.code == 0 {
						p.errorf("completed without what ZooKeeper knew")
					}
				})
			}
			all.Wait()
			runs := 0
			for _, p := range projects {
				was := p.schemas()
				for _, args := range [][]string{
					{"check-inactive-replicas"}, {"migrate"}, {"resume"}, {"reverse-in-progress"}, {"rollback", "--group", group, "--yes"},
				} {
					runs++
					if r := p.run(args...); r.code != 3 {
						p.errorf("%v: exit %d, want 3", args, r.code)
					}
				}
				if diff := cmp.Diff(was, p.schemas()); diff != "" {
					p.errorf("changed something:\n%s", diff)
				}
				t.Log(p.said.String())
			}
			proven(t, line{
				Case: 4, Fault: "ZooKeeper's data lost", Moments: "between runs, ALTER about to be sent, mutation first answered",
				Runs: runs, Place: at.name, Way: "none: each command refuses", took: time.Since(began),
			})
		})
	}
}

func (p *project) schemas() map[string][]string {
	out := map[string][]string{}
	for _, n := range p.servers.Nodes {
		out[n.Name] = p.schema(n)
	}
	return out
}
