package coordinator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// unknown lists the migrations of a group that are completed, and that this
// program does not have: a newer one has run them, or their files are gone.
func (e entries) unknown(group migration.Group) []journal.Entry {
	var out []journal.Entry
	for key, entry := range e {
		known := slices.ContainsFunc(group.Migrations, func(m migration.Migration) bool { return m.ID == key.ID })
		if key.Group == group.Name && entry.Status == journal.Completed && !known {
			out = append(out, entry)
		}
	}
	slices.SortFunc(out, func(a, b journal.Entry) int { return migration.CompareIDs(a.ID, b.ID) })
	return out
}

// warnUnknown says what of the groups asked for is completed and not in this
// program. An older program has to be able to say that nothing is to be done, so
// that is no error as long as nothing is done before it.
func (s *session) warnUnknown(r Request) {
	for _, group := range s.c.options.Registry.Groups() {
		if len(r.Groups) > 0 && !slices.Contains(r.Groups, group.Name) {
			continue
		}
		unknown := s.state.unknown(group)
		if len(unknown) == 0 {
			continue
		}
		last := unknown[len(unknown)-1]
		s.emit(journal.Warning{Text: fmt.Sprintf("%s completed, and this program does not have %s: a newer program ran it (run %s, %s), "+
			"or its file is gone. It is left as it is. Look: skein list", are(unknown), it(unknown), last.RunID, last.AppliedBy)})
	}
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
