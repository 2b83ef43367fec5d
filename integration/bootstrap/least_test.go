package bootstrap_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/access"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// leastGrants are those of docs/bootstrap.md, each privilege alone, on the database
// of the test's node.
func leastGrants(t *testing.T, database string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/bootstrap.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "# least grants\n")
	listed, _, found := strings.Cut(rest, "# end of least grants")
	if !found {
		t.Fatal("docs/bootstrap.md has no list of least grants")
	}
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(listed), "\n") {
		grant, err := access.ParseGrant(strings.TrimPrefix(strings.TrimSpace(line), "- "))
		if err != nil {
			t.Fatal(err)
		}
		if grant.Database == "events" {
			grant.Database = database
		}
		for _, privilege := range grant.Privileges {
			one := grant
			one.Privileges = []string{privilege}
			out = append(out, one.String())
		}
	}
	return out
}

// TestTheWholeExampleNeedsExactlyTheseGrants migrates to the end and back as a user
// with the grants of the page, and again without each of them, which has to fail.
func TestTheWholeExampleNeedsExactlyTheseGrants(t *testing.T) {
	c := testcluster.Own(t, testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1, NoZooKeeper: true})
	n := c.Nodes[0]
	grants := leastGrants(t, c.Database)
	users := []user{{name: "migrator", password: "m", grants: grants}}
	for i := range grants {
		without := slices.Delete(slices.Clone(grants), i, i+1)
		users = append(users, user{name: fmt.Sprintf("without_%d", i), password: "m", grants: without})
	}
	addUsers(t, n, users...)

	whole := newSession(t, c, "    user: migrator\n    password: m\n", "")
	whole.Must(0, "migrate", "--force")
	whole.Must(0, "list")
	whole.Must(0, "verify")
	whole.Must(0, "history")
	whole.Must(0, "doctor", "--only", "grants") // it asks for no more than the page lists
	whole.Must(0, "revert", "--force", "--include-system")
	if rows := query(t, n, "SELECT name FROM system.tables WHERE database = '%s' AND name NOT LIKE 'migrations_lock_%%'", c.Database); len(rows) > 0 {
		t.Errorf("after the way back there is still %v", rows)
	}

	for i, grant := range grants {
		t.Run("without "+grant, func(t *testing.T) {
			s := newSession(t, c, fmt.Sprintf("    user: without_%d\n    password: m\n", i), "")
			forward := s.Run("migrate", "--force")
			back := running.Result{}
			if forward.Code == 0 {
				back = s.Run("revert", "--force", "--include-system")
			}
			if forward.Code == 0 && back.Code == 0 {
				t.Errorf("it went there and back without %s: the page lists more than is needed", grant)
			}
			// Only what the server or skein says counts: not a server that is gone.
			for _, r := range []running.Result{forward, back} {
				if strings.Contains(r.Stderr, "connect") {
					t.Fatalf("it failed for another reason: %s", r.Stderr)
				}
			}
			for _, row := range query(t, n, "SELECT name FROM system.tables WHERE database = '%s'", c.Database) {
				query(t, n, "DROP TABLE IF EXISTS %s.`%s` SYNC", c.Database, row[0])
			}
		})
	}
}
