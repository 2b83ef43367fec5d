package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/directory"
	"github.com/skein-migrate/skein/migration/sqlfile"
	"github.com/skein-migrate/skein/migration/yamlfile"
	"github.com/skein-migrate/skein/state"
)

// registry is the built-in group, the compiled-in ones, those whose migrations
// are files, and what the configuration says of them. What is wrong with files
// is said of all of them at once.
func (a *app) registry(cfg *config.Config) (*migration.Registry, error) {
	return a.registryWith(cfg, nil)
}

// registryWith takes the migrations of some groups as they are given, instead of
// from their directories.
func (a *app) registryWith(cfg *config.Config, given map[string][]migration.Migration) (*migration.Registry, error) {
	groups := append([]migration.Group{state.System()}, slices.Clone(a.program.Groups)...)
	var problems []error
	var listed []string
	for _, overlay := range cfg.Groups {
		at := slices.IndexFunc(groups, func(g migration.Group) bool { return g.Name == overlay.Name })
		if at < 0 && overlay.Dir == "" {
			return nil, cfg.Errorf(overlay.Key("name"), "no group %q is compiled into this program, and it has no dir with files", overlay.Name)
		}
		if at < 0 {
			at = len(groups)
			groups = append(groups, migration.Group{Name: overlay.Name})
		}
		overlaid(&groups[at], overlay)
		listed = append(listed, overlay.Name)
		if files, isGiven := given[overlay.Name]; isGiven {
			problems = append(problems, merged(&groups[at], overlay, files))
		} else if overlay.Dir != "" {
			problems = append(problems, addFiles(cfg, &groups[at], overlay))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, &journal.UsageError{Err: err}
	}
	registry, err := migration.NewRegistry(asListed(groups, listed)...)
	if err != nil {
		return nil, journal.Usagef("the migrations are not in order, nothing was asked of a server:\n%w", err)
	}
	registry, err = registry.Under(migration.Policy{
		Accepts: cfg.Readiness, Skip: cfg.SkipGroups,
		AcceptsAt: cfg.Where("readiness"), SkipAt: cfg.Where("skip_groups"),
	})
	if err != nil {
		return nil, &journal.UsageError{Err: err}
	}
	return registry, nil
}

// asListed puts groups in the order in which the configuration lists them, behind
// skein's own and before those that it does not list.
func asListed(groups []migration.Group, listed []string) []migration.Group {
	rank := func(g migration.Group) int {
		at := slices.Index(listed, g.Name)
		switch {
		case g.Name == migration.System:
			return -1
		case at < 0:
			return len(listed)
		}
		return at
	}
	slices.SortStableFunc(groups, func(a, b migration.Group) int { return cmp.Compare(rank(a), rank(b)) })
	return groups
}

func overlaid(g *migration.Group, overlay config.Group) {
	if overlay.Readiness != "" {
		g.Readiness = overlay.Readiness
	}
	if len(overlay.DependsOn) > 0 {
		g.DependsOn = overlay.DependsOn
	}
	if len(overlay.StorageSets) > 0 {
		g.StorageSets = overlay.StorageSets
	}
	if overlay.Optional != nil {
		g.Optional = *overlay.Optional
	}
}

// addFiles puts the migrations of a group's directory between those that it has.
func addFiles(cfg *config.Config, g *migration.Group, overlay config.Group) error {
	files, err := directory.Load(os.DirFS(overlay.Dir), ".", directory.Options{Shown: overlay.Dir},
		sqlfile.Kind(sqlfile.Options{StorageSets: g.StorageSets}), yamlfile.Kind(yamlfile.Options{StorageSets: g.StorageSets}))
	if errors.Is(err, fs.ErrNotExist) {
		return cfg.Errorf(overlay.Key("dir"), "there is no directory %s", overlay.Dir)
	}
	if err != nil {
		return err
	}
	return merged(g, overlay, files)
}

// merged puts migrations of files between those that a group has.
func merged(g *migration.Group, overlay config.Group, files []migration.Migration) error {
	all, err := migration.Merge(overlay.Sequential, files, g.Migrations)
	if err != nil {
		return fmt.Errorf("group %s (%s): %w", g.Name, overlay.Dir, err)
	}
	g.Migrations = all
	return nil
}
