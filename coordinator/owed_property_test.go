package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

const absent = "n4:9000"

// leftSim is a model that can do without its last node.
type leftSim struct {
	*sim
	c    *Coordinator
	did  map[string]int // statements that a node ran, by node, migration and step
	once map[string]int // statements without conditions, by node and text
}

func (s *leftSim) Facts(ctx context.Context, clusters []string) ([]plan.Facts, error) {
	facts, err := s.sim.Facts(ctx, clusters)
	f := &facts[0]
	if s.c.isLeftOut(absent) {
		f.LeftLocal, f.LeftDist = f.Local[3:], f.Dist[3:]
		f.Local, f.Dist = f.Local[:3], f.Dist[:3]
		for name, table := range f.Tables {
			table.Sets = slices.DeleteFunc(table.Sets, func(set []string) bool { return slices.Contains(set, absent) })
			f.Tables[name] = table
			if len(table.Sets) == 0 {
				delete(f.Tables, name)
			}
		}
	}
	return facts, err
}

func (s *leftSim) Run(ctx context.Context, x plan.Execution, step plan.Step) ([]journal.HostOutcome, error) {
	if step.Statement.Call != nil {
		return s.sim.Run(ctx, x, step)
	}
	for _, node := range step.Nodes {
		if !s.may() {
			return nil, errCrash
		}
		if isBlind(step) {
			s.once[node.Name()+" "+step.Text]++
		} else if err := s.onNode(s.tables[node.Name()], step); err != nil {
			return nil, fmt.Errorf("%s of %s on %s: %w", step.Statement.Summary, step.Key, node.Name(), err)
		}
		s.did[fmt.Sprint(node.Name(), step.Key, step.Index)]++
	}
	if !s.may() {
		return nil, errCrash
	}
	return nil, nil
}

// Check knows one condition more than the model.
func (s *leftSim) Check(ctx context.Context, step plan.Step) []journal.NodeVerdict {
	if len(step.Statement.After) != 1 {
		return s.sim.Check(ctx, step)
	}
	exists, ok := step.Statement.After[0].(ops.TableExists)
	if !ok {
		return s.sim.Check(ctx, step)
	}
	out := make([]journal.NodeVerdict, len(step.Nodes))
	for i, node := range step.Nodes {
		out[i] = journal.NodeVerdict{Node: node.Name(), Verdict: journal.NotYet}
		if _, there := s.tables[node.Name()][exists.Table.Name]; there {
			out[i].Verdict = journal.Holds
		}
	}
	return out
}

// Compare implements Comparer: of the last node with the first.
func (s *leftSim) Compare(_ context.Context, inquiry compare.Inquiry) (compare.Report, error) {
	report := compare.Report{Cluster: inquiry.Cluster, Nodes: []string{"n1:9000", "n2:9000", "n3:9000", absent}}
	for name := range inquiry.Homes {
		here, is := s.tables[absent][name.Table]
		there, was := s.tables["n1:9000"][name.Table]
		if is != was || !slices.Equal(here.columns, there.columns) {
			report.Differences = append(report.Differences, compare.Difference{Name: name, Node: absent, What: "table"})
		}
	}
	return report, nil
}

// Definition implements Definer. No table of the model is Replicated.
func (s *leftSim) Definition(context.Context, string, string, ops.Created) (string, error) {
	return "", errors.New("not asked for")
}

func newLeftSim(t *testing.T, migrations ...migration.Migration) *leftSim {
	s, _ := newSim(t, migrations[0])
	c, _ := bench(t, group("events", migrations...))
	left := &leftSim{sim: s, c: c, did: map[string]int{}, once: map[string]int{}}
	c.options.Servers, c.options.Observer, c.options.States, c.options.Rows = left, left, left, left
	c.options.Comparer, c.options.Definer = left, left
	c.patience = time.Millisecond
	return left
}

// halves draws two migrations that follow each other.
func halves(rt *rapid.T) []migration.Migration {
	operations := simulated(rt)
	for i, operation := range operations {
		if f, ok := operation.(ops.RunGo); ok && rapid.Bool().Draw(rt, "as SQL") {
			operations[i] = ops.RunSQL{Place: f.Place, SQL: fmt.Sprint("SELECT ", i), Scope: ops.RunEveryNode}
		}
	}
	at := rapid.IntRange(0, len(operations)-1).Draw(rt, "cut")
	second := makes("0002", operations[at:]...)
	second.Irreversible = "it is a test"
	if at == 0 {
		return []migration.Migration{second}
	}
	first := makes("0001", operations[:at]...)
	first.Irreversible = "it is a test"
	return []migration.Migration{first, second}
}

// However often a run dies that settles what a node is owed, and wherever, the
// node ends like one that missed nothing, and each statement has run on it once.
func TestSettlingEndsWhereANodeIsThatMissedNothing(t *testing.T) {
	deaths, asked := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		migrations := halves(rt)
		straight, s := newLeftSim(t, migrations...), newLeftSim(t, migrations...)
		s.c.options.Without = []string{absent}
		for _, m := range migrations {
			if err := errors.Join(straight.begin(t, straight.c, m), s.begin(t, s.c, m)); err != nil {
				rt.Fatal(err)
			}
		}
		for key := range s.did {
			if len(key) > len(absent) && key[:len(absent)] == absent {
				rt.Fatalf("sent to a node that is left out: %s", key)
			}
		}
		if len(entries(s.rows).owedTo(absent)) != len(migrations) {
			rt.Fatalf("owed: %v", entries(s.rows).owedTo(absent))
		}
		s.c.options.Without = nil
		s.effect = rapid.IntRange(0, 30).Draw(rt, "dies after")
		_, err := s.c.Resume(t.Context(), Request{})
		for s.died || kind(err) == preflight {
			decision := Undecided
			if !s.died {
				asked++
				decision = s.looked(rt, err)
			} else {
				deaths++
			}
			s.died = false
			s.effect = rapid.IntRange(4, 30).Draw(rt, "dies again after")
			_, err = s.c.Resume(t.Context(), Request{Decision: decision})
		}
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(straight.schema(), s.schema()); diff != "" {
			rt.Errorf("the nodes differ (-missed nothing +settled):\n%s", diff)
		}
		if diff := cmp.Diff(straight.once, s.once); diff != "" {
			rt.Errorf("statements ran otherwise (-missed nothing +settled):\n%s", diff)
		}
		if owed := entries(s.rows).owedNodes(); len(owed) > 0 {
			rt.Errorf("still owed to %v", owed)
		}
		for key, row := range s.rows {
			if want := straight.rows[key]; row.Note != want.Note || row.Status != want.Status || len(row.PendingNodes) > 0 {
				rt.Errorf("the row of %s is %+v, and %+v where nothing was missed", key, row, want)
			}
		}
	})
	t.Logf("%d deaths, %d times in doubt", deaths, asked)
	if deaths == 0 || asked == 0 {
		t.Error("nothing was tried")
	}
}

// looked is what an operator finds of the step that may have run.
func (s *leftSim) looked(rt *rapid.T, err error) Decision {
	for key, row := range s.rows {
		if settling, marked := noteOf(row).Settling[absent]; marked {
			if s.did[fmt.Sprint(absent, key, settling.Step)] > 0 {
				return AssumeDone
			}
			return Repeat
		}
	}
	rt.Fatalf("it refused, and nothing is in doubt: %v", err)
	return Undecided
}
