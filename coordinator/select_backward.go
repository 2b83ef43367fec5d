package coordinator

import (
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// selectReverse picks one migration to run backward.
func (c *Coordinator) selectReverse(e entries, r Request) ([]target, error) {
	t, err := c.oneToReverse(e, r)
	if err != nil {
		return nil, err
	}
	key, group := t.key, migration.Group{Name: t.key.Group}
	if group.Name == migration.System && !r.IncludeSystem {
		return nil, journal.Refusef("the group system holds skein's own state: reverse it only with --include-system")
	}
	if err := e.inProgress([]migration.Group{group}); err != nil {
		return nil, err
	}
	switch {
	case e.status(key.Group, key.ID) != journal.Completed:
		return nil, journal.Usagef("%s is not started: there is nothing to reverse", key)
	case noteOf(e[key]).Baseline && !r.Fake:
		return nil, journal.Refusef("%s was recorded by baseline: what it makes was there before skein came, and is not taken back. "+
			"To forget the record and leave the rest as it is: --fake", key)
	}
	var later []string
	for _, other := range slices.Backward(e.completedOf(group)) {
		if migration.CompareIDs(other.key.ID, key.ID) > 0 {
			later = append(later, other.key.String())
		}
	}
	if len(later) > 0 {
		return nil, journal.Refusef("%s is completed after %s: reverse that first, or skein revert --group %s %s",
			strings.Join(later, ", "), key, key.Group, key.ID)
	}
	return c.backward(e, []target{t}, r)
}

// oneToReverse finds the migration to reverse, of this program or of a row.
func (c *Coordinator) oneToReverse(e entries, r Request) (target, error) {
	group, m, err := c.one(r)
	if err == nil {
		return target{key: journal.Key{Group: group.Name, ID: m.ID}, migration: m, direction: journal.Backward}, nil
	}
	if len(r.Groups) == 1 && e.status(r.Groups[0], r.ID) == journal.Completed {
		return target{key: journal.Key{Group: r.Groups[0], ID: r.ID}, direction: journal.Backward}, nil
	}
	return target{}, err
}

// selectRollback picks the last completed migrations of one group.
func (c *Coordinator) selectRollback(e entries, r Request) ([]target, error) {
	if len(r.Groups) != 1 {
		return nil, journal.Usagef("name the group to roll back: --group GROUP")
	}
	targets, err := c.completed(e, r)
	if err != nil {
		return nil, err
	}
	all := len(targets)
	targets = e.withoutBaseline(targets)
	switch {
	case all == 0:
		return nil, journal.Usagef("nothing of group %q is completed", r.Groups[0])
	case len(targets) == 0:
		return nil, journal.Usagef("nothing of group %q is completed but what baseline recorded, which is not taken back", r.Groups[0])
	}
	return c.backward(e, targets[:min(max(r.Count, 1), len(targets))], r)
}

// selectRevert picks all completed migrations back to Through, or all there are.
func (c *Coordinator) selectRevert(e entries, r Request) ([]target, error) {
	if r.Through != "" && len(r.Groups) != 1 {
		return nil, journal.Usagef("THROUGH needs its group: --group GROUP")
	}
	targets, err := c.completed(e, r)
	if err != nil {
		return nil, err
	}
	if !r.Fake {
		targets = e.withoutBaseline(targets)
	}
	if r.Through != "" {
		if targets, err = through(targets, r.Through, r.Groups[0], "completed"); err != nil {
			return nil, err
		}
	}
	return c.backward(e, targets, r)
}

// completed lists the completed migrations of the named groups, last first,
// groups in reverse order. The group system only when it is asked for.
func (c *Coordinator) completed(e entries, r Request) ([]target, error) {
	var groups []migration.Group
	for _, name := range r.Groups {
		group, err := c.groupOf(e, name)
		if err != nil {
			return nil, err
		}
		if _, err := c.options.Registry.Group(name); err != nil {
			groups = append(groups, group) // of rows alone: only where it is named
		}
	}
	for _, group := range c.options.Registry.Groups() {
		named := len(r.Groups) == 0 || slices.Contains(r.Groups, group.Name)
		if group.Name == migration.System && !r.IncludeSystem {
			if slices.Contains(r.Groups, group.Name) {
				return nil, journal.Refusef("the group system holds skein's own state: reverse it only with --include-system")
			}
			continue
		}
		// What this environment leaves alone is taken back only where it is named.
		if named && (len(r.Groups) > 0 || c.options.Registry.Inactive(group.Name) == "") {
			groups = append(groups, group)
		}
	}
	if err := e.inProgress(groups); err != nil {
		return nil, err
	}
	var out []target
	for _, group := range slices.Backward(groups) {
		out = append(out, e.completedOf(group)...)
	}
	return out, nil
}

// backward refuses what cannot or may not be reversed.
func (c *Coordinator) backward(e entries, targets []target, r Request) ([]target, error) {
	if err := e.stateless(targets); err != nil {
		return nil, err
	}
	if err := e.behind(targets); err != nil {
		return nil, err
	}
	if err := c.leaningOn(e, targets); err != nil && !r.Fake {
		return nil, err
	}
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = t.key.String()
		t, err := c.asApplied(t, e[t.key], r.Fake)
		if err != nil {
			return nil, err
		}
		targets[i] = t
		if t.migration.Irreversible != "" && !r.Fake {
			return nil, journal.Refusef("%s cannot be reversed: %s", t.key, t.migration.Irreversible)
		}
	}
	if len(targets) > 0 && !r.Force && !r.dry {
		return nil, journal.Refusef("%s is completed: reversing it may drop what has been used since. "+
			"Do it with --force", strings.Join(names, ", "))
	}
	return targets, nil
}

// stateless refuses to drop the state tables while they say of other migrations
// that they are there, or half there.
func (e entries) stateless(targets []target) error {
	if !slices.ContainsFunc(targets, func(t target) bool { return t.key.Group == migration.System }) {
		return nil
	}
	var left []string
	for key, entry := range e {
		gone := entry.Status == journal.NotStarted || key.Group == migration.System ||
			slices.ContainsFunc(targets, func(t target) bool { return t.key == key })
		if !gone {
			left = append(left, key.String())
		}
	}
	if len(left) == 0 {
		return nil
	}
	slices.Sort(left)
	return journal.Refusef("the group system holds the state of %s: reverse that first, "+
		"or revert all with --include-system", strings.Join(left, ", "))
}
