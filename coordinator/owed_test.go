package coordinator

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

func n4() []journal.Node { return []journal.Node{{Host: "n4", Port: 9000, Shard: 2, Replica: 2}} }

// withoutN4 is a step that n4 misses.
func withoutN4(index int, after ...ops.Condition) plan.Step {
	return plan.Step{Index: index, Of: 3, LeftOut: n4(), Statement: ops.Statement{After: after}}
}

func exists() ops.Condition { return ops.TableExists{Table: ops.LocalTable("events", "t")} }

func TestWhatIsOwed(t *testing.T) {
	shared := withoutN4(2, exists())
	shared.Shared = true
	steps := []plan.Step{withoutN4(1, exists()), shared, withoutN4(3, exists())}
	for name, test := range map[string]struct {
		was  map[string][]int
		at   int
		want map[string][]int
	}{
		"all but what replication brings":   {nil, 1, map[string][]int{absent: {1, 3}}},
		"from where it stopped":             {nil, 2, map[string][]int{absent: {3}}},
		"what was missed before stays":      {map[string][]int{absent: {1, 3}}, 2, map[string][]int{absent: {1, 3}}},
		"a node that is back gets the rest": {map[string][]int{"n1:9000": {1, 3}}, 2, map[string][]int{"n1:9000": {1}, absent: {3}}},
		"nothing left is still compared":    {map[string][]int{"n1:9000": {3}}, 3, map[string][]int{"n1:9000": {}, absent: {3}}},
	} {
		t.Run(name, func(t *testing.T) {
			note := journal.Note{Owed: test.was}
			owe(&note, steps, test.at)
			if diff := cmp.Diff(test.want, note.Owed); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatANodeIsNotKnownToHaveRun(t *testing.T) {
	insert := withoutN4(1)
	for name, test := range map[string]struct {
		step plan.Step
		note journal.Note
		want journal.Note
	}{
		"sent, and no answer": {insert, journal.Note{Called: 1}, journal.Note{Settling: map[string]journal.Settling{absent: {Step: 1}}}},
		"it worked":           {insert, journal.Note{Called: 1, Worked: []string{absent}}, journal.Note{Owed: map[string][]int{absent: {}}}},
		"it was refused":      {insert, journal.Note{Called: 1, Refused: []string{absent}}, journal.Note{}},
		"it was never sent":   {insert, journal.Note{}, journal.Note{}},
		"the node can tell":   {withoutN4(1, exists()), journal.Note{}, journal.Note{}},
	} {
		t.Run(name, func(t *testing.T) {
			note := test.note
			steps := []plan.Step{test.step}
			owe(&note, steps, 1)
			doubt(&note, steps, 1)
			want := test.want.Owed
			if want == nil {
				want = map[string][]int{absent: {1}}
			}
			if diff := cmp.Diff(want, note.Owed); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.want.Settling, note.Settling); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsOwedOfAWayBack(t *testing.T) {
	forward := []plan.Step{withoutN4(1, exists()), withoutN4(2)}
	back := []plan.Step{withoutN4(1), withoutN4(2, exists())}
	always := func(plan.Step) bool { return true }
	for name, test := range map[string]struct{ was, want []int }{
		"it missed all of the way there":   {[]int{1, 2}, []int{}},
		"it missed what the first undoes":  {[]int{2}, []int{2}},
		"it has had the whole way there":   {nil, []int{1, 2}},
		"it missed what conditions can do": {[]int{1}, []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, owedBack(back, forward, absent, test.was, always)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// owedRows are entries of which n4 is owed steps.
func owedRows(status journal.Status, steps ...int) entries {
	e := state(status, key("events", "0001"))
	entry := e[key("events", "0001")]
	setNote(&entry, journal.Note{Owed: map[string][]int{absent: steps}, Since: entry.Version})
	e[key("events", "0001")] = entry
	return systemDone().and(e)
}

func TestNothingRunsBeforeWhatANodeIsOwed(t *testing.T) {
	for name, test := range map[string]struct {
		rows    entries
		without []string
		verb    func(*Coordinator) error
		want    string
	}{
		"later ones": {owedRows(journal.Completed, 1), nil, func(c *Coordinator) error {
			_, err := c.Migrate(t.Context(), Request{})
			return err
		}, "n4:9000 is owed events/0001, which ran without it"},
		"the way back": {owedRows(journal.Completed), nil, func(c *Coordinator) error {
			_, err := c.Reverse(t.Context(), Request{Groups: []string{"events"}, ID: "0001", Force: true})
			return err
		}, "n4:9000 is owed events/0001"},
		"a mark alone": {owedRows(journal.Completed, 1), []string{absent}, func(c *Coordinator) error {
			_, err := c.Reverse(t.Context(), Request{Groups: []string{"events"}, ID: "0001", Force: true, Fake: true})
			return err
		}, "events/0001 is owed to n4:9000"},
		"there again": {owedRows(journal.NotStarted, 1), []string{absent}, func(c *Coordinator) error {
			_, err := c.Migrate(t.Context(), Request{})
			return err
		}, "events/0001 was reversed without n4:9000"},
		"skein's own tables": {entries{}, []string{absent}, func(c *Coordinator) error {
			_, err := c.Migrate(t.Context(), Request{})
			return err
		}, "skein's own tables, which no node can be owed"},
		"with it left out once more": {owedRows(journal.Completed, 1), []string{absent}, func(c *Coordinator) error {
			_, err := c.Migrate(t.Context(), Request{})
			return err
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := bench(t, group("events", numbered("0001"), numbered("0002")))
			w.entries, c.options.Without = test.rows, test.without
			err := test.verb(c)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if kind(err) != preflight || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v", err)
			}
			if len(w.sent)+len(w.written) > 0 {
				t.Errorf("sent or written: %v", w.log)
			}
		})
	}
}

// A node is owed nothing of what the program cannot plan as it ran.
func TestOtherStatementsAreNotSettled(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001")))
	w.entries = owedRows(journal.Completed, 1)
	_, err := c.Resume(t.Context(), Request{})
	if kind(err) != preflight || !strings.Contains(err.Error(), "has other statements here") || len(w.sent) > 0 {
		t.Errorf("%v; sent %v", err, w.sent)
	}
	c, w = bench(t, group("events", migration.Migration{ID: "0002", Forward: numbered("0002").Forward}))
	w.entries = owedRows(journal.Completed, 1)
	if _, err = c.Resume(t.Context(), Request{}); kind(err) != preflight || !strings.Contains(err.Error(), "does not have events/0001") {
		t.Errorf("%v", err)
	}
}

func TestListNamesWhoIsOwed(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001")))
	w.entries = owedRows(journal.NotStarted, 1)
	groups, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{absent}, groups[1].Migrations[0].Owed); diff != "" {
		t.Error(diff)
	}
}
