// Package preview_test proves on real servers what is shown, and asked, before
// anything runs, and which groups that is about.
package preview_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// servers are started by the first test that asks, and cleaned between tests.
var servers = struct{ cluster, modern testcluster.Shared }{
	cluster: testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	modern:  testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1}},
}

// asSkein has the binary of these tests be skein: a terminal needs a process.
const asSkein = "SKEIN_PREVIEW_IS_SKEIN"

func TestMain(m *testing.M) {
	if os.Getenv(asSkein) != "" {
		os.Exit(cli.Main())
	}
	os.Exit(testcluster.Main(m, &servers.cluster, &servers.modern))
}

// engines runs a test on both servers.
func engines(t *testing.T, test func(t *testing.T, c *testcluster.Cluster)) {
	t.Run("2x2", func(t *testing.T) { test(t, servers.cluster.Cluster(t)) })
	t.Run("26.7", func(t *testing.T) { test(t, servers.modern.Cluster(t)) })
}

// project is a folder with skein.yaml and migrations in files.
type project struct {
	t       *testing.T
	servers *testcluster.Cluster
	dir     string
	base    string // of skein.yaml: clusters and coordination
}

// newProject has one group, events, whose first migration makes d_local.
func newProject(t *testing.T, c *testcluster.Cluster) *project {
	t.Helper()
	text, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, servers: c, dir: t.TempDir(), base: string(text)}
	p.configure("groups: [{name: events, dir: events}]")
	p.file("events/0001_create.yaml", "create_table: {table: d_local, columns: [{name: id, type: UInt64}, {name: v, type: UInt64}], engine: {kind: MergeTree, order_by: id}}")
	return p
}

// configure writes skein.yaml, with sections behind those of the servers.
func (p *project) configure(sections string) { p.write("skein.yaml", p.base+"\n"+sections+"\n") }

// file writes a migration of operations on the local tables of the set events.
func (p *project) file(name string, operations ...string) {
	p.write(name, "storage_set: events\ntarget: local\nforward:\n  - "+strings.Join(operations, "\n  - ")+"\n")
}

func (p *project) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

type result struct{ stdout, stderr string }

// must runs skein without a terminal, and wants an exit code.
func (p *project) must(code int, args ...string) result {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer cancel()
	have := cli.Program{
		Args:  append([]string{"--config", filepath.Join(p.dir, "skein.yaml")}, args...),
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
	}.Run(ctx)
	p.t.Logf("$ skein %s\n%s%s(exit %d)", strings.Join(args, " "), stdout.String(), stderr.String(), have)
	if have != code {
		p.t.Fatalf("skein %s: exit %d, want %d", strings.Join(args, " "), have, code)
	}
	return result{stdout.String(), stderr.String()}
}

// fill puts so many rows into d_local of each shard, and waits until its replicas
// have them.
func (p *project) fill(rows int) {
	p.t.Helper()
	for _, n := range p.servers.Nodes {
		if n.Replica <= 1 {
			running.Query(p.t, n, fmt.Sprintf("INSERT INTO d_local (id, v) SELECT number, number FROM system.numbers LIMIT %d", rows))
		}
	}
	for _, n := range p.servers.Nodes {
		if n.Replica > 1 {
			running.Query(p.t, n, "SYSTEM SYNC REPLICA d_local")
		}
	}
}

// types lists, on every node, the type of column v of d_local.
func (p *project) types() string {
	p.t.Helper()
	var out []string
	for _, n := range p.servers.Nodes {
		for _, row := range running.Query(p.t, n, "SELECT type FROM system.columns WHERE database = currentDatabase() AND table = 'd_local' AND name = 'v'") {
			out = append(out, row[0])
		}
	}
	return strings.Join(out, " ")
}

// all is a text once for each node.
func (p *project) all(text string) string {
	return strings.TrimSpace(strings.Repeat(text+" ", len(p.servers.Nodes)))
}
