// Package progress_test proves on real servers what is seen of a run: bars in a
// terminal of tmux, events, spans, metrics, and the way back from a query log.
package progress_test

import (
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// servers are started by the first test that asks, and cleaned between tests.
var servers = struct{ cluster, modern testcluster.Shared }{
	cluster: testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineCluster, Shards: 2, Replicas: 2}},
	modern:  testcluster.Shared{Options: testcluster.Options{Engine: testcluster.EngineModern, Nodes: 1, QueryLog: true}},
}

// asSkein makes this test binary skein with the groups of the tests, for tmux.
const asSkein = "SKEIN_PROGRESS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asSkein) != "" {
		os.Exit(cli.Main(groups()...))
	}
	os.Exit(testcluster.Main(m, &servers.cluster, &servers.modern))
}

// groups have a table, a mutation of seven parts that take 0.25 s to 2.75 s, and a column.
func groups() []migration.Group {
	local := ops.LocalTable("events", "m_local")
	return []migration.Group{{Name: "events", Migrations: []migration.Migration{
		{ID: "0001_m", Forward: []ops.Operation{ops.CreateTable{
			Table: local, Columns: []ops.Column{{Name: "id", Type: "UInt64"}, {Name: "v", Type: "UInt64"}},
			Engine: ops.Engine{Kind: ops.MergeTree, OrderBy: "id", PartitionBy: "toUInt64(sqrt(id))"},
		}}},
		{ID: "0002_update", Irreversible: "a test", Forward: []ops.Operation{ops.RunSQL{
			Place: local.Place, SQL: "ALTER TABLE {db}.m_local {on_cluster} UPDATE v = id + 1 + sleepEachRow(0.25) WHERE 1",
			Scope: ops.RunOnePerReplicaSet, Writes: []ops.Table{{Name: "m_local"}},
			Mutation: true, RewritesData: true, Repeatable: true,
		}}},
		{ID: "0003_column", Forward: []ops.Operation{ops.AddColumn{Table: local, Column: ops.Column{Name: "w", Type: "UInt8"}}}},
	}}}
}

// session is skein with these groups.
type session struct{ *running.Skein }

func newSession(t *testing.T, c *testcluster.Cluster) *session {
	t.Helper()
	return &session{running.New(t, c, "    limits: {ddl: 3s, wait: 15s}\n"+running.Connect, groups()...)}
}

// filled has the table, with 40 rows in seven parts a shard.
func (s *session) filled() {
	s.T.Helper()
	s.Must(0, "migrate", "--group", "events", "0001")
	for _, n := range s.Servers.Nodes {
		if n.Replica <= 1 {
			s.query(n, "INSERT INTO m_local SELECT number, 0 FROM system.numbers LIMIT 40")
		}
	}
}

func (s *session) query(n *testcluster.Node, sql string) [][]string {
	s.T.Helper()
	return running.Query(s.T, n, sql)
}

// terminal is one of tmux, of 80x24, with a shell's prompt "$".
type terminal struct {
	t      *testing.T
	socket string
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	testcluster.Need(t, "tmux")
	s := &terminal{t: t, socket: filepath.Join(t.TempDir(), "tmux")}
	s.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "PS1='$ ' exec sh")
	t.Cleanup(func() { s.tmux("kill-server") })
	s.shows("$")
	return s
}

func (s *terminal) tmux(args ...string) string {
	s.t.Helper()
	out, err := osexec.Command("tmux", append([]string{"-S", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// skein types a command. Its exit code is shown as "exit N" when it has ended.
func (s *terminal) skein(config string, args ...string) {
	s.t.Helper()
	script := filepath.Join(s.t.TempDir(), "run")
	text := "clear\n" + asSkein + "=1 " + os.Args[0] + " --config " + config + " " + strings.Join(args, " ") + "\necho exit $?\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.tmux("send-keys", ". "+script, "Enter")
}

func (s *terminal) resize(width, height int) {
	s.t.Helper()
	s.tmux("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height))
}

// shows waits until the screen has all of some texts, and returns it.
func (s *terminal) shows(texts ...string) string {
	s.t.Helper()
	screen := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		screen = s.tmux("capture-pane", "-p", "-J")
		missing := false
		for _, text := range texts {
			missing = missing || !strings.Contains(screen, text)
		}
		if !missing {
			return strings.TrimRight(screen, "\n")
		}
	}
	s.t.Fatalf("not all of %q are on the screen:\n%s", texts, screen)
	return ""
}
