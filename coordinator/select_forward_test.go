package coordinator

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// shop has events, with a blocking migration, and transactions that come after.
func shop(t *testing.T) *Coordinator {
	t.Helper()
	blocks := numbered("0003_widen")
	blocks.Blocking = true
	events := group("events", numbered("0001_create"), numbered("0002_trace"), blocks, numbered("0004_index"))
	transactions := group("transactions", numbered("0001_tx"), numbered("0002_tx"))
	transactions.DependsOn, transactions.Readiness = []string{"events"}, migration.Limited
	c, _ := bench(t, events, transactions, group("alone", numbered("0001_alone")))
	return c
}

func eventsDone(ids ...string) entries {
	e := systemDone()
	for _, id := range ids {
		e.and(state(journal.Completed, key("events", id)))
	}
	return e
}

const (
	usage     = "usage"
	preflight = "preflight"
	halfway   = "in progress"
)

// kind says which exit code an error leads to.
func kind(err error) string {
	var (
		u *journal.UsageError
		p *journal.PreflightError
		i *journal.InProgressError
	)
	switch {
	case err == nil:
		return ""
	case errors.As(err, &i):
		return halfway
	case errors.As(err, &p):
		return preflight
	case errors.As(err, &u):
		return usage
	}
	return "another"
}

type pickTest struct {
	name    string
	state   entries
	request Request
	want    []string
	kind    string   // of the error
	words   []string // of the error
}

