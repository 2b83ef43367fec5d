package faults

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// moment is a call of the ports at which a fault strikes, before it is made.
type moment struct {
	// statement is one of the six; 0: any.
	statement int
	call      string
	// nth of such calls in the statement, from 1.
	nth int
}

func (m moment) String() string {
	if m.statement == 0 {
		return fmt.Sprintf("%s %d", m.call, m.nth)
	}
	return fmt.Sprintf("statement %d %s", m.statement, m.call)
}

// The lock is confirmed just before a statement is sent.
const (
	confirmed = "lock: confirm"
	answered  = "server: a node answered"
	written   = "state: write"
)

// sent is as each of some statements is about to be sent.
func sent(statements ...int) []moment {
	var out []moment
	for _, statement := range statements {
		out = append(out, moment{statement, confirmed, 1})
	}
	return out
}

// firstAnswered is once each of some statements has got its first answer.
func firstAnswered(statements ...int) []moment {
	var out []moment
	for _, statement := range statements {
		out = append(out, moment{statement, answered, 1})
	}
	return out
}

// eachStatement is twice per statement: as it is about to be sent, and once it has
// got its first answer.
func eachStatement() []moment {
	return slices.Concat(sent(1, 2, 3, 4, 5, 6), firstAnswered(1, 2, 3, 4, 5, 6))
}

// gate calls reached when the moment comes, once.
func (m moment) gate(reached func()) gate {
	var mu sync.Mutex
	statement, seen := 0, 0
	return func(call string) {
		mu.Lock()
		if strings.HasPrefix(call, "server: run ") {
			statement++
			if m.statement != 0 {
				seen = 0
			}
		}
		now := false
		if call == m.call && (m.statement == 0 || m.statement == statement) {
			seen++
			now = seen == m.nth
		}
		mu.Unlock()
		if now {
			reached()
		}
	}
}

// meeting lets several runs wait until all of them are there; what is to happen
// then happens, and all go on.
type meeting struct {
	then func()

	mu       sync.Mutex
	expected int
	open     chan struct{}
}

func newMeeting(expected int, then func()) *meeting {
	return &meeting{then: then, expected: expected, open: make(chan struct{})}
}

// come waits for the others.
func (m *meeting) come() {
	m.stayAway()
	<-m.open
}

// stayAway is for one that nobody has to wait for.
func (m *meeting) stayAway() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.expected--; m.expected == 0 {
		defer close(m.open) // whatever becomes of then
		m.then()
	}
}

// round is one fault that strikes many migrations at once, each at a moment of
// its own: waiting for sessions and limits is what takes time, and so it is
// waited once.
type round struct {
	servers *testcluster.Cluster
	ddl     string
	number  int // tells the names of its projects from those of other rounds
	// prepare may change a project's configuration; nil: as it is.
	prepare func(*project)
	// strike happens when every migration is at its moment, later while they go on, and
	// heal once all have ended.
	strike, later, heal func()
	// judge looks at how the migration ended, before anything is healed.
	judge func(p *project, m moment, r result)
	// stuck says that replicas may have lost their sessions.
	stuck bool
	// out is the way out of the migration at a moment.
	out func(i int) recovery
}

// busy is how many commands work at once, those not counted that wait in a round.
const busy = 3

