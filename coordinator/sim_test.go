package coordinator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// errCrash is what a dead process gets of everything that it still tries.
var errCrash = errors.New("the process is dead")

// simTable is a table of the model. Which one it is, its id tells, whatever its name.
type simTable struct {
	id      string
	columns []string
}

// sim is a world whose servers have tables, and whose process can die before
// and after each effect: a row, a statement on one node.
type sim struct {
	*world
	tables map[string]map[string]simTable // by node and name
	ran    map[string]int                 // calls of functions, by summary
	rows   entries
	made   int
	effect int // so many are left until it dies; negative: it lives
	died   bool
}

// may counts an effect, and says whether the process lives to have it.
func (s *sim) may() bool {
	if s.died || s.effect == 0 {
		s.died = true
		return false
	}
	s.effect--
	return true
}

func (s *sim) Write(_ context.Context, rows ...journal.Entry) error {
	if !s.may() {
		return errCrash
	}
	for _, row := range rows {
		if old, ok := s.rows[row.Key]; ok && old.Version >= row.Version {
			return fmt.Errorf("row of version %d after %d", row.Version, old.Version)
		}
		s.rows[row.Key] = row
	}
	if !s.may() {
		return errCrash
	}
	return nil
}

func (s *sim) WriteAnyhow(ctx context.Context, rows ...journal.Entry) error {
	return s.Write(ctx, rows...)
}

func (s *sim) Read(context.Context, bool) (map[journal.Key]journal.Entry, error) {
	return maps.Clone(s.rows), nil
}

func (s *sim) Facts(context.Context, []string) ([]plan.Facts, error) {
	f := twoByTwo()
	f.Since = map[ops.Feature]ops.Version{ops.FeatureExchange: {Major: 1}}
	for _, node := range f.Local {
		for name := range s.tables[node.Name()] {
			table := f.Tables["default."+name]
			table.Engine = "MergeTree"
			table.Sets = append(table.Sets, []string{node.Name()})
			f.Tables["default."+name] = table
		}
	}
	return []plan.Facts{f}, nil
}

func (s *sim) Run(_ context.Context, _ plan.Execution, step plan.Step) ([]journal.HostOutcome, error) {
	if step.Statement.Call != nil {
		if !s.may() {
			return nil, errCrash
		}
		s.ran[step.Statement.Summary]++
	} else {
		for _, node := range step.Nodes {
			if !s.may() {
				return nil, errCrash
			}
			if err := s.onNode(s.tables[node.Name()], step); err != nil {
				return nil, fmt.Errorf("%s of %s on %s: %w", step.Statement.Summary, step.Key, node.Name(), err)
			}
		}
	}
	if !s.may() {
		return nil, errCrash
	}
	return nil, nil
}

// onNode does what a server does, which takes no statement twice.
func (s *sim) onNode(tables map[string]simTable, step plan.Step) error {
	s.made++
	if c := step.Statement.Creates; c != nil {
		if _, there := tables[c.Table.Name]; there {
			return errors.New("already exists")
		}
		tables[c.Table.Name] = simTable{id: fmt.Sprint("id", s.made), columns: []string{"id"}}
		return nil
	}
	for _, condition := range step.Statement.After {
		switch c := condition.(type) {
		case ops.TableGone:
			if _, there := tables[c.Table.Name]; !there {
				return errors.New("no such table")
			}
			delete(tables, c.Table.Name)
		case ops.TableRenamed:
			if _, taken := tables[c.To.Name]; taken {
				return errors.New("the name is taken")
			}
			tables[c.To.Name] = tables[c.From.Name]
			delete(tables, c.From.Name)
		case ops.TablesExchanged:
			tables[c.A.Name], tables[c.B.Name] = tables[c.B.Name], tables[c.A.Name]
		case ops.ColumnIs:
			table := tables[c.Table.Name]
			if slices.Contains(table.columns, c.Column.Name) {
				return errors.New("column exists")
			}
			table.columns = append(slices.Clone(table.columns), c.Column.Name)
			tables[c.Table.Name] = table
		case ops.ColumnGone:
			table := tables[c.Table.Name]
			at := slices.Index(table.columns, c.Name)
			if at < 0 {
				return errors.New("no such column")
			}
			table.columns = slices.Delete(slices.Clone(table.columns), at, at+1)
			tables[c.Table.Name] = table
		default:
			return fmt.Errorf("the model has no %T", condition)
		}
	}
	return nil
}

