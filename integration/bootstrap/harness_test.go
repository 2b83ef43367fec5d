// Package bootstrap_test proves on real servers what bootstrap makes, and that the grants
// of its page are the least that skein needs.
package bootstrap_test

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

// start starts servers of this test alone: they get users of their own.
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

// user is an entry of users.xml.
type user struct {
	name, password string
	grants         []string
}

// addUsers writes users into the users.xml of a node, which reads it when it starts.
func addUsers(t *testing.T, n *testcluster.Node, users ...user) {
	t.Helper()
	file := filepath.Join(filepath.Dir(n.DataDir()), "users.xml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, u := range users {
		fmt.Fprintf(&b, "<%s><password>%s</password><networks><ip>127.0.0.1</ip></networks>"+
			"<profile>default</profile><quota>default</quota>", u.name, u.password)
		if u.grants != nil {
			b.WriteString("<grants>")
			for _, grant := range u.grants {
				fmt.Fprintf(&b, "<query>GRANT %s</query>", grant)
			}
			b.WriteString("</grants>")
		}
		fmt.Fprintf(&b, "</%s>", u.name)
	}
	edited := strings.Replace(string(text), "</users>", b.String()+"</users>", 1)
	// Who bootstrap signs in as may see users and grants.
	edited = strings.Replace(edited, "<quota>default</quota>", "<quota>default</quota><access_management>1</access_management>", 1)
	if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := n.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// session runs skein as a user would.
type session struct {
	t      *testing.T
	config string
	said   strings.Builder // all that was ever printed
}

// newSession has the servers' configuration, with some text put before storage_sets
// and some behind it all.
func newSession(t *testing.T, c *testcluster.Cluster, cluster, rest string) *session {
	t.Helper()
	text, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	cluster += "    limits: {ddl: 10s, wait: 1s}\n    connect: {retries: 0, interval: 100ms, timeout: 3s}\n"
	edited := strings.Replace(string(text), "    storage_sets:", cluster+"    storage_sets:", 1)
	s := &session{t: t, config: filepath.Join(t.TempDir(), "skein.yaml")}
	s.write(edited + rest)
	return s
}

func (s *session) write(text string) {
	s.t.Helper()
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// edit replaces text in the configuration, which has to be there.
func (s *session) edit(old, replacement string) {
	s.t.Helper()
	text, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		s.t.Fatalf("skein.yaml has no %q:\n%s", old, text)
	}
	s.write(strings.ReplaceAll(string(text), old, replacement))
}

type result struct {
	code           int
	stdout, stderr string
}

func (s *session) run(args ...string) result {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	program := cli.Program{
		Groups: []migration.Group{groups.Events(), groups.Transactions()}, Args: append([]string{"--config", s.config}, args...),
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
	}
	r := result{program.Run(ctx), stdout.String(), stderr.String()}
	s.said.WriteString(r.stdout + r.stderr)
	return r
}

// must runs a command that has to end with a code.
func (s *session) must(code int, args ...string) result {
	s.t.Helper()
	r := s.run(args...)
	s.t.Logf("$ skein %s\n%s%s(exit %d)", strings.Join(args, " "), r.stdout, r.stderr, r.code)
	if r.code != code {
		s.t.Fatalf("skein %s: exit %d, want %d", strings.Join(args, " "), r.code, code)
	}
	return r
}

// hides checks that nothing printed had a secret.
func (s *session) hides(secrets ...string) {
	s.t.Helper()
	for _, secret := range secrets {
		if strings.Contains(s.said.String(), secret) {
			s.t.Errorf("%q was printed", secret)
		}
	}
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
