package integration

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// meeting is a Go function of two migrations that ends once both are in it.
type meeting struct{ first, second chan struct{} }

func (m meeting) call(here, there chan struct{}) func(context.Context, ops.DB) error {
	return func(ctx context.Context, _ ops.DB) error {
		close(here)
		select {
		case <-there:
			return nil
		case <-time.After(30 * time.Second):
			return errors.New("the other did not come")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// on is a function that touches one table, so that it need not be alone.
func on(table string, function ops.RunGo) ops.RunGo {
	function.Writes = []ops.Table{local(table)}
	function.Undo.Writes = function.Writes
	return function
}

// Two groups are in the middle of their migrations at one time, on real servers; a third
// that depends on both comes after them. Where both stop, both are told and resumed.
func TestGroupsThatAreIndependentRunAtOneTime(t *testing.T) {
	t.Parallel()
	for name, servers := range map[string]*testcluster.Pool{"2×2": &servers.cluster, "26.7": &servers.modern} {
		t.Run(name, func(t *testing.T) {
			m := meeting{make(chan struct{}), make(chan struct{})}
			last := group("last", migration.Migration{ID: "0001_last", Forward: []ops.Operation{createTable("last_local")}})
			last.DependsOn = []string{"a", "b"}
			s := newSession(t, servers.Cluster(t),
				group("a", migration.Migration{ID: "0001_a", Forward: []ops.Operation{
					createTable("a_local"), on("a_local", do("meet_a", m.call(m.first, m.second))),
				}}),
				group("b", migration.Migration{ID: "0001_b", Forward: []ops.Operation{
					createTable("b_local"), on("b_local", do("meet_b", m.call(m.second, m.first))),
				}}), last)
			r := s.Must(0, "migrate", "--jobs", "3")
			running.Says(t, r.Stderr, "a/0001_a                    completed ", "b/0001_b                    completed ")
			if strings.Index(r.Stderr, "last/0001_last") < max(strings.LastIndex(r.Stderr, "\na/0001_a"), strings.LastIndex(r.Stderr, "\nb/0001_b")) {
				t.Errorf("the last group did not come last:\n%s", r.Stderr)
			}
			s.everywhere("SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name")

			broken := true
			fails := func(context.Context, ops.DB) error {
				if broken {
					return errors.New("broken on purpose")
				}
				return nil
			}
			for i, name := range []string{"a", "b"} {
				s.Groups[i].Migrations = append(s.Groups[i].Migrations, migration.Migration{ID: "0002_" + name, Forward: []ops.Operation{
					createTable(name + "2_local"), on(name+"2_local", do("fail_"+name, fails)),
				}})
			}
			running.Says(t, s.Must(5, "migrate", "--jobs", "2").Stderr,
				"a/0002_a stopped at step 2 of 2", "b/0002_b stopped at step 2 of 2", "skein resume --group a", "skein resume --group b")
			broken = false
			s.Must(0, "resume", "--repeat", "--group", "a")
			s.Must(0, "resume", "--repeat", "--group", "b")
			if list := s.Must(0, "list").Stdout; strings.Count(list, "[X]") != 6 {
				t.Errorf("not all is completed:\n%s", list)
			}
		})
	}
}
