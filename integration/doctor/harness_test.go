// Package doctor_test breaks real servers in every way that doctor looks for, and
// sees that it says so.
package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/doctor"
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

// limits keep a test that waits for a dead node short.
const limits = "    limits: {ddl: 3s, wait: 8s}\n    connect: {retries: 0, interval: 100ms, timeout: 3s}\n"

// session runs skein as a user would, over one set of servers.
type session struct {
	t      *testing.T
	config string
	groups []migration.Group
	ports  func(coordinator.Options) coordinator.Options
}

func newSession(t *testing.T, c *testcluster.Cluster, migrations ...migration.Migration) *session {
	t.Helper()
	s := &session{
		t: t, groups: []migration.Group{{Name: "events", Migrations: migrations}},
		config: filepath.Join(t.TempDir(), "skein.yaml"),
	}
	text, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	s.write(strings.Replace(string(text), "    storage_sets:", limits+"    storage_sets:", 1))
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
	s.write(strings.Replace(string(text), old, replacement, 1))
}

type result struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

func (s *session) run(args ...string) result {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	began := time.Now()
	code := cli.Program{
		Groups: s.groups, Args: append([]string{"--config", s.config}, args...),
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Ports: s.ports,
	}.Run(ctx)
	took := time.Since(began)
	s.t.Logf("$ skein %s\n%s%s(exit %d, %s)", strings.Join(args, " "), stdout.String(), stderr.String(), code, took.Round(time.Millisecond))
	return result{code, stdout.String(), stderr.String(), took}
}

// must runs a command that has to end with a code.
func (s *session) must(code int, args ...string) result {
	s.t.Helper()
	r := s.run(args...)
	if r.code != code {
		s.t.Fatalf("skein %s: exit %d, want %d", strings.Join(args, " "), r.code, code)
	}
	return r
}

// doctor runs doctor, which has to end with a code, and returns what it found.
func (s *session) doctor(code int, args ...string) []doctor.Finding {
	s.t.Helper()
	return s.findings(s.must(code, withJSON(args)...))
}

func withJSON(args []string) []string { return append([]string{"doctor", "--output", "json"}, args...) }

// findings reads what doctor printed, and sees that its exit code fits.
func (s *session) findings(r result) []doctor.Finding {
	s.t.Helper()
	var out struct {
		Errors, Warnings int
		Findings         []doctor.Finding
	}
	if err := json.Unmarshal([]byte(r.stdout), &out); err != nil {
		s.t.Fatalf("%v:\n%s", err, r.stdout)
	}
	if have := doctor.Count(out.Findings, doctor.Error); have != out.Errors || have > 0 != (r.code == 3) {
		s.t.Errorf("%d errors are counted, %d found, exit %d", out.Errors, have, r.code)
	}
	if r.took > 40*time.Second {
		s.t.Errorf("it took %s", r.took)
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

func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

func query(t *testing.T, n *testcluster.Node, sql string) [][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	rows, err := n.Query(ctx, sql)
	if err != nil {
		t.Fatalf("%s: %s: %v", n.Name, sql, err)
	}
	return rows
}

// eventually waits for what servers do in a while.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("it never came: %s", what)
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
