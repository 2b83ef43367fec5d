package migration_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

func block(sql string) ops.Operation {
	return ops.RunBlock{Place: ops.Place{StorageSet: "events", Target: ops.Local}, SQL: sql}
}

func withBlock(id string, dependencies ...migration.Dependency) migration.Migration {
	return migration.Migration{ID: id, Forward: []ops.Operation{block("DROP TABLE t")}, Irreversible: "a test", DependsOn: dependencies}
}

func TestIDsWithNumbersAreComparedAsNumbers(t *testing.T) {
	group := func(ids ...string) migration.Group {
		g := migration.Group{Name: migration.System}
		for _, id := range ids {
			g.Migrations = append(g.Migrations, withBlock(id))
		}
		return g
	}
	if _, err := migration.NewRegistry(group("9_a", "10_b", "0011_c", "20261120101500_d")); err != nil {
		t.Error(err)
	}
	for _, ids := range [][]string{{"10_a", "9_b"}, {"2_a", "0001_b"}, {"b", "a"}} {
		if _, err := migration.NewRegistry(group(ids...)); err == nil || !strings.Contains(err.Error(), "IDs must sort") {
			t.Errorf("%v: %v", ids, err)
		}
	}
}

// TestSourcesOfOneGroupAreMerged into one order; what is wrong comes at once.
func TestSourcesOfOneGroupAreMerged(t *testing.T) {
	list := func(ids ...string) []migration.Migration {
		var migrations []migration.Migration
		for _, id := range ids {
			migrations = append(migrations, withBlock(id))
		}
		return migrations
	}
	merged, err := migration.Merge(true, list("8_a", "10_c"), list("9_b"))
	var ids []string
	for _, m := range merged {
		ids = append(ids, m.ID)
	}
	if diff := cmp.Diff([]string{"8_a", "9_b", "10_c"}, ids); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := migration.Merge(false, list("1_a"), list("5_b")); err != nil {
		t.Errorf("a gap is an error only where the group is sequential: %v", err)
	}
	_, err = migration.Merge(true, list("1_a", "3_b", "first"), list("0003_c", "7_d"))
	for _, want := range []string{"3_b has the number of 0003_c", "number 2 is missing", "numbers 4 to 6 are missing", "first begins with no number"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %q", err, want)
		}
	}
}

func TestDependenciesOnMigrations(t *testing.T) {
	after := func(text string) migration.Dependency {
		d, err := migration.ParseDependency(text)
		if err != nil || d.String() != text {
			t.Fatalf("%s: %v, %v", text, d, err)
		}
		return d
	}
	system := migration.Group{Name: migration.System, Migrations: []migration.Migration{withBlock("0001_s")}}
	events := migration.Group{Name: "events", Migrations: []migration.Migration{withBlock("0001_a"), withBlock("0002_b", after("events:0001_a"))}}
	views := migration.Group{Name: "views", Migrations: []migration.Migration{withBlock("0001_v", after("events:0002_b"))}}
	r, err := migration.NewRegistry(views, events, system)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, group := range r.Groups() {
		order = append(order, group.Name)
	}
	if diff := cmp.Diff([]string{"system", "events", "views"}, order); diff != "" {
		t.Errorf("the group of a dependency comes first:\n%s", diff)
	}
	for text, want := range map[string]string{
		"events:0003_c": "views/0001_v depends on events:0003_c, which does not exist",
		"views:0001_v":  "does not come before it",
		"event:0001_a":  `depends on "event", which does not exist`,
	} {
		views.Migrations = []migration.Migration{withBlock("0001_v", after(text))}
		if _, err := migration.NewRegistry(views, events, system); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	events.Migrations[0].DependsOn = []migration.Dependency{after("views:0001_v")}
	views.Migrations = []migration.Migration{withBlock("0001_v", after("events:0001_a"))}
	if _, err := migration.NewRegistry(views, events, system); err == nil || !strings.Contains(err.Error(), "depend on each other") {
		t.Errorf("a circle: %v", err)
	}
	for _, text := range []string{"", "events", "events:", ":0001_a", "a b:c", "a:b:c"} {
		if d, err := migration.ParseDependency(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
}

// TestAnEmptyWayBackIsOne: nothing is derived in its place, and nothing refused.
func TestAnEmptyWayBackIsOne(t *testing.T) {
	group := func(backward []ops.Operation) migration.Group {
		return migration.Group{Name: migration.System, Migrations: []migration.Migration{{
			ID: "0001_a", Forward: []ops.Operation{block("INSERT INTO t VALUES (1) -- once"), block("DROP TABLE t")}, Backward: backward,
		}}}
	}
	empty := group([]ops.Operation{})
	empty.Migrations[0].Forward = empty.Migrations[0].Forward[1:]
	r, err := migration.NewRegistry(empty)
	if err != nil || len(r.Groups()[0].Migrations[0].Backward) != 0 {
		t.Errorf("%v", err)
	}
	left := group(nil)
	left.Migrations[0].Forward = left.Migrations[0].Forward[1:]
	if _, err := migration.NewRegistry(left); err == nil || !strings.Contains(err.Error(), "give Backward") {
		t.Errorf("no way back, and none said: %v", err)
	}
}

func TestChecksumsAreOverIdentities(t *testing.T) {
	sum := func(sql string) string {
		sum, err := migration.Migration{ID: "0001_a", Forward: []ops.Operation{block(sql)}}.Checksum()
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if sum("DROP TABLE t -- old") != sum("\n DROP  TABLE t") {
		t.Error("a comment changes the checksum")
	}
	if sum("DROP TABLE t") == sum("DROP TABLE u") {
		t.Error("another table does not change the checksum")
	}
}
