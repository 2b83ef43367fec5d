package coordinator

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// asRow is the row of a migration that was applied as it is.
func asRow(t *testing.T, m migration.Migration) journal.Entry {
	t.Helper()
	registered := registry(t, group("events", m)).Groups()[1].Migrations[0] // with its way back
	sum, err := registered.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	text, err := registered.StoredText(true)
	if err != nil {
		t.Fatal(err)
	}
	return journal.Entry{
		Key: key("events", m.ID), Status: journal.Completed, Version: journal.Version(1, 7), Epoch: 1, Direction: journal.Forward,
		RunID: "run-0", AppliedBy: "ann@laptop", Checksum: sum, Backward: text,
	}
}

func rowsOf(t *testing.T, migrations ...migration.Migration) entries {
	t.Helper()
	e := systemDone()
	for _, m := range migrations {
		e[key("events", m.ID)] = asRow(t, m)
	}
	return e
}

// edited has the ID of another migration, and makes another table.
func edited(id string) migration.Migration { return makes(id, create("events", "other"+id)) }

func events(force bool) Request { return Request{Groups: []string{"events"}, Force: force} }

func TestMigrateRefusesWhatIsModifiedOrMissing(t *testing.T) {
	applied := rowsOf(t, numbered("0001"), numbered("0002"))
	for name, test := range map[string]struct {
		here []migration.Migration
		says []string
	}{
		"as it was":              {[]migration.Migration{numbered("0001"), numbered("0002"), numbered("0003")}, nil},
		"modified":               {[]migration.Migration{edited("0001"), numbered("0002"), numbered("0003")}, []string{"events/0001 is modified", "ann@laptop", "skein repair --group events"}},
		"missing":                {[]migration.Migration{numbered("0001"), numbered("0003")}, []string{"events/0002 is missing", "run run-0"}},
		"missing, nothing to do": {[]migration.Migration{numbered("0001")}, []string{"events/0002 is missing"}},
		"both":                   {[]migration.Migration{edited("0001"), numbered("0003")}, []string{"events/0001 is modified", "events/0002 is missing", "--allow-dirty"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := bench(t, group("events", test.here...))
			w.entries = applied
			_, err := c.Migrate(t.Context(), events(false))
			if len(test.says) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if kind(err) != preflight || len(w.sent)+len(w.written) > 0 {
				t.Errorf("%v; %v", err, w.log)
			}
			for _, text := range test.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q is not in: %v", text, err)
				}
			}
			if _, err := c.Plan(t.Context(), events(false)); kind(err) != preflight {
				t.Errorf("the dry run says something else: %v", err)
			}
			request := events(false)
			request.AllowDirty = true
			result, err := c.Migrate(t.Context(), request)
			pending := slices.ContainsFunc(test.here, func(m migration.Migration) bool { return m.ID == "0003" })
			if err != nil || pending != slices.Contains(result.Applied, key("events", "0003")) {
				t.Errorf("--allow-dirty: %v, %v", result.Applied, err)
			}
			if !slices.ContainsFunc(w.log, func(line string) bool { return strings.HasPrefix(line, "warning: events/000") }) {
				t.Errorf("--allow-dirty goes on without a word: %v", w.log)
			}
		})
	}
}

func TestRunRefusesToo(t *testing.T) {
	c, w := bench(t, group("events", edited("0001"), numbered("0002")))
	w.entries = rowsOf(t, numbered("0001"))
	if _, err := c.Run(t.Context(), Request{Groups: []string{"events"}, ID: "0002"}); kind(err) != preflight {
		t.Error(err)
	}
}

// Skein's own group is compared with its tables; another group keeps none from its work.
func TestWhatIsNotCompared(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001"), numbered("0002")))
	w.entries = rowsOf(t, numbered("0001"))
	system := w.entries[key("system", "0001_migrations")]
	system.Checksum = "another"
	w.entries[system.Key] = system
	other := asRow(t, numbered("0001"))
	other.Key = key("gone", "0001")
	w.entries[other.Key] = other
	if _, err := c.Migrate(t.Context(), Request{}); err != nil {
		t.Error(err)
	}
}

func TestListMarksWhatIsModifiedMissingOrBaseline(t *testing.T) {
	c, w := bench(t, group("events", edited("0001"), edited("0002")))
	w.entries = rowsOf(t, numbered("0001"), numbered("0002"), numbered("0003"))
	recorded := w.entries[key("events", "0002")]
	setNote(&recorded, journal.Note{Baseline: true})
	w.entries[recorded.Key] = recorded
	groups, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list := groups[1].Migrations
	if !list[0].Modified || list[1].Modified || !list[1].Baseline || !list[2].Missing {
		t.Errorf("%+v", list)
	}
}

