package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// restored is a node whose data folder is brought back to what it once was, as
// from a backup of its disk.
type restored struct {
	t    *testing.T
	node *testcluster.Node
	old  string
}

// keep copies the data folder of a node; the node is stopped for as long, and its
// replicas are active when keep returns.
func keep(t *testing.T, n, neighbour *testcluster.Node) restored {
	t.Helper()
	r := restored{t, n, filepath.Join(t.TempDir(), "old")}
	// Not killed: its replicas would be without a session for ten seconds. On a busy
	// machine the server may end without closing its session all the same; started before
	// that is over, its replicas look active to everybody, itself too, and fetch nothing.
	ok(t, n.Stop(t.Context()))
	ok(t, os.CopyFS(r.old, os.DirFS(n.DataDir())))
	until := func(asked *testcluster.Node, none string) {
		t.Helper()
		for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
			rows, err := asked.Query(t.Context(), "SELECT count() FROM system.replicas WHERE "+none)
			if err == nil && rows[0][0] == "0" {
				return
			}
			if time.Since(began) > 90*time.Second {
				t.Errorf("%s still has replicas with %s: %v %v", asked.Name, none, rows, err)
				return
			}
		}
	}
	until(neighbour, "active_replicas > 1")
	ok(t, n.Start(t.Context()))
	until(n, "active_replicas < total_replicas OR is_readonly")
	return r
}

// back puts the old folder in the place of the node's, and starts it.
func (r restored) back() {
	r.t.Helper()
	ok(r.t, r.node.Kill(r.t.Context()))
	ok(r.t, os.RemoveAll(r.node.DataDir()))
	ok(r.t, os.CopyFS(r.node.DataDir(), os.DirFS(r.old)))
	ok(r.t, r.node.Start(r.t.Context()))
}

// backWithout does so while another node, which is killed, cannot tell it what is new.
func (r restored) backWithout(other *testcluster.Node) {
	r.t.Helper()
	ok(r.t, r.node.Kill(r.t.Context()))
	ok(r.t, other.Kill(r.t.Context()))
	r.back()
}

// fromNeighbour is how an operator of 18.16 mends a node that lost tables: it
// gets the neighbour's definitions, and then fetches the rows by itself.
func (r restored) fromNeighbour(neighbour *testcluster.Node, databases ...string) {
	r.t.Helper()
	ok(r.t, r.node.Kill(r.t.Context()))
	for _, database := range databases {
		for _, part := range []string{"metadata", "data"} {
			ok(r.t, os.RemoveAll(filepath.Join(r.node.DataDir(), part, database)))
		}
		ok(r.t, os.CopyFS(filepath.Join(r.node.DataDir(), "metadata", database),
			os.DirFS(filepath.Join(neighbour.DataDir(), "metadata", database))))
		ok(r.t, os.MkdirAll(filepath.Join(r.node.DataDir(), "data", database), 0o755))
	}
	// Without it a table whose parts are all gone is not loaded (231).
	flags := filepath.Join(r.node.DataDir(), "flags")
	ok(r.t, os.MkdirAll(flags, 0o755))
	ok(r.t, os.WriteFile(filepath.Join(flags, "force_restore_data"), nil, 0o600))
	ok(r.t, r.node.Start(r.t.Context()))
}

// untilFetched waits until a replica has found out which parts it lacks, and has
// them: on 18.16 its own business, which SYSTEM SYNC REPLICA does not wait for.
func (p *project) untilFetched(replica, neighbour *testcluster.Node) {
	p.t.Helper()
	for began := time.Now(); !slices.Equal(p.rows(replica, p.schema(replica)), p.rows(neighbour, p.schema(neighbour))); time.Sleep(200 * time.Millisecond) {
		if time.Since(began) > 90*time.Second {
			p.fatalf("%s does not get the rows that %s has", replica.Name, neighbour.Name)
		}
	}
}

// A replica is restored from what it was before a statement, after the whole
// migration has completed.
func TestAReplicaIsRestoredFromAnOlderCopy(t *testing.T) {
	take(t, &lanes.frail)
	for _, at := range frail() {
		t.Run(at.name, func(t *testing.T) {
			c := cluster(t, at.servers)
			t.Parallel() // each place has servers of its own
			want, _ := withoutFault(t, c, at.ddl)
			began := time.Now()
			moments := sent(1, 2, 4, 5)
			victim, neighbour := c.Node("s2r2"), c.Node("s2r1")
			var copied restored
			parked := newMeeting(len(moments), func() { copied = keep(t, victim, neighbour) })
			projects := make([]*project, len(moments))
			var all sync.WaitGroup
			for i, m := range moments {
				all.Go(func() {
					var once sync.Once
					defer once.Do(parked.stayAway)
					p := newProject(t, c, fmt.Sprintf("7%03d", i), at.ddl)
					projects[i] = p
					p.must("migrate", "--group", group, before)
					if r := p.runGated(m.gate(func() { once.Do(parked.come) }), "migrate"); r.code != 0 {
						p.errorf("exit %d", r.code)
					}
				})
			}
			all.Wait()
			if t.Failed() {
				return
			}
			copied.back()
			var databases []string
			for i, p := range projects {
				databases = append(databases, p.database())
				for _, said := range []struct {
					code int
					args []string
				}{
					// Whether its replicas are active yet is a matter of seconds: not asked.
					{6, []string{"verify"}},
					{3, []string{"rollback", "--group", group, "--force", "--yes"}},
				} {
					if r := p.run(said.args...); r.code != said.code || r.code == 6 && !strings.Contains(r.stdout, victim.Addr()) {
						p.errorf("%v: exit %d, want %d", said.args, r.code, said.code)
					}
				}
				t.Logf("restored to %s\n%s", moments[i], p.said.String())
			}
			copied.fromNeighbour(neighbour, databases...)
			for _, p := range projects {
				p.untilActive()
				p.untilFetched(victim, neighbour)
				p.recover(resume, want)
			}
			proven(t, line{
				Case: 3, Fault: "a replica restored from an older copy of its data", Moments: "copied before CREATE, ALTER, mutation, RENAME",
				Runs: len(moments), Place: at.name, Way: "its tables from the neighbour", took: time.Since(began),
			})
		})
	}
}
