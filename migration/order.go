package migration

import (
	"fmt"
	"slices"
	"strings"
)

// inOrder puts groups behind those that they depend on, and otherwise leaves them
// as given. Each circle, and each dependency on nothing, is one error.
func inOrder(given []Group, byName map[string]Group) ([]Group, []error) {
	o := order{byName: byName, seen: map[string]bool{}}
	for _, group := range given {
		o.visit(group.Name, nil)
	}
	return o.placed, o.problems
}

// order walks the dependencies of groups, depth first.
type order struct {
	byName   map[string]Group
	seen     map[string]bool
	placed   []Group
	problems []error
}

func (o *order) visit(name string, path []string) {
	if at := slices.Index(path, name); at >= 0 {
		o.problems = append(o.problems, o.circle(append(slices.Clone(path[at:]), name)))
		return
	}
	if o.seen[name] {
		return
	}
	for _, dependency := range o.byName[name].DependsOn {
		if _, known := o.byName[dependency]; !known {
			o.problems = append(o.problems, fmt.Errorf("group %q depends on %q, which does not exist", name, dependency))
			continue
		}
		o.visit(dependency, append(slices.Clone(path), name))
	}
	o.seen[name] = true
	o.placed = append(o.placed, o.byName[name])
}

// circle prints a circle, and the migrations whose dependencies close it: of those
// nothing is seen where the groups are written.
func (o *order) circle(path []string) error {
	var why []string
	for i, name := range path[:len(path)-1] {
		for _, m := range o.byName[name].Migrations {
			for _, d := range m.DependsOn {
				if d.Group == path[i+1] && d.Group != name {
					why = append(why, fmt.Sprintf("%s/%s depends on %s", name, m.ID, d))
				}
			}
		}
	}
	text := "groups depend on each other: " + strings.Join(path, " → ")
	if len(why) > 0 {
		text += " (" + strings.Join(why, ", ") + "): a group is migrated as a whole, so make one of them two groups"
	}
	return fmt.Errorf("%s", text)
}
