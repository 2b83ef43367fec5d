package faults

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// recovery is how an operator gets out.
type recovery string

const (
	resume recovery = "resume"
	undo   recovery = "reverse-in-progress"
)

// recover does what an operator does after a fault, until all that the
// project has is completed: resume, or reverse-in-progress, and migrate. Whether a
// tenant's statements ran once is read for many at a time.
func (p *project) recover(how recovery, want picture) {
	p.t.Helper()
	switch how {
	case resume:
		p.resume()
	case undo:
		p.undo()
	}
	if !p.isCompleted() { // skein died before it began, or it was taken back
		p.must("migrate", "--lock-wait", "1m")
	}
	got := p.look()
	if diff := same(want, got); diff != "" {
		p.errorf("not as without the fault (-without +with):\n%s", diff)
	}
	if how == resume && !p.tenant { // what is undone is done again on purpose
		ranOnce(p.t, p.servers, p)
	}
}

// afresh is of how many runs that end as if they had not begun one is done again.
const afresh = 8

// bringInOrder is recover for a tenant, of which there are hundreds: what is taken back,
// or was never begun, has to be as it was before, which proves more than to do it
// again, and takes half the time. Only now and then it is done again too.
func (p *project) bringInOrder(how recovery, before, after picture, again bool) ended {
	p.t.Helper()
	switch how {
	case resume:
		p.resume()
	case undo:
		p.undo()
	}
	got, end := p.look(), asAfter
	if !slices.ContainsFunc(got.State, isSixCompleted) {
		got.State = slices.DeleteFunc(got.State, func(row string) bool { return strings.HasPrefix(row, group+" "+six+" not_started") })
		if diff := same(before, got); diff != "" {
			p.fatalf("not as before the run (-before +after):\n%s", diff)
		}
		if !again {
			return asBefore
		}
		p.must("migrate", "--lock-wait", "1m")
		got, end = p.look(), repeated
	}
	if diff := same(after, got); diff != "" {
		p.errorf("not as without the fault (-without +with):\n%s", diff)
	}
	return end
}

// ended is how a tenant's run did.
type ended int

const (
	asBefore ended = iota // nothing is left of it
	asAfter               // completed, by itself or by resume
	repeated              // nothing was left of it, and it was done again
)

func isSixCompleted(row string) bool { return strings.HasPrefix(row, group+" "+six+" completed") }

func (p *project) isCompleted() bool {
	return slices.ContainsFunc(p.state(), isSixCompleted)
}

// ranOnce reads in the log of servers that have one that each statement of the
// migrations of their projects was executed once.
func ranOnce(t *testing.T, c *testcluster.Cluster, projects ...*project) {
	t.Helper()
	if !c.Options.QueryLog {
		return
	}
	n := c.Nodes[0]
	_, err := n.Query(t.Context(), "SYSTEM FLUSH LOGS query_log")
	ok(t, err)
	rows, err := n.Query(t.Context(), "SELECT extract(query, '[^a-z0-9](?:a|b|calls)([0-9]+)[^0-9]') AS suffix, query, toString(count()) FROM system.query_log "+
		"WHERE type = 'QueryFinish' AND startsWith(query_id, 'skein-') AND query_kind IN ('Create', 'Alter', 'Insert', 'Rename', 'Exchange') "+
		"AND suffix != '' AND position(query, '.`migration') = 0 GROUP BY suffix, query ORDER BY suffix, query")
	ok(t, err)
	for _, p := range projects {
		statements := 0
		for _, row := range rows {
			if row[0] != p.suffix {
				continue
			}
			if statements++; row[2] != "1" && !p.revived {
				t.Errorf("executed %s times: %s\n%s", row[2], row[1], p.said.String())
			}
		}
		if statements < 5 && !p.revived { // of six, without what Go functions do
			t.Errorf("the query log has %d statements of %s: this proves nothing:\n%v", statements, p.suffix, rows)
		}
	}
}

// resume goes on. Where skein cannot know whether a statement ran, the servers
// are looked at, as skein asks.
func (p *project) resume() {
	p.t.Helper()
	r := p.wayOut(resume)
	if r.code == 3 && strings.Contains(r.stderr, "--assume-done") {
		r = p.wayOut(resume, p.decide(r.stderr))
	}
	if r.code != 0 {
		p.fatalf("resume: exit %d", r.code)
	}
}

