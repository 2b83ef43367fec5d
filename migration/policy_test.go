package migration_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/storageset"
)

// product has a group that many depend on, an optional one, and one that depends on
// a migration of the optional one.
func product(t *testing.T) *migration.Registry {
	t.Helper()
	elsewhere := create("r")
	elsewhere.Table.StorageSet = "replays"
	replays := group("replays", one("0001", elsewhere))
	replays.Optional, replays.DependsOn = true, []string{"events"}
	profiles := group("profiles", one("0001", create("p")))
	profiles.Readiness = migration.Experimental
	reports := group("reports", one("0001", create("s")))
	reports.Migrations[0].DependsOn = []migration.Dependency{{Group: "replays", ID: "0001"}}
	reports.Optional = true
	return registry(t, system(), group("events", one("0001", create("e"))), replays, profiles, reports)
}

func TestPolicyLeavesGroupsOut(t *testing.T) {
	for _, test := range []struct {
		name   string
		policy migration.Policy
		want   map[string]string
	}{
		{"nothing said", migration.Policy{}, map[string]string{}},
		{"states", migration.Policy{Accepts: []migration.Readiness{migration.Complete, migration.Partial}, AcceptsAt: "skein.yaml:7:1"}, map[string]string{
			"profiles": "its readiness is experimental, and accepted here is complete, partial (skein.yaml:7:1)",
		}},
		{"skipped", migration.Policy{Skip: []string{"reports"}, SkipAt: "skein.yaml:8:1"}, map[string]string{
			"reports": "skipped by skip_groups (skein.yaml:8:1)",
		}},
		{"all that is not skein's own", migration.Policy{Accepts: []migration.Readiness{migration.Limited}}, map[string]string{
			"events":   "its readiness is complete, and accepted here is limited",
			"replays":  "its readiness is complete, and accepted here is limited",
			"profiles": "its readiness is experimental, and accepted here is limited",
			"reports":  "its readiness is complete, and accepted here is limited",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := product(t).Under(test.policy)
			if err != nil {
				t.Fatal(err)
			}
			have := map[string]string{}
			for _, g := range r.Groups() {
				if why := r.Inactive(g.Name); why != "" {
					have[g.Name] = why
				}
			}
			if diff := cmp.Diff(test.want, have); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A group that is left out needs no cluster, and is still known.
func TestInactiveGroupsNeedNoStorageSet(t *testing.T) {
	r, err := product(t).Under(migration.Policy{Skip: []string{"replays", "reports"}})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(r.StorageSets(), storageset.Key("replays")) {
		t.Error("the storage set of a group that is skipped has to be on a cluster")
	}
	if _, err := r.Group("replays"); err != nil {
		t.Error(err)
	}
}

func TestPolicyIsRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		policy migration.Policy
		want   []string
	}{
		{"what is not optional", migration.Policy{Skip: []string{"events"}, SkipAt: "skein.yaml:8:1"}, []string{`skein.yaml:8:1: skip_groups: group "events" is not optional`}},
		{"what does not exist", migration.Policy{Skip: []string{"replay"}}, []string{`no group "replay", did you mean "replays"? (there are: system, events, replays, profiles, reports)`}},
		{"skein's own", migration.Policy{Skip: []string{"system"}}, []string{`"system" is not optional`}},
		{"a migration that depends on what is skipped", migration.Policy{Skip: []string{"replays"}}, []string{
			"reports/0001 depends on group replays, which is inactive here: skipped by skip_groups", "do not skip it", "leave reports out here as well",
		}},
		{"all at once", migration.Policy{Skip: []string{"replays", "nothing"}}, []string{"reports/0001 depends on", `no group "nothing"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := product(t).Under(test.policy)
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("want an error with %q, have: %v", want, err)
				}
			}
		})
	}
}

// Each circle is printed once, without what leads to it, and with the migrations
// that close it.
func TestCirclesArePrinted(t *testing.T) {
	dependent := func(name string, on ...string) migration.Group {
		g := group(name, one("0001", create("t")))
		g.DependsOn = on
		return g
	}
	closing := dependent("c")
	closing.Migrations[0].DependsOn = []migration.Dependency{{Group: "b", ID: "0001"}}
	for name, test := range map[string]struct {
		groups []migration.Group
		want   string
	}{
		"one that others lead to": {
			[]migration.Group{dependent("x", "a"), dependent("a", "b"), dependent("b", "a")},
			"groups depend on each other: a → b → a",
		},
		"one that a migration closes": {
			[]migration.Group{dependent("a", "b"), dependent("b", "c"), closing},
			"groups depend on each other: b → c → b (c/0001 depends on b:0001): a group is migrated as a whole, so make one of them two groups",
		},
		"two": {
			[]migration.Group{dependent("a", "b"), dependent("b", "a"), dependent("c", "d"), dependent("d", "c")},
			"groups depend on each other: a → b → a\ngroups depend on each other: c → d → c",
		},
	} {
		_, err := migration.NewRegistry(append([]migration.Group{system()}, test.groups...)...)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: want %q, have %v", name, test.want, err)
		}
	}
}

func TestOrderIsAsGivenThenByDependency(t *testing.T) {
	last := group("a", one("0001", create("a")))
	last.Migrations[0].DependsOn = []migration.Dependency{{Group: "c", ID: "0001"}}
	r := registry(t, system(), last, group("b", one("0001", create("b"))), group("c", one("0001", create("c"))))
	var names []string
	for _, g := range r.Groups() {
		names = append(names, g.Name)
	}
	if diff := cmp.Diff([]string{"system", "c", "a", "b"}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
