package conformance

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// TestObjectsInSharedStorage makes objects on two nodes that keep them in
// ZooKeeper. Named collections are known to be shared: one node is sent the
// statement. Of functions no server says it: both are sent it, the second refuses
// what it has already (609, 46), and its conditions say that this is well.
func TestObjectsInSharedStorage(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers.sharing.Cluster(t), "sharing")
	collection := ops.CreateNamedCollection{Place: atLocal(), Name: "conformance_nc", Pairs: []ops.CollectionPair{{Key: "a", Value: "1"}}}
	function := ops.CreateFunction{Place: atLocal(), Name: "conformance_f", Definition: "x -> x + 1"}
	for _, test := range []struct {
		op      ops.Operation
		sentTo  int
		refused map[bool]int // by whether it drops
		there   string
	}{
		{collection, 1, nil, "SELECT count() FROM system.named_collections WHERE name = 'conformance_nc'"},
		{function, 2, map[bool]int{false: 609, true: 46}, "SELECT count() FROM system.functions WHERE name = 'conformance_f'"},
	} {
		inverse, err := test.op.(ops.Inverter).Inverse()
		if err != nil {
			t.Fatal(err)
		}
		for i, op := range []ops.Operation{test.op, inverse} {
			drops := i == 1
			said := b.answers(op)
			if len(said) != test.sentTo {
				t.Errorf("%s was sent to %d nodes (%v), want %d", ops.Describe(op), len(said), said, test.sentTo)
			}
			if code := test.refused[drops]; code != 0 && !contains(said, code) {
				t.Errorf("%s: no node refused it with %d (%v): this server says now that it shares functions", ops.Describe(op), code, said)
			}
			for _, node := range b.servers.Nodes {
				if got, want := fmt.Sprint(b.on(node, test.there)), map[bool]string{false: "[[1]]", true: "[[0]]"}[drops]; got != want {
					t.Errorf("%s: after %s: %s, want %s", node.Name, ops.Describe(op), got, want)
				}
			}
		}
	}
}

// answers runs an operation of one statement and returns, by node that was sent
// it, the code of its refusal, or 0. It sees that conditions did not hold before,
// and hold on every node after.
func (b *bench) answers(op ops.Operation) map[string]int {
	t := b.t
	t.Helper()
	steps, err := b.plan(op)
	if err != nil || len(steps) != 1 {
		t.Fatalf("plan %s: %d steps, %v", ops.Describe(op), len(steps), err)
	}
	b.needed(scenario{}, steps[0])
	var mu sync.Mutex
	said := map[string]int{}
	x := plan.Execution{RunID: b.database, Confirm: func(context.Context) error { return nil }, Emit: func(e journal.Event) {
		if e, ok := e.(journal.HostFinished); ok {
			mu.Lock()
			defer mu.Unlock()
			said[e.Host.Node] = e.Host.Code
		}
	}}
	hosts, err := b.set.Run(t.Context(), x, steps[0])
	if err != nil {
		t.Fatalf("%s: %v\n%+v", steps[0].Text, err, hosts)
	}
	for _, host := range hosts {
		if host.Outcome != journal.Done {
			t.Errorf("%s: %+v, want done", ops.Describe(op), host)
		}
	}
	b.holds(steps[0])
	return said
}

func contains(said map[string]int, code int) bool {
	for _, have := range said {
		if have == code {
			return true
		}
	}
	return false
}

// TestEnginesOnTwoModernNodes makes what 18.16 has not and a single node has no
// use for: Distributed tables with a policy and settings.
func TestEnginesOnTwoModernNodes(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers.sharing.Cluster(t), "engines")
	n := table("n")
	n.Engine.LocalOnly = true
	full := ops.CreateTable{Table: dist("e"), Columns: columns(), Engine: ops.Engine{
		Kind: ops.DistributedEngine, LocalTable: "n", ShardingKey: "cityHash64(id)", Policy: "default",
		Settings: []ops.Setting{{Name: "fsync_after_insert", Value: "1"}, {Name: "bytes_to_throw_insert", Value: "1000000"}},
	}}
	settled := full
	settled.Engine.Policy, settled.Engine.ShardingKey = "", ""
	if err := b.do(n); err != nil {
		t.Fatal(err)
	}
	b.oncePerShard("INSERT INTO {db}.n VALUES (1, '2026-01-05', 10, 'a')")
	for _, op := range []ops.CreateTable{full, settled} {
		b.answers(op)
		for _, node := range b.servers.Nodes {
			if got := fmt.Sprint(b.on(node, "SELECT count() FROM {db}.e")); got != "[[2]]" {
				t.Errorf("%s: rows: %s", node.Name, got)
			}
		}
		b.answers(must(op.Inverse()))
	}
}

