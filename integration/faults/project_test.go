package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/coordinator"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
)

// project is one user of servers: a database, a configuration, migrations.
type project struct {
	t       *testing.T
	servers *testcluster.Cluster
	suffix  string // of its tables
	config  string
	// db and group are its own, or db is that of a landlord; see tenant.
	db, group string
	tenant    bool
	// revived says that a server has died and come back, without its newest log.
	revived bool
	// stuck says that its replicas may have lost their sessions.
	stuck bool
	// said is what its commands have printed, for when a case fails.
	said bytes.Buffer
}

// How long skein waits: as a rule; while a fault lasts, which only ends such a wait; and
// on the way out. They bear a machine that is three times as slow as it should be.
const (
	limits        = "limits: {ddl: 10s, wait: 20s}"
	limitsAtFault = "limits: {ddl: 3s, wait: 6s}"
	limitsAfter   = "limits: {ddl: 10s, wait: 40s}"
)

// newProject makes a project whose database is there on every node.
func newProject(t *testing.T, c *testcluster.Cluster, suffix, ddl string) *project {
	t.Helper()
	p := &project{t: t, servers: c, suffix: suffix, config: filepath.Join(t.TempDir(), suffix+".yaml"), db: "faults" + suffix, group: group}
	text, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	p.write(strings.NewReplacer(
		"database: "+c.Database, "database: "+p.database()+"\n    ddl: "+ddl+
			"\n    "+limits+"\n    connect: {retries: 0, interval: 100ms, timeout: 3s}",
		"root: /skein", "root: /skein, session_timeout: 6s",
	).Replace(strings.ReplaceAll(string(text), "    ddl: direct\n", "")))
	if c.Options.Engine == testcluster.EngineModern {
		// Of a client that is killed a server sees the end here, not a reset: that makes
		// the library which 26.7 is abort at times.
		p.reach(proxies(t, c))
	}
	for _, n := range c.Nodes {
		p.exec(n, "CREATE DATABASE "+p.database()+p.databaseEngine())
	}
	return p
}

func (p *project) database() string { return p.db }

// newTenant makes a project in the database of another, with the same state
// tables and lock, that has the six statements alone. What they need is there
// already: 0.1 s instead of one.
func newTenant(t *testing.T, landlord *project, suffix string) *project {
	t.Helper()
	p := &project{
		t: t, servers: landlord.servers, suffix: suffix, config: landlord.config, db: landlord.db, group: group + suffix, tenant: true,
	}
	engine := "MergeTree"
	if p.servers.Options.Engine == testcluster.EngineCluster {
		engine = "ReplicatedMergeTree('/clickhouse/tables/events/{shard}/" + p.db + "/a" + suffix + "', '{replica}')"
	}
	for _, n := range p.servers.Nodes {
		p.exec(n, "CREATE TABLE "+p.db+".a"+suffix+" (id Int64, salt UInt32) ENGINE = "+engine+" ORDER BY id")
		p.exec(n, "CREATE TABLE "+p.db+".calls"+suffix+" (at DateTime) ENGINE = MergeTree ORDER BY at")
	}
	for _, n := range p.firstOfShards() {
		p.exec(n, "INSERT INTO "+p.db+".a"+suffix+" (id, salt) SELECT toInt64(number) + 10, rand() FROM system.numbers LIMIT 10")
	}
	return p
}

// again is the tenant for another test, nil for nil.
func (p *project) again(t *testing.T) *project {
	if p == nil {
		return nil
	}
	p.t = t
	p.said.Reset()
	return p
}

// leave takes a tenant's tables away.
func (p *project) leave() {
	for _, n := range p.servers.Nodes {
		for _, row := range p.query(n, "SELECT name FROM system.tables WHERE database = '"+p.db+"' AND name LIKE '%"+p.suffix+"'") {
			p.exec(n, "DROP TABLE IF EXISTS "+p.db+"."+row[0])
		}
	}
}

// migrations are what the project's program has.
func (p *project) migrations() []migration.Group {
	if p.tenant {
		return tenantGroups(p.suffix)
	}
	return groups(p.suffix)
}

