package coordinator

import (
	"context"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// Baseline records the migrations of a group that has no rows as completed, and
// runs none of them: what they make is there already. Groups (one), Through,
// Verify. With Verify it first compares what is there with what they would make,
// and is a *journal.NodesDifferError, with Result.Differences, where it differs.
// Skein's own tables are made if they are not there yet.
func (c *Coordinator) Baseline(ctx context.Context, r Request) (Result, error) {
	r.Fake, r.baseline = true, true
	return c.change(ctx, func(c *Coordinator, e entries, r Request) ([]target, error) { return c.selectBaseline(e, r) }, r)
}

// selectBaseline picks skein's own migrations that are pending, and those to record.
func (c *Coordinator) selectBaseline(e entries, r Request) ([]target, error) {
	if len(r.Groups) != 1 {
		return nil, journal.Usagef("name one group: skein baseline GROUP")
	}
	group, err := c.options.Registry.Group(r.Groups[0])
	switch {
	case err != nil:
		return nil, &journal.UsageError{Err: err}
	case group.Name == migration.System:
		return nil, journal.Usagef("the group system is skein's own: its tables are made with the first migration")
	case len(group.Migrations) == 0:
		return nil, journal.Usagef("group %q has no migrations: there is nothing to record", group.Name)
	}
	if err := c.active(group.Name); err != nil {
		return nil, err
	}
	if found := e.rowsOf(group.Name); len(found) > 0 {
		return nil, journal.Refusef("group %q has rows already: %s. baseline is for a group that skein has run nothing of, nothing was changed",
			group.Name, strings.Join(found, ", "))
	}
	targets := e.pending(group)
	if r.Through != "" {
		if targets, err = through(targets, r.Through, group.Name, "pending"); err != nil {
			return nil, err
		}
	}
	system, err := c.options.Registry.Group(migration.System)
	if err != nil {
		return nil, &journal.UsageError{Err: err}
	}
	return append(e.pending(system), targets...), nil
}

// rowsOf lists what a group has rows of. What is not started is as good as no row,
// unless a node still has what it made.
func (e entries) rowsOf(group string) []string {
	var found []string
	for key, entry := range e {
		if key.Group == group && (entry.Status != journal.NotStarted || len(noteOf(entry).Owed) > 0) {
			found = append(found, key.String())
		}
	}
	slices.Sort(found)
	return found
}
