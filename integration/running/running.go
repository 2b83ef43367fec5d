// Package running has tests run skein as a user would, over servers of testcluster: with
// a skein.yaml of their own, in this process, and with what it prints kept.
package running

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
)

// Skein is a configuration and a program. The fields may be changed between commands.
type Skein struct {
	T       *testing.T
	Servers *testcluster.Cluster
	Config  string // the file
	Groups  []migration.Group
	// Ports changes what the coordinator works with; nil: nothing.
	Ports func(coordinator.Options) coordinator.Options
	// Stop, once closed, ends a run as a signal does, Die as a second one.
	Stop, Die chan struct{}
	// On calls a function, once, when skein prints a text on stderr, before skein goes
	// on. With -v a statement is printed when it is about to be sent.
	On map[string]func()
}

// Limits keep a test that waits for a dead node short; see New.
const Limits = "    limits: {ddl: 3s, wait: 8s}\n" + Connect

// Connect does the same for one that finds a node dead.
const Connect = "    connect: {retries: 0, interval: 100ms, timeout: 3s}\n"

// New has the configuration of the servers, with some keys of the cluster's, such as Limits.
func New(t *testing.T, c *testcluster.Cluster, keys string, groups ...migration.Group) *Skein {
	t.Helper()
	text, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	s := &Skein{T: t, Servers: c, Groups: groups, Config: filepath.Join(t.TempDir(), "skein.yaml")}
	s.Write(string(text))
	s.Configure(keys)
	return s
}

// Write writes the configuration anew.
func (s *Skein) Write(text string) {
	s.T.Helper()
	if err := os.WriteFile(s.Config, []byte(text), 0o600); err != nil {
		s.T.Fatal(err)
	}
}

// Text is the configuration.
func (s *Skein) Text() string {
	s.T.Helper()
	text, err := os.ReadFile(s.Config)
	if err != nil {
		s.T.Fatal(err)
	}
	return string(text)
}

// Configure adds keys to the cluster.
func (s *Skein) Configure(keys string) {
	s.T.Helper()
	s.Edit("    storage_sets:", keys+"    storage_sets:")
}

// Edit replaces a text in the configuration, which has to be there, once.
func (s *Skein) Edit(old, replacement string) {
	s.T.Helper()
	text := s.Text()
	if !strings.Contains(text, old) {
		s.T.Fatalf("skein.yaml has no %q:\n%s", old, text)
	}
	s.Write(strings.Replace(text, old, replacement, 1))
}

// Result is what a command did.
type Result struct {
	Code           int
	Stdout, Stderr string
	Took           time.Duration
}

// mostOfACommand bounds a command: a test says more of one that does not end than the
// end of all tests does.
const mostOfACommand = 4 * time.Minute

// Run runs a command.
func (s *Skein) Run(args ...string) Result {
	s.T.Helper()
	var stdout bytes.Buffer
	stderr := trigger{on: s.On}
	ctx, cancel := context.WithTimeout(s.T.Context(), mostOfACommand)
	defer cancel()
	if die := s.Die; die != nil {
		go func() {
			select {
			case <-die:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	began := time.Now()
	code := cli.Program{
		Groups: s.Groups, Args: append([]string{"--config", s.Config}, args...),
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Stop: s.Stop, Ports: s.Ports,
	}.Run(ctx)
	r := Result{code, stdout.String(), stderr.String(), time.Since(began)}
	s.T.Logf("$ skein %s\n%s%s(exit %d, %s)", strings.Join(args, " "), r.Stdout, r.Stderr, code, r.Took.Round(time.Millisecond))
	return r
}

// Must runs a command that has to end with a code: once more where the library that
// 26.7 is here has died by itself meanwhile.
func (s *Skein) Must(code int, args ...string) Result {
	s.T.Helper()
	r := s.Run(args...)
	if r.Code != code {
		revived, err := s.Servers.Revive(s.T.Context())
		if err != nil {
			s.T.Fatal(err)
		}
		if len(revived) > 0 {
			s.T.Logf("%s had died, and is started again", revived[0].Name)
			r = s.Run(args...)
		}
	}
	if r.Code != code {
		s.T.Fatalf("skein %s: exit %d, want %d", strings.Join(args, " "), r.Code, code)
	}
	return r
}

// trigger is stderr that acts on what is printed.
type trigger struct {
	bytes.Buffer
	on map[string]func()
}

func (w *trigger) Write(text []byte) (int, error) {
	for key, act := range w.on {
		if bytes.Contains(text, []byte(key)) {
			delete(w.on, key)
			act()
		}
	}
	return w.Buffer.Write(text)
}

// Says checks that a text names all of some parts.
func Says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

// Query asks a node, also when the test has ended.
func Query(t *testing.T, n *testcluster.Node, sql string) [][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	rows, err := n.Query(ctx, sql)
	if err != nil {
		t.Fatalf("%s: %s: %v", n.Name, sql, err)
	}
	return rows
}

// Eventually waits, for 40 s at most, for what servers do in a while.
func Eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("it did not come true in 40 s: %s", what)
}