func pick(t *testing.T, c *Coordinator, f verb, tests []pickTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			targets, err := f(c, test.state, test.request)
			if kind(err) != test.kind {
				t.Fatalf("error %v is %q, want %q", err, kind(err), test.kind)
			}
			for _, word := range test.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("no word of %q in: %v", word, err)
				}
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(test.want, names(targets)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestMigratePicks(t *testing.T) {
	events := []string{"events"}
	pick(t, shop(t), migrate, []pickTest{
		{name: "all pending of all groups, dependencies first", state: systemDone(), request: Request{Force: true}, want: []string{
			"events/0001_create", "events/0002_trace", "events/0003_widen", "events/0004_index",
			"transactions/0001_tx", "transactions/0002_tx", "alone/0001_alone",
		}},
		{name: "skein's own group first of all", state: entries{}, request: Request{Count: 2}, want: []string{"system/0001_migrations", "events/0001_create"}},
		{name: "a group with all that it depends on", state: entries{}, request: Request{Groups: []string{"alone"}}, want: []string{"system/0001_migrations", "alone/0001_alone"}},
		{name: "dependencies also where only one group is named", state: eventsDone("0001_create", "0002_trace"), request: Request{Groups: []string{"transactions"}, Force: true}, want: []string{"events/0003_widen", "events/0004_index", "transactions/0001_tx", "transactions/0002_tx"}},
		{name: "groups of a readiness, with their dependencies", state: eventsDone("0001_create", "0002_trace", "0003_widen"), request: Request{Readiness: []migration.Readiness{migration.Limited}}, want: []string{"events/0004_index", "transactions/0001_tx", "transactions/0002_tx"}},
		{name: "nothing where readiness and group disagree", state: entries{}, request: Request{Groups: events, Readiness: []migration.Readiness{migration.Limited}}, want: []string{}},
		{name: "what is pending, not what is completed", state: eventsDone("0001_create", "0002_trace", "0003_widen"), request: Request{Groups: events}, want: []string{"events/0004_index"}},
		{name: "THROUGH and all before it", state: systemDone(), request: Request{Groups: events, Through: "0002"}, want: []string{"events/0001_create", "events/0002_trace"}},
		{name: "at most --count", state: systemDone(), request: Request{Groups: events, Count: 1}, want: []string{"events/0001_create"}},
		{name: "THROUGH of a group after all pending of its dependencies", state: systemDone(), request: Request{Groups: []string{"transactions"}, Through: "0001", Force: true}, want: []string{"events/0001_create", "events/0002_trace", "events/0003_widen", "events/0004_index", "transactions/0001_tx"}},

		{name: "no blocking one without --force", state: systemDone(), request: Request{Groups: events}, kind: preflight, words: []string{"events/0003_widen is blocking", "--force"}},
		{name: "a blocking one with --force", state: eventsDone("0001_create", "0002_trace"), request: Request{Groups: events, Force: true}, want: []string{"events/0003_widen", "events/0004_index"}},
		{name: "a blocking one with --fake, which runs nothing", state: eventsDone("0001_create", "0002_trace"), request: Request{Groups: events, Fake: true}, want: []string{"events/0003_widen", "events/0004_index"}},
		{name: "what comes before a blocking one that --count leaves out", state: systemDone(), request: Request{Groups: events, Count: 2}, want: []string{"events/0001_create", "events/0002_trace"}},
		{name: "what comes before a blocking one that THROUGH leaves out", state: eventsDone("0001_create"), request: Request{Groups: events, Through: "0002"}, want: []string{"events/0002_trace"}},
		{name: "what comes after a blocking one that is completed", state: eventsDone("0001_create", "0002_trace", "0003_widen"), request: Request{Groups: events}, want: []string{"events/0004_index"}},

		{name: "no THROUGH that nothing starts with", state: systemDone(), request: Request{Groups: events, Through: "0009"}, kind: usage, words: []string{`"events"`, `"0009"`}},
		{name: "no THROUGH that is completed", state: eventsDone("0001_create"), request: Request{Groups: events, Through: "0001"}, kind: usage, words: []string{`"0001"`}},
		{name: "no THROUGH that two start with", state: systemDone(), request: Request{Groups: events, Through: "000"}, kind: usage, words: []string{"matches 4", "0001_create, 0002_trace"}},
		{name: "no unknown group", state: systemDone(), request: Request{Groups: []string{"event"}}, kind: usage, words: []string{`no group "event"`, "events"}},
		{name: "no completed one behind a pending one", state: eventsDone("0001_create", "0004_index"), request: Request{Groups: events, Force: true}, kind: preflight, words: []string{"events/0004_index is completed", "events/0002_trace, events/0003_widen is missing"}},
		{name: "nothing while one is in progress", state: systemDone().and(state(journal.InProgress, key("events", "0001_create"))), request: Request{Groups: events}, kind: halfway, words: []string{"events/0001_create"}},
		{name: "nothing while one of a dependency is in progress", state: systemDone().and(state(journal.InProgress, key("events", "0001_create"))), request: Request{Groups: []string{"transactions"}}, kind: halfway, words: []string{"events/0001_create"}},
		{name: "nothing while one that this program lacks is in progress", state: systemDone().and(state(journal.InProgress, key("events", "0000_lost"))), request: Request{Groups: events, Force: true}, kind: halfway, words: []string{"events/0000_lost"}},
		{name: "a group beside one that is in progress", state: systemDone().and(state(journal.InProgress, key("events", "0001_create"))), request: Request{Groups: []string{"alone"}}, want: []string{"alone/0001_alone"}},
		{name: "nothing when all is completed", state: systemDone().and(state(journal.Completed, key("alone", "0001_alone"))), request: Request{Groups: []string{"alone"}}, want: []string{}},
		{name: "what was reversed", state: systemDone().and(state(journal.NotStarted, key("alone", "0001_alone"))), request: Request{Groups: []string{"alone"}}, want: []string{"alone/0001_alone"}},
	})
}

// Without its group THROUGH must not be dropped in silence: all would run.
func TestMigrateRefusesThroughWithoutItsGroup(t *testing.T) {
	for _, groups := range [][]string{nil, {"events", "alone"}} {
		targets, err := shop(t).selectMigrate(systemDone(), Request{Groups: groups, Through: "0001", Force: true})
		if kind(err) != usage {
			t.Errorf("--group %v THROUGH 0001: picked %v, %v", groups, names(targets), err)
		}
	}
}

func TestRunPicks(t *testing.T) {
	named := func(id string) Request { return Request{Groups: []string{"events"}, ID: id} }
	forced := named("0003_widen")
	forced.Force = true
	faked := named("0003_widen")
	faked.Fake = true
	pick(t, shop(t), run, []pickTest{
		{name: "the first pending one", state: systemDone(), request: named("0001_create"), want: []string{"events/0001_create"}},
		{name: "none with others pending before it", state: systemDone(), request: named("0003_widen"), kind: preflight, words: []string{"events/0001_create, events/0002_trace"}},
		{name: "none with a dependency pending", state: systemDone(), request: Request{Groups: []string{"transactions"}, ID: "0001_tx"}, kind: preflight, words: []string{"events/0001_create"}},
		{name: "none before skein's own tables", state: entries{}, request: named("0001_create"), kind: preflight, words: []string{"system/0001_migrations"}},
		{name: "none that is completed", state: eventsDone("0001_create"), request: named("0001_create"), kind: usage, words: []string{"completed already"}},
		{name: "no unknown ID", state: systemDone(), request: named("0001"), kind: usage, words: []string{`"0001"`}},
		{name: "none without an ID", state: systemDone(), request: named(""), kind: usage, words: []string{"--migration-id"}},
		{name: "none without its group", state: systemDone(), request: Request{ID: "0001_create"}, kind: usage, words: []string{"--group"}},
		{name: "no blocking one without --force", state: eventsDone("0001_create", "0002_trace"), request: named("0003_widen"), kind: preflight, words: []string{"blocking"}},
		{name: "a blocking one with --force", state: eventsDone("0001_create", "0002_trace"), request: forced, want: []string{"events/0003_widen"}},
		{name: "a blocking one with --fake", state: eventsDone("0001_create", "0002_trace"), request: faked, want: []string{"events/0003_widen"}},
		{name: "the one that closes a gap", state: eventsDone("0001_create", "0003_widen"), request: named("0002_trace"), want: []string{"events/0002_trace"}},
		{name: "none behind a gap", state: eventsDone("0001_create", "0003_widen"), request: named("0004_index"), kind: preflight, words: []string{"events/0002_trace is missing"}},
		{name: "none while one is in progress", state: systemDone().and(state(journal.InProgress, key("events", "0001_create"))), request: named("0001_create"), kind: halfway},
	})
}
