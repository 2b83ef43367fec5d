// Package conformance applies every operation to real servers: a 26.7 node and,
// where it has the feature, the 18.16 cluster of two shards with two replicas. It
// checks the conditions on every node, breaks the result by hand on one node and
// sees them fail there, applies the inverse, and finds schema, column order and
// rows as they were. What it found is docs/operations.md.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

// servers are one of each, so that tests of different ones run side by side.
var servers = struct{ cluster, modern, sharing testcluster.Pool }{
	cluster: testcluster.Pool{Size: 1, Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	modern:  testcluster.Pool{Size: 1, Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1}},
	sharing: testcluster.Pool{Size: 1, Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 2, SharedStorage: true}},
}

func TestMain(m *testing.M) {
	os.Exit(testcluster.Main(m, &servers.cluster, &servers.modern, &servers.sharing))
}

// scenario is one operation on tables with rows and neighbours.
type scenario struct {
	// name says what is special about it, behind the operation's kind: "first".
	name string
	// given is made before through skein, beside the tables t and n that are always
	// there, and rows are then inserted on one replica of each shard ({db} is filled).
	given []ops.Operation
	rows  []string
	// byHand is SQL that every node is given then, behind skein's back.
	byHand []string
	op     ops.Operation
	// noop: what the operation asks for is so already, and its conditions hold before.
	noop bool
	// breaks undoes the result by hand, on one node, where what its conditions
	// derive is not right. {db} is filled.
	breaks []string
	// spreads: what is broken on one node is broken on nodes of other shards too.
	spreads bool
	// then is SQL on one replica of each shard after the operation ({db} is filled):
	// rows that show in effect what it did.
	then []string
	// effect is a query that answers want on every node after the operation, for
	// one whose effect no condition sees.
	effect, want string
	// loses says what the inverse cannot bring back, so that rows are not compared.
	loses string
	// cannot is the code with which these servers refuse what other servers do, and
	// why: such an operation is rendered and understood, and no more.
	cannot      int
	cannotWhy   string
	modernOnly  bool
	clusterOnly bool
	// settles is what differs in the schema after there and back, lawfully: texts
	// that are taken out of both before they are compared.
	settles []string
}

// bench is one set of servers with one database of its own for a scenario.
type bench struct {
	t        *testing.T
	servers  *testcluster.Cluster
	database string
	single   bool
	set      *cluster.Set
	facts    plan.Facts
	sets     storageset.Map
}

const clusterName = "conformance"

func newBench(t *testing.T, c *testcluster.Cluster, database string) *bench {
	t.Helper()
	b := makeBench(t, c, database)
	t.Cleanup(b.set.Close)
	return b
}

// makeBench makes one that outlives its test.
func makeBench(t *testing.T, c *testcluster.Cluster, database string) *bench {
	t.Helper()
	b := &bench{t: t, servers: c, database: database, single: c.Options.Engine == testcluster.EngineModern && c.Options.Nodes == 1}
	engine := ""
	if b.modern() {
		engine = " ENGINE = Atomic"
	}
	b.everywhere("CREATE DATABASE " + ops.Ident(database) + engine)
	b.set = b.open()
	b.sets = storageset.Map{}
	sets, err := storageset.Assign(map[string][]storageset.Key{clusterName: {"events"}})
	if err != nil {
		t.Fatal(err)
	}
	b.sets = sets
	return b
}

// modern says that the nodes are of 26.7, which has no distributed DDL queue here.
func (b *bench) modern() bool { return b.servers.Options.Engine == testcluster.EngineModern }

// secrets are what {secret:NAME} stands for. BOB is the password of skein_bob.
func (b *bench) secrets() map[string]string {
	return map[string]string{
		"WORD": "it's a secret", "BOB": "3",
		"URL": fmt.Sprintf("http://127.0.0.1:%d/?query=SELECT+'hidden+word'", b.servers.Nodes[0].HTTPPort),
	}
}

func (b *bench) open() *cluster.Set {
	options := cluster.Options{
		Name: clusterName, Hosts: []string{b.servers.Nodes[0].Addr()}, Database: b.database, User: "default",
		SingleNode: b.single, DDLTimeout: 10 * time.Second, WaitLimit: 10 * time.Second,
		Secrets: map[string]func(context.Context) (string, error){}, Direct: b.modern(),
	}
	for name, value := range b.secrets() {
		options.Secrets[name] = func(context.Context) (string, error) { return value, nil }
	}
	if !b.single {
		options.LocalCluster, options.DistCluster = "skein_local", "skein_dist"
	}
	return cluster.NewSet(options)
}

// plan makes the steps of operations from fresh facts.
func (b *bench) plan(operations ...ops.Operation) ([]plan.Step, error) {
	for _, op := range operations {
		if err := op.Check(); err != nil {
			return nil, err
		}
	}
	facts, err := b.set.Facts(b.t.Context(), []string{clusterName})
	if err != nil {
		return nil, err
	}
	steps, _, err := plan.New(b.sets, facts...).Operations(operations)
	if err != nil {
		return nil, err
	}
	seen, err := b.set.Present(b.t.Context(), steps, nil)
	if err != nil {
		return nil, err
	}
	for i := range steps {
		steps[i].Key = journal.Key{Group: "conformance", ID: "0001"}
	}
	plan.Trace(seen.Tables, steps)
	return steps, nil
}

func (b *bench) run(steps []plan.Step) error {
	for _, step := range steps {
		if err := b.runStep(step); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) runStep(step plan.Step) error {
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	x := plan.Execution{RunID: b.database, Confirm: func(context.Context) error { return nil }, Emit: func(journal.Event) {}}
	hosts, err := b.set.Run(ctx, x, step)
	if err != nil {
		return fmt.Errorf("%s\n%w\n%+v", step.Text, err, hosts)
	}
	return nil
}

func (b *bench) do(operations ...ops.Operation) error {
	steps, err := b.plan(operations...)
	if err != nil {
		return err
	}
	return b.run(steps)
}

// verdicts are what every node says of a step now.
func (b *bench) verdicts(step plan.Step) map[string]journal.NodeVerdict {
	found := map[string]journal.NodeVerdict{}
	for _, v := range b.set.Check(b.t.Context(), step) {
		found[v.Node] = v
	}
	return found
}

func (b *bench) everywhere(sql string) {
	b.t.Helper()
	for _, node := range b.servers.Nodes {
		b.on(node, sql)
	}
}

// oncePerShard runs SQL on the first replica of each shard, and waits for the others.
func (b *bench) oncePerShard(sql string) {
	b.t.Helper()
	for _, node := range b.servers.Nodes {
		if node.Replica == 1 {
			b.on(node, sql)
		}
	}
}

func (b *bench) on(node *testcluster.Node, sql string) [][]string {
	b.t.Helper()
	rows, err := b.try(node, sql)
	if err != nil {
		b.t.Fatalf("%s: %s: %v", node.Name, sql, err)
	}
	return rows
}

func (b *bench) try(node *testcluster.Node, sql string) ([][]string, error) {
	return node.Query(b.t.Context(), strings.NewReplacer("{db}", ops.Ident(b.database), "{name}", b.database).Replace(sql))
}

// refusedFor is the reason why nodes lack what an operation needs.
func refusedFor(err error) (string, bool) {
	var preflight *journal.PreflightError
	if !errors.As(err, &preflight) || !strings.Contains(err.Error(), " needs ClickHouse ") {
		return "", false
	}
	_, why, _ := strings.Cut(err.Error(), " needs ")
	why, _, _ = strings.Cut(why, ";")
	return "needs " + why, true
}
