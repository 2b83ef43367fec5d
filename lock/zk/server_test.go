package zk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testproxy"
)

// zooKeeper is a real server process that lasts for the test binary. It is not
// testcluster's: that one starts ClickHouse too, which a lock has no use for.
type zooKeeper struct {
	once    sync.Once
	command *exec.Cmd
	dir     string
	address string
	missing string
	err     error
}

// start returns the server's host:port. SKEIN_INTEGRATION: 0 skips, 1 fails
// where ZooKeeper is missing, unset skips there.
func (z *zooKeeper) start(t *testing.T) string {
	t.Helper()
	gate := os.Getenv("SKEIN_INTEGRATION")
	if gate == "0" {
		t.Skip("SKEIN_INTEGRATION=0")
	}
	z.once.Do(z.run)
	if z.missing != "" && gate != "1" {
		t.Skip(z.missing)
	}
	if z.missing != "" {
		t.Fatal(z.missing)
	}
	if z.err != nil {
		t.Fatal(z.err)
	}
	return z.address
}

func (z *zooKeeper) run() {
	java, err := exec.LookPath("java")
	jars, _ := filepath.Glob("/usr/share/java/zookeeper*.jar")
	if err != nil || len(jars) == 0 {
		z.missing = "java or Debian's zookeeper package is not installed"
		return
	}
	if z.dir, z.err = os.MkdirTemp("", "skein-zk-"); z.err != nil {
		return
	}
	port, err := freePort()
	if err != nil {
		z.err = err
		return
	}
	z.address = fmt.Sprintf("127.0.0.1:%d", port)
	file := filepath.Join(z.dir, "zoo.cfg")
	z.err = os.WriteFile(file, fmt.Appendf(nil, "tickTime=200\ndataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\n"+
		"admin.enableServer=false\n4lw.commands.whitelist=*\n", z.dir, port), 0o600)
	if z.err != nil {
		return
	}
	z.err = z.launch(java)
}

func (z *zooKeeper) launch(java string) error {
	log, err := os.OpenFile(filepath.Join(z.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has its own
	z.command = exec.Command(java, "-Xmx128m", "-cp", "/usr/share/java/*",
		"org.apache.zookeeper.server.quorum.QuorumPeerMain", filepath.Join(z.dir, "zoo.cfg"))
	z.command.Stdout, z.command.Stderr = log, log
	z.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := z.command.Start(); err != nil {
		return err
	}
	return z.serving()
}

// restart kills the server and starts it again, with its data or without.
func (z *zooKeeper) restart(t *testing.T, lose bool) {
	t.Helper()
	_ = z.command.Process.Kill()
	_ = z.command.Wait()
	if lose {
		if err := os.RemoveAll(filepath.Join(z.dir, "version-2")); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.launch(z.command.Path); err != nil {
		t.Fatal(err)
	}
}

// serving waits for "Mode:": "ruok" is answered before anything is served.
func (z *zooKeeper) serving() error {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", z.address)
		if err != nil {
			continue
		}
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write([]byte("srvr"))
		answer, _ := io.ReadAll(conn)
		_ = conn.Close()
		if strings.Contains(string(answer), "Mode:") {
			return nil
		}
	}
	log, _ := os.ReadFile(filepath.Join(z.dir, "log"))
	return fmt.Errorf("ZooKeeper does not serve on %s: %s", z.address, log)
}

func (z *zooKeeper) stop() {
	if z.command != nil && z.command.Process != nil {
		_ = z.command.Process.Kill()
		_ = z.command.Wait()
	}
	if z.dir != "" {
		_ = os.RemoveAll(z.dir)
	}
}

// freePort finds one below those that the kernel hands out: a client that dials
// such a one on its own machine while nobody listens may get itself.
func freePort() (int, error) {
	for range 100 {
		port := 10000 + rand.IntN(20000)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, listener.Close()
		}
	}
	return 0, errors.New("no free port")
}

func newProxy(t *testing.T, server string, wrap func(net.Listener) net.Listener) *testproxy.Proxy {
	t.Helper()
	return testproxy.New(t, server, testproxy.Options{Wrap: wrap, Next: testproxy.ZooKeeperPacket})
}

func deadline(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
