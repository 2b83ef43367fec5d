package integration

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

func stringColumn(table ops.Table, name, after string) ops.AddColumn {
	return ops.AddColumn{Table: table, Column: ops.Column{Name: name, Type: "String"}, After: after}
}

// definition is what a server has made of the table, without what tells two tables apart.
func (s *session) definition(table string) string {
	s.T.Helper()
	text := s.everywhere("SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = '" + table + "'")
	return strings.ReplaceAll(text[0][0], table, "T")
}

// What is joined makes the tables that its statements make one by one, there and back:
// columns that stand behind one another, and, on a server of today, what is built on them.
func TestJoinedStatementsAreWhatTheyAreAlone(t *testing.T) {
	t.Parallel()
	columns := func(table ops.Table) []ops.Operation {
		return []ops.Operation{
			stringColumn(table, "a", "id"), stringColumn(table, "b", "a"), stringColumn(table, "c", ""),
		}
	}
	parts := func(table ops.Table) []ops.Operation {
		return []ops.Operation{
			ops.AddIndex{Table: table, Index: ops.Index{Name: "i", Expression: "b", Type: "minmax"}},
			ops.AddProjection{Table: table, Projection: ops.Projection{Name: "p", Query: "SELECT a, count() GROUP BY a"}},
			ops.AddConstraint{Table: table, Constraint: ops.Constraint{Name: "k", Expression: "length(b) < 100"}},
			ops.AddColumn{Table: table, Column: ops.Column{Name: "d", Type: "UInt64", Kind: ops.Materialized, Expression: "length(b)"}},
		}
	}
	groups := func(more func(ops.Table) []ops.Operation, create func(string) ops.Operation, alone, joined ops.Table) migration.Group {
		return group("events",
			migration.Migration{ID: "0001_tables", Forward: []ops.Operation{create(alone.Name), create(joined.Name)}},
			migration.Migration{ID: "0002_alone", NoBatch: true, Forward: append(columns(alone), more(alone)...)},
			migration.Migration{ID: "0003_joined", Forward: append(columns(joined), more(joined)...)},
		)
	}
	nothing := func(ops.Table) []ops.Operation { return nil }
	local := func(name string) ops.Operation { return createTable(name) }
	check := func(t *testing.T, s *session, alone, joined ops.Table, statements int) {
		s.Must(0, "migrate", "0001_tables", "--group", "events")
		before := s.definition(joined.Name)
		s.Must(0, "migrate")
		if diff := cmp.Diff(s.definition(alone.Name), s.definition(joined.Name)); diff != "" {
			t.Errorf("(-alone +joined)\n%s", diff)
		}
		for id, want := range map[string]int{"0002_alone": statements, "0003_joined": 1} {
			if have := strings.Count(s.Must(0, "show", "events", id).Stdout, "ALTER TABLE"); have != want {
				t.Errorf("%s ran %d statements, want %d", id, have, want)
			}
		}
		s.Must(0, "rollback", "2", "--group", "events", "--force")
		if diff := cmp.Diff(before, s.definition(joined.Name)); diff != "" {
			t.Errorf("after the way back (-before +after)\n%s", diff)
		}
	}
	for _, ddl := range []string{"on_cluster", "direct"} {
		t.Run("2×2, "+ddl, func(t *testing.T) {
			alone, joined := ops.LocalTable("events", "alone_local"), ops.LocalTable("events", "joined_local")
			s := newSession(t, servers.cluster.Cluster(t), groups(nothing, local, alone, joined))
			s.Edit("    storage_sets:", "    ddl: "+ddl+"\n    storage_sets:")
			check(t, s, alone, joined, 3)
		})
	}
	t.Run("26.7", func(t *testing.T) {
		alone, joined := ops.LocalTable("events", "alone_local"), ops.LocalTable("events", "joined_local")
		check(t, newSession(t, servers.modern.Cluster(t), groups(parts, local, alone, joined)), alone, joined, 7)
	})
}

// One refused command takes the others with it, and the way back finds nothing to take.
// A way back of the author's is gone step by step where forward stopped between.
func TestJoinedStatementsStopAsOne(t *testing.T) {
	t.Parallel()
	c := servers.cluster.Cluster(t)
	table := local("a_local")
	names := "SELECT arrayStringConcat(groupArray(name), ' ') FROM (SELECT name FROM system.columns " +
		"WHERE database = currentDatabase() AND table = 'a_local' ORDER BY name)"
	s := newSession(t, c, group("events",
		migration.Migration{ID: "0001_table", Forward: []ops.Operation{createTable("a_local", ops.Column{Name: "taken", Type: "String"})}},
		migration.Migration{ID: "0002_columns", Forward: []ops.Operation{
			stringColumn(table, "x", ""), stringColumn(table, "taken", ""), stringColumn(table, "y", ""),
		}},
	))
	s.Must(0, "migrate", "0001_table", "--group", "events")
	running.Says(t, s.Must(5, "migrate").Stderr, "taken", "stopped at step 1 of 1")
	if have := s.everywhere(names)[0][0]; have != "id taken" {
		t.Errorf("columns: %s", have)
	}
	s.Must(0, "reverse-in-progress")
	if have := s.everywhere(names)[0][0]; have != "id taken" {
		t.Errorf("columns after the way back: %s", have)
	}
	broken := func(context.Context, ops.DB) error { return errors.New("broken on purpose") }
	s.Groups[0].Migrations[1].Forward = []ops.Operation{stringColumn(table, "x", ""), do("break", broken), stringColumn(table, "y", "")}
	s.Groups[0].Migrations[1].Backward = []ops.Operation{
		ops.DropColumn{Table: table, Name: "y"}, ops.DropColumn{Table: table, Name: "x"},
	}
	s.Must(5, "migrate")
	if have := s.everywhere(names)[0][0]; have != "id taken x" {
		t.Errorf("columns: %s", have)
	}
	s.Must(0, "reverse-in-progress")
	if have := s.everywhere(names)[0][0]; have != "id taken" {
		t.Errorf("columns after the way back of the author's: %s", have)
	}
}
