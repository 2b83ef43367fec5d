package integration

import (
	"bytes"
	"errors"
	"fmt"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/integration/testproxy"
)

// process is a real skein-example, which can be stopped in its tracks.
type process struct {
	t              *testing.T
	servers        *testcluster.Cluster
	cmd            *osexec.Cmd
	stdout, stderr bytes.Buffer
	started        chan struct{}
}

// exampleProgram builds skein-example.
func exampleProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "skein-example")
	build := osexec.CommandContext(t.Context(), "go", "build", "-o", program, "../examples/skein-example")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

func (s *session) process(program string, args ...string) *process {
	p := &process{t: s.T, servers: s.Servers, started: make(chan struct{})}
	p.cmd = osexec.Command(program, append([]string{"--config", s.Config}, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return p
}

func (p *process) start() {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	close(p.started)
	p.t.Cleanup(func() { _ = p.cmd.Process.Kill() })
}

// signal may come from where the process's own packets pass.
func (p *process) signal(signal syscall.Signal) {
	<-p.started
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Errorf("%s: %v", signal, err)
	}
}

func (p *process) wait() int {
	p.t.Helper()
	timer := time.AfterFunc(time.Minute, func() {
		p.t.Error("the process did not end in a minute")
		_ = p.cmd.Process.Kill()
	})
	defer timer.Stop()
	err := p.cmd.Wait()
	p.t.Logf("$ skein-example (pid %d)\n%s%s(%v)", p.cmd.Process.Pid, p.stdout.String(), p.stderr.String(), err)
	var exit *osexec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	if p.cmd.ProcessState.ExitCode() < 0 {
		p.revive()
	}
	return p.cmd.ProcessState.ExitCode()
}

// revive starts a server again that has died with the process.
func (p *process) revive() {
	p.t.Helper()
	revived, err := p.servers.Revive(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, n := range revived {
		p.t.Logf("%s has died too, and is started again", n.Name)
	}
}

// comesTo waits until the process is where a test wants it.
func (p *process) comesTo(it <-chan struct{}) {
	p.t.Helper()
	select {
	case <-it:
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Kill()
		p.wait()
		p.t.Fatal("the run never came to where it is stopped")
	}
}

// happens waits for what a test has made happen, and for no longer than a minute.
func happens(t *testing.T, it <-chan struct{}, otherwise string) {
	t.Helper()
	select {
	case <-it:
	case <-time.After(time.Minute):
		t.Fatal(otherwise)
	}
}

// behindAll makes skein reach every node through a proxy, all of which one
// function meddles with.
func (s *session) behindAll(meddle func(testproxy.Request) *testproxy.Meddling) (change func(func(testproxy.Request) *testproxy.Meddling)) {
	s.T.Helper()
	var proxies []*testproxy.Proxy
	var entries []string
	for _, n := range s.Servers.Nodes {
		p := newProxy(s.T, n)
		p.Meddle(meddle)
		proxies = append(proxies, p)
		entries = append(entries, fmt.Sprintf("%q: %q", n.Addr(), p.Address()))
	}
	s.Edit("    storage_sets:", "    address_map: {"+strings.Join(entries, ", ")+"}\n    storage_sets:")
	return func(next func(testproxy.Request) *testproxy.Meddling) {
		for _, p := range proxies {
			p.Meddle(next)
		}
	}
}

func isStatement(chunk []byte) bool {
	return bytes.Contains(chunk, []byte("skein-")) && bytes.Contains(chunk, []byte("CREATE TABLE")) &&
		bytes.Contains(chunk, []byte("`events_hourly_local`"))
}

func isStateRow(chunk []byte) bool {
	return bytes.Contains(chunk, []byte("INSERT INTO")) && bytes.Contains(chunk, []byte("`migrations_local`"))
}

// changes says that a packet is a statement that changes something other than
// the lease itself or the audit trail, neither of which decides anything.
func changes(chunk []byte) bool {
	if !testproxy.BeginsQuery(chunk) { // the texts of the audit trail are data
		return false
	}
	for _, own := range []string{"migrations_lock_", "migration_steps_local"} {
		if bytes.Contains(chunk, []byte(own)) {
			return false
		}
	}
	for _, verb := range []string{"INSERT INTO", "CREATE TABLE", "CREATE MATERIALIZED", "ALTER TABLE", "DROP TABLE"} {
		if bytes.Contains(chunk, []byte(verb)) {
			return true
		}
	}
	return false
}

// A holder is stopped by SIGSTOP for longer than its session. Another run takes
// over, undoes what was half-way, and finishes. On waking the first sends
// nothing but what was in flight when it was stopped, no row of it wins, and it
// exits 4 and says why.
func TestAPausedHolderThatWakesUpChangesNothing(t *testing.T) {
	t.Parallel()
	program := exampleProgram(t)
	for _, pause := range []struct {
		name string
		at   func([]byte) bool
		skip int  // so many of them pass
		late bool // the server gets it only when the other run has finished
	}{
		{"statement in flight", isStatement, 0, false},
		{"statement that arrives late", isStatement, 0, true},
		{"row in flight", isStateRow, 1, false},
		{"row that arrives late", isStateRow, 1, true},
	} {
		t.Run(pause.name, func(t *testing.T) {
			withEachLock(t, func(t *testing.T, c *testcluster.Cluster, lock coordination) {
				s := examples(t, c)
				lock.of(s)
				s.Must(0, "migrate", "--group", "system")
				lock.within(s, "3s")
				other := examples(t, c)
				lock.of(other)

				p := s.process(program, "migrate", "--group", "events", "-v")
				paused, late := make(chan struct{}), make(chan struct{})
				var mu sync.Mutex
				seen := 0
				change := s.behindAll(func(r testproxy.Request) *testproxy.Meddling {
					mu.Lock()
					hit := pause.at(r.Data)
					if hit {
						seen++
					}
					hit = hit && seen == pause.skip+1
					mu.Unlock()
					if hit {
						p.signal(syscall.SIGSTOP)
						close(paused)
						if pause.late {
							<-late
						}
					}
					return nil
				})
				p.start()
				p.comesTo(paused)
				running.Says(t, other.Must(0, "lock", "status").Stdout, "is held", fmt.Sprintf("pid %d", p.cmd.Process.Pid))
				other.Must(4, "reverse-in-progress")
				other.Must(0, "reverse-in-progress", "--lock-wait", "20s")
				other.Must(0, "migrate", "--force")
				rows, schema := stateRows(t, c), schemas(t, c)

				var sent []string
				close(late)
				if pause.late {
					time.Sleep(500 * time.Millisecond) // what arrives late has its effect
				}
				change(func(r testproxy.Request) *testproxy.Meddling {
					if changes(r.Data) {
						mu.Lock()
						sent = append(sent, string(r.Data))
						mu.Unlock()
					}
					return nil
				})
				p.signal(syscall.SIGCONT)
				if code := p.wait(); code != 4 {
					t.Errorf("exit %d, want 4", code)
				}
				running.Says(t, p.stderr.String(), "the lock was lost", "Another run may have taken over")
				mu.Lock()
				defer mu.Unlock()
				if len(sent) > 0 {
					t.Errorf("on waking it sent %q", sent)
				}
				if diff := cmp.Diff(rows, stateRows(t, c)); diff != "" {
					t.Errorf("a row of it won (-before +after):\n%s", diff)
				}
				if diff := cmp.Diff(schema, schemas(t, c)); diff != "" {
					t.Errorf("it changed a table (-before +after):\n%s", diff)
				}
				running.Says(t, other.Must(0, "list").Stdout, "8 completed, 0 in progress, 0 pending")
				running.Says(t, other.Must(0, "migrate", "--force").Stdout, "Nothing to do.")
			})
		})
	}
}

// The lock of a run that was killed is free when its session has run out, and
// released before that by nobody.
func TestAKilledHoldersLockIsFreeWithinItsSession(t *testing.T) {
	t.Parallel()
	program := exampleProgram(t)
	withEachLock(t, func(t *testing.T, c *testcluster.Cluster, lock coordination) {
		s := examples(t, c)
		lock.of(s)
		s.Must(0, "migrate", "--group", "system")
		lock.within(s, "3s")
		other := examples(t, c)
		lock.of(other)
		p := s.process(program, "migrate", "--group", "events")
		killed := make(chan struct{})
		var once sync.Once
		s.behindAll(func(r testproxy.Request) *testproxy.Meddling {
			if isStatement(r.Data) {
				once.Do(func() {
					p.signal(syscall.SIGKILL)
					close(killed)
				})
			}
			return nil
		})
		p.start()
		happens(t, killed, "the run never came to where it is killed")
		died := time.Now()
		p.wait()
		released := other.Must(0, "lock", "release")
		if took := time.Since(died); took > 8*time.Second {
			t.Errorf("the lock of a dead run was released after %s", took)
		}
		running.Says(t, released.Stdout, "is released", fmt.Sprintf("pid %d", p.cmd.Process.Pid))
		other.Must(0, "reverse-in-progress")
		other.Must(0, "migrate", "--force")
	})
}

// stateRows is what counts of the state, with the versions that made it so.
func stateRows(t *testing.T, c *testcluster.Cluster) [][]string {
	t.Helper()
	table := "migrations_dist"
	if len(c.Nodes) == 1 {
		table = "migrations_local"
	}
	return query(t, c.Nodes[0], "SELECT group, migration_id, status, version, run_id FROM "+table+
		" FINAL ORDER BY group, migration_id")
}

// schemas is every column and row count of every node.
func schemas(t *testing.T, c *testcluster.Cluster) map[string][][]string {
	t.Helper()
	out := map[string][][]string{}
	for _, n := range c.Nodes {
		out[n.Name] = query(t, n, "SELECT table, name, type, default_kind, default_expression FROM system.columns "+
			"WHERE database = currentDatabase() AND NOT startsWith(table, 'migration') ORDER BY table, name")
		out[n.Name] = append(out[n.Name], query(t, n, "SELECT code, digits FROM currencies ORDER BY code")...)
	}
	return out
}
