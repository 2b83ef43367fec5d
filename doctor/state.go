package doctor

import (
	"fmt"
	"time"
)

func state(f Facts, _ Limits) verdict {
	var v verdict
	s := f.State
	if s.Problem != "" {
		v.add(Error, "", "", s.Problem, "Until then no migration can be run")
		return v
	}
	switch {
	case s.Of == 0:
		v.skipped = "no node could be asked"
	case len(s.Missing) == s.Of:
		v.fine = "no migration was ever run here: skein migrate makes its tables"
		return v
	case len(s.Missing) > 0 && s.Rows:
		v.add(Error, "", "", "the state tables are missing on "+list(s.Missing)+", while other nodes have rows in them",
			"Make its tables as its neighbours have them: skein add-node "+s.Missing[0])
	case len(s.Missing) > 0:
		v.add(Warning, "", "", "the state tables are missing on "+list(s.Missing)+", and nowhere have rows: a first run was cut short",
			"The next skein migrate makes them")
	}
	for _, open := range s.InProgress {
		v.open(open, f.Lock)
	}
	for _, owed := range s.Owed {
		v.add(Warning, "", owed.Node, "is owed "+list(owed.Migrations)+", which ran without it", "When it is back: skein resume")
	}
	v.fine = count(s.Migrations, "migration", "migrations") + " completed, none in progress, no node is owed any"
	return v
}

// open is of a migration in progress. While somebody holds the lock, that may be as
// it should be.
func (v *verdict) open(o Open, l Lock) {
	found := fmt.Sprintf("%s is in progress since %s, step %d of %d", o.Key, o.Since.UTC().Format(time.DateTime), min(o.Step, o.Of), o.Of)
	if l.Holder != nil {
		v.add(OK, "", "", fmt.Sprintf("%s, and run %s (%s@%s) holds the lock", found, l.Holder.RunID, l.Holder.User, l.Holder.Host), "")
		return
	}
	if o.Error != "" {
		found += "\n" + o.Error
	}
	v.add(Warning, "", "", found, fmt.Sprintf("skein resume --group %s, or to go back: skein reverse-in-progress --group %[1]s", o.Key.Group))
}
