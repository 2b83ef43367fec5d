package coordinator

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// mall has events, replays that depends on it and may be skipped, and profiles,
// which is experimental.
func mall(t *testing.T, policy migration.Policy) *Coordinator {
	t.Helper()
	replays := group("replays", numbered("0001_r"), numbered("0002_r"))
	replays.Optional, replays.DependsOn = true, []string{"events"}
	replays.Migrations[1].DependsOn = []migration.Dependency{{Group: "events", ID: "0002_e"}}
	profiles := group("profiles", numbered("0001_p"))
	profiles.Readiness = migration.Experimental
	c, _ := bench(t, group("events", numbered("0001_e"), numbered("0002_e")), replays, profiles)
	r, err := c.options.Registry.Under(policy)
	if err != nil {
		t.Fatal(err)
	}
	c.options.Registry = r
	return c
}

// reduced is an environment that skips replays and accepts what is complete.
func reduced() migration.Policy {
	return migration.Policy{
		Accepts: []migration.Readiness{migration.Complete}, AcceptsAt: "skein.yaml:3:1",
		Skip: []string{"replays"}, SkipAt: "skein.yaml:4:1",
	}
}

func TestMigrateLeavesInactiveGroupsAlone(t *testing.T) {
	named := func(group string) Request { return Request{Groups: []string{group}} }
	pick(t, mall(t, reduced()), migrate, []pickTest{
		{name: "where nothing is named", state: systemDone(), want: []string{"events/0001_e", "events/0002_e"}},
		{name: "not where one is named", state: systemDone(), request: named("replays"), kind: usage, words: []string{"left alone here", "skip_groups (skein.yaml:4:1)"}},
		{name: "nor one of another state", state: systemDone(), request: named("profiles"), kind: usage, words: []string{"experimental", "skein.yaml:3:1"}},
		{name: "nor a state that is not accepted", state: systemDone(), request: Request{Readiness: []migration.Readiness{migration.Experimental}}, kind: usage, words: []string{"--readiness experimental", "not accepted here, but complete"}},
		{name: "whatever one has in progress", state: systemDone().and(state(journal.InProgress, key("replays", "0001_r"))), want: []string{"events/0001_e", "events/0002_e"}},
	})
	one := Request{Groups: []string{"replays"}, ID: "0001_r"}
	pick(t, mall(t, reduced()), run, []pickTest{
		{name: "run", state: systemDone(), request: one, kind: usage, words: []string{"left alone here"}},
	})
	if _, err := mall(t, reduced()).selectBaseline(systemDone(), named("replays")); kind(err) != usage {
		t.Errorf("baseline: %v", err)
	}
}

// What ran before a group was skipped is known when it comes back.
func TestATurnedOnGroupNeverRunsAgain(t *testing.T) {
	done := eventsDone("0001_e", "0002_e").and(state(journal.Completed, key("replays", "0001_r")))
	pick(t, mall(t, reduced()), migrate, []pickTest{{name: "skipped", state: done, want: []string{}}})
	pick(t, mall(t, migration.Policy{}), migrate, []pickTest{
		{name: "and back", state: done, want: []string{"replays/0002_r", "profiles/0001_p"}},
	})
}

func TestRevertTakesBackInactiveGroupsWhereTheyAreNamed(t *testing.T) {
	done := eventsDone("0001_e").and(state(journal.Completed, key("replays", "0001_r")))
	force := func(groups ...string) Request { return Request{Groups: groups, Force: true} }
	pick(t, mall(t, reduced()), revert, []pickTest{
		{name: "all", state: done, request: force(), want: []string{"events/0001_e"}},
		{name: "by name", state: done, request: force("replays"), want: []string{"replays/0001_r"}},
	})
	pick(t, mall(t, reduced()), rollback, []pickTest{
		{name: "by name", state: done, request: force("replays"), want: []string{"replays/0001_r"}},
	})
}

