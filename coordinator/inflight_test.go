package coordinator

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// stepsOf plans operations on the cluster of two by two.
func stepsOf(t *testing.T, operations ...ops.Operation) []plan.Step {
	t.Helper()
	planner := plan.New(assigned(t), twoByTwo())
	planner.Lenient = true
	steps, _, err := planner.Operations(operations)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func TestARowIsAnnouncedWhereNodesCouldNotTellHowFarItCame(t *testing.T) {
	table := ops.LocalTable("events", "t")
	for name, test := range map[string]struct {
		operations []ops.Operation
		want       []bool
	}{
		"different tables":           {[]ops.Operation{create("events", "t"), create("events", "u"), create("events", "v")}, []bool{false, false, false}},
		"one table":                  {[]ops.Operation{create("events", "t"), create("events", "u"), addColumn("t", "x")}, []bool{false, false, true}},
		"added and dropped":          {[]ops.Operation{addColumn("t", "x"), ops.DropColumn{Table: table, Name: "x"}}, []bool{false, true}},
		"behind a row, a new start":  {[]ops.Operation{create("events", "t"), addColumn("t", "x"), create("events", "u"), addColumn("u", "x")}, []bool{false, true, false, true}},
		"blind has one before":       {[]ops.Operation{blindly("fill"), create("events", "t")}, []bool{true, false}},
		"blind has one behind":       {[]ops.Operation{create("events", "t"), blindly("fill"), addColumn("t", "x")}, []bool{false, true, false}},
		"a rename, unless the first": {[]ops.Operation{ops.RenameTable{From: table, To: "u"}, ops.RenameTable{From: ops.LocalTable("events", "v"), To: "w"}}, []bool{false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, announced(stepsOf(t, test.operations...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatARowKnowsOfAStatementThatNodesCannotTellOf(t *testing.T) {
	sql := func(text string, scope ops.RunScope) plan.Step {
		return stepsOf(t, ops.RunSQL{Place: ops.Place{StorageSet: "events", Target: ops.Local}, SQL: text, Scope: scope})[0]
	}
	each, one := sql("INSERT INTO t VALUES (1)", ops.RunEveryNode), sql("INSERT INTO t VALUES (1)", ops.RunOneNode)
	reads := sql("INSERT INTO t SELECT 1", ops.RunEveryNode)
	function := stepsOf(t, blindly("fill"))[0]
	again := each
	again.Statement.Traits.Repeatable = true
	every := []string{"n1:9000", "n2:9000", "n3:9000", "n4:9000"}
	for name, test := range map[string]struct {
		step  plan.Step
		note  journal.Note
		nodes []string // where it runs, unless in doubt
		doubt string
	}{
		"killed in flight":           {each, journal.Note{}, every, "n1:9000, n2:9000, n3:9000, n4:9000"},
		"killed, but repeatable":     {again, journal.Note{}, every, ""},
		"refused by all":             {each, journal.Note{Refused: every}, every, ""},
		"refused by one":             {each, journal.Note{Refused: every[3:], Worked: every[:3]}, every[3:], ""},
		"one gave no answer":         {each, journal.Note{Unsure: every[3:], Worked: every[:3]}, every[3:], "it may have run on n4:9000"},
		"worked before, then killed": {each, journal.Note{Worked: every[:2]}, every[2:], "n3:9000, n4:9000"},
		"worked everywhere":          {each, journal.Note{Worked: every}, nil, ""},
		"refused after a part":       {reads, journal.Note{Refused: every}, every, "n1:9000"},
		"one node for all refused":   {one, journal.Note{Refused: every[:1]}, every, ""},
		"one node for all worked":    {one, journal.Note{Worked: every[1:2]}, nil, ""},
		"function failed":            {function, journal.Note{Unsure: every}, every, "n1:9000"},
		"function worked":            {function, journal.Note{Worked: every}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := sureOf(test.step, test.note)
			var nodes []string
			for node := range f.nodes {
				nodes = append(nodes, node)
			}
			slices.Sort(nodes)
			if diff := cmp.Diff(test.nodes, nodes); diff != "" {
				t.Error(diff)
			}
			if (f.doubt == "") != (test.doubt == "") || !strings.Contains(f.doubt, test.doubt) {
				t.Errorf("doubt %q, want %q", f.doubt, test.doubt)
			}
			if f.done != (test.nodes == nil) {
				t.Errorf("done: %v", f.done)
			}
		})
	}
}

func TestNodesAreSentWhatNobodyWillReplicateToThem(t *testing.T) {
	alter := stepsOf(t, create("events", "t"), addColumn("t", "x"))[1] // n1, n2 and n3, n4 are replica sets
	for text, want := range map[string]standing{
		"holds holds holds holds":    {have: []string{"n1:9000", "n2:9000", "n3:9000", "n4:9000"}, send: map[string]bool{}},
		"holds holds notyet notyet":  {have: []string{"n1:9000", "n2:9000"}, send: map[string]bool{"n3:9000": true, "n4:9000": true}},
		"holds notyet notyet notyet": {have: []string{"n1:9000"}, await: []string{"n2:9000"}, send: map[string]bool{"n3:9000": true, "n4:9000": true}},
		"holds holds holds down": {
			have: []string{"n1:9000", "n2:9000", "n3:9000"}, await: []string{"n4:9000"}, send: map[string]bool{},
			stop: &journal.NodeVerdict{Node: "n4:9000", Verdict: journal.Unreachable, Why: "down"},
		},
	} {
		if diff := cmp.Diff(want, stand(alter, verdicts(text)), cmp.AllowUnexported(standing{})); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}
