package migration

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/skein-migrate/skein/nearest"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Registry is every group, checked and in the order in which they apply:
// groups after those that they depend on, otherwise as given. It is immutable.
type Registry struct {
	groups   []Group
	sets     map[string][]storageset.Key // that the operations of a group name
	policy   Policy
	inactive map[string]string // why, by group
}

// NewRegistry checks groups. All that is wrong comes in one error: two groups or
// two migrations with one name, an unknown or circular dependency, an operation
// without storage set, target or table, a migration that cannot be reversed and
// does not say so.
func NewRegistry(groups ...Group) (*Registry, error) {
	var problems []error
	byName, sets := map[string]Group{}, map[string][]storageset.Key{}
	for i, c := range checkGroups(groups) {
		if _, dup := byName[groups[i].Name]; dup {
			problems = append(problems, fmt.Errorf("two groups are named %q", groups[i].Name))
			continue
		}
		problems = append(problems, c.problems...)
		byName[groups[i].Name], sets[groups[i].Name] = c.group, c.sets
	}
	problems = append(problems, checkDependencies(byName)...)
	ordered, unordered := inOrder(groups, byName)
	if err := errors.Join(append(problems, unordered...)...); err != nil {
		return nil, err
	}
	return &Registry{groups: ordered, sets: sets}, nil
}

// isID keeps IDs and group names to what a file, a URL and a shell take without
// quoting: letters and digits, and behind the first one _ . - too.
func isID(text string) bool {
	for i, r := range text {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("_.-", r)) {
			return false
		}
	}
	return text != ""
}

// checked is a group with what is wrong with it, and the storage sets that its
// operations name.
type checked struct {
	group    Group
	problems []error
	sets     []storageset.Key
}

// checkGroups checks groups side by side: there may be thousands of migrations.
func checkGroups(groups []Group) []checked {
	out := make([]checked, len(groups))
	var together errgroup.Group
	together.SetLimit(runtime.GOMAXPROCS(0))
	for i, group := range groups {
		together.Go(func() error {
			c := &out[i]
			if c.group, c.problems = checkGroup(group); len(c.problems) == 0 {
				c.sets = setsOf(c.group)
			}
			return nil
		})
	}
	_ = together.Wait() // what is wrong is told of all groups
	return out
}

func checkGroup(group Group) (Group, []error) {
	var problems []error
	if !isID(group.Name) {
		problems = append(problems, fmt.Errorf("group name %q: use letters, digits, and _ . -", group.Name))
	}
	if group.Readiness == "" {
		group.Readiness = Complete
	}
	if !slices.Contains(Readinesses(), group.Readiness) {
		problems = append(problems, fmt.Errorf("group %q: unknown readiness %q, use one of %v",
			group.Name, group.Readiness, Readinesses()))
	}
	if group.Name != System && !slices.Contains(group.DependsOn, System) {
		group.DependsOn = append([]string{System}, group.DependsOn...)
	}
	migrations := make([]Migration, 0, len(group.Migrations))
	seen := make(map[string]bool, len(group.Migrations))
	for i, m := range group.Migrations {
		name := group.Name + "/" + m.ID
		switch {
		case !isID(m.ID):
			problems = append(problems, fmt.Errorf("migration ID %q: use letters, digits, and _ . -", name))
		case seen[m.ID]:
			problems = append(problems, fmt.Errorf("two migrations have the ID %s", name))
			continue
		case i > 0 && CompareIDs(m.ID, group.Migrations[i-1].ID) < 0:
			problems = append(problems, fmt.Errorf("migration %s stands after %s: IDs must sort as they apply",
				name, group.Migrations[i-1].ID))
		}
		seen[m.ID] = true
		problems = append(problems, checkOperations(group, name, m)...)
		complete, err := m.complete()
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
		migrations = append(migrations, complete)
	}
	group.Migrations, group.sums = migrations, &sums{}
	group.DependsOn = withDependencies(group)
	return group, problems
}

func checkOperations(group Group, name string, m Migration) []error {
	var problems []error
	if len(m.Forward) == 0 {
		problems = append(problems, fmt.Errorf("%s has no forward operations", name))
	}
	for _, list := range []struct {
		name       string
		operations []ops.Operation
	}{{"operation", m.Forward}, {"backward operation", m.Backward}} {
		for i, operation := range list.operations {
			bad := func(err error) {
				problems = append(problems, fmt.Errorf("%s %s %d (%s): %w", name, list.name, i+1, ops.KindOf(operation), err))
			}
			if !m.Checked {
				if err := operation.Check(); err != nil {
					bad(err)
					continue
				}
			}
			if len(group.StorageSets) == 0 {
				continue // whatever they name
			}
			for _, set := range addSets(nil, operation) {
				if !slices.Contains(group.StorageSets, set) {
					bad(fmt.Errorf("storage set %q is not of group %q (%v)", set, group.Name, group.StorageSets))
				}
			}
		}
	}
	return problems
}

// setsOf are the storage sets that the operations of a group name, each once.
func setsOf(group Group) []storageset.Key {
	var sets []storageset.Key
	for _, m := range group.Migrations {
		for _, operation := range m.Forward {
			sets = addSets(sets, operation)
		}
		for _, operation := range m.Backward {
			sets = addSets(sets, operation)
		}
	}
	return sets
}

// addSets adds the storage sets that an operation names to those that are there.
func addSets(sets []storageset.Key, operation ops.Operation) []storageset.Key {
	if placed, is := operation.(ops.Placed); is {
		if set := placed.At().StorageSet; !slices.Contains(sets, set) {
			sets = append(sets, set)
		}
	}
	if _, block := operation.(ops.RunBlock); block {
		return sets // its tables are where it is, and to read them takes time
	}
	for _, table := range operation.Tables() {
		if !slices.Contains(sets, table.StorageSet) {
			sets = append(sets, table.StorageSet)
		}
	}
	return sets
}

// Groups lists the groups in the order in which they apply.
func (r *Registry) Groups() []Group { return slices.Clone(r.groups) }

// Group finds a group by its exact name. An unknown one is an error that lists
// those there are.
func (r *Registry) Group(name string) (Group, error) {
	names := make([]string, len(r.groups))
	for i, group := range r.groups {
		if group.Name == name {
			return group, nil
		}
		names[i] = group.Name
	}
	return Group{}, fmt.Errorf("no group %q%s (there are: %s)", name, nearest.DidYouMean(name, names), strings.Join(names, ", "))
}

// StorageSets lists every storage set that an operation of an active group names,
// each once.
func (r *Registry) StorageSets() []storageset.Key {
	var sets []storageset.Key
	for _, group := range r.groups {
		if r.Inactive(group.Name) != "" {
			continue
		}
		for _, set := range r.sets[group.Name] {
			if !slices.Contains(sets, set) {
				sets = append(sets, set)
			}
		}
	}
	return sets
}

// Migration finds a migration of the group by its exact ID.
func (g Group) Migration(id string) (Migration, error) {
	for _, m := range g.Migrations {
		if m.ID == id {
			return m, nil
		}
	}
	ids := make([]string, len(g.Migrations))
	for i, m := range g.Migrations {
		ids[i] = m.ID
	}
	meant := nearest.DidYouMean(id, ids)
	if begun := slices.DeleteFunc(ids, func(known string) bool { return id == "" || !strings.HasPrefix(known, id) }); len(begun) == 1 {
		meant = fmt.Sprintf(", did you mean %q?", begun[0])
	}
	return Migration{}, fmt.Errorf("no migration %q in group %q%s", id, g.Name, meant)
}