// What is reversed is what was applied, also when the file is another one or gone.
func TestReverseRunsWhatWasStored(t *testing.T) {
	for name, here := range map[string][]migration.Migration{
		"as it was": {numbered("0001"), numbered("0002")}, "edited": {numbered("0001"), edited("0002")}, "gone": {numbered("0001")},
	} {
		for verb, run := range map[string]func(*Coordinator, context.Context, Request) (Result, error){
			"reverse": (*Coordinator).Reverse, "rollback": (*Coordinator).Rollback, "revert": (*Coordinator).Revert,
		} {
			t.Run(verb+" "+name, func(t *testing.T) {
				c, w := bench(t, group("events", here...))
				w.entries = rowsOf(t, numbered("0001"), numbered("0002"))
				request := events(true)
				if verb == "reverse" {
					request.ID = "0002"
				}
				plans, err := map[string]func(*Coordinator, context.Context, Request) ([]MigrationPlan, error){
					"reverse": (*Coordinator).PlanReverse, "rollback": (*Coordinator).PlanRollback, "revert": (*Coordinator).PlanRevert,
				}[verb](c, t.Context(), request)
				if err != nil {
					t.Fatal(err)
				}
				stored := slices.ContainsFunc(plans[0].Notes, func(n string) bool { return n == "as stored when it was applied (run run-0, ann@laptop)" })
				if stored != (name != "as it was") {
					t.Errorf("notes %v", plans[0].Notes)
				}
				if _, err := run(c, t.Context(), request); err != nil {
					t.Fatal(err)
				}
				if got := w.sent[0].Statement.Summary; got != "DROP TABLE t0002" {
					t.Errorf("sent %s", got)
				}
				first, last := w.written[0], w.written[slices.IndexFunc(w.written, func(e journal.Entry) bool { return e.Status == journal.NotStarted })]
				was := w.entries[key("events", "0002")].Checksum
				if first.Checksum != was || last.Checksum != was {
					t.Errorf("the rows are of %s and %s, what is taken back is %s", first.Checksum, last.Checksum, was)
				}
			})
		}
	}
}

func TestWhatStoredWaysBackCannotDo(t *testing.T) {
	last := numbered("0002")
	last.Backward, last.Irreversible = nil, "the rows are gone"
	code := makes("0002", blindly("fill"))
	for name, test := range map[string]struct {
		applied migration.Migration
		change  func(*journal.Entry)
		request Request
		without []string
		says    string
	}{
		"irreversible when it was applied": {applied: last, says: "cannot be reversed: the rows are gone"},
		"a Go function that is gone":       {applied: code, says: "the Go function unfill, version 1, is not in this program"},
		"nothing stored":                   {applied: numbered("0002"), change: func(e *journal.Entry) { e.Backward = "" }, says: "its row has no way back"},
		"not readable":                     {applied: numbered("0002"), change: func(e *journal.Entry) { e.Backward = "{" }, says: "read the stored way back"},
		"a node is left out":               {applied: numbered("0002"), without: []string{"n4:9000"}, says: "no node can be owed its way back"},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := bench(t, group("events", numbered("0001")))
			w.entries = rowsOf(t, numbered("0001"), test.applied)
			c.options.Without = test.without
			if test.change != nil {
				entry := w.entries[key("events", "0002")]
				test.change(&entry)
				w.entries[entry.Key] = entry
			}
			_, err := c.Rollback(t.Context(), events(true))
			if kind(err) != preflight || !strings.Contains(err.Error(), test.says) || len(w.sent)+len(w.written) > 0 {
				t.Errorf("%v; %v", err, w.log)
			}
			if test.without != nil {
				return
			}
			faked := events(true)
			faked.Fake = true
			if _, err := c.Rollback(t.Context(), faked); err != nil {
				t.Errorf("--fake runs nothing, so it may: %v", err)
			}
		})
	}
}

// A group that is in no program any more is taken back where it is named.
func TestAGroupOfRowsAlone(t *testing.T) {
	c, w := bench(t, group("other", numbered("0001")))
	w.entries = rowsOf(t, numbered("0001"))
	if result, err := c.Revert(t.Context(), Request{Force: true}); err != nil || len(result.Applied) != 0 {
		t.Errorf("not named: %v, %v", result.Applied, err)
	}
	if _, err := c.Rollback(t.Context(), events(true)); err != nil || w.sent[0].Statement.Summary != "DROP TABLE t0001" {
		t.Errorf("named: %v, %v", err, w.sent)
	}
}

// What stopped on its way back goes on with what was stored, whatever the file is.
func TestResumeGoesOnWithTheStoredWayBack(t *testing.T) {
	for name, here := range map[string]migration.Migration{"edited": edited("0001"), "gone": numbered("0002")} {
		t.Run(name, func(t *testing.T) {
			c, w := bench(t, group("events", here))
			w.entries = rowsOf(t, makes("0001", create("events", "a"), create("events", "b")))
			entry := w.entries[key("events", "0001")]
			entry.Status, entry.Direction, entry.Step, entry.Steps = journal.InProgress, journal.Backward, 2, 2
			setNote(&entry, journal.Note{Direction: journal.Backward})
			w.entries[entry.Key] = entry
			if _, err := c.Resume(t.Context(), Request{}); err != nil {
				t.Fatal(err)
			}
			if len(w.sent) != 1 || w.sent[0].Statement.Summary != "DROP TABLE a" {
				t.Errorf("sent %v", w.log)
			}
		})
	}
}

// The text of both ways is in the row of what is completed, and the way back alone
// in those before it.
func TestRowsKeepWhatWasApplied(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001")))
	if _, err := c.Migrate(t.Context(), events(false)); err != nil {
		t.Fatal(err)
	}
	for _, row := range w.written {
		stored, err := migration.DecodeStored(row.Backward, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, drops := stored.Backward[0].(ops.DropTable); !drops || (stored.Forward != nil) != (row.Status == journal.Completed) {
			t.Errorf("%s %s: %s", row.Key, row.Status, row.Backward)
		}
	}
}
