package coordinator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// timed runs migrate with jobs where each statement takes a second, and says how long it
// took and when, in seconds, each statement was sent.
func timed(t *testing.T, jobs int, change func(*Coordinator, *world), groups ...migration.Group) (took int, at map[string]int, result Result, err error) {
	synctest.Test(t, func(t *testing.T) {
		c, w := bench(t, groups...)
		var mu sync.Mutex
		at = map[string]int{}
		began := time.Now()
		w.before = func(step plan.Step) {
			mu.Lock()
			at[step.Key.String()] = int(time.Since(began).Seconds())
			mu.Unlock()
			time.Sleep(time.Second)
		}
		if change != nil {
			change(c, w)
		}
		result, err = c.Migrate(t.Context(), Request{Jobs: jobs})
		took = int(time.Since(began).Seconds())
		versions := map[uint64]bool{}
		for _, row := range w.written {
			if versions[row.Version] {
				t.Errorf("two rows have version %d", row.Version)
			}
			versions[row.Version] = true
		}
	})
	return took, at, result, err
}

func threeEach(groups ...string) []migration.Group {
	var out []migration.Group
	for _, name := range groups {
		g := group(name)
		for i := range 3 {
			g.Migrations = append(g.Migrations, makes(fmt.Sprintf("%04d", i+1), create("events", fmt.Sprintf("%s%d", name, i))))
		}
		out = append(out, g)
	}
	return out
}

func TestIndependentGroupsRunSideBySide(t *testing.T) {
	for jobs, want := range map[int]int{0: 12, 1: 12, 2: 6, 4: 3, 9: 3} {
		took, _, result, err := timed(t, jobs, nil, threeEach("a", "b", "c", "d")...)
		if err != nil || took != want || len(result.Applied) != 12 {
			t.Errorf("%d jobs took %d s, want %d: %d migrations, %v", jobs, took, want, len(result.Applied), err)
		}
	}
}

// What depends on something, or shares a table with it, comes after it; a group runs its
// own migrations one after the other.
func TestSideBySideKeepsOrder(t *testing.T) {
	depends := func(g migration.Group, on ...string) migration.Group { g.DependsOn = on; return g }
	one := func(name string, operations ...ops.Operation) migration.Group {
		return group(name, makes("0001", operations...))
	}
	view := func(name, of string) ops.Operation {
		return ops.RunSQL{
			Place: ops.Place{StorageSet: "events", Target: ops.Local}, SQL: "CREATE VIEW " + name + " AS SELECT 1", Scope: ops.RunEveryNode,
			Writes: []ops.Table{ops.LocalTable("events", name), ops.LocalTable("events", of)},
			Undo:   &ops.RunSQL{SQL: "DROP VIEW " + name, Scope: ops.RunEveryNode},
		}
	}
	for name, test := range map[string]struct {
		groups []migration.Group
		want   map[string]int
	}{
		"a group that depends on another, and one behind it": {
			[]migration.Group{one("a", create("events", "a")), depends(one("b", create("events", "b")), "a"), depends(one("c", create("events", "c")), "b"), one("d", create("events", "d"))},
			map[string]int{"a/0001": 0, "b/0001": 1, "c/0001": 2, "d/0001": 0},
		},
		"a table in common": {
			[]migration.Group{one("a", create("events", "t")), one("b", view("v", "t")), one("c", view("w", "t")), one("d", view("x", "y"))},
			map[string]int{"a/0001": 0, "b/0001": 1, "c/0001": 2, "d/0001": 0},
		},
		"a function may touch anything": {
			[]migration.Group{one("a", create("events", "a")), one("b", blindly("call")), one("c", create("events", "c")), one("d", create("events", "d"))},
			map[string]int{"a/0001": 0, "b/0001": 1, "c/0001": 2, "d/0001": 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, at, _, err := timed(t, 8, nil, test.groups...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, at); diff != "" {
				t.Errorf("seconds at which they were sent (-want +have)\n%s", diff)
			}
		})
	}
}

// A migration waits for one of another group, not for the whole group.
func TestAMigrationWaitsForTheOneThatItDependsOn(t *testing.T) {
	groups := threeEach("a", "b")
	groups[1].Migrations[0].DependsOn = []migration.Dependency{{Group: "a", ID: "0001"}}
	groups[1].DependsOn = nil
	_, at, _, err := timed(t, 4, nil, groups...)
	if err != nil {
		t.Fatal(err)
	}
	// The group then comes after the other as a whole: that is what the registry says of it.
	if at["b/0001"] < at["a/0001"]+1 {
		t.Errorf("%v", at)
	}
}

// Where one stops, what is under way goes on to its end, and nothing new begins. Each row
// that is due is written.
func TestSideBySideOneThatStopsStopsTheOthersBeforeTheirNext(t *testing.T) {
	var all *world
	_, at, result, err := timed(t, 3, func(_ *Coordinator, w *world) {
		all = w
		w.fail["CREATE TABLE b0"] = failure{err: errors.New("no")}
	}, threeEach("a", "b", "c")...)
	var partial *journal.PartialError
	if !errors.As(err, &partial) || partial.Key != key("b", "0001") {
		t.Fatalf("%v", err)
	}
	for _, last := range []string{"a/0003", "b/0002", "c/0003"} {
		if _, sent := at[last]; sent {
			t.Errorf("%s was sent", last)
		}
	}
	for _, done := range result.Applied {
		if !slices.ContainsFunc(all.log, func(line string) bool { return strings.HasPrefix(line, "row "+done.String()+" completed") }) {
			t.Errorf("%s has no last row", done)
		}
	}
	if len(result.Applied) < 2 || slices.ContainsFunc(result.Applied, func(k journal.Key) bool { return k.Group == "b" }) {
		t.Errorf("applied: %v", result.Applied)
	}
}

// Each of several that stop is told.
func TestSideBySideAllThatStoppedAreTold(t *testing.T) {
	_, _, _, err := timed(t, 2, func(_ *Coordinator, w *world) {
		w.fail["CREATE TABLE a0"], w.fail["CREATE TABLE b0"] = failure{err: errors.New("no")}, failure{err: errors.New("neither")}
	}, threeEach("a", "b")...)
	if err == nil || !strings.Contains(err.Error(), "a/0001") || !strings.Contains(err.Error(), "b/0001") {
		t.Errorf("%v", err)
	}
}

func TestASignalStopsAllLanesBeforeTheirNext(t *testing.T) {
	_, _, result, err := timed(t, 2, func(c *Coordinator, w *world) {
		stop := make(chan struct{})
		c.options.Stop = stop
		sleep := w.before
		var once sync.Once
		w.before = func(step plan.Step) { once.Do(func() { close(stop) }); sleep(step) }
	}, threeEach("a", "b")...)
	var interrupted *journal.InterruptedError
	if !errors.As(err, &interrupted) || len(interrupted.InProgress) > 0 {
		t.Errorf("%v", err)
	}
	if len(result.Applied) == 0 || len(result.Applied) > 2 {
		t.Errorf("applied: %v", result.Applied)
	}
}