func must(op ops.Operation, err error) ops.Operation {
	if err != nil {
		panic(err)
	}
	return op
}

// TestSecretsReachTheServerAndNothingElse has servers use values of secrets, so
// that wrong ones would show, and looks for them in all that is printed.
func TestSecretsReachTheServerAndNothingElse(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers.modern.Cluster(t), "secrets")
	b.everywhere("CREATE DATABASE skein_db ENGINE = Atomic")
	b.everywhere("CREATE TABLE skein_db.t (id UInt64, v UInt64) ENGINE = MergeTree ORDER BY id")
	b.everywhere("INSERT INTO skein_db.t VALUES (1, 1), (2, 2)")
	node := b.servers.Nodes[0]
	dictionary := ops.CreateDictionary{
		Table: local("bobs"), Columns: []ops.Attribute{{Name: "id", Type: "UInt64"}, {Name: "again", Type: "UInt64"}},
		PrimaryKey: []string{"id"}, Layout: ops.Layout{Kind: "FLAT"}, Lifetime: &ops.Lifetime{},
		Source: ops.DictionarySource{Kind: ops.SourceClickHouse, Arguments: []ops.Argument{
			{Name: "HOST", Value: "127.0.0.1"},
			{Name: "PORT", Value: fmt.Sprint(node.Port)},
			{Name: "USER", Value: "skein_bob"},
			{Name: "PASSWORD", Value: "{secret:BOB}"},
			{Name: "QUERY", Value: "SELECT id, id AS again FROM skein_db.t"},
		}},
	}
	collection := ops.CreateNamedCollection{Place: atLocal(), Name: "conformance_url", Pairs: []ops.CollectionPair{{Key: "url", Value: "{secret:URL}"}}}
	printed := b.printed(dictionary) + b.printed(collection)
	if err := b.do(dictionary, collection); err != nil {
		t.Fatal(err)
	}
	// skein_bob may see the row of id 1 alone.
	for query, want := range map[string]string{
		"SELECT dictGet('{name}.bobs', 'again', toUInt64(1)), dictGet('{name}.bobs', 'again', toUInt64(2))": "[[1 0]]",
		"SELECT * FROM url(conformance_url, format = 'TSV', structure = 'x String')":                        "[[hidden word]]",
	} {
		if got := fmt.Sprint(b.on(node, query)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	wrong := dictionary
	wrong.Table, wrong.Source.Arguments = local("wrong"), append([]ops.Argument{}, dictionary.Source.Arguments...)
	wrong.Source.Arguments[3].Value = "{secret:WORD}"
	for _, refused := range [][]ops.Operation{
		{collection},
		{wrong, ops.ReloadDictionary{Table: wrong.Table}},
		{ops.RunSQL{Place: atLocal(), Scope: ops.RunEveryNode, SQL: "SELECT throwIf(1, '{secret:URL}')"}},
		{ops.RunSQL{Place: atLocal(), Scope: ops.RunEveryNode, SQL: "SELECT '{secret:WORD}' FROM nowhere; SELECT"}},
		{ops.CreateView{Table: local("v"), Query: "SELECT toUInt8('{secret:WORD}')"}},
	} {
		err := b.do(refused...)
		if err == nil {
			t.Errorf("%s worked", ops.Describe(refused[len(refused)-1]))
			continue
		}
		printed += err.Error()
	}
	for _, secret := range []string{"hidden", "it's a secret", `it\'s a secret`, "it''s a secret"} {
		if at := strings.Index(printed, secret); at >= 0 {
			t.Errorf("the secret is in %s", printed[max(at-200, 0):min(at+100, len(printed))])
		}
	}
	if !strings.Contains(printed, "{secret:URL}") || !strings.Contains(printed, "{secret:WORD}") {
		t.Error("no error repeated a secret: nothing is proven")
	}
}

// printed is all text of an operation's plan.
func (b *bench) printed(op ops.Operation) string {
	b.t.Helper()
	steps, err := b.plan(op)
	if err != nil {
		b.t.Fatal(err)
	}
	return fmt.Sprintf("%+v", steps)
}
