// Package bootstrap_test proves on real servers what bootstrap makes, and that the grants
// of its page are the least that skein needs.
package bootstrap_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/examples/groups"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

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

// session runs skein, with the groups of the examples, as a user would.
type session struct {
	*running.Skein
	said strings.Builder // all that was ever printed
}

// newSession has the servers' configuration, with some text put before storage_sets
// and some behind it all.
func newSession(t *testing.T, c *testcluster.Cluster, cluster, rest string) *session {
	t.Helper()
	keys := cluster + "    limits: {ddl: 10s, wait: 1s}\n" + running.Connect
	s := &session{Skein: running.New(t, c, keys, groups.Events(), groups.Transactions())}
	s.Write(s.Text() + rest)
	return s
}

// Run keeps what is printed.
func (s *session) Run(args ...string) running.Result {
	s.T.Helper()
	r := s.Skein.Run(args...)
	s.said.WriteString(r.Stdout + r.Stderr)
	return r
}

// Must keeps what is printed, too.
func (s *session) Must(code int, args ...string) running.Result {
	s.T.Helper()
	r := s.Skein.Must(code, args...)
	s.said.WriteString(r.Stdout + r.Stderr)
	return r
}

// hides checks that nothing printed had a secret.
func (s *session) hides(secrets ...string) {
	s.T.Helper()
	for _, secret := range secrets {
		if strings.Contains(s.said.String(), secret) {
			s.T.Errorf("%q was printed", secret)
		}
	}
}

func query(t *testing.T, n *testcluster.Node, format string, args ...any) [][]string {
	t.Helper()
	return running.Query(t, n, fmt.Sprintf(format, args...))
}
