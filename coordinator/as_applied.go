package coordinator

import (
	"fmt"
	"slices"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// asApplied is a migration on its way back: as this program has it, if that is what
// was applied, or else as its row has kept it. A target without a migration is of
// one that this program does not have.
func (c *Coordinator) asApplied(t target, entry journal.Entry, fake bool) (target, error) {
	known := t.migration.ID != ""
	switch {
	case known && !differs(t.migration, entry):
		return t, nil
	case fake:
		t.stored = &entry
		return t, nil
	case known && entry.Backward == "":
		return t, nil
	case entry.Backward == "":
		return t, journal.Refusef("this program does not have %s, and its row has no way back: reverse it with the program that ran it "+
			"(run %s, %s)", t.key, entry.RunID, entry.AppliedBy)
	case len(c.options.Without) > 0 || len(noteOf(entry).Owed) > 0:
		return t, journal.Refusef("%s is not in this program as it was applied, and no node can be owed its way back: "+
			"reverse it with all nodes, and after skein resume", t.key)
	}
	stored, err := migration.DecodeStored(entry.Backward, t.migration.Backward)
	if err != nil {
		way := "reverse it with the program that ran it"
		if known {
			way += ", or accept what is here: skein repair --group " + t.key.Group
		}
		return t, journal.Refusef("%s is not in this program as run %s (%s) applied it, and %w\nTo go on: %s",
			t.key, entry.RunID, entry.AppliedBy, err, way)
	}
	t.migration = migration.Migration{
		ID: t.key.ID, Forward: stored.Forward, Backward: stored.Backward, Irreversible: stored.Irreversible,
	}
	t.stored = &entry
	return t, nil
}

// goesBack says that a completed migration was being taken back. Of one that was
// being applied, what to undo depends on how far it came, and on its way there.
func goesBack(entry journal.Entry) bool {
	return entry.Status == journal.InProgress && entry.Direction == journal.Backward && noteOf(entry).Direction == journal.Backward
}

// storedNote says in a plan whose statements these are.
func storedNote(t target) []string {
	if t.stored == nil {
		return nil
	}
	return []string{fmt.Sprintf("as stored when it was applied (run %s, %s)", t.stored.RunID, t.stored.AppliedBy)}
}

// kept is what a row says of a migration: its checksum, and its text.
func (t target) kept(complete bool) (checksum, text string, err error) {
	if t.stored != nil {
		return t.stored.Checksum, t.stored.Backward, nil
	}
	if checksum, err = t.migration.Checksum(); err != nil {
		return "", "", err
	}
	text, err = t.migration.StoredText(complete)
	return checksum, text, err
}

// completedOf lists the completed migrations of a group, last first, those that
// this program does not have among them.
func (e entries) completedOf(group migration.Group) []target {
	var out []target
	for _, m := range group.Migrations {
		if e.status(group.Name, m.ID) == journal.Completed {
			out = append(out, target{key: journal.Key{Group: group.Name, ID: m.ID}, migration: m, direction: journal.Backward})
		}
	}
	for _, entry := range e.unknown(group) {
		out = append(out, target{key: entry.Key, direction: journal.Backward})
	}
	slices.SortStableFunc(out, func(a, b target) int { return migration.CompareIDs(b.key.ID, a.key.ID) })
	return out
}

// groupOf is a group of this program, or of rows alone, without migrations.
func (c *Coordinator) groupOf(e entries, name string) (migration.Group, error) {
	group, err := c.options.Registry.Group(name)
	if err == nil {
		return group, nil
	}
	for key, entry := range e {
		if key.Group == name && entry.Status != journal.NotStarted {
			return migration.Group{Name: name}, nil
		}
	}
	return migration.Group{}, &journal.UsageError{Err: err}
}

// withoutBaseline leaves out what was there before skein came.
func (e entries) withoutBaseline(targets []target) []target {
	return slices.DeleteFunc(targets, func(t target) bool { return noteOf(e[t.key]).Baseline })
}
