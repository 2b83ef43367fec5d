package coordinator

import (
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// unknown lists the migrations of a group that are completed, and that this
// program does not have: a newer one has run them, or their files are gone.
func (e entries) unknown(group migration.Group) []journal.Entry {
	known := make(map[string]bool, len(group.Migrations))
	for _, m := range group.Migrations {
		known[m.ID] = true
	}
	var out []journal.Entry
	for key, entry := range e {
		if key.Group == group.Name && entry.Status == journal.Completed && !known[key.ID] {
			out = append(out, entry)
		}
	}
	slices.SortFunc(out, func(a, b journal.Entry) int { return migration.CompareIDs(a.ID, b.ID) })
	return out
}

func are(found []journal.Entry) string {
	names := make([]string, len(found))
	for i, entry := range found {
		names[i] = entry.Key.String()
	}
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

func it(found []journal.Entry) string {
	if len(found) == 1 {
		return "it"
	}
	return "them"
}

// behind refuses to take back what a completed migration came after that is not
// taken back with it: this program does not have it, so nobody knows what it
// needs.
func (e entries) behind(targets []target) error {
	var later []journal.Entry
	for key, entry := range e {
		taken := slices.ContainsFunc(targets, func(t target) bool { return t.key == key })
		after := slices.ContainsFunc(targets, func(t target) bool { return t.key.Group == key.Group && migration.CompareIDs(t.key.ID, key.ID) < 0 })
		if entry.Status == journal.Completed && after && !taken {
			later = append(later, entry)
		}
	}
	if len(later) == 0 {
		return nil
	}
	slices.SortFunc(later, func(a, b journal.Entry) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	last := later[len(later)-1]
	return journal.Refusef("%s completed after what is to be reversed, and this program does not have %s: "+
		"reverse it first, with the program that ran it (run %s, %s)", are(later), it(later), last.RunID, last.AppliedBy)
}