// run returns how long it took.
func (r round) run(t *testing.T, moments []moment, want picture) time.Duration {
	t.Helper()
	began := time.Now()
	slots := make(chan struct{}, busy)
	working := func(f func()) {
		slots <- struct{}{}
		defer func() { <-slots }()
		f()
	}
	var going sync.WaitGroup
	struck := newMeeting(len(moments), func() {
		r.strike()
		if r.later != nil {
			going.Go(r.later)
		}
	})
	ended := newMeeting(len(moments), func() { going.Wait(); r.heal() })
	// Tables that come and go elsewhere count as inactive for a moment: one project is
	// recovered at a time, and all are dropped at the end.
	var recovering sync.Mutex
	recovered := newMeeting(len(moments), func() {})
	var all sync.WaitGroup
	for i, m := range moments {
		all.Go(func() {
			t.Run(m.String(), func(t *testing.T) {
				var once, over, out sync.Once
				defer out.Do(recovered.stayAway)
				defer over.Do(ended.stayAway)
				defer once.Do(struck.stayAway)
				var p *project
				working(func() {
					p = newProject(t, r.servers, fmt.Sprintf("%d%03d", r.number, i+1), r.ddl)
					if r.prepare != nil {
						r.prepare(p)
					}
					p.whenActive(func(string) {}, "migrate", "--group", group, before)
				})
				p.edit(limits, limitsAtFault)
				got := p.whenActive(m.gate(func() { once.Do(struck.come) }), "migrate")
				came := true
				once.Do(func() { came = false; struck.stayAway() })
				if !came {
					p.errorf("exit %d before the moment came", got.code)
				} else if r.judge != nil {
					r.judge(p, m, got)
				}
				over.Do(ended.come)
				p.edit(limitsAtFault, limitsAfter)
				func() {
					recovering.Lock()
					defer recovering.Unlock()
					if got.code == 0 { // nothing that comes later may be needed for it to be true
						if diff := cmp.Diff(want.Schema, p.look().Schema); diff != "" {
							p.errorf("said completed, and the schema is another (-without fault +with):\n%s", diff)
						}
					}
					p.untilActive()
					p.finishRenames(r.out(i))
					p.stuck = r.stuck
					p.recover(r.out(i), want)
				}()
				out.Do(recovered.come)
				working(p.drop)
			})
		})
	}
	all.Wait()
	return time.Since(began)
}

// whenActive runs a command again while it refuses because tables of another
// project are just being made.
func (p *project) whenActive(pass gate, args ...string) result {
	p.t.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		r := p.runGated(pass, args...)
		if r.code != 3 || !strings.Contains(r.stderr, "not all replicas are active") || time.Since(began) > 90*time.Second {
			return r
		}
	}
}

// untilActive waits until every replica is active again, as skein asks of an operator, and
// puts back what a RENAME of 18.16 has left in another folder, as skein says.
func (p *project) untilActive() {
	p.t.Helper()
	said, did := p.said.Len(), ""
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		r := p.run("check-inactive-replicas")
		if r.code == 0 {
			break
		}
		if time.Since(began) > 90*time.Second {
			p.fatalf("replicas stay inactive")
		}
		for _, n := range p.servers.Nodes { // it may be another project's
			for _, remedy := range remediesAt(n, r.stdout) {
				p.exec(n, remedy)
				did += fmt.Sprintf("(on %s: %s)\n", n.Name, remedy)
			}
		}
	}
	p.said.Truncate(said)
	if did != "" {
		p.said.WriteString(did)
		p.t.Log(did)
	}
}

// remediesAt are the statements that check-inactive-replicas says for a node.
func remediesAt(n *testcluster.Node, report string) []string {
	var out []string
	at := ""
	for line := range strings.Lines(report) {
		line = strings.TrimSpace(line)
		if remedy, is := strings.CutPrefix(line, "To mend it, there: "); is && at == n.Addr() {
			out = append(out, remedy)
		} else if !is {
			at, _, _ = strings.Cut(line, " ")
		}
	}
	return out
}

// finishRenames finishes by hand what a node has begun of a RENAME: 18.16 gives
// one table after the other its new name, and stops where ZooKeeper goes away in
// between. skein names the node, and changes nothing.
func (p *project) finishRenames(way recovery) {
	p.t.Helper()
	for _, n := range p.servers.Nodes {
		a, b, c := "a"+p.suffix, "b"+p.suffix, "c"+p.suffix
		tables := fmt.Sprint(p.query(n, "SELECT name FROM system.tables WHERE database = '"+p.database()+"' ORDER BY name"))
		if !strings.Contains(tables, c) {
			continue
		}
		if r := p.run(string(way)); r.code != 5 || !strings.Contains(r.stderr, n.Addr()) {
			p.errorf("exit %d, and %s has renamed one table of two", r.code, n.Addr())
		}
		if !strings.Contains(tables, "["+a+"]") {
			p.exec(n, fmt.Sprintf("RENAME TABLE %[1]s.%[2]s TO %[1]s.%[3]s", p.database(), b, a))
		}
		p.exec(n, fmt.Sprintf("RENAME TABLE %[1]s.%[2]s TO %[1]s.%[3]s", p.database(), c, b))
	}
}
