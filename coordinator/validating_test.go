package coordinator

import (
	"errors"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/validate"
)

// early makes a Distributed table before the table that it reads.
func early(id, table string) migration.Migration {
	distributed := create("events", table+"_dist")
	distributed.Table.Target = ops.Distributed
	distributed.Engine = ops.Engine{Kind: ops.DistributedEngine, LocalTable: table}
	return makes(id, distributed, create("events", table))
}

func invalid(t *testing.T, err error, migrations ...string) {
	t.Helper()
	var usage *journal.UsageError
	var wrong *validate.Error
	if !errors.As(err, &usage) || !errors.As(err, &wrong) {
		t.Fatalf("want a UsageError of a validate.Error, have %v", err)
	}
	var have []string
	for _, p := range wrong.Problems {
		if len(have) == 0 || have[len(have)-1] != p.Key.String() {
			have = append(have, p.Key.String())
		}
	}
	if strings.Join(have, " ") != strings.Join(migrations, " ") {
		t.Errorf("problems of %v, want of %v:\n%v", have, migrations, err)
	}
}

func TestWhatIsNotValidIsRefusedBeforeAnythingRuns(t *testing.T) {
	c, w := bench(t, group("events", numbered("0001"), early("0002", "x")))
	_, err := c.Plan(t.Context(), Request{})
	invalid(t, err, "events/0002")
	_, err = c.Migrate(t.Context(), Request{})
	invalid(t, err, "events/0002")
	w.entries = systemDone().and(state(journal.Completed, key("events", "0001")))
	_, err = c.Run(t.Context(), Request{Groups: []string{"events"}, ID: "0002"})
	invalid(t, err, "events/0002")
	if len(w.sent) > 0 || len(w.written) > 0 {
		t.Errorf("sent %d statements, wrote %d rows", len(w.sent), len(w.written))
	}
	if !strings.Contains(err.Error(), "[distributed-before-local]\n") || !strings.Contains(err.Error(), "Allow of the migration") {
		t.Errorf("it does not say how to allow it:\n%v", err)
	}
}

// An operator at night has other worries than what was done long ago.
func TestWhatIsCompletedOrNotSelectedHoldsNobodyUp(t *testing.T) {
	c, w := bench(t, group("events", early("0001", "x"), numbered("0002"), early("0003", "y")))
	w.entries = systemDone().and(state(journal.Completed, key("events", "0001")))
	if _, err := c.Migrate(t.Context(), Request{Groups: []string{"events"}, Through: "0002"}); err != nil {
		t.Errorf("through 0002: %v", err)
	}
	w.entries = systemDone().and(state(journal.Completed, key("events", "0001"), key("events", "0002"), key("events", "0003")))
	if _, err := c.Revert(t.Context(), Request{Force: true}); err != nil {
		t.Errorf("revert: %v", err)
	}
	w.entries = systemDone()
	if _, err := c.Migrate(t.Context(), Request{Fake: true}); err != nil {
		t.Errorf("--fake: %v", err)
	}
}

func TestAWayBackThatBreaksIsRefusedOnTheWayForward(t *testing.T) {
	m := early("0001", "x")
	m.Forward[0], m.Forward[1] = m.Forward[1], m.Forward[0]
	m.Backward = []ops.Operation{
		ops.DropTable{Table: ops.LocalTable("events", "x")}, ops.DropTable{Table: ops.DistributedTable("events", "x_dist")},
	}
	c, _ := bench(t, group("events", m))
	_, err := c.Migrate(t.Context(), Request{})
	invalid(t, err, "events/0001")
}

// What is pending comes after what is completed, in whichever group.
func TestAPendingDropIsHeldAgainstTheViewsThatAreThere(t *testing.T) {
	view := ops.CreateMaterializedView{
		Table: ops.LocalTable("events", "v"), To: ops.LocalTable("events", "to"), Query: "SELECT 1 AS id",
		Reads: []ops.Table{ops.LocalTable("events", "from")},
	}
	from := create("events", "from")
	c, w := bench(t,
		group("a", makes("0001", from), makes("0002", ops.DropTable{Table: from.Table, Was: &from})),
		group("b", makes("0001", create("events", "to"), view)),
	)
	w.entries = systemDone().and(state(journal.Completed, key("a", "0001"), key("b", "0001")))
	_, err := c.Migrate(t.Context(), Request{})
	invalid(t, err, "a/0002")
}

// The rules are those of the nodes that there are.
func TestASingleNodeIsJudgedAsOne(t *testing.T) {
	raw := create("events", "t")
	raw.Engine = ops.Engine{Kind: ops.Raw, Text: "MergeTree ORDER BY id"}
	c, w := bench(t, group("events", makes("0001", raw)))
	_, err := c.Plan(t.Context(), Request{})
	invalid(t, err, "events/0001")
	w.facts[0].SingleNode = true
	if _, err := c.Plan(t.Context(), Request{}); err != nil {
		t.Error(err)
	}
}
