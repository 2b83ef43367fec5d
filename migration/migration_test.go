package migration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

func sum(t *testing.T, m migration.Migration) string {
	t.Helper()
	text, err := m.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheWayBackIsEveryInverseLastFirst(t *testing.T) {
	r := registry(t, system(), group("events", one("0001", create("t"), addColumn("t", "x"), addColumn("t", "y"))))
	g, err := r.Group("events")
	if err != nil {
		t.Fatal(err)
	}
	var back []string
	for _, operation := range g.Migrations[0].Backward {
		back = append(back, ops.KindOf(operation))
	}
	if diff := cmp.Diff([]string{"DropColumn", "DropColumn", "DropTable"}, back); diff != "" {
		t.Error(diff)
	}
	if first, ok := g.Migrations[0].Backward[0].(ops.DropColumn); !ok || first.Name != "y" {
		t.Errorf("the last is undone first, not %+v", first)
	}
}

func TestAGivenWayBackIsKeptAsItIs(t *testing.T) {
	back := []ops.Operation{addColumn("t", "x")}
	m := migration.Migration{ID: "0001", Forward: []ops.Operation{dropColumn("t", "x")}, Backward: back}
	r := registry(t, system(), group("events", m))
	g, err := r.Group("events")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(back, g.Migrations[0].Backward); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsIrreversibleHasNoWayBack(t *testing.T) {
	m := one("0001", create("t"))
	m.Irreversible = "the rows are gone"
	r := registry(t, system(), group("events", m))
	g, err := r.Group("events")
	if err != nil {
		t.Fatal(err)
	}
	if back := g.Migrations[0].Backward; len(back) != 0 {
		t.Errorf("backward operations %v", back)
	}
}

// What a state row keeps must not change between two programs that mean the same.
func TestChecksumIsStable(t *testing.T) {
	m := one("0001", create("t"), runGo("fill", 1))
	const want = "2ecc498afb91784c1edd17e8aff9a0ebd4cdc62077544528661b32359dae1b69"
	if have := sum(t, m); have != want {
		t.Errorf("checksum %s, want %s: every applied migration would show as modified", have, want)
	}
	renamed := m
	renamed.ID, renamed.Blocking = "0002", true
	if sum(t, renamed) != want {
		t.Error("ID and Blocking are no part of what is done")
	}
}

func TestChecksumChangesWithEveryOperation(t *testing.T) {
	base := func() migration.Migration { return one("0001", create("t"), addColumn("t", "x"), runGo("fill", 1)) }
	seen := map[string]string{sum(t, base()): "base"}
	for _, test := range []struct {
		name   string
		change func(*migration.Migration)
	}{
		{"another table", func(m *migration.Migration) { m.Forward[0] = create("u") }},
		{"another column", func(m *migration.Migration) { m.Forward[1] = addColumn("t", "y") }},
		{"another version of a function", func(m *migration.Migration) { m.Forward[2] = runGo("fill", 2) }},
		{"another order", func(m *migration.Migration) { m.Forward[0], m.Forward[1] = m.Forward[1], m.Forward[0] }},
		{"one less", func(m *migration.Migration) { m.Forward = m.Forward[:2] }},
		{"a way back", func(m *migration.Migration) { m.Backward = []ops.Operation{dropColumn("t", "x")} }},
		{"the same operation, but backward", func(m *migration.Migration) { m.Forward, m.Backward = m.Forward[:2], m.Forward[2:] }},
	} {
		m := base()
		test.change(&m)
		text := sum(t, m)
		if other, same := seen[text]; same {
			t.Errorf("%s has the checksum of %s", test.name, other)
		}
		seen[text] = test.name
	}
}

func TestTablesAreEachListedOnce(t *testing.T) {
	have := migration.Tables([]ops.Operation{create("t"), addColumn("t", "x"), create("u")})
	want := []ops.Table{ops.LocalTable("events", "t"), ops.LocalTable("events", "u")}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}
