package nodes_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/bench/nodes"
	"github.com/skein-migrate/skein/bench/nodes/work"
	"github.com/skein-migrate/skein/bench/simulated"
	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
)

// asSkein makes this binary the skein that is measured: nothing else has to be built.
const asSkein = "SKEIN_BENCH_AS_SKEIN"

func TestMain(m *testing.M) {
	if os.Getenv(asSkein) != "" {
		os.Exit(work.Main())
	}
	os.Exit(testcluster.Main(m))
}

var recordFlag = flag.Bool("record", false, "write bench/simulated/testdata anew")

// What the simulated servers answer is what 26.7 answers, to what skein asks today: the
// commands that are measured run over real servers, and each of their queries, and the
// columns of its answer, have to be those of the recording.
func TestRecordingIsWhatServersAnswer(t *testing.T) {
	// Two with one ZooKeeper take each other's session for their own: each has its own. The
	// second node of each is there so that it knows what a cluster is.
	options := testcluster.Options{Engine: testcluster.EngineModern, Nodes: 2}
	have := rehearse(t, testcluster.Own(t, options), testcluster.Own(t, options))
	if *recordFlag {
		text, err := have.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("..", "simulated", "testdata", "recording.json"), stable(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := simulated.Recorded267()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shape(want), shape(have)); diff != "" {
		t.Errorf("the recording is not what servers answer today (-recorded +now); write it anew with -record:\n%s", diff)
	}
}

// shape is a recording without its rows.
func shape(r simulated.Recording) []simulated.Answer {
	out := make([]simulated.Answer, len(r.Answers))
	for i, answer := range r.Answers {
		answer.Rows, answer.Message = nil, ""
		out[i] = answer
	}
	return out
}

// stable numbers what is random in a recording, so that two of them can be compared.
func stable(text []byte) []byte {
	seen := map[string]string{}
	return regexp.MustCompile(simulated.Recorded().UUIDs()+`[0-9a-f-]{27}`).ReplaceAllFunc(text, func(id []byte) []byte {
		if seen[string(id)] == "" {
			seen[string(id)] = fmt.Sprintf("%s0000-4000-8000-%012x", simulated.Recorded().UUIDs(), len(seen)+1)
		}
		return []byte(seen[string(id)])
	})
}

// rehearse runs what is measured over real servers and returns what was asked and answered.
func rehearse(t *testing.T, clusters ...*testcluster.Cluster) simulated.Recording {
	t.Helper()
	g := &gateway{after: map[int]int{}, kept: map[key]answered{}}
	for _, servers := range clusters {
		g.real = append(g.real, back(t, servers))
	}
	gates, err := simulated.Listen(t.Context(), len(g.real), 2, 0, func(nodes []simulated.Node) (simulated.Handler, error) {
		g.nodes = nodes
		return g, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := gates.Close(); err != nil {
			t.Error(err)
		}
	})
	file := filepath.Join(t.TempDir(), "skein.yaml")
	if err := os.WriteFile(file, nodes.Config(gates.Nodes[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	skein(t, file, "migrate", "--group", "system")
	skein(t, file, "run", "--group", work.GroupName, "--migration-id", work.First)
	for _, n := range g.real {
		for _, text := range tables() {
			statement(t, n.Node, text)
		}
	}
	g.mu.Lock()
	g.keeping = true
	g.mu.Unlock()
	var out bytes.Buffer
	if err := work.Discover(t.Context(), file, &out); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	skein(t, file, "check-inactive-replicas")
	skein(t, file, "verify")
	// What is asked only when a statement takes long.
	session, err := g.Connect(t.Context(), gates.Nodes[0], clusters[0].Database)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	session.Answer(t.Context(), simulated.Query{Body: "SELECT 1 FROM system.processes WHERE query_id = 'ID'"})
	skein(t, file, "migrate", "--group", work.GroupName)
	return g.recording()
}

// back makes a node ready to be behind a simulated one.
func back(t *testing.T, servers *testcluster.Cluster) backing {
	t.Helper()
	keeper, _, err := zk.Connect([]string{servers.ZooKeeperAddr}, 5*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(keeper.Close)
	n := servers.Nodes[0]
	macros, err := n.Macros(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	statement(t, n, "CREATE DATABASE IF NOT EXISTS "+shadow+" ENGINE = Atomic")
	return backing{n, keeper, macros["shard"], macros["replica"]}
}

func statement(t *testing.T, n *testcluster.Node, sql string) {
	t.Helper()
	if _, err := n.Query(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func skein(t *testing.T, file string, args ...string) {
	t.Helper()
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	program := cli.Program{
		Groups: []migration.Group{work.Group()}, Args: append([]string{"--config", file}, args...),
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out,
	}
	if code := program.Run(ctx); code != 0 {
		t.Fatalf("skein %s: exit %d\n%s", strings.Join(args, " "), code, out.String())
	}
	t.Logf("$ skein %s\n%s", strings.Join(args, " "), out.String())
}
