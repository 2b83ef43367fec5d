// Package scripts proves skein's commands in sessions as a user has them: files in a
// directory, the stock binary, real servers. The scripts are in testdata: those of
// modern run on a single node of ClickHouse 26.7, those of cluster on two shards with
// two replicas each (18.16 and ZooKeeper).
//
// Beside testscript's own commands they have
//
//	exits CODE COMMAND…     runs a command and wants its exit code
//	sql QUERY               asks the first node, and prints rows as lines with tabs
//	everywhere QUERY        the same on every node: all have to answer alike
//	replace OLD NEW FILE    edits a file, which has to have the text
//	append FILE MORE        writes a file behind another
//
// and $CONFIG, a skein.yaml for the servers without groups. A script that has
// groups.yaml finds both joined as skein.yaml.
package scripts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/integration/scripttest"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// servers are started by the first script that asks, and cleaned between scripts.
var servers = struct{ cluster, modern testcluster.Shared }{
	cluster: testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	modern:  testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1}},
}

// stopping ends the servers behind the tests.
type stopping struct{ m *testing.M }

func (s stopping) Run() int { return testcluster.Main(s.m, &servers.cluster, &servers.modern) }

func TestMain(m *testing.M) {
	testscript.Main(stopping{m}, map[string]func(){"skein": func() { os.Exit(cli.Main()) }})
}

func TestScriptsOnANode(t *testing.T)    { run(t, "testdata/modern", &servers.modern) }
func TestScriptsOnACluster(t *testing.T) { run(t, "testdata/cluster", &servers.cluster) }

// oneByOne keeps scripts from running side by side: they share servers.
type oneByOne struct{ *testing.T }

func (t oneByOne) Parallel()     {}
func (t oneByOne) Verbose() bool { return testing.Verbose() }

func (t oneByOne) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(oneByOne{t}) })
}

type ofScript struct{}

func run(t *testing.T, dir string, shared *testcluster.Shared) {
	testscript.RunT(oneByOne{t}, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			of, ok := env.T().(oneByOne)
			if !ok {
				return errors.New("a test of another kind")
			}
			c := shared.Cluster(of.T)
			env.Values[ofScript{}] = c
			return configure(env, c)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": scripttest.Exits, "sql": sql, "everywhere": everywhere, "replace": replace, "append": appendTo,
		},
	})
}

// configure writes what a script finds.
func configure(env *testscript.Env, c *testcluster.Cluster) error {
	text, err := c.Config()
	if err != nil {
		return err
	}
	const connect = "    connect: {retries: 0, interval: 100ms, timeout: 3s}\n"
	text = []byte(strings.Replace(string(text), "    storage_sets:", connect+"    storage_sets:", 1))
	bare := filepath.Join(env.WorkDir, ".servers.yaml")
	env.Setenv("CONFIG", bare)
	env.Setenv("DATABASE", c.Database)
	if err := os.WriteFile(bare, text, 0o600); err != nil {
		return err
	}
	groups, err := os.ReadFile(filepath.Join(env.WorkDir, "groups.yaml"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(env.WorkDir, "skein.yaml"), append(text, groups...), 0o600)
}

func clusterOf(ts *testscript.TestScript) *testcluster.Cluster {
	c, ok := ts.Value(ofScript{}).(*testcluster.Cluster)
	if !ok {
		ts.Fatalf("no servers")
	}
	return c
}

// ask makes lines of the answer of a node.
func ask(ts *testscript.TestScript, n *testcluster.Node, query string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	rows, err := n.Query(ctx, query)
	if err != nil {
		ts.Fatalf("%s: %s: %v", n.Name, query, err)
	}
	var lines strings.Builder
	for _, row := range rows {
		lines.WriteString(strings.Join(row, "\t") + "\n")
	}
	return lines.String()
}

func sql(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sql QUERY")
	}
	fmt.Fprint(ts.Stdout(), ask(ts, clusterOf(ts).Nodes[0], args[0]))
}

func everywhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: everywhere QUERY")
	}
	nodes := clusterOf(ts).Nodes
	want := ask(ts, nodes[0], args[0])
	for _, n := range nodes[1:] {
		if have := ask(ts, n, args[0]); have != want {
			ts.Fatalf("%s has\n%s\n%s has\n%s", nodes[0].Name, want, n.Name, have)
		}
	}
	fmt.Fprint(ts.Stdout(), want)
}

func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	text := ts.ReadFile(args[2])
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("%s has no %q", args[2], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(text, args[0], args[1])), 0o600))
}

func appendTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: append FILE MORE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0])+ts.ReadFile(args[1])), 0o600))
}
