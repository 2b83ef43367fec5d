// Package watch_test proves `skein watch` on real servers and in a real terminal,
// tmux's.
package watch_test

import (
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/skein-migrate/skein/integration/running"
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
type project struct{ *running.Skein }

// limits keep a run at a frozen node for the length of a test, and no longer.
const limits = "    limits: {ddl: 2s, wait: 60s}\n" + running.Connect

func newProject(t *testing.T, c *testcluster.Cluster) *project {
	t.Helper()
	return &project{running.New(t, c, limits)}
}

// behindAll makes skein reach every node through a proxy of its own.
func (p *project) behindAll() []*testproxy.Proxy {
	p.T.Helper()
	var proxies []*testproxy.Proxy
	var entries []string
	for _, n := range p.Servers.Nodes {
		proxy := testproxy.New(p.T, n.Addr(), testproxy.Options{Answered: testproxy.Answered})
		proxies = append(proxies, proxy)
		entries = append(entries, fmt.Sprintf("%q: %q", n.Addr(), proxy.Address()))
	}
	p.Configure("    address_map: {" + strings.Join(entries, ", ") + "}\n")
	return proxies
}

// with is skein with groups of Go, in this process.
func (p *project) with(groups []migration.Group) *running.Skein {
	out := *p.Skein
	out.Groups = groups
	return &out
}

// process is a run of the example in another process, which can be killed.
type process struct {
	cmd  *osexec.Cmd
	file string // of what it prints
	done chan struct{}
}

func (p *project) start(args ...string) *process {
	p.T.Helper()
	out := &process{file: filepath.Join(p.T.TempDir(), "run"), done: make(chan struct{})}
	file, err := os.Create(out.file)
	if err != nil {
		p.T.Fatal(err)
	}
	out.cmd = osexec.Command(skeinExample(p.T), append([]string{"--config", p.Config}, args...)...)
	out.cmd.Stdout, out.cmd.Stderr = file, file
	out.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := out.cmd.Start(); err != nil {
		p.T.Fatal(err)
	}
	_ = file.Close() // the process has its own
	go func() {
		_ = out.cmd.Wait() // how it ends is the test's business
		close(out.done)
	}()
	p.T.Cleanup(func() {
		_ = out.cmd.Process.Kill()
		<-out.done
		p.T.Logf("$ skein-example %s\n%s", strings.Join(args, " "), out.printed())
	})
	return out
}

func (p *process) printed() string {
	text, _ := os.ReadFile(p.file) // nothing yet
	return string(text)
}

func query(t *testing.T, n *testcluster.Node, format string, args ...any) [][]string {
	t.Helper()
	return running.Query(t, n, fmt.Sprintf(format, args...))
}
