package cluster

import (
	"testing"
	"time"

	"github.com/skein-migrate/skein/ops"
)

func TestWhatWasSeenIsForgotten(t *testing.T) {
	a, b := ops.Table{Database: "d", Name: "a"}, ops.Table{Database: "d", Name: "b"}
	there := nodeState{tables: map[string]tableState{a.String(): {exists: true, engine: "MergeTree"}}}
	makes := func(table ops.Table) []ops.Condition { return []ops.Condition{ops.TableIs{Table: table}} }
	both := append(makes(a), makes(b)...)
	look := func(s *seen) { s.keep(s.now(), time.Now(), "n1", both, there) }
	known := func(s *seen, conditions []ops.Condition) bool {
		_, known := s.recall("n1", conditions)
		return known
	}
	for name, test := range map[string]struct {
		then func(s *seen)
		a, b bool
	}{
		"nothing":                        {func(*seen) {}, true, true},
		"a statement on one":             {func(s *seen) { s.forget(ops.Statement{After: makes(a)}) }, false, true},
		"one that writes the other":      {func(s *seen) { s.forget(ops.Statement{After: makes(a), Writes: []ops.Table{b}}) }, false, false},
		"one that may do anything":       {func(s *seen) { s.forget(ops.Statement{}) }, false, false},
		"one that is not about a table":  {func(s *seen) { s.forget(ops.Statement{After: []ops.Condition{ops.ObjectIs{}}}) }, false, false},
		"too long":                       {func(s *seen) { s.keep(s.now(), time.Now().Add(-stillTrue), "n1", makes(a), there) }, false, true},
		"another look, on one node more": {func(s *seen) { s.keep(s.now(), time.Now(), "n2", makes(a), nodeState{}) }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			var s seen
			look(&s)
			test.then(&s)
			if known(&s, makes(a)) != test.a || known(&s, makes(b)) != test.b {
				t.Errorf("known: a %v, want %v; b %v, want %v", known(&s, makes(a)), test.a, known(&s, makes(b)), test.b)
			}
		})
	}

	var s seen
	look(&s)
	state, _ := s.recall("n1", both)
	if !state.tables[a.String()].exists || state.tables[b.String()].exists {
		t.Errorf("a look says %v", state.tables)
	}
	if known(&s, []ops.Condition{ops.TableRenamed{From: a, To: b}}) {
		t.Error("which table is going to be moved is taken from an older look")
	}
	if known(&s, []ops.Condition{ops.ObjectIs{}}) {
		t.Error("an object is remembered, though none was asked for")
	}
	s.keep(s.now(), time.Now(), "n3", []ops.Condition{ops.ColumnGone{Table: a, Name: "x"}}, there)
	if _, known := s.recall("n3", makes(a)); known {
		t.Error("a look that read no paths serves a condition about them")
	}
	began := s.now()
	s.forget(ops.Statement{After: makes(b)})
	s.keep(began, time.Now(), "n4", makes(a), there)
	if _, known := s.recall("n4", makes(a)); known {
		t.Error("a look that began before a statement counts after it")
	}
}

func TestTablesAreSelectedByOneListADatabase(t *testing.T) {
	at := func(database, name string) ops.Table { return ops.Table{Database: database, Name: name} }
	for want, tables := range map[string][]ops.Table{
		"(d = 'a' AND n = 'x')":                                  {at("a", "x")},
		"(d = 'a' AND n IN ('x', 'y')) OR (d = 'b' AND n = 'x')": {at("a", "x"), at("b", "x"), at("a", "y")},
	} {
		if have := among(tables)("d", "n"); have != want {
			t.Errorf("%s, want %s", have, want)
		}
	}
}
