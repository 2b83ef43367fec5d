package faults

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/integration/testproxy"
)

// cables are the proxies through which nodes reach ZooKeeper, by their names.
type cables struct {
	mu     sync.Mutex
	byNode map[string]*testproxy.Proxy
}

// via is for testcluster.Options.
func (c *cables) via(node, zooKeeper string) (int, error) {
	proxy, err := testproxy.Listen(zooKeeper, testproxy.Options{})
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byNode == nil {
		c.byNode = map[string]*testproxy.Proxy{}
	}
	if old := c.byNode[node]; old != nil {
		old.Cut() // of a start that did not work
	}
	c.byNode[node] = proxy
	_, port, err := net.SplitHostPort(proxy.Address())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

func (c *cables) of(node string) *testproxy.Proxy {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byNode[node]
}

// toZooKeeper are the cables of the servers that have them.
var toZooKeeper = struct{ left, right cables }{}

// cabled are the servers whose nodes can be cut off from ZooKeeper.
func cabled() []struct {
	place
	cables *cables
} {
	return []struct {
		place
		cables *cables
	}{
		{place{"2×2, on_cluster", &servers.cabledLeft, "on_cluster"}, &toZooKeeper.left},
		{place{"2×2, direct", &servers.cabledRight, "direct"}, &toZooKeeper.right},
	}
}

// severing is how a node is cut off, and when.
type severing struct {
	from, how string
	do        func(*testproxy.Proxy)
	moments   []moment
	when      string
	rows      []int // of the state
}

func severings() []severing {
	closed := func(p *testproxy.Proxy) { p.Cut() }
	blackHole := func(p *testproxy.Proxy) { p.Silence() }
	before, during := sent(1, 2, 3, 4, 5, 6), firstAnswered(1, 2, 3, 4, 5, 6)
	const isSent, isAnswered = "before the run; each statement about to be sent", "before the run; each statement first answered"
	return []severing{
		{"ZooKeeper", "connections closed", closed, before, isSent, []int{1, 4}},
		{"ZooKeeper", "a black hole", blackHole, during, isAnswered, []int{3}},
		{"skein", "connections closed", closed, during, isAnswered, []int{2, 5}},
		{"skein", "a black hole", blackHole, before, isSent, []int{3}},
	}
}

// patience is above all the limits that the configuration of a round sets, and
// those that skein has of its own, one after the other.
const patience = 90 * time.Second

// A node is cut off from ZooKeeper, or from skein, in each statement and at rows
// of the state. The node is the first: it takes ON CLUSTER statements, and those
// that one node of a shard is sent.
func TestNodeCutOff(t *testing.T) {
	take(t, &lanes.cabled)
	for _, at := range cabled() {
		t.Run(at.name, func(t *testing.T) {
			c := cluster(t, at.servers)
			t.Parallel() // each place has servers of its own
			want, _ := withoutFault(t, c, at.ddl)
			for i, s := range severings() {
				if !at.has(i) {
					continue
				}
				t.Run(s.how+" to "+s.from, func(t *testing.T) {
					cut := cutOff{severing: s, servers: c, node: c.Nodes[0], ddl: at.ddl, number: 50 + i, want: want, toNodes: proxies(t, c)}
					cut.line = cut.toNodes[0]
					if s.from == "ZooKeeper" {
						cut.line = at.cables.of(cut.node.Name)
					}
					took := cut.run(t)
					for _, l := range []line{
						{Case: 5, Moments: s.when, Runs: len(s.moments) + 1},
						{Case: 8, Moments: "rows of the state about to be written", Runs: len(s.rows)},
					} {
						l.Fault, l.Place, l.Way, l.took = "a node cut off from "+s.from+", "+s.how, at.name, string(resume), took
						proven(t, l)
					}
				})
			}
		})
	}
}

// proxies stand between skein and each node.
func proxies(t testproxy.Test, c *testcluster.Cluster) []*testproxy.Proxy {
	t.Helper()
	var out []*testproxy.Proxy
	for _, n := range c.Nodes {
		out = append(out, testproxy.New(t, n.Addr(), testproxy.Options{Answered: testproxy.Answered}))
	}
	return out
}

// through makes a project's skein reach each node through a proxy. No skein
// dies behind one: its session is long, as many work at once on a busy machine.
func (p *project) through(toNodes []*testproxy.Proxy) {
	p.t.Helper()
	p.reach(toNodes)
	text, err := os.ReadFile(p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(regexp.MustCompile(`session_timeout: \d+s`).ReplaceAllString(string(text), "session_timeout: 10s"))
}

// reach makes a project's skein reach each node through a proxy.
func (p *project) reach(toNodes []*testproxy.Proxy) {
	p.t.Helper()
	var entries []string
	for i, n := range p.servers.Nodes {
		entries = append(entries, fmt.Sprintf("%q: %q", n.Addr(), toNodes[i].Address()))
	}
	text, err := os.ReadFile(p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(regexp.MustCompile(`(?m)^    address_map: .*\n`).ReplaceAllString(string(text), ""))
	p.edit("    storage_sets:", "    address_map: {"+strings.Join(entries, ", ")+"}\n    storage_sets:")
}

// cutOff is one round of a node cut off.
type cutOff struct {
	severing
	servers *testcluster.Cluster
	node    *testcluster.Node
	ddl     string
	number  int
	want    picture
	toNodes []*testproxy.Proxy // from skein
	line    *testproxy.Proxy   // that is cut
}

func (c cutOff) run(t *testing.T) time.Duration {
	t.Helper()
	late := newProject(t, c.servers, fmt.Sprintf("%d000", c.number), c.ddl)
	defer late.drop()
	late.through(c.toNodes)
	late.must("migrate", "--group", group, before)
	moments := slices.Clone(c.moments)
	for _, n := range c.rows {
		moments = append(moments, moment{0, written, n})
	}
	var struck time.Time
	took := round{
		servers: c.servers, ddl: c.ddl, number: c.number,
		prepare: func(p *project) { p.through(c.toNodes) },
		strike: func() {
			struck = time.Now()
			c.do(c.line)
		},
		judge: func(p *project, m moment, r result) {
			if took := time.Since(struck); took > patience {
				p.errorf("%s: it ended %s after the node was cut off", m, took)
			}
			c.judge(p, m, r)
		},
		heal: func() {
			defer c.heal(t, late)
			if r := late.run("migrate"); r.code != 3 || !strings.Contains(r.stderr, c.node.Addr()) {
				late.errorf("exit %d of a run that begins while %s is cut off", r.code, c.node.Name)
			}
		},
		out: func(int) recovery { return resume },
	}.run(t, moments, c.want)
	late.must("migrate")
	if diff := same(c.want, late.look()); diff != "" {
		late.errorf("not as without the fault (-without +with):\n%s", diff)
	}
	return took
}

// judge looks at how a run ended while the node is still cut off.
func (c cutOff) judge(p *project, m moment, r result) {
	p.t.Helper()
	p.t.Logf("%s: exit %d\n%s", m, r.code, r.stderr)
	first := m == moment{0, written, 1}
	switch {
	case r.code == 0:
		for _, n := range c.servers.Nodes {
			if !slices.Equal(p.schema(n), c.want.Schema[n.Name]) {
				p.errorf("completed while %s is behind", n.Name)
			}
		}
	case r.code == 3 || r.code == 5, first && r.code == 1:
		if !strings.Contains(r.stderr, c.node.Addr()) {
			p.errorf("does not name %s", c.node.Addr())
		}
	case r.code != 4:
		p.errorf("exit %d", r.code)
	}
}

// heal returns when every replica has its session again. One of 18.16 that was
// cut off may never hear of an ALTER that others make afterwards, unless it is
// restarted.
func (c cutOff) heal(t *testing.T, p *project) {
	ok(t, c.line.Mend())
	p.untilActive()
	if c.from == "ZooKeeper" {
		for _, table := range p.query(c.node, "SELECT database, name FROM system.tables WHERE startsWith(engine, 'Replicated')") {
			p.exec(c.node, "SYSTEM RESTART REPLICA "+table[0]+"."+table[1])
		}
		p.untilActive()
	}
	ok(t, c.servers.Mend(t.Context()))
}