// What was half-way when its group was turned off can be brought to an end.
func TestResumeFinishesWhatAnInactiveGroupHasInProgress(t *testing.T) {
	half := systemDone().and(state(journal.InProgress, key("replays", "0001_r")))
	targets, err := mall(t, reduced()).selectResume(half, Request{})
	if diff := cmp.Diff([]string{"replays/0001_r"}, names(targets)); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

// What a completed migration of another group says it comes after is not taken from
// below it, also where its group is inactive.
func TestReverseRefusesWhatACompletedOneDependsOn(t *testing.T) {
	done := eventsDone("0001_e", "0002_e").and(state(journal.Completed, key("replays", "0001_r"), key("replays", "0002_r")))
	faked := Request{Groups: []string{"events"}, Force: true, Fake: true}
	for _, policy := range []migration.Policy{{}, reduced()} {
		pick(t, mall(t, policy), rollback, []pickTest{
			{name: "refused", state: done, request: Request{Groups: []string{"events"}, Force: true}, kind: preflight, words: []string{
				"replays/0002_r is completed and depends on events:0002_e", "skein revert --group replays 0002_r",
			}},
			{name: "its status alone", state: done, request: faked, want: []string{"events/0002_e"}},
		})
	}
	pick(t, mall(t, migration.Policy{}), revert, []pickTest{{
		name: "both", state: done, request: Request{Force: true},
		want: []string{"replays/0002_r", "replays/0001_r", "events/0002_e", "events/0001_e"},
	}})
}

// A pending migration of an inactive group is no reason to refuse one that runs.
func TestValidationLeavesOutWhatWillNotRun(t *testing.T) {
	drops := makes("0001", ops.DropTable{Table: ops.LocalTable("events", "t")})
	drops.Irreversible = "a test"
	cleanup := group("cleanup", drops)
	cleanup.Optional, cleanup.DependsOn = true, []string{"base"}
	distributed := create("events", "t_dist")
	distributed.Table.Target = ops.Distributed
	distributed.Engine = ops.Engine{Kind: ops.DistributedEngine, LocalTable: "t"}
	c, _ := bench(t, group("base", makes("0001", create("events", "t"))), cleanup, group("events", makes("0001", distributed)))
	_, err := c.Plan(t.Context(), Request{})
	invalid(t, err, "events/0001")
	r, err := c.options.Registry.Under(migration.Policy{Skip: []string{"cleanup"}})
	if err != nil {
		t.Fatal(err)
	}
	c.options.Registry = r
	if _, err := c.Plan(t.Context(), Request{}); err != nil {
		t.Error(err)
	}
}

func TestListShowsWhyAGroupIsLeftAlone(t *testing.T) {
	groups, err := mall(t, reduced()).List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, g := range groups {
		have[g.Name] = g.Inactive
	}
	want := map[string]string{
		"system": "", "events": "", "replays": "skipped by skip_groups (skein.yaml:4:1)",
		"profiles": "its readiness is experimental, and accepted here is complete (skein.yaml:3:1)",
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Whoever approves sees all there is to see, after all checks; a no changes nothing.
func TestApproveComesLastAndMayRefuse(t *testing.T) {
	c, w := endangered(t, &danger.Limit{}, ops.Operation(narrowT()))
	no := errors.New("no")
	var seen danger.Assessment
	_, err := c.Migrate(t.Context(), Request{Approve: func(_ context.Context, plans []MigrationPlan) error {
		w.say("asked")
		seen = plans[0].Dangers[0]
		return no
	}})
	if !errors.Is(err, no) {
		t.Fatalf("%v, want the refusal", err)
	}
	if seen.Class != danger.RewritesData || !seen.Amount.Known || seen.Amount.Rows != 5 {
		t.Errorf("shown %+v: the rows were not counted", seen)
	}
	asked := slices.Index(w.log, "asked")
	if asked < 0 || !slices.ContainsFunc(w.log[:asked], func(line string) bool { return strings.HasPrefix(line, "check replicas") }) {
		t.Errorf("asked before the replicas were looked at: %v", w.log)
	}
	for _, line := range w.log[asked+1:] {
		if strings.HasPrefix(line, "row") || strings.HasPrefix(line, "send") {
			t.Errorf("%s, after a no", line)
		}
	}
	if _, err := c.Migrate(t.Context(), Request{Approve: func(context.Context, []MigrationPlan) error { return nil }}); err != nil {
		t.Error(err)
	}
}
