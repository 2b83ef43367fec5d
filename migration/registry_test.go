package migration_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

func TestRegistryRefuses(t *testing.T) {
	dependent := func(name string, on ...string) migration.Group {
		g := group(name, one("0001", create("t")))
		g.DependsOn = on
		return g
	}
	restricted := dependent("events")
	restricted.StorageSets = []storageset.Key{"transactions"}
	for _, test := range []struct {
		name   string
		groups []migration.Group
		want   string
	}{
		{"two groups of one name", []migration.Group{dependent("a"), dependent("a")}, `two groups are named "a"`},
		{"two migrations of one ID", []migration.Group{group("a", one("0001", create("t")), one("0001", create("u")))}, "two migrations have the ID a/0001"},
		{"IDs that do not sort as they apply", []migration.Group{group("a", one("0002", create("t")), one("0001", create("u")))}, "a/0001 stands after 0002"},
		{"an ID that a shell would split", []migration.Group{group("a", one("0001 x", create("t")))}, `"a/0001 x"`},
		{"an empty ID", []migration.Group{group("a", one("", create("t")))}, `migration ID "a/"`},
		{"a group name with a slash", []migration.Group{group("a/b")}, `group name "a/b"`},
		{"an unknown readiness", []migration.Group{{Name: "a", Readiness: "finished"}}, `unknown readiness "finished"`},
		{"an unknown dependency", []migration.Group{dependent("a", "b")}, `group "a" depends on "b", which does not exist`},
		{"a group that depends on itself", []migration.Group{dependent("a", "a")}, "a → a"},
		{"a circle of groups", []migration.Group{dependent("a", "b"), dependent("b", "c"), dependent("c", "a")}, "a → b → c → a"},
		{"no forward operations", []migration.Group{group("a", one("0001"))}, "a/0001 has no forward operations"},
		{"an operation without target", []migration.Group{group("a", one("0001", ops.DropTable{Table: ops.Table{Place: ops.Place{StorageSet: "events"}, Name: "t"}, Was: nil}))}, "a/0001 operation 1 (DropTable): DropTable t: no target"},
		{"an operation without storage set", []migration.Group{group("a", one("0001", ops.DropTable{Table: ops.Table{Place: ops.Place{Target: ops.Local}, Name: "t"}}))}, "no storage set"},
		{"an operation without table", []migration.Group{group("a", one("0001", ops.DropTable{Table: ops.Table{Place: at("events")}}))}, "no table"},
		{"a bad backward operation", []migration.Group{group("a", migration.Migration{ID: "0001", Forward: []ops.Operation{create("t")}, Backward: []ops.Operation{ops.DropTable{}}})}, "a/0001 backward operation 1 (DropTable)"},
		{"no way back, without saying so", []migration.Group{group("a", one("0001", create("t"), dropColumn("t", "x")))}, "operation 2: DropColumn t.x has no derived inverse"},
		{"a way back of what is irreversible", []migration.Group{group("a", migration.Migration{
			ID: "0001", Forward: []ops.Operation{create("t")}, Backward: []ops.Operation{create("u")}, Irreversible: "no",
		})}, "has backward operations and is said to be irreversible"},
		{"a storage set that is not the group's", []migration.Group{restricted}, `events/0001 operation 1 (CreateTable): storage set "events" is not of group "events"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := migration.NewRegistry(append([]migration.Group{system()}, test.groups...)...)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error with %q, have: %v", test.want, err)
			}
		})
	}
}

// RunSQL and RunGo may name no table: their place is theirs alone.
func TestStorageSetOfAnOperationWithoutTablesIsKnown(t *testing.T) {
	bare := ops.RunSQL{Place: at("users"), SQL: "SYSTEM FLUSH LOGS", Scope: ops.RunEveryNode}
	bare.Undo = &ops.RunSQL{SQL: "SYSTEM FLUSH LOGS", Scope: ops.RunEveryNode}
	r := registry(t, system(), group("a", one("0001", bare)))
	if sets := r.StorageSets(); !slices.Contains(sets, "users") {
		t.Errorf("storage sets %v have no %q: a set on no cluster would be found too late", sets, "users")
	}
	restricted := group("b", one("0001", bare))
	restricted.StorageSets = []storageset.Key{"events"}
	if _, err := migration.NewRegistry(system(), restricted); err == nil {
		t.Error("an operation outside the storage sets of its group was taken")
	}
}

func TestRegistryTellsAllThatIsWrongAtOnce(t *testing.T) {
	_, err := migration.NewRegistry(system(),
		group("a", one("0001"), one("0001", create("t"))),
		migration.Group{Name: "b", DependsOn: []string{"nowhere"}},
		group("c", one("0001", dropColumn("t", "x"))),
	)
	if err == nil {
		t.Fatal("want an error")
	}
	for _, want := range []string{"a/0001 has no forward operations", "two migrations have the ID a/0001", `"nowhere"`, "c/0001"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in:\n%v", want, err)
		}
	}
}

func TestGroupsComeAfterWhatTheyDependOnAndElseAsGiven(t *testing.T) {
	late := migration.Group{Name: "aaa", DependsOn: []string{"zzz"}}
	r := registry(t, late, group("mmm"), group("zzz"), system())
	var names []string
	for _, g := range r.Groups() {
		names = append(names, g.Name)
	}
	if diff := cmp.Diff([]string{"system", "zzz", "aaa", "mmm"}, names); diff != "" {
		t.Error(diff)
	}
	aaa, err := r.Group("aaa")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"system", "zzz"}, aaa.DependsOn); diff != "" {
		t.Errorf("every group comes after system: %s", diff)
	}
	if aaa.Readiness != migration.Complete {
		t.Errorf("readiness %q, want complete where nothing is said", aaa.Readiness)
	}
}

func TestAnUnknownGroupOrMigrationIsAnErrorThatNamesIt(t *testing.T) {
	r := registry(t, system(), group("events", one("0001_create", create("t"))))
	_, err := r.Group("event")
	if want := `no group "event", did you mean "events"? (there are: system, events)`; err == nil || err.Error() != want {
		t.Errorf("have %v, want %s", err, want)
	}
	g, err := r.Group("events")
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.Migration("0001") // an ID has to be whole
	if want := `no migration "0001" in group "events", did you mean "0001_create"?`; err == nil || err.Error() != want {
		t.Errorf("have %v, want %s", err, want)
	}
	if m, err := g.Migration("0001_create"); err != nil || m.ID != "0001_create" {
		t.Errorf("Migration = %v, %v", m, err)
	}
}

func TestWhateverTheDependenciesEveryGroupComesAfterItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c", "d", "e", "f"}
		groups := make([]migration.Group, len(names))
		for i, name := range names {
			groups[i].Name = name
			if i > 0 { // on earlier names alone: no circles
				groups[i].DependsOn = rapid.SliceOfNDistinct(rapid.SampledFrom(names[:i]), 0, i, rapid.ID).Draw(t, name)
			}
		}
		shuffled := rapid.Permutation(append(groups, system())).Draw(t, "order")
		r, err := migration.NewRegistry(shuffled...)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, g := range r.Groups() {
			for _, dependency := range g.DependsOn {
				if !seen[dependency] {
					t.Fatalf("%s comes before %s, which it depends on", g.Name, dependency)
				}
			}
			seen[g.Name] = true
		}
		if len(seen) != len(shuffled) {
			t.Fatalf("%d groups of %d", len(seen), len(shuffled))
		}
	})
}
