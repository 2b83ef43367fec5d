package coordinator

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

func all() entries {
	return eventsDone("0001_create", "0002_trace", "0003_widen", "0004_index").
		and(state(journal.Completed, key("transactions", "0001_tx"), key("alone", "0001_alone")))
}

func TestRevertPicks(t *testing.T) {
	events := []string{"events"}
	stuck := all().and(state(journal.InProgress, key("transactions", "0002_tx")))
	everything := []string{"alone/0001_alone", "transactions/0001_tx", "events/0004_index", "events/0003_widen", "events/0002_trace", "events/0001_create"}
	pick(t, shop(t), revert, []pickTest{
		{name: "all, last first, groups in reverse order, and not skein's own", state: all(), request: Request{Force: true}, want: everything},
		{name: "skein's own last, and only when asked", state: all(), request: Request{Force: true, IncludeSystem: true}, want: append(slices.Clone(everything), "system/0001_migrations")},
		{name: "skein's own by name: only when asked", state: systemDone(), request: Request{Groups: []string{"system"}, Force: true}, kind: preflight, words: []string{"--include-system"}},
		{name: "skein's own alone: not while others' state is in it", state: all(), request: Request{Groups: []string{"system"}, Force: true, IncludeSystem: true}, kind: preflight, words: []string{"alone/0001_alone"}},
		{name: "one group back through an ID", state: all(), request: Request{Groups: events, Through: "0003", Force: true}, want: []string{"events/0004_index", "events/0003_widen"}},
		{name: "no THROUGH without its group", state: all(), request: Request{Through: "0003", Force: true}, kind: usage, words: []string{"--group"}},
		{name: "no THROUGH that is pending", state: eventsDone("0001_create"), request: Request{Groups: events, Through: "0002", Force: true}, kind: usage},
		{name: "no THROUGH that two start with", state: all(), request: Request{Groups: events, Through: "000", Force: true}, kind: usage, words: []string{"matches 4"}},
		{name: "none without --force", state: all(), request: Request{Groups: events}, kind: preflight, words: []string{"events/0004_index", "--force"}},
		{name: "nothing where nothing is completed", state: systemDone(), request: Request{}, want: []string{}},
		{name: "no unknown group", state: all(), request: Request{Groups: []string{"x"}, Force: true}, kind: usage},
		{name: "nothing while one is in progress", state: stuck, request: Request{Groups: []string{"transactions"}, Force: true}, kind: halfway, words: []string{"transactions/0002_tx"}},
	})
}

func TestRollbackPicks(t *testing.T) {
	events := []string{"events"}
	pick(t, shop(t), rollback, []pickTest{
		{name: "the last one", state: all(), request: Request{Groups: events, Force: true}, want: []string{"events/0004_index"}},
		{name: "the last N", state: all(), request: Request{Groups: events, Count: 3, Force: true}, want: []string{"events/0004_index", "events/0003_widen", "events/0002_trace"}},
		{name: "no more than there are", state: eventsDone("0001_create"), request: Request{Groups: events, Count: 3, Force: true}, want: []string{"events/0001_create"}},
		{name: "none without --force", state: all(), request: Request{Groups: events}, kind: preflight, words: []string{"--force"}},
		{name: "none without a group", state: all(), request: Request{Force: true}, kind: usage, words: []string{"--group"}},
		{name: "none of two groups", state: all(), request: Request{Groups: []string{"events", "alone"}, Force: true}, kind: usage},
		{name: "none where nothing is completed", state: systemDone(), request: Request{Groups: events, Force: true}, kind: usage, words: []string{`"events"`}},
		{name: "skein's own only when asked", state: all(), request: Request{Groups: []string{"system"}, Force: true}, kind: preflight, words: []string{"--include-system"}},
	})
}

func TestReversePicks(t *testing.T) {
	named := func(id string, force bool) Request { return Request{Groups: []string{"events"}, ID: id, Force: force} }
	pick(t, shop(t), reverse, []pickTest{
		{name: "the last completed one", state: eventsDone("0001_create", "0002_trace"), request: named("0002_trace", true), want: []string{"events/0002_trace"}},
		{name: "none without --force", state: eventsDone("0001_create"), request: named("0001_create", false), kind: preflight, words: []string{"--force"}},
		{name: "none before later ones", state: all(), request: named("0002_trace", true), kind: preflight, words: []string{"events/0003_widen, events/0004_index", "revert"}},
		{name: "none that is not started", state: systemDone(), request: named("0001_create", true), kind: usage, words: []string{"not started"}},
		{name: "none while one is in progress", state: eventsDone("0001_create").and(state(journal.InProgress, key("events", "0002_trace"))), request: named("0001_create", true), kind: halfway},
		{name: "skein's own when asked", state: systemDone(), request: Request{Groups: []string{"system"}, ID: "0001_migrations", Force: true, IncludeSystem: true}, want: []string{"system/0001_migrations"}},
	})
}

