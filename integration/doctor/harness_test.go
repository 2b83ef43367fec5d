// Package doctor_test breaks real servers in every way that doctor looks for, and
// sees that it says so.
package doctor_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// servers are started by the first test that asks, and cleaned between tests.
var servers = struct{ cluster, modern testcluster.Shared }{
	cluster: testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	modern:  testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1}},
}

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m, &servers.cluster, &servers.modern)) }

// session runs skein as a user would, over one set of servers.
type session struct{ *running.Skein }

func newSession(t *testing.T, c *testcluster.Cluster, migrations ...migration.Migration) *session {
	t.Helper()
	return &session{running.New(t, c, running.Limits, migration.Group{Name: "events", Migrations: migrations})}
}

// doctor runs doctor, which has to end with a code, and returns what it found.
func (s *session) doctor(code int, args ...string) []doctor.Finding {
	s.T.Helper()
	return s.findings(s.Must(code, withJSON(args)...))
}

func withJSON(args []string) []string { return append([]string{"doctor", "--output", "json"}, args...) }

// findings reads what doctor printed, and sees that its exit code fits.
func (s *session) findings(r running.Result) []doctor.Finding {
	s.T.Helper()
	var out struct {
		Errors, Warnings int
		Findings         []doctor.Finding
	}
	if err := json.Unmarshal([]byte(r.Stdout), &out); err != nil {
		s.T.Fatalf("%v:\n%s", err, r.Stdout)
	}
	if have := doctor.Count(out.Findings, doctor.Error); have != out.Errors || have > 0 != (r.Code == 3) {
		s.T.Errorf("%d errors are counted, %d found, exit %d", out.Errors, have, r.Code)
	}
	if r.Took > 40*time.Second {
		s.T.Errorf("it took %s", r.Took)
	}
	return out.Findings
}

// finds says that a check found something of a severity, in all of some words.
func finds(t *testing.T, findings []doctor.Finding, check string, severity doctor.Severity, words ...string) {
	t.Helper()
	if !has(findings, check, severity, words...) {
		t.Errorf("no %s of %s with %q in %+v", severity, check, words, findings)
	}
}

func has(findings []doctor.Finding, check string, severity doctor.Severity, words ...string) bool {
	return slices.ContainsFunc(findings, func(f doctor.Finding) bool {
		text := strings.Join([]string{f.Cluster, f.Node, f.Found, f.Do}, "\n")
		return f.Check == check && f.Severity == severity &&
			!slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
	})
}

// only says that nothing but some checks found anything wrong.
func only(t *testing.T, findings []doctor.Finding, checks ...string) {
	t.Helper()
	for _, f := range findings {
		if f.Check == "coordination" && strings.Contains(f.Found, "answered after") {
			continue // this machine is busy, and it is right
		}
		if (f.Severity == doctor.Error || f.Severity == doctor.Warning) && !slices.Contains(checks, f.Check) {
			t.Errorf("unexpected: %+v", f)
		}
	}
}

func local(name string) ops.Table { return ops.LocalTable("events", name) }

// table makes a table with a column that mutations may change.
func table(id, name string) migration.Migration {
	return migration.Migration{ID: id, Forward: []ops.Operation{ops.CreateTable{
		Table: local(name), Columns: []ops.Column{{Name: "id", Type: "UInt64"}, {Name: "v", Type: "UInt64"}},
		Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id"},
	}}}
}

// update mutates every row of a table.
func update(id, name, expression string) migration.Migration {
	return migration.Migration{ID: id, Irreversible: "a test", Forward: []ops.Operation{ops.RunSQL{
		Place: local("").Place, SQL: "ALTER TABLE {db}." + name + " {on_cluster} UPDATE v = " + expression + " WHERE 1",
		Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{{Name: name}},
		Mutation: true, RewritesData: true, Repeatable: true,
	}}}
}

func addColumn(id, name, column string) migration.Migration {
	return migration.Migration{ID: id, Forward: []ops.Operation{
		ops.AddColumn{Table: local(name), Column: ops.Column{Name: column, Type: "UInt8"}},
	}}
}
