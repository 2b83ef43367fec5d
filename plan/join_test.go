package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// What is joined is what follows one another, is of one table and one kind, and is about
// different things. A plan prints what is sent.
func TestAlterationsOfOneTableAreJoined(t *testing.T) {
	one, other := ops.LocalTable("events", "t"), ops.LocalTable("events", "u")
	facts := with(with(cluster(2, 2), "t", "ReplicatedMergeTree", names(byShard)...), "u", "ReplicatedMergeTree", names(byShard)...)
	column := func(table ops.Table, name string) ops.AddColumn {
		return ops.AddColumn{Table: table, Column: ops.Column{Name: name, Type: "String"}}
	}
	behind := column(one, "b")
	behind.After = "a"
	index := ops.AddIndex{Table: one, Index: ops.Index{Name: "i", Expression: "a", Type: "minmax"}}
	drop := func(name string) ops.DropColumn { return ops.DropColumn{Table: one, Name: name} }
	for name, test := range map[string]struct {
		operations []ops.Operation
		want       []string // summaries
	}{
		"columns and indexes": {
			[]ops.Operation{column(one, "a"), behind, index},
			[]string{"ALTER TABLE t ADD COLUMN a and 2 more"},
		},
		"two of them": {[]ops.Operation{column(one, "a"), behind}, []string{"ALTER TABLE t ADD COLUMN a and 1 more"}},
		"columns that go": {
			[]ops.Operation{drop("a"), drop("b"), drop("c"), drop("d")},
			[]string{"ALTER TABLE t DROP COLUMN a and 3 more"},
		},
		"not over another table": {
			[]ops.Operation{column(one, "a"), column(other, "a"), column(one, "b")},
			[]string{"ALTER TABLE t ADD COLUMN a", "ALTER TABLE u ADD COLUMN a", "ALTER TABLE t ADD COLUMN b"},
		},
		"not what comes and what goes": {
			[]ops.Operation{column(one, "a"), drop("b"), column(one, "c")},
			[]string{"ALTER TABLE t ADD COLUMN a", "ALTER TABLE t DROP COLUMN b", "ALTER TABLE t ADD COLUMN c"},
		},
		"not one thing twice": {
			[]ops.Operation{column(one, "a"), column(one, "a")},
			[]string{"ALTER TABLE t ADD COLUMN a", "ALTER TABLE t ADD COLUMN a"},
		},
		"not two behind the same: the first would not be there any more": {
			[]ops.Operation{behind, ops.AddColumn{Table: one, Column: ops.Column{Name: "c", Type: "String"}, After: "a"}},
			[]string{"ALTER TABLE t ADD COLUMN b", "ALTER TABLE t ADD COLUMN c"},
		},
		"not what rewrites rows": {
			[]ops.Operation{
				ops.ModifyColumn{Table: one, Column: ops.Column{Name: "a", Type: "String"}},
				ops.ModifyColumn{Table: one, Column: ops.Column{Name: "b", Type: "String"}},
			},
			[]string{"ALTER TABLE t MODIFY COLUMN a", "ALTER TABLE t MODIFY COLUMN b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var have []string
			for _, step := range steps(t, facts, test.operations...) {
				have = append(have, step.Statement.Summary)
			}
			if diff := cmp.Diff(test.want, have); diff != "" {
				t.Errorf("(-want +have)\n%s", diff)
			}
		})
	}
	joined := steps(t, facts, column(one, "a"), behind, index)[0]
	want := "ALTER TABLE `default`.`t` ON CLUSTER 'local' ADD COLUMN `a` String,\n" +
		"    ADD COLUMN `b` String AFTER `a`,\n    ADD INDEX `i` a TYPE minmax GRANULARITY 1"
	if joined.Text != want {
		t.Errorf("have %s\nwant %s", joined.Text, want)
	}
	if len(joined.Statement.After) != 3 || joined.Index != 1 || joined.Of != 1 {
		t.Errorf("%d conditions, step %d of %d", len(joined.Statement.After), joined.Index, joined.Of)
	}
	alone := steps(t, facts, column(one, "a"))[0]
	if joined.Hash == alone.Hash {
		t.Error("a joined statement has the hash of its first")
	}
}

// What is planned one by one has a step for each, and what was announced as a joined
// statement is found again by its hash.
func TestSeparatelyJoinsNothing(t *testing.T) {
	table := ops.LocalTable("events", "t")
	facts := with(cluster(2, 2), "t", "ReplicatedMergeTree", names(byShard)...)
	operations := []ops.Operation{
		ops.AddColumn{Table: table, Column: ops.Column{Name: "a", Type: "String"}},
		ops.AddColumn{Table: table, Column: ops.Column{Name: "b", Type: "String"}},
	}
	made, _, err := planner(t, facts).Separately(operations)
	if err != nil || len(made) != 2 || made[1].Index != 2 || made[1].Of != 2 {
		t.Fatalf("%v, %v", made, err)
	}
	if first, again := steps(t, facts, operations...)[0], steps(t, facts, operations...)[0]; first.Hash != again.Hash {
		t.Errorf("%s, then %s", first.Hash, again.Hash)
	}
}

// A server reads 256 KiB of a statement.
func TestAJoinedStatementHasAnEnd(t *testing.T) {
	table := ops.LocalTable("events", "t")
	facts := with(cluster(2, 2), "t", "ReplicatedMergeTree", names(byShard)...)
	var operations []ops.Operation
	for i := range 100 {
		operations = append(operations, ops.AddColumn{Table: table, Column: ops.Column{
			Name: fmt.Sprintf("c%d", i), Type: "String", Expression: "'" + strings.Repeat("x", 4000) + "'",
		}})
	}
	made := steps(t, facts, operations...)
	conditions := 0
	for _, step := range made {
		conditions += len(step.Statement.After)
		if len(step.Text) > 128<<10 {
			t.Errorf("%d bytes", len(step.Text))
		}
	}
	if len(made) < 4 || len(made) > 6 || conditions != 100 {
		t.Errorf("%d statements with %d conditions", len(made), conditions)
	}
}

// Steps are made in one place, one migration after the other: those that were handed out
// stay what they are.
func TestStepsOutliveTheNextMigration(t *testing.T) {
	table := ops.LocalTable("events", "t")
	p := planner(t, with(cluster(2, 2), "t", "ReplicatedMergeTree", names(byShard)...))
	planned := func(column string) []plan.Step {
		made, _, err := p.Operations([]ops.Operation{ops.AddColumn{Table: table, Column: ops.Column{Name: column, Type: "UInt8"}}})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	first := planned("a")
	want := first[0]
	planned("b")
	if diff := cmp.Diff(want, first[0]); diff != "" {
		t.Errorf("(-as planned +after the next)\n%s", diff)
	}
}