func (s *sim) Check(_ context.Context, step plan.Step) []journal.NodeVerdict {
	out := make([]journal.NodeVerdict, len(step.Nodes))
	for i, node := range step.Nodes {
		out[i] = journal.NodeVerdict{Node: node.Name()}
		for _, condition := range step.Statement.After {
			v := judge(s.tables[node.Name()], condition, func(t ops.Table) string { return step.Was[plan.TableKey(node.Name(), t)] })
			out[i].Verdict = max(out[i].Verdict, v)
		}
	}
	return out
}

// judge does as package cluster does.
func judge(tables map[string]simTable, condition ops.Condition, was func(ops.Table) string) journal.Verdict {
	yes := func(holds bool) journal.Verdict {
		if holds {
			return journal.Holds
		}
		return journal.NotYet
	}
	switch c := condition.(type) {
	case ops.TableIs:
		table, there := tables[c.Table.Name]
		if there && !slices.Equal(table.columns, []string{"id"}) {
			return journal.Conflict
		}
		return yes(there)
	case ops.TableGone:
		_, there := tables[c.Table.Name]
		return yes(!there)
	case ops.TableRenamed:
		from, to := tables[c.From.Name].id, tables[c.To.Name].id
		switch before := was(c.From); {
		case before != "" && to == before && from != before:
			return journal.Holds
		case before != "" && from == before:
			return journal.NotYet
		case from == "" && to == "" || from != "" && to != "" || before != "" && to != before:
			return journal.Conflict
		}
		return yes(from == "")
	case ops.TablesExchanged:
		return yes(was(c.A) != "" && tables[c.A.Name].id == was(c.B) && tables[c.B.Name].id == was(c.A))
	case ops.ColumnIs:
		table, there := tables[c.Table.Name]
		if !there {
			return journal.Conflict
		}
		return yes(slices.Contains(table.columns, c.Column.Name))
	case ops.ColumnGone:
		table, there := tables[c.Table.Name]
		if !there {
			return journal.Conflict
		}
		return yes(!slices.Contains(table.columns, c.Name))
	}
	return journal.Conflict
}

func (s *sim) Present(_ context.Context, steps, _ []plan.Step) (journal.Snapshot, error) {
	out := journal.Snapshot{Before: map[string][]string{}, Tables: map[string]string{}}
	for _, step := range steps {
		for _, node := range step.Nodes {
			for _, table := range touchedTables(step) {
				if t, there := s.tables[node.Name()][table.Name]; there {
					out.Tables[plan.TableKey(node.Name(), table)] = t.id
				}
			}
		}
	}
	return out, nil
}

func touchedTables(step plan.Step) []ops.Table {
	var out []ops.Table
	for _, condition := range step.Statement.After {
		switch c := condition.(type) {
		case ops.TableRenamed:
			out = append(out, c.From)
		case ops.TablesExchanged:
			out = append(out, c.A, c.B)
		}
	}
	return out
}

// newSim is a cluster with the tables a (a column more) and b.
func newSim(t *testing.T, m migration.Migration) (*sim, *Coordinator) {
	c, w := bench(t, group("events", m))
	s := &sim{world: w, tables: map[string]map[string]simTable{}, ran: map[string]int{}, rows: systemDone(), effect: -1}
	for _, node := range twoByTwo().Local {
		s.tables[node.Name()] = map[string]simTable{
			"a": {"a@" + node.Name(), []string{"id", "x"}}, "b": {"b@" + node.Name(), []string{"id"}},
		}
	}
	c.options.Servers, c.options.Observer, c.options.States, c.options.Rows = s, s, s, s
	return s, c
}
