package migration

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Dependency names a migration that another one comes after.
type Dependency struct{ Group, ID string }

// ParseDependency reads group:id.
func ParseDependency(text string) (Dependency, error) {
	group, id, _ := strings.Cut(text, ":")
	if !isID(group) || !isID(id) {
		return Dependency{}, fmt.Errorf("%q is no migration: write group:id, such as events:0001_create_events", text)
	}
	return Dependency{Group: group, ID: id}, nil
}

func (d Dependency) String() string { return d.Group + ":" + d.ID }

// withDependencies are the groups that a group depends on, with those of the
// migrations that its migrations depend on.
func withDependencies(group Group) []string {
	groups := slices.Clone(group.DependsOn)
	for _, m := range group.Migrations {
		for _, d := range m.DependsOn {
			if d.Group != group.Name && !slices.Contains(groups, d.Group) {
				groups = append(groups, d.Group)
			}
		}
	}
	return groups
}

// checkDependencies refuses a dependency on a migration that is not there, or that
// comes later in the same group. One on a group that is not there, or that depends
// on this one, is found where groups are put in order.
func checkDependencies(groups map[string]Group) []error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		for i, m := range groups[name].Migrations {
			for _, d := range m.DependsOn {
				other, known := groups[d.Group]
				at := slices.IndexFunc(other.Migrations, func(o Migration) bool { return o.ID == d.ID })
				switch {
				case !known:
				case at < 0:
					problems = append(problems, fmt.Errorf("%s/%s depends on %s, which does not exist", name, m.ID, d))
				case d.Group == name && at >= i:
					problems = append(problems, fmt.Errorf("%s/%s depends on %s, which does not come before it", name, m.ID, d))
				}
			}
		}
	}
	return problems
}