func (p *project) undo() {
	p.t.Helper()
	r := p.wayOut(undo)
	if r.code != 0 {
		p.fatalf("reverse-in-progress: exit %d", r.code)
	}
	for _, row := range p.state() {
		if strings.Contains(row, "in_progress") {
			p.fatalf("in progress after reverse-in-progress: %s", row)
		}
	}
}

// wayOut runs a way out. Where skein says that an active replica stays behind its
// neighbours, the replicas are restarted, as it proposes: one of 18.16 that lost its
// session may not look for new columns until then.
func (p *project) wayOut(how recovery, args ...string) result {
	p.t.Helper()
	args = append([]string{string(how), "--lock-wait", "1m"}, args...)
	r := p.run(args...)
	if !p.stuck || r.code != 5 || !strings.Contains(r.stderr, "SYSTEM RESTART REPLICA of the table, there") {
		return r
	}
	for _, n := range p.servers.Nodes {
		for _, row := range p.query(n, "SELECT table FROM system.replicas WHERE database = '"+p.database()+"'") {
			fmt.Fprintf(&p.said, "(SYSTEM RESTART REPLICA %s, on %s)\n", row[0], n.Name)
			p.exec(n, "SYSTEM RESTART REPLICA "+p.database()+"."+row[0])
		}
	}
	p.untilActive()
	return p.run(args...)
}

// decide looks for the effect of the statement that skein names, and finishes by
// hand what is there on one shard and not on the other.
func (p *project) decide(asked string) string {
	p.t.Helper()
	var effect func(shard *testcluster.Node) bool
	var byHand string
	table := p.database() + ".b" + p.suffix
	number := func(n *testcluster.Node, sql string) int {
		value, err := strconv.Atoi(p.query(n, sql)[0][0])
		if err != nil {
			p.fatalf("%s: %v", sql, err)
		}
		return value
	}
	shards := p.firstOfShards()
	switch {
	case strings.Contains(asked, "(INSERT INTO"):
		if strings.Contains(asked, before) {
			table = p.database() + ".a" + p.suffix
		}
		effect = func(n *testcluster.Node) bool { return p.anyReplica(n, "SELECT toString(count()) FROM "+table) > 0 }
		byHand = "INSERT INTO " + table + " (id, salt) SELECT toInt64(number) + 100, rand() FROM system.numbers LIMIT 10"
	case strings.Contains(asked, "UPDATE n"):
		effect = func(n *testcluster.Node) bool {
			return number(n, "SELECT toString(count()) FROM system.mutations WHERE database = '"+p.database()+"' AND table LIKE '%"+p.suffix+"' AND command LIKE '%UPDATE n%'") > 0
		}
		byHand = "ALTER TABLE " + table + " UPDATE n = n + 1 WHERE id >= 0"
	case strings.Contains(asked, "RunGo") || strings.Contains(asked, "call"):
		shards = shards[:1]
		effect = func(n *testcluster.Node) bool {
			return number(n, "SELECT toString(count()) FROM "+p.database()+".calls"+p.suffix) > 0
		}
	default:
		p.fatalf("resume asks about what this test does not know:\n%s", asked)
	}
	have := slices.DeleteFunc(slices.Clone(shards), func(n *testcluster.Node) bool { return !effect(n) })
	fmt.Fprintf(&p.said, "(the effect is on %d of %d)\n", len(have), len(shards))
	switch len(have) {
	case 0:
		return "--repeat"
	case len(shards):
		return "--assume-done"
	}
	for _, n := range shards {
		if !slices.Contains(have, n) {
			p.exec(n, byHand)
		}
	}
	return "--assume-done"
}

// anyReplica is a number on a node that has fetched what its neighbours have.
func (p *project) anyReplica(n *testcluster.Node, sql string) int {
	table := sql[strings.LastIndex(sql, " ")+1:]
	if p.servers.Options.Engine == testcluster.EngineCluster {
		p.exec(n, "SYSTEM SYNC REPLICA "+table)
	}
	value, err := strconv.Atoi(p.query(n, sql)[0][0])
	if err != nil {
		p.fatalf("%s: %v", sql, err)
	}
	return value
}

func (p *project) firstOfShards() []*testcluster.Node {
	if p.servers.Options.Engine == testcluster.EngineModern {
		return p.servers.Nodes
	}
	var out []*testcluster.Node
	for i := 0; i < len(p.servers.Nodes); i += p.servers.Options.Replicas {
		out = append(out, p.servers.Nodes[i])
	}
	return out
}