// reverse has the flag --include-system, as rollback and revert have.
func TestReverseOfSkeinsOwnGroupNeedsIncludeSystem(t *testing.T) {
	targets, err := shop(t).selectReverse(systemDone(), Request{Groups: []string{"system"}, ID: "0001_migrations", Force: true})
	if kind(err) != preflight {
		t.Errorf("picked %v, %v: the state tables would be dropped without the flag that is for it", names(targets), err)
	}
}

func TestWhatIsIrreversibleIsRefusedWithItsReason(t *testing.T) {
	last := makes("0002", ops.DropTable{Table: ops.LocalTable("events", "old")})
	last.Irreversible = "the rows of old are gone"
	c, _ := bench(t, group("events", numbered("0001"), last))
	done := eventsDone("0001", "0002")
	for name, f := range map[string]verb{"reverse": reverse, "rollback": rollback, "revert": revert} {
		request := Request{Groups: []string{"events"}, Force: true}
		if name == "reverse" {
			request.ID = "0002"
		}
		_, err := f(c, done, request)
		if kind(err) != preflight || !strings.Contains(err.Error(), "events/0002 cannot be reversed: the rows of old are gone") {
			t.Errorf("%s: %v", name, err)
		}
		request.Fake = true
		if targets, err := f(c, done, request); err != nil || len(targets) == 0 {
			t.Errorf("%s --fake runs nothing, so it may: %v", name, err)
		}
	}
}

// drawn makes groups that depend on earlier ones, and a state without gaps.
func drawn(t *rapid.T) (*migration.Registry, entries) {
	ids := []string{"0001", "0002", "0003", "0004"}
	groupNames := []string{"a", "b", "c"}
	var groups []migration.Group
	done := systemDone()
	for i, name := range groupNames {
		g := group(name)
		if i > 0 {
			g.DependsOn = rapid.SliceOfNDistinct(rapid.SampledFrom(groupNames[:i]), 0, i, rapid.ID).Draw(t, name+" depends on")
		}
		n := rapid.IntRange(0, len(ids)).Draw(t, name+" has")
		completed := rapid.IntRange(0, n).Draw(t, name+" completed")
		for j, id := range ids[:n] {
			g.Migrations = append(g.Migrations, numbered(id))
			if j < completed {
				done.and(state(journal.Completed, key(name, id)))
			}
		}
		groups = append(groups, g)
	}
	return registry(t, groups...), done
}

func TestMigrateNeverPicksACompletedOneAndLeavesNoPendingOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, done := drawn(t)
		targets, err := (&Coordinator{options: Options{Registry: r}}).selectMigrate(done, Request{})
		if err != nil {
			t.Fatal(err)
		}
		picked := map[journal.Key]bool{}
		for _, target := range targets {
			if done.status(target.key.Group, target.key.ID) == journal.Completed {
				t.Fatalf("%s is completed", target.key)
			}
			if picked[target.key] {
				t.Fatalf("%s is picked twice", target.key)
			}
			picked[target.key] = true
		}
		for _, g := range r.Groups() {
			for _, m := range g.Migrations {
				if done.status(g.Name, m.ID) != journal.Completed && !picked[key(g.Name, m.ID)] {
					t.Fatalf("%s/%s is pending and not picked", g.Name, m.ID)
				}
			}
		}
	})
}

func TestRevertIsTheExactReverseOfMigrate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, _ := drawn(t)
		c := &Coordinator{options: Options{Registry: r}}
		forward, err := c.selectMigrate(entries{}, Request{})
		if err != nil {
			t.Fatal(err)
		}
		done := entries{}
		for _, target := range forward {
			done.and(state(journal.Completed, target.key))
		}
		backward, err := c.selectRevert(done, Request{Force: true, IncludeSystem: true})
		if err != nil {
			t.Fatal(err)
		}
		want := names(forward)
		slices.Reverse(want)
		if diff := cmp.Diff(want, names(backward)); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	})
}
