package coordinator

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// simulated draws a migration that works from the start on, as long as each
// step runs once.
func simulated(t *rapid.T) []ops.Operation {
	now := map[string][]string{"a": {"id", "x"}, "b": {"id"}}
	var out []ops.Operation
	for i := range rapid.IntRange(1, 7).Draw(t, "steps") {
		name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "table")
		other := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "other")
		column := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "column")
		table := ops.LocalTable("events", name)
		columns, there := now[name]
		_, taken := now[other]
		has := slices.Contains(columns, column)
		what := rapid.SampledFrom([]string{"blind", "table", "rename", "exchange", "column", "column"}).Draw(t, "what")
		switch {
		case what == "blind" || !there && what != "table":
			out = append(out, blindly(fmt.Sprint("fill", i)))
		case what == "table" && !there:
			made := create("events", name)
			made.Engine.LocalOnly = true
			out, now[name] = append(out, made), []string{"id"}
		case what == "table":
			out = append(out, ops.DropTable{Table: table})
			delete(now, name)
		case what == "rename" && !taken:
			out, now[other] = append(out, ops.RenameTable{From: table, To: other}), columns
			delete(now, name)
		case what == "exchange" && taken && name != other:
			out = append(out, ops.ExchangeTables{A: table, B: ops.LocalTable("events", other)})
			now[name], now[other] = now[other], now[name]
		case has:
			out = append(out, ops.DropColumn{Table: table, Name: column})
			at := slices.Index(columns, column)
			now[name] = slices.Delete(slices.Clone(columns), at, at+1)
		default:
			out = append(out, addColumn(name, column))
			now[name] = append(slices.Clone(columns), column)
		}
	}
	return out
}

// begin runs events/0001 for the first time.
func (s *sim) begin(t *testing.T, c *Coordinator, m migration.Migration) error {
	_, err := c.locked(t.Context(), s.rows.epoch(), func(ctx context.Context, run *session) error {
		the := target{key: key("events", m.ID), migration: m, direction: journal.Forward}
		planner, err := c.planner(ctx, []target{the})
		if err != nil {
			return err
		}
		p, err := planOne(planner, the)
		if err != nil {
			return err
		}
		return run.apply(ctx, the, p)
	})
	return err
}

// schema is what tables each node has, and which table is which of those that were there.
func (s *sim) schema() map[string]map[string]string {
	out := map[string]map[string]string{}
	for node, tables := range s.tables {
		out[node] = map[string]string{}
		for name, table := range tables {
			id := table.id
			if len(id) > 2 && id[:2] == "id" {
				id = "new"
			}
			out[node][name] = fmt.Sprint(id, table.columns)
		}
	}
	return out
}

// However often a run dies, and wherever, what resume makes of it in the end is
// what a run makes that does not die, and each function has run once.
func TestResumeEndsWhereARunWithoutFaultsEnds(t *testing.T) {
	deaths, asked := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		m := makes("0001", simulated(rt)...)
		m.Irreversible = "it is a test"
		straight, c := newSim(t, m)
		if err := straight.begin(t, c, m); err != nil {
			rt.Fatalf("a run without faults: %v", err)
		}
		s, c := newSim(t, m)
		s.effect = rapid.IntRange(0, 12*len(m.Forward)).Draw(rt, "dies after")
		err := s.begin(t, c, m)
		for s.died {
			deaths++
			s.died = false
			s.effect = rapid.IntRange(0, 40).Draw(rt, "dies again after")
			before := maps.Clone(s.ran)
			if _, err = c.Resume(t.Context(), Request{}); kind(err) == preflight {
				asked++
				if !maps.Equal(before, s.ran) {
					rt.Fatalf("it refused after it had done something: %v", err)
				}
				// An operator looks, and says how it is.
				step := c.mustPlan(t, m)[s.rows[key("events", "0001")].Step-1]
				decision := Repeat
				if s.ran[step.Statement.Summary] > 0 {
					decision = AssumeDone
				}
				_, err = c.Resume(t.Context(), Request{Decision: decision})
			}
		}
		if s.rows[key("events", "0001")].Status == "" { // it died before the first row
			s.effect = -1
			err = s.begin(t, c, m)
		}
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(straight.schema(), s.schema()); diff != "" {
			rt.Errorf("the nodes differ (-straight +resumed):\n%s", diff)
		}
		if diff := cmp.Diff(straight.ran, s.ran); diff != "" {
			rt.Errorf("functions ran otherwise (-straight +resumed):\n%s", diff)
		}
		want, have := straight.rows[key("events", "0001")], s.rows[key("events", "0001")]
		if have.Status != journal.Completed || have.Step != want.Step || have.Steps != want.Steps || have.Note != want.Note ||
			have.Error != "" || have.StepHash != "" || have.Checksum != want.Checksum {
			rt.Errorf("the last row is %+v, and %+v without faults", have, want)
		}
	})
	t.Logf("%d deaths, %d times in doubt", deaths, asked)
	if deaths == 0 || asked == 0 {
		t.Error("nothing was tried")
	}
}

func (c *Coordinator) mustPlan(t *testing.T, m migration.Migration) []plan.Step {
	t.Helper()
	the := target{key: key("events", m.ID), migration: m, direction: journal.Forward}
	planner, err := c.planner(t.Context(), []target{the})
	if err != nil {
		t.Fatal(err)
	}
	planner.Lenient = true
	p, err := planOne(planner, the)
	if err != nil {
		t.Fatal(err)
	}
	return p.Steps
}
