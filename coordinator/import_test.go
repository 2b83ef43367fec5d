package coordinator

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

func taken(ids ...string) Import {
	r := Import{Tool: "goose", Group: "old"}
	for i, id := range ids {
		r.Applied = append(r.Applied, Imported{ID: id, At: time.Unix(int64(1000+i), 0)})
	}
	return r
}

func old() migration.Group {
	return group("old", numbered("0001_a"), numbered("0002_b"), numbered("0003_c"))
}

func TestImportRecordsAndRunsNothing(t *testing.T) {
	c, w := bench(t, old())
	result, err := c.Import(t.Context(), taken("0001_a", "0002_b"))
	if err != nil {
		t.Fatal(err)
	}
	if len(w.sent) > 0 {
		t.Errorf("sent %v", w.sent)
	}
	if w.writes != 1 {
		t.Errorf("%d inserts, want one", w.writes)
	}
	if diff := cmp.Diff([]journal.Key{key("old", "0001_a"), key("old", "0002_b")}, result.Applied); diff != "" {
		t.Error(diff)
	}
	m, err := c.options.Registry.Groups()[1].Migration("0001_a")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := m.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	first := w.written[0]
	if first.Status != journal.Completed || first.Timestamp.Unix() != 1000 || first.Checksum != sum ||
		first.AppliedBy != "goose, imported by deploy@ci" || first.Backward == "" {
		t.Errorf("the row is %+v", first)
	}
	if w.written[1].Version <= first.Version {
		t.Error("versions do not grow")
	}
	for _, entry := range w.written {
		w.entries[entry.Key] = entry
	}
	plans, err := c.Plan(t.Context(), Request{})
	if err != nil || len(plans) != 1 || plans[0].Key != key("old", "0003_c") {
		t.Errorf("after it the plan is %v: %v", plans, err)
	}
}

func TestImportMakesSkeinsTablesFirst(t *testing.T) {
	c, w := bench(t, old())
	w.entries, w.missing = entries{}, 4
	if _, err := c.Import(t.Context(), taken("0001_a")); err != nil {
		t.Fatal(err)
	}
	var log []string
	for _, line := range w.log {
		if strings.HasPrefix(line, "send") || strings.HasPrefix(line, "row") {
			log = append(log, line)
		}
	}
	want := []string{
		"send CREATE TABLE migrations_local to n1 n2 n3 n4", "row system/0001_migrations completed", "row old/0001_a completed",
	}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("(-want +have)\n%s", diff)
	}
}

func TestImportRefusesAGroupWithRows(t *testing.T) {
	for _, when := range []string{"before", "meanwhile"} {
		c, w := bench(t, old())
		row := state(journal.Completed, key("old", "0001_a"))
		if when == "before" {
			w.entries.and(row)
		} else {
			w.locked = func() { w.entries.and(row) }
		}
		_, err := c.Import(t.Context(), taken("0001_a"))
		var refused *journal.PreflightError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "old/0001_a") || w.writes > 0 {
			t.Errorf("%s: %d rows written, %v", when, w.writes, err)
		}
		if err := c.CheckImport(t.Context(), "old"); !errors.As(err, &refused) {
			t.Errorf("%s: CheckImport: %v", when, err)
		}
	}
}

func TestImportOfWhatIsNotThere(t *testing.T) {
	c, w := bench(t, old())
	if _, err := c.Import(t.Context(), taken("0001_a", "0009_x")); err == nil || w.writes > 0 {
		t.Errorf("%d rows written, %v", w.writes, err)
	}
}

// adoption is an Adopter that notes what it is asked.
type adoption struct {
	w    *world
	fail error
}

func (a adoption) Adopt(ctx context.Context, confirm func(context.Context) error) ([]string, error) {
	a.w.say("adopt")
	return []string{"migrations_local"}, errors.Join(confirm(ctx), a.fail)
}

func adopting(t *testing.T) (*Coordinator, *world) {
	t.Helper()
	c, w := bench(t)
	w.entries = entries{}.and(state(journal.Completed, key("events", "0001_snuba"), key("system", "0001_migrations")))
	return c, w
}

func TestAdoptMakesWhatIsMissingBesideTheTable(t *testing.T) {
	c, w := adopting(t)
	registry, err := migration.NewRegistry(group(migration.System, makes("0001_migrations", create("migrations", "migrations_local"), create("migrations", "steps"))))
	if err != nil {
		t.Fatal(err)
	}
	c.options.Registry = registry
	// Snuba's table has a default that skein's has not.
	w.verdicts["CREATE TABLE migrations_local"] = []journal.NodeVerdict{{Node: "n1:9000", Verdict: journal.Conflict, Why: "its version has a default"}}
	if _, err := c.Adopt(t.Context(), adoption{w: w}); err != nil {
		t.Fatal(err)
	}
	if at := slices.Index(w.log, "adopt"); at < 0 || !slices.Contains(w.log[:at], "lock") {
		t.Errorf("adopted without the lock: %v", w.log)
	}
	if len(w.sent) != 1 || w.sent[0].Statement.Writes[0] != (ops.Table{Place: w.sent[0].Statement.Place, Database: "default", Name: "steps"}) {
		t.Errorf("sent %v", w.sent)
	}
	if len(w.written) != 1 || w.written[0].Key != key("system", "0001_migrations") || w.written[0].Checksum == "" {
		t.Errorf("wrote %v", w.written)
	}
	w.entries[w.written[0].Key] = w.written[0]
	if result, err := c.Adopt(t.Context(), adoption{w: w}); err != nil || len(result.Applied) > 0 {
		t.Errorf("again: %v, %v", result.Applied, err)
	}
}

func TestAdoptRefusesOtherTablesInTheWay(t *testing.T) {
	c, w := adopting(t)
	w.verdicts["CREATE TABLE migrations_local"] = []journal.NodeVerdict{{Node: "n1:9000", Verdict: journal.Conflict, Why: "it is another"}}
	_, err := c.Adopt(t.Context(), other{w})
	var refused *journal.PreflightError
	if !errors.As(err, &refused) || w.writes > 0 {
		t.Errorf("%d rows, %v", w.writes, err)
	}
}

// other adopts nothing that is in the way.
type other struct{ w *world }

func (o other) Adopt(context.Context, func(context.Context) error) ([]string, error) { return nil, nil }

func TestAdoptEndsWithItsTables(t *testing.T) {
	c, w := adopting(t)
	failure := errors.New("57 no")
	if _, err := c.Adopt(t.Context(), adoption{w, failure}); !errors.Is(err, failure) || w.writes > 0 {
		t.Errorf("%d rows, %v", w.writes, err)
	}
	if w.log[len(w.log)-1] != "unlock" {
		t.Errorf("the lock is kept: %v", w.log)
	}
}
