package faults

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// eachRow is as each of the rows is about to be written that a run without a
// fault writes.
func eachRow(calls []string) []moment {
	var out []moment
	for _, call := range calls {
		if call == written {
			out = append(out, moment{0, written, len(out) + 1})
		}
	}
	return out
}

// The rows of the group are on the first shard.
func rowBlows(calls []string) []blow {
	rows := eachRow(calls)
	var odd, even []moment
	for i, m := range rows {
		if i%2 == 0 {
			odd = append(odd, m)
		} else {
			even = append(even, m)
		}
	}
	return []blow{
		{
			fault: "the replica that gets the state row killed (SIGKILL)", when: "each row about to be written", moments: rows,
			server: node("s1r1"), strike: killIt, out: always(resume),
		},
		{
			fault: "the other replica of the state frozen, then killed", when: "each second row under way", moments: odd,
			server: node("s1r2"), strike: freezeIt, later: after(time.Second, killIt), out: alternate,
		},
		{
			fault: "the other replica of the state restarted", when: "each other second row about to be written", moments: even,
			server: node("s1r2"), strike: killIt, later: startIt, out: always(resume), maySucceed: true,
		},
	}
}

func TestAReplicaOfTheStateDies(t *testing.T) {
	take(t, &lanes.frail)
	for _, at := range frail() {
		t.Run(at.name, func(t *testing.T) {
			c := cluster(t, at.servers)
			t.Parallel() // each place has servers of its own
			want, calls := withoutFault(t, c, at.ddl)
			for i, b := range rowBlows(calls) {
				if !at.has(i) {
					continue
				}
				t.Run(b.fault, func(t *testing.T) {
					r := b.round(t, c, at.ddl, i+1)
					r.judge = func(p *project, _ moment, got result) {
						if got.code == 0 && !b.maySucceed {
							p.errorf("completed while a replica of the state is down")
						}
						honest(p, got)
					}
					took := r.run(t, b.moments, want)
					proven(t, line{
						Case: 8, Fault: b.fault, Moments: b.when, Runs: len(b.moments), Place: at.name, Way: b.way(), took: took,
					})
				})
			}
		})
	}
}

// One replica of the state comes back with what it had before the last two rows,
// while the other, which alone has those, is down: by the old row a Go function
// would be called again.
func TestAReplicaOfTheStateComesBackOld(t *testing.T) {
	take(t, &lanes.frail)
	for _, at := range frail() {
		t.Run(at.name, func(t *testing.T) {
			c := cluster(t, at.servers)
			t.Parallel() // each place has servers of its own
			want, calls := withoutFault(t, c, at.ddl)
			began := time.Now()
			rows := eachRow(calls)
			has, old := c.Node("s1r1"), c.Node("s1r2")
			p := newProject(t, c, "8001", at.ddl)
			p.must("migrate", "--group", group, before)
			var copied restored
			if r := p.runGated(rows[len(rows)-2].gate(func() { copied = keep(t, old, has) }), "migrate"); r.code != 0 {
				p.fatalf("exit %d", r.code)
			}
			copied.backWithout(has)
			p.edit(limits, limitsAtFault)
			refuses := func(args ...string) {
				if r := p.run(args...); r.code != 3 || !strings.Contains(r.stderr, "the state cannot be read") {
					p.errorf("%v: exit %d by an old row, want 3", args, r.code)
				}
			}
			refuses("resume")
			refuses("migrate")
			refuses("resume", "--without", has.Addr())
			refuses("reverse-in-progress")
			ok(t, has.Start(t.Context()))
			ok(t, old.Kill(t.Context()))
			if r := p.run("rollback", "--group", group, "--force", "--yes"); r.code != 3 {
				p.errorf("exit %d without a replica", r.code)
			}
			if r := p.run("list"); !strings.Contains(r.stdout, "0 in progress") {
				p.errorf("list does not know the newer row")
			}
			ok(t, c.Mend(t.Context()))
			t.Log(p.said.String())
			p.untilActive()
			if r := p.must("resume"); strings.Contains(r.stderr, six) {
				p.errorf("resumes by an old row")
			}
			// Who asks the table, as the picture does, has to wait until the replica has its
			// session (ten seconds) and has fetched the rows.
			newest := func(n *testcluster.Node) string {
				return p.query(n, "SELECT toString(max(version)) FROM "+p.database()+".migrations_local")[0][0]
			}
			for began := time.Now(); newest(has) != newest(old) && time.Since(began) < 90*time.Second; {
				time.Sleep(100 * time.Millisecond)
			}
			p.recover(resume, want)
			p.sameTrail()
			proven(t, line{
				Case: 8, Fault: "a replica of the state comes back old, the other is down", Moments: "copied before the last but one row", Runs: 1,
				Place: at.name, Way: string(resume), took: time.Since(began),
			})
		})
	}
}

// sameTrail checks that both replicas have one audit trail, and that it has every statement.
func (p *project) sameTrail() {
	p.t.Helper()
	table := p.database() + ".migration_steps_local"
	var trails [2]string
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(100 * time.Millisecond) {
		for i, n := range p.servers.Nodes[:2] {
			trails[i] = fmt.Sprint(p.query(n, "SELECT migration_id, step, outcome, count() FROM "+table+
				" GROUP BY migration_id, step, outcome ORDER BY migration_id, step, outcome"))
		}
		if trails[0] == trails[1] {
			break
		}
	}
	if trails[0] != trails[1] {
		p.errorf("the audit trails differ:\n%s\n%s", trails[0], trails[1])
	}
	for step := range 6 {
		if !strings.Contains(trails[0], fmt.Sprintf("[%s %d ", six, step+1)) {
			p.errorf("no entry of step %d in\n%s", step+1, trails[0])
		}
	}
}
