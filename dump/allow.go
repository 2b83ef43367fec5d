package dump

import (
	"fmt"
	"slices"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/validate"
)

// Allow lets each migration break the rules that what is there breaks already, with
// a note: a dump is what is, and not what should be. The error says what is wrong with
// the migrations beyond that.
func (r *Result) Allow(group string, at validate.Environment) error {
	g := migration.Group{Name: group}
	for _, f := range r.Files {
		g.Migrations = append(g.Migrations, f.Migration)
	}
	registry, err := migration.NewRegistry(migration.Group{Name: migration.System}, g)
	if err != nil {
		return fmt.Errorf("the dump as migrations: %w", err)
	}
	for _, problem := range validate.Check(registry.Groups(), validate.Options{At: at}) {
		i := slices.IndexFunc(r.Files, func(f File) bool { return f.Migration.ID == problem.Key.ID })
		if i < 0 {
			continue
		}
		f := &r.Files[i]
		if !slices.Contains(f.Migration.Allow, problem.Rule) {
			f.Migration.Allow = append(f.Migration.Allow, problem.Rule)
		}
		if note := problem.Text + " [" + problem.Rule + "]"; problem.Direction == journal.Forward && !slices.Contains(f.Notes, note) {
			f.Notes = append(f.Notes, note)
		}
	}
	return nil
}
