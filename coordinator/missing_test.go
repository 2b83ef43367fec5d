package coordinator

import (
	"errors"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

func withCompleted(ids ...string) entries {
	e := entries{}
	for _, id := range ids {
		key := journal.Key{Group: "events", ID: id}
		e[key] = journal.Entry{Key: key, Status: journal.Completed}
	}
	return e
}

func programOf(ids ...string) migration.Group {
	g := migration.Group{Name: "events"}
	for _, id := range ids {
		g.Migrations = append(g.Migrations, migration.Migration{ID: id})
	}
	return g
}

// What a program does not have counts in the order all the same.
func TestNothingGoesBeforeWhatTheProgramDoesNotHave(t *testing.T) {
	for name, test := range map[string]struct {
		state   entries
		program migration.Group
		refused bool
	}{
		"pending before it":       {withCompleted("0001", "0003"), programOf("0001", "0002"), true},
		"pending after it":        {withCompleted("0001", "0003"), programOf("0001", "0004"), false},
		"an older program":        {withCompleted("0001", "0002", "0003"), programOf("0001", "0002"), false},
		"its file alone is gone":  {withCompleted("0001", "0002", "0003"), programOf("0001", "0003", "0004"), false},
		"all before it is undone": {withCompleted("0003"), programOf("0001"), true},
	} {
		if err := test.state.gap(test.program); (err != nil) != test.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatCameAfterIsTakenBackFirst(t *testing.T) {
	back := func(ids ...string) []target {
		var out []target
		for _, id := range ids {
			out = append(out, target{key: journal.Key{Group: "events", ID: id}, direction: journal.Backward})
		}
		return out
	}
	state := withCompleted("0001", "0002", "0003")
	var preflight *journal.PreflightError
	if err := state.behind(back("0002")); !errors.As(err, &preflight) {
		t.Errorf("0003 came after it: %v", err)
	}
	for _, targets := range [][]target{back("0003"), back("0003", "0002"), nil} {
		if err := state.behind(targets); err != nil {
			t.Errorf("%v: %v", targets, err)
		}
	}
}
