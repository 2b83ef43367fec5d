// Package addnode_test proves on real servers that a new node is brought to the schema of
// its cluster.
package addnode_test

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
	"github.com/skein-migrate/skein/examples/groups"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// start starts servers of this test alone: they get another node, and keep it.
func start(t *testing.T, options testcluster.Options) *testcluster.Cluster {
	t.Helper()
	if os.Getenv("SKEIN_INTEGRATION") != "1" {
		t.Skip("needs real servers: SKEIN_INTEGRATION=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c, err := testcluster.Start(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return c
}

// session runs skein as a user would.
type session struct {
	t      *testing.T
	config string
	// on calls a function, once, when skein prints a text on stderr.
	on  map[string]func()
	die chan struct{} // once closed, ends a run as a second signal does
}

func newSession(t *testing.T, c *testcluster.Cluster) *session {
	t.Helper()
	text, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	limits := "    limits: {ddl: 10s, wait: 20s}\n    connect: {retries: 0, interval: 100ms, timeout: 3s}\n"
	s := &session{t: t, config: filepath.Join(t.TempDir(), "skein.yaml")}
	edited := strings.Replace(string(text), "    storage_sets:", limits+"    storage_sets:", 1)
	if err := os.WriteFile(s.config, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

type result struct {
	code           int
	stdout, stderr string
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

// must runs a command that has to end with a code.
func (s *session) must(code int, args ...string) result {
	s.t.Helper()
	var stdout bytes.Buffer
	stderr := trigger{on: s.on}
	ctx, cancel := context.WithTimeout(s.t.Context(), 4*time.Minute)
	defer cancel()
	if die := s.die; die != nil {
		go func() {
			select {
			case <-die:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	program := cli.Program{
		Groups: []migration.Group{groups.Events(), groups.Transactions()}, Args: append([]string{"--config", s.config}, args...),
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
	}
	r := result{program.Run(ctx), stdout.String(), stderr.String()}
	s.t.Logf("$ skein %s\n%s%s(exit %d)", strings.Join(args, " "), r.stdout, r.stderr, r.code)
	if r.code != code {
		s.t.Fatalf("skein %s: exit %d, want %d", strings.Join(args, " "), r.code, code)
	}
	return r
}

func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

func query(t *testing.T, n *testcluster.Node, format string, args ...any) [][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	sql := fmt.Sprintf(format, args...)
	rows, err := n.Query(ctx, sql)
	if err != nil {
		t.Fatalf("%s: %s: %v", n.Name, sql, err)
	}
	return rows
}

// first is the first value that a query answers.
func first(t *testing.T, n *testcluster.Node, sql string) string {
	t.Helper()
	rows := query(t, n, "%s", sql)
	if len(rows) == 0 {
		return ""
	}
	return rows[0][0]
}

// eventually waits for a value: replicas fetch rows in the background.
func eventually(t *testing.T, n *testcluster.Node, sql, want string) {
	t.Helper()
	have := ""
	for range 200 {
		if have = first(t, n, sql); have == want {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%s: %s: %s, want %s", n.Name, sql, have, want)
}
