package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// place is where the six statements run.
type place struct {
	name    string
	servers *testcluster.Shared
	ddl     string
}

// The places that are clusters.
const (
	onCluster = "2×2, on_cluster"
	onDirect  = "2×2, direct"
	oneNode   = "one 26.7 node"
)

func places() []place {
	return []place{
		{onCluster, &servers.left, "on_cluster"},
		{onDirect, &servers.right, "direct"},
		{oneNode, &servers.modern, "direct"},
	}
}

// way is a fault and the way out of it.
type way struct {
	number   int // of the case
	strike   strike
	recovery recovery
	every    int // so many calls
}

func (w way) moments() string {
	if w.every > 1 {
		return "each third call of server, state and lock"
	}
	return "each call of server, state and lock"
}

func ways(at place) []way {
	out := []way{{1, kill, resume, 1}, {1, kill, undo, 1}}
	every := 1
	if !*whole && at.name != oneNode { // as an end is asked for at the same places
		every = 3
	}
	if *whole || at.name != onDirect {
		out = append(out, way{2, interrupt, resume, every})
	}
	if *whole || at.name != onCluster {
		out = append(out, way{2, twice, resume, every})
	}
	return out
}

// withoutFault is what a run without a fault leaves behind, and the calls that it makes.
func withoutFault(t *testing.T, c *testcluster.Cluster, ddl string) (picture, []string) {
	t.Helper()
	p := newProject(t, c, "0000", ddl)
	defer p.drop()
	p.must("migrate", "--group", group, before)
	return recorded(t, p)
}

// recorded runs the six statements and writes down which calls that takes.
func recorded(t *testing.T, p *project) (picture, []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "calls")
	if r := p.strike(fault{Calls: file}, "migrate"); r.code != 0 {
		p.fatalf("exit %d without a fault", r.code)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := p.look()
	p.agree(got)
	return got, strings.Split(strings.TrimSpace(string(text)), "\n")
}

// struck checks that a fault had its effect: a test whose skein just goes on
// proves nothing.
func (p *project) struck(r result, s strike) {
	p.t.Helper()
	switch {
	case s == kill && r.code != killed:
		p.fatalf("exit %d, and it should have been killed", r.code)
	case s != kill && r.code != 0 && r.code != 1 && r.code != 5 && r.code != 130:
		p.fatalf("exit %d after %s", r.code, s)
	}
}

// release ends the lock of a process that is known to be dead, so that its
// session need not be waited for; TestRandomFaults waits.
func (p *project) release() {
	p.t.Helper()
	if r := p.run("lock", "release", "--force"); r.code != 0 {
		p.fatalf("lock release --force: exit %d", r.code)
	}
}

// skein ends itself at every call of its ports in the migration of six
// statements; then the operator gets out.
func TestSkeinDiesAtEveryCall(t *testing.T) {
	take(t, &lanes.plain)
	for _, at := range places() {
		t.Run(at.name, func(t *testing.T) {
			c := cluster(t, at.servers)
			t.Parallel() // each place has servers of its own
			landlord := newProject(t, c, "0000", at.ddl)
			landlord.must("migrate", "--group", "system")
			reference := newTenant(t, landlord, "0001")
			before := reference.look()
			after, calls := recorded(t, reference)
			fmt.Printf("%s: %d calls of the ports\n", at.name, len(calls))
			for w, way := range ways(at) {
				t.Run(string(way.strike)+", "+string(way.recovery), func(t *testing.T) {
					began := time.Now()
					var ran []*project
					var spare *project // whose tables are as they were when they were made
					runs := 0
					for i, call := range calls {
						if i%way.every > 0 {
							continue
						}
						runs++
						t.Run(fmt.Sprintf("%d %s", i+1, call), func(t *testing.T) {
							p := spare.again(t)
							if p == nil {
								p = newTenant(t, landlord, fmt.Sprintf("%d%03d", w+1, i+1))
							}
							spare = nil
							p.struck(p.strike(fault{At: i + 1, Strike: way.strike}, "migrate"), way.strike)
							if way.strike == kill {
								p.release()
							}
							switch p.bringInOrder(way.recovery, before, after, runs%afresh == 0) {
							case asBefore:
								spare = p
								return
							case asAfter:
								ran = append(ran, p)
							}
							p.leave()
						})
					}
					if spare.again(t) != nil {
						spare.leave()
					}
					if way.recovery == resume { // what is undone is done again on purpose
						ranOnce(t, c, ran...)
					}
					proven(t, line{
						Case: way.number, Fault: string(way.strike) + " of skein", Moments: way.moments(),
						Runs: runs, Place: at.name, Way: string(way.recovery), took: time.Since(began),
					})
				})
			}
		})
	}
}
