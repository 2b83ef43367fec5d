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

// proxy stands between a client and the server, and can be made to fail.
type proxy struct {
	listener net.Listener
	server   string

	mu    sync.Mutex
	cut   bool // accepts nothing any more
	mute  bool // passes nothing on, in both directions, and closes nothing
	conns []net.Conn
	// swallow cuts the connection once, after the server got a multi and before
	// the client gets its answer.
	swallow bool
}

func newProxy(t *testing.T, server string, wrap func(net.Listener) net.Listener) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, server: server}
	if wrap != nil {
		p.listener = wrap(listener)
	}
	go p.serve()
	t.Cleanup(p.breakOff)
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// breakOff ends every connection and takes no more.
func (p *proxy) breakOff() {
	_ = p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for _, conn := range p.conns {
		_ = conn.Close()
	}
}

// silence passes nothing on any more.
func (p *proxy) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = true
}

func (p *proxy) silent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mute
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		go p.pass(server, client, true)
		go p.pass(client, server, false)
	}
}

// pass copies packets: four bytes of length, then in requests four of number
// and four of operation.
func (p *proxy) pass(to, from net.Conn, requests bool) {
	defer to.Close()
	first := true
	for {
		packet, err := readPacket(from)
		if err != nil {
			return
		}
		if p.silent() {
			continue
		}
		if requests && !first && packet[11] == 14 && p.takeSwallow() {
			_ = from.Close()
			_, _ = to.Write(packet)
			time.Sleep(100 * time.Millisecond) // to is closed next; let the server read
			return
		}
		first = false
		if _, err := to.Write(packet); err != nil {
			return
		}
	}
}

func (p *proxy) takeSwallow() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.swallow
	p.swallow = false
	return taken
}

func readPacket(from io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	size := int(head[0])<<24 | int(head[1])<<16 | int(head[2])<<8 | int(head[3])
	if size > 1<<20 || size < 8 {
		return nil, errors.New("not a packet")
	}
	packet := append(head, make([]byte, size)...)
	_, err := io.ReadFull(from, packet[4:])
	return packet, err
}

func deadline(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
