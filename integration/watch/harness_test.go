// Package watch_test proves `skein watch` on real servers and in a real terminal,
// tmux's.
package watch_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/integration/testproxy"
	"github.com/skein-migrate/skein/migration"
)

// servers are started by the first test that asks, and cleaned between tests.
var servers = struct{ cluster, modern testcluster.Shared }{
	cluster: testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	modern:  testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1}},
}

// programs are skein, and skein with the groups of the examples.
var programs struct{ dir string }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "skein-watch")
	if err != nil {
		panic(err)
	}
	programs.dir = dir
	code := testcluster.Main(m, &servers.cluster, &servers.modern)
	_ = os.RemoveAll(dir) // a temporary directory: what stays is the system's to remove
	os.Exit(code)
}

// program builds a command once.
func program(t *testing.T, name, source string) string {
	t.Helper()
	path := filepath.Join(programs.dir, name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if out, err := osexec.CommandContext(t.Context(), "go", "build", "-o", path, source).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// skein is the command as it is shipped: watch needs no migrations of its own.
func skein(t *testing.T) string { return program(t, "skein", "../../cmd/skein") }

func skeinExample(t *testing.T) string {
	return program(t, "skein-example", "../../examples/skein-example")
}

// project is a configuration for some servers.
type project struct {
	t       *testing.T
	servers *testcluster.Cluster
	config  string
}

// limits keep a run at a frozen node for the length of a test, and no longer.
const limits = "    limits: {ddl: 2s, wait: 60s}\n    connect: {retries: 0, interval: 100ms, timeout: 3s}\n"

func newProject(t *testing.T, c *testcluster.Cluster) *project {
	t.Helper()
	text, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, servers: c, config: filepath.Join(t.TempDir(), "skein.yaml")}
	p.write(strings.Replace(string(text), "    storage_sets:", limits+"    storage_sets:", 1))
	return p
}

func (p *project) write(text string) {
	p.t.Helper()
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// behindAll makes skein reach every node through a proxy of its own.
func (p *project) behindAll() []*testproxy.Proxy {
	p.t.Helper()
	var proxies []*testproxy.Proxy
	var entries []string
	for _, n := range p.servers.Nodes {
		proxy := testproxy.New(p.t, n.Addr(), testproxy.Options{Answered: testproxy.Answered})
		proxies = append(proxies, proxy)
		entries = append(entries, fmt.Sprintf("%q: %q", n.Addr(), proxy.Address()))
	}
	text, err := os.ReadFile(p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(strings.Replace(string(text), "    storage_sets:", "    address_map: {"+strings.Join(entries, ", ")+"}\n    storage_sets:", 1))
	return proxies
}

type result struct {
	code           int
	stdout, stderr string
}

// run runs a command with groups of Go, in this process.
func (p *project) run(groups []migration.Group, args ...string) result {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer cancel()
	code := cli.Program{
		Groups: groups, Args: append([]string{"--config", p.config}, args...), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
	}.Run(ctx)
	p.t.Logf("$ skein %s\n%s%s(exit %d)", strings.Join(args, " "), stdout.String(), stderr.String(), code)
	return result{code, stdout.String(), stderr.String()}
}

func (p *project) must(groups []migration.Group, args ...string) result {
	p.t.Helper()
	r := p.run(groups, args...)
	if r.code != 0 {
		p.t.Fatalf("skein %s: exit %d", strings.Join(args, " "), r.code)
	}
	return r
}

// process is a run of the example in another process, which can be killed.
type process struct {
	cmd  *osexec.Cmd
	file string // of what it prints
	done chan struct{}
}

func (p *project) start(args ...string) *process {
	p.t.Helper()
	out := &process{file: filepath.Join(p.t.TempDir(), "run"), done: make(chan struct{})}
	file, err := os.Create(out.file)
	if err != nil {
		p.t.Fatal(err)
	}
	out.cmd = osexec.Command(skeinExample(p.t), append([]string{"--config", p.config}, args...)...)
	out.cmd.Stdout, out.cmd.Stderr = file, file
	out.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := out.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	_ = file.Close() // the process has its own
	go func() {
		_ = out.cmd.Wait() // how it ends is the test's business
		close(out.done)
	}()
	p.t.Cleanup(func() {
		_ = out.cmd.Process.Kill()
		<-out.done
		p.t.Logf("$ skein-example %s\n%s", strings.Join(args, " "), out.printed())
	})
	return out
}

func (p *process) printed() string {
	text, _ := os.ReadFile(p.file) // nothing yet
	return string(text)
}

func query(t *testing.T, n *testcluster.Node, format string, args ...any) [][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	rows, err := n.Query(ctx, fmt.Sprintf(format, args...))
	if err != nil {
		t.Fatalf("%s: %s: %v", n.Name, format, err)
	}
	return rows
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("it did not come true in 40 s: %s", what)
}
