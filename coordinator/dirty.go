package coordinator

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// differs says that a migration is not what its row was written for.
func differs(m migration.Migration, entry journal.Entry) bool {
	if !hasChecksum(entry) {
		return false
	}
	sum, err := m.Checksum()
	return err == nil && sum != entry.Checksum
}

// hasChecksum says that a row knows what its migration was. Skein's own group is
// compared with its tables, and what baseline recorded was never run.
func hasChecksum(entry journal.Entry) bool {
	return entry.Checksum != "" && entry.Group != migration.System && !noteOf(entry).Baseline
}

// modified are the rows of completed migrations of a group that are not any more
// what they were applied as, in order.
func (e entries) modified(group migration.Group) []journal.Entry {
	var changed []journal.Entry
	for _, m := range group.Migrations {
		entry := e[journal.Key{Group: group.Name, ID: m.ID}]
		if entry.Status != journal.Completed || !hasChecksum(entry) {
			continue
		}
		if sum := group.Checksums()[m.ID]; sum != "" && sum != entry.Checksum {
			changed = append(changed, entry)
		}
	}
	return changed
}

// dirty says which completed migrations of a group are modified, and which are
// missing here, in order.
func (e entries) dirty(group migration.Group) (changed, gone []journal.Entry) {
	if group.Name == migration.System {
		return nil, nil
	}
	return e.modified(group), e.unknown(group)
}

// clean refuses to go on from migrations that were applied otherwise than they are
// here: on another environment they would make something else.
func (e entries) clean(groups []migration.Group, r Request) error {
	if r.AllowDirty {
		return nil
	}
	var found, ways []string
	way := func(text string) {
		if !slices.Contains(ways, text) {
			ways = append(ways, text)
		}
	}
	for _, group := range groups {
		changed, gone := e.dirty(group)
		for _, entry := range changed {
			found = append(found, fmt.Sprintf("%s is modified: it was another one when %s", entry.Key, applied(entry)))
			way("To accept what is here now: skein repair --group " + group.Name)
		}
		for _, entry := range gone {
			found = append(found, fmt.Sprintf("%s is missing: it is not in this program, and was when %s", entry.Key, applied(entry)))
			way("A file that is gone: put it back, or take back what it did: skein rollback --group " + group.Name)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return journal.Refusef("what was applied is not what is here, nothing was changed\n  %s\n%s\nTo go on all the same: --allow-dirty",
		strings.Join(found, "\n  "), strings.Join(ways, "\n"))
}

// applied says who ran it and when.
func applied(entry journal.Entry) string {
	return fmt.Sprintf("run %s (%s) applied it at %s", entry.RunID, entry.AppliedBy, entry.Timestamp.UTC().Format(time.DateTime))
}

// warnDirty says what --allow-dirty goes on from, of the groups asked for. What is
// about to be taken back is not spoken of.
func (c *Coordinator) warnDirty(e entries, r Request, targets []target, say func(journal.Event)) {
	for _, group := range c.options.Registry.Groups() {
		if len(r.Groups) > 0 && !slices.Contains(r.Groups, group.Name) {
			continue
		}
		unknown := slices.DeleteFunc(e.unknown(group), func(entry journal.Entry) bool {
			return slices.ContainsFunc(targets, func(t target) bool { return t.key == entry.Key })
		})
		if len(unknown) > 0 {
			last := unknown[len(unknown)-1]
			say(journal.Warning{Text: fmt.Sprintf("%s completed, and this program does not have %s: a newer program ran it (run %s, %s), "+
				"or its file is gone. It is left as it is. Look: skein list", are(unknown), it(unknown), last.RunID, last.AppliedBy)})
		}
		if !r.AllowDirty {
			continue // refused already
		}
		if changed, _ := e.dirty(group); len(changed) > 0 {
			say(journal.Warning{Text: fmt.Sprintf("%s modified since %s applied. It is left as it is. Look: skein repair --group %s",
				are(changed), was(changed), group.Name)})
		}
	}
}

func was(found []journal.Entry) string {
	if len(found) == 1 {
		return "it was"
	}
	return "they were"
}
