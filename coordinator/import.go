package coordinator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/plan"
)

// Adopter makes the tables of another tool those that skein keeps its state in.
type Adopter interface {
	// Adopt changes them, and names them. confirm is called before each change.
	Adopt(ctx context.Context, confirm func(context.Context) error) (tables []string, err error)
}

// Imported is a migration that another tool has applied.
type Imported struct {
	ID string
	At time.Time
}

// Import is what Import takes over.
type Import struct {
	Tool    string // for people
	Group   string
	Applied []Imported
}

// CheckImport refuses a group that has rows already. It takes no lock.
func (c *Coordinator) CheckImport(ctx context.Context, group string) error {
	state, err := c.readAnyhow(ctx)
	if err != nil {
		return err
	}
	return state.vacant(group)
}

// vacant refuses a group that skein knows something of.
func (e entries) vacant(group string) error {
	found := e.rowsOf(group)
	if len(found) == 0 {
		return nil
	}
	return journal.Refusef("group %q has rows already: %s. import is for a group that skein has run nothing of, nothing was changed",
		group, strings.Join(found, ", "))
}

// Import records the migrations of one group that another tool has applied as
// completed, when it applied them. Skein's own tables are made if there are none;
// nothing else is run.
func (c *Coordinator) Import(ctx context.Context, r Import) (Result, error) {
	unlocked, err := c.readAnyhow(ctx)
	if err != nil {
		return Result{}, err
	}
	return c.locked(ctx, unlocked.epoch(), func(ctx context.Context, s *session) error {
		if err := s.state.vacant(r.Group); err != nil {
			return err
		}
		if err := s.ownTables(ctx); err != nil {
			return err
		}
		rows, err := s.importedRows(r)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := s.record(ctx, rows...); err != nil {
			return err
		}
		for _, row := range rows {
			s.result.Applied = append(s.result.Applied, row.Key)
			s.emit(journal.MigrationFinished{Key: row.Key, Direction: journal.Forward, Status: row.Status, Fake: true})
		}
		return nil
	})
}

// ownTables makes skein's tables where that is yet to be done.
func (s *session) ownTables(ctx context.Context) error {
	system, err := s.c.options.Registry.Group(migration.System)
	if err != nil {
		return err
	}
	targets := s.state.pending(system)
	if len(targets) == 0 {
		return nil
	}
	plans, err := s.c.plan(ctx, s.state, targets, Request{})
	if err != nil {
		return err
	}
	if err := s.preflight(ctx, targets, nil, plans); err != nil {
		return err
	}
	return s.all(ctx, targets, plans)
}

func (s *session) importedRows(r Import) ([]journal.Entry, error) {
	var rows []journal.Entry
	for _, imported := range r.Applied {
		key := journal.Key{Group: r.Group, ID: imported.ID}
		t, known := s.c.targetOf(key, journal.Forward)
		if !known {
			return nil, fmt.Errorf("import %s: no such migration", key)
		}
		entry, err := s.entry(t, journal.Completed)
		if err != nil {
			return nil, err
		}
		entry.Timestamp = imported.At
		entry.AppliedBy = r.Tool + ", imported by " + s.run.AppliedBy
		setNote(&entry, journal.Note{})
		rows = append(rows, entry)
	}
	return rows, nil
}

// Adopt makes the tables of another tool skein's own: columns are added, the
// tables that skein has beside them are made, and its own migration is recorded.
// The rows that are there stay. What was cut short is finished by doing it again.
func (c *Coordinator) Adopt(ctx context.Context, adopter Adopter) (Result, error) {
	tables, err := c.adoptTables(ctx, adopter)
	if err != nil {
		return Result{}, err
	}
	unlocked, err := c.readAnyhow(ctx)
	if err != nil {
		return Result{}, err
	}
	return c.locked(ctx, unlocked.epoch(), func(ctx context.Context, s *session) error {
		system, err := c.options.Registry.Group(migration.System)
		if err != nil {
			return err
		}
		for _, m := range system.Migrations {
			t := target{key: journal.Key{Group: system.Name, ID: m.ID}, migration: m, direction: journal.Forward}
			if err := s.beside(ctx, t, tables); err != nil {
				return err
			}
		}
		return nil
	})
}

// adoptTables changes the tables under the lock. The state cannot be read before,
// so that this is no session yet.
func (c *Coordinator) adoptTables(ctx context.Context, adopter Adopter) ([]string, error) {
	held, lease, err := c.options.Locker.Acquire(ctx, c.options.Holder, 0)
	if err != nil {
		return nil, err
	}
	tables, err := adopter.Adopt(held, lease.Confirm)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseLimit)
	defer cancel()
	if releaseErr := lease.Release(after); releaseErr != nil && err == nil {
		c.options.Events(journal.Warning{Text: "release the lock: " + releaseErr.Error()})
	}
	return tables, err
}

// beside makes what a migration of skein's own makes beside adopted tables, and
// records it, unless a row of skein's says that this is done.
func (s *session) beside(ctx context.Context, t target, adopted []string) error {
	if entry := s.state[t.key]; entry.Status == journal.Completed && entry.Checksum != "" {
		return nil
	}
	began := s.c.now()
	facts, err := s.c.facts(ctx, []target{t})
	if err != nil {
		return err
	}
	p, err := planOne(plan.New(s.c.options.Sets, facts...), t)
	if err != nil {
		return err
	}
	s.emit(journal.MigrationStarted{Key: t.key, Direction: t.direction, Steps: len(p.Steps)})
	for _, step := range p.Steps {
		if err := s.make(ctx, step, adopted); err != nil {
			return err
		}
	}
	entry, err := s.entry(t, journal.Completed)
	if err != nil {
		return err
	}
	entry.Duration, entry.Steps = s.c.now().Sub(began), len(p.Steps)
	if err := s.record(ctx, entry); err != nil {
		return err
	}
	s.result.Applied = append(s.result.Applied, t.key)
	s.emit(journal.MigrationFinished{Key: t.key, Direction: t.direction, Status: journal.Completed, Took: entry.Duration})
	return nil
}

// make runs a step where its table is missing. That an adopted table is good
// enough, who adopted it has seen to: it need not be as skein would make it.
func (s *session) make(ctx context.Context, step plan.Step, adopted []string) error {
	theirs := false
	for _, table := range step.Statement.Writes {
		theirs = theirs || slices.Contains(adopted, table.Name)
	}
	wanted := map[string]bool{}
	for _, v := range s.c.options.Observer.Check(ctx, step) {
		switch {
		case v.Verdict == journal.NotYet:
			wanted[v.Node] = true
		case v.Verdict == journal.Conflict && !theirs:
			return journal.Refusef("%s cannot make its tables: on %s %s, which skein did not make", step.Key, v.Node, v.Why)
		}
	}
	if len(wanted) == 0 {
		s.skip(step, "it is there")
		return nil
	}
	return s.on(ctx, step, wanted)
}
