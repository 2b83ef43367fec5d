package coordinator

import (
	"slices"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// active refuses to run anything of a group forward that is unknown, or left alone
// in this environment. What it has completed may still be finished or taken back.
func (c *Coordinator) active(name string) error {
	if _, err := c.options.Registry.Group(name); err != nil {
		return &journal.UsageError{Err: err}
	}
	if why := c.options.Registry.Inactive(name); why != "" {
		return journal.Usagef("group %q is left alone here: %s. To run it, change that", name, why)
	}
	return nil
}

// standing are the groups as they are in this environment: of those that are left
// alone there is what is completed, and nothing more will come.
func (c *Coordinator) standing(e entries) []migration.Group {
	groups := c.options.Registry.Groups()
	for i, group := range groups {
		if c.options.Registry.Inactive(group.Name) != "" {
			groups[i].Migrations = slices.DeleteFunc(slices.Clone(group.Migrations), func(m migration.Migration) bool {
				return e.status(group.Name, m.ID) != journal.Completed
			})
		}
	}
	return groups
}

// leaningOn refuses to take back what a completed migration, of any group, names as
// one that comes before it, and that is not taken back with it.
func (c *Coordinator) leaningOn(e entries, targets []target) error {
	taken := map[journal.Key]bool{}
	for _, t := range targets {
		taken[t.key] = true
	}
	for _, group := range c.options.Registry.Groups() {
		for _, m := range group.Migrations {
			key := journal.Key{Group: group.Name, ID: m.ID}
			if e.status(group.Name, m.ID) != journal.Completed || taken[key] {
				continue
			}
			for _, d := range m.DependsOn {
				if taken[journal.Key{Group: d.Group, ID: d.ID}] {
					return journal.Refusef("%s is completed and depends on %s: reverse it first, skein revert --group %s %s",
						key, d, key.Group, key.ID)
				}
			}
		}
	}
	return nil
}
