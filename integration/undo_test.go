package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// A statement of the author's that the server refused has made nothing, and its
// way back would take what somebody else made.
func TestUndoOfARefusedStatementLeavesWhatWasThere(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
		createTable("a_local"),
		ops.RunSQL{
			Place: local("").Place, SQL: "CREATE TABLE {db}.foreign (id UInt8) ENGINE = Memory", Scope: ops.RunEveryNode,
			Undo: &ops.RunSQL{SQL: "DROP TABLE {db}.foreign", Scope: ops.RunEveryNode, DropsData: true},
		},
	}}))
	exec(t, c.Nodes[0], "CREATE TABLE foreign (mine String) ENGINE = Memory")
	exec(t, c.Nodes[0], "INSERT INTO foreign SELECT 'precious'")
	running.Says(t, s.Must(5, "migrate").Stderr, "already exists")
	running.Says(t, s.Must(0, "reverse-in-progress").Stderr, "refused")
	if rows := query(t, c.Nodes[0], "SELECT mine FROM foreign"); len(rows) != 1 {
		t.Errorf("the other table has %v", rows)
	}
	if got := strings.Join(s.tables(c.Nodes[0]), " "); got != "foreign" {
		t.Errorf("tables: %s", got)
	}
}

// A changed codec is seen: what was changed is changed back.
func TestUndoSeesACodec(t *testing.T) {
	t.Parallel()
	c := servers.modern.Cluster(t)
	column := func(codec string) ops.Column { return ops.Column{Name: "v", Type: "String", Codec: codec} }
	was := column("LZ4")
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local", was)}},
		migration.Migration{ID: "0002_codec", Forward: []ops.Operation{
			ops.ModifyColumn{Table: local("a_local"), Column: column("ZSTD(3)"), Was: &was},
			createTable("b_local"),
		}},
	))
	exec(t, c.Nodes[0], "CREATE TABLE b_local (mine String) ENGINE = Memory")
	running.Says(t, s.Must(5, "migrate").Stderr, "stopped at step 2 of 2")
	codec := func() string {
		return query(t, c.Nodes[0], "SELECT compression_codec FROM system.columns WHERE database = currentDatabase() AND table = 'a_local' AND name = 'v'")[0][0]
	}
	if got := codec(); got != "CODEC(ZSTD(3))" {
		t.Fatalf("before the way back: %s", got)
	}
	s.Must(0, "reverse-in-progress")
	if got := codec(); got != "CODEC(LZ4)" {
		t.Errorf("after the way back: %s", got)
	}
}

// A run dies while a queue entry of its has a host to go: what it left is waited
// for before it is undone, so that nothing comes back afterwards.
func TestUndoWaitsForTheQueueEntriesOfADeadRun(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	busy := c.Nodes[3]
	s := newSession(t, c, group("events", migration.Migration{ID: "0001_a", Forward: []ops.Operation{createTable("a_local")}}))
	s.Must(0, "migrate", "--group", "system")
	s.Edit("wait: 8s", "wait: 40s")
	s.Die = make(chan struct{})
	die := s.Die
	s.On = map[string]func(){"CREATE TABLE `default`.`a_local` ON CLUSTER": func() {
		if err := busy.Pause(t.Context()); err != nil {
			t.Error(err)
		}
		time.AfterFunc(1500*time.Millisecond, func() { close(die) })
	}}
	s.Must(5, "migrate", "-v")
	s.Die, s.On = nil, nil
	// The node thaws; its worker first has its session to renew.
	if err := busy.Continue(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return s.Run("check-inactive-replicas").Code == 0 })
	s.Must(0, "reverse-in-progress")
	time.Sleep(2 * time.Second)
	for _, n := range c.Nodes {
		if names := s.tables(n); len(names) > 0 {
			t.Errorf("%s has %v after the way back", n.Name, names)
		}
	}
}
