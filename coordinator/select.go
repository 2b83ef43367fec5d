package coordinator

import (
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// target is a migration that a command is going to run, and which way.
type target struct {
	key       journal.Key
	migration migration.Migration
	direction journal.Direction
	// stored is set where the way back is that of the row, because this program's
	// is another one, or gone.
	stored *journal.Entry
	// stepwise sends every statement by itself, so that each can be left out where it
	// has nothing to take back.
	stepwise bool
}

func (t target) operations() []ops.Operation {
	if t.direction == journal.Backward {
		return t.migration.Backward
	}
	return t.migration.Forward
}

type entries map[journal.Key]journal.Entry

func (e entries) status(group, id string) journal.Status {
	entry, ok := e[journal.Key{Group: group, ID: id}]
	if !ok {
		return journal.NotStarted
	}
	return entry.Status
}

// inProgress refuses a command when a migration of the groups is half-done.
func (e entries) inProgress(groups []migration.Group) error {
	var found []journal.Entry
	for _, group := range groups {
		for key, entry := range e {
			if key.Group == group.Name && entry.Status == journal.InProgress {
				found = append(found, entry)
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.SortFunc(found, func(a, b journal.Entry) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	return &journal.InProgressError{Entries: found}
}

// gap finds a completed migration after a pending one: the pending one went
// missing in a merge, and the order that the author tested is broken.
func (e entries) gap(group migration.Group) error {
	var missing []string
	last, unknown := "", ""
	if found := e.unknown(group); len(found) > 0 {
		unknown = found[len(found)-1].ID
	}
	for _, m := range slices.Backward(group.Migrations) {
		if last == "" && unknown != "" && migration.CompareIDs(m.ID, unknown) < 0 {
			last = unknown
		}
		switch {
		case e.status(group.Name, m.ID) == journal.Completed:
			if last == "" {
				last = m.ID
			}
		case last != "":
			missing = append(missing, group.Name+"/"+m.ID)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Reverse(missing)
	return journal.Refusef("%s/%s is completed, but before it %s is missing: "+
		"give the new migration an ID that sorts after it", group.Name, last, strings.Join(missing, ", "))
}

func (e entries) pending(group migration.Group) []target {
	var out []target
	for _, m := range group.Migrations {
		if e.status(group.Name, m.ID) != journal.Completed {
			out = append(out, target{key: journal.Key{Group: group.Name, ID: m.ID}, migration: m, direction: journal.Forward})
		}
	}
	return out
}

// groups resolves the groups of a request, with those that they depend on,
// in the order in which they apply.
func (c *Coordinator) groups(r Request) ([]migration.Group, error) {
	registry := c.options.Registry
	wanted := map[string]bool{}
	var want func(name string) error
	want = func(name string) error {
		if wanted[name] {
			return nil
		}
		group, err := registry.Group(name)
		if err != nil {
			return &journal.UsageError{Err: err}
		}
		wanted[name] = true
		for _, dependency := range group.DependsOn {
			if err := want(dependency); err != nil {
				return err
			}
		}
		return nil
	}
	for _, state := range r.Readiness {
		if err := registry.Accepts(state); err != nil {
			return nil, journal.Usagef("--readiness %s: %w", state, err)
		}
	}
	for _, name := range r.Groups {
		if err := c.active(name); err != nil {
			return nil, err
		}
	}
	for _, group := range registry.Groups() {
		named := len(r.Groups) == 0 || slices.Contains(r.Groups, group.Name)
		ready := len(r.Readiness) == 0 || slices.Contains(r.Readiness, group.Readiness)
		if named && ready && registry.Inactive(group.Name) == "" {
			if err := want(group.Name); err != nil {
				return nil, err
			}
		}
	}
	var out []migration.Group
	for _, group := range registry.Groups() {
		if wanted[group.Name] {
			out = append(out, group)
		}
	}
	return out, nil
}

// selectMigrate picks what migrate would run.
func (c *Coordinator) selectMigrate(e entries, r Request) ([]target, error) {
	if r.Through != "" && len(r.Groups) != 1 {
		return nil, journal.Usagef("THROUGH needs its group: --group GROUP")
	}
	groups, err := c.groups(r)
	if err != nil {
		return nil, err
	}
	if err := e.inProgress(groups); err != nil {
		return nil, err
	}
	if err := e.clean(groups, r); err != nil {
		return nil, err
	}
	var out []target
	for _, group := range groups {
		if err := e.gap(group); err != nil {
			return nil, err
		}
		pending := e.pending(group)
		if r.Through != "" && slices.Contains(r.Groups, group.Name) {
			if pending, err = through(pending, r.Through, group.Name, "pending"); err != nil {
				return nil, err
			}
		}
		out = append(out, pending...)
	}
	if r.Count > 0 && len(out) > r.Count {
		out = out[:r.Count]
	}
	return out, blocking(out, r)
}

// through cuts a list behind the one ID that starts with prefix.
func through(list []target, prefix, group, what string) ([]target, error) {
	var matches []string
	at := -1
	for i, t := range list {
		if t.key.ID == prefix {
			return list[:i+1], nil // a whole ID that others begin with
		}
		if strings.HasPrefix(t.key.ID, prefix) {
			matches, at = append(matches, t.key.ID), i
		}
	}
	switch len(matches) {
	case 0:
		return nil, journal.Usagef("no %s migration of group %q starts with %q", what, group, prefix)
	case 1:
		return list[:at+1], nil
	}
	return nil, journal.Usagef("%q matches %d %s migrations of group %q: %s",
		prefix, len(matches), what, group, strings.Join(matches, ", "))
}

// blocking refuses migrations that take long unless they are forced or faked.
func blocking(targets []target, r Request) error {
	if r.Force || r.Fake {
		return nil
	}
	var names []string
	for _, t := range targets {
		if t.migration.Blocking {
			names = append(names, t.key.String())
		}
	}
	if len(names) == 0 {
		return nil
	}
	return journal.Refusef("%s is blocking: it may take long or hold up writers. "+
		"Run it with --force, or run what comes before it with THROUGH or --count", strings.Join(names, ", "))
}

// selectRun picks one migration to run forward.
func (c *Coordinator) selectRun(e entries, r Request) ([]target, error) {
	group, m, err := c.one(r)
	if err != nil {
		return nil, err
	}
	groups, err := c.groups(r)
	if err != nil {
		return nil, err
	}
	if err := e.inProgress(groups); err != nil {
		return nil, err
	}
	key := journal.Key{Group: group.Name, ID: m.ID}
	if e.status(group.Name, m.ID) == journal.Completed {
		return nil, journal.Usagef("%s is completed already", key)
	}
	if err := e.clean(groups, r); err != nil {
		return nil, err
	}
	if err := e.gap(group); err != nil && !isGapFiller(e, group, m) {
		return nil, err
	}
	var first []string
	for _, g := range groups {
		for _, t := range e.pending(g) {
			if g.Name == group.Name && migration.CompareIDs(t.key.ID, m.ID) >= 0 {
				break
			}
			first = append(first, t.key.String())
		}
	}
	if len(first) > 0 {
		return nil, journal.Refusef("%s comes after %s, which is pending: run that first, or skein migrate --group %s %s",
			key, strings.Join(first, ", "), group.Name, m.ID)
	}
	targets := []target{{key: key, migration: m, direction: journal.Forward}}
	return targets, blocking(targets, r)
}

// isGapFiller says that m is the very migration that is missing: to run it by
// name is how a gap is closed.
func isGapFiller(e entries, group migration.Group, m migration.Migration) bool {
	pending := e.pending(group)
	return len(pending) > 0 && pending[0].key.ID == m.ID
}

func (c *Coordinator) one(r Request) (migration.Group, migration.Migration, error) {
	if len(r.Groups) != 1 || r.ID == "" {
		return migration.Group{}, migration.Migration{}, journal.Usagef("name one migration: --group GROUP --migration-id ID")
	}
	group, err := c.options.Registry.Group(r.Groups[0])
	if err != nil {
		return group, migration.Migration{}, &journal.UsageError{Err: err}
	}
	m, err := group.Migration(r.ID)
	if err != nil {
		return group, m, &journal.UsageError{Err: err}
	}
	return group, m, nil
}