func (p *project) databaseEngine() string {
	if p.servers.Options.Engine == testcluster.EngineModern {
		return " ENGINE = Atomic" // EXCHANGE needs it
	}
	return ""
}

func (p *project) write(text string) {
	p.t.Helper()
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// edit replaces text in the configuration, which has to be there.
func (p *project) edit(old, replacement string) {
	p.t.Helper()
	text, err := os.ReadFile(p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		p.t.Fatalf("the configuration has no %q:\n%s", old, text)
	}
	p.write(strings.Replace(string(text), old, replacement, 1))
}

// drop takes the project's tables away.
func (p *project) drop() {
	for _, n := range p.servers.Nodes {
		p.exec(n, "DROP DATABASE IF EXISTS "+p.database())
	}
}

func (p *project) query(n *testcluster.Node, sql string) [][]string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.t.Context()), time.Minute)
	defer cancel()
	rows, err := n.Query(ctx, sql)
	if err != nil {
		p.fatalf("%s: %s: %v", n.Name, sql, err)
	}
	return rows
}

func (p *project) exec(n *testcluster.Node, sql string) { p.t.Helper(); p.query(n, sql) }

// result is what a command did.
type result struct {
	code           int
	stdout, stderr string
}

// run runs a command of skein in this process.
func (p *project) run(args ...string) result {
	p.t.Helper()
	return p.runGated(func(string) {}, args...)
}

// runGated passes a gate at each call of a port.
func (p *project) runGated(pass gate, args ...string) result {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(p.t.Context(), 4*time.Minute)
	defer cancel()
	code := cli.Program{
		Groups: p.migrations(), Args: append([]string{"--config", p.config}, args...), Stdin: strings.NewReader(""),
		Stdout: &stdout, Stderr: &stderr,
		Ports: func(o coordinator.Options) coordinator.Options { return gated(o, pass) },
	}.Run(ctx)
	return p.say(args, result{code, stdout.String(), stderr.String()})
}

// must runs a command that has to succeed.
func (p *project) must(args ...string) result {
	p.t.Helper()
	r := p.run(args...)
	if r.code != 0 {
		p.fatalf("skein %s: exit %d, want 0", strings.Join(args, " "), r.code)
	}
	return r
}

// killed is the exit code of a process that a signal ended.
const killed = -1

// strike runs a command as a process that strikes itself.
func (p *project) strike(f fault, args ...string) result {
	p.t.Helper()
	r := p.say(args, p.process(f, args...))
	p.revive()
	return r
}

// revive starts a server again that has died with its client.
func (p *project) revive() {
	p.t.Helper()
	revived, err := p.servers.Revive(p.t.Context())
	if err != nil {
		p.fatalf("%v", err)
	}
	for _, n := range revived {
		p.revived = true
		fmt.Fprintf(&p.said, "(%s has died too, and is started again)\n", n.Name)
	}
}

// process runs a command as a process. Several may run at once.
func (p *project) process(f fault, args ...string) result {
	f.Suffix, f.Tenant = p.suffix, p.tenant
	text, err := json.Marshal(f)
	if err != nil {
		return result{code: 99, stderr: err.Error()}
	}
	program, err := os.Executable()
	if err != nil {
		return result{code: 99, stderr: err.Error()}
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"--config", p.config}, args...)...)
	cmd.Env = append(os.Environ(), faultVariable+"="+string(text))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return result{code: 99, stderr: err.Error()}
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func (p *project) say(args []string, r result) result {
	fmt.Fprintf(&p.said, "$ skein %s\n%s%s(exit %d)\n", strings.Join(args, " "), r.stdout, r.stderr, r.code)
	return r
}

func (p *project) errorf(format string, args ...any) {
	p.t.Helper()
	p.t.Errorf("%s\n%s", fmt.Sprintf(format, args...), p.said.String())
	p.said.Reset()
}

func (p *project) fatalf(format string, args ...any) {
	p.t.Helper()
	p.errorf(format, args...)
	p.t.FailNow()
}
