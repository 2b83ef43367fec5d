package migration

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Policy says which groups an environment has to do with. The zero value: all. The
// group system is always one of them.
type Policy struct {
	// Accepts are the states of the groups that are migrated here; empty: any.
	Accepts []Readiness
	// Skip names optional groups that are left alone here.
	Skip []string
	// AcceptsAt and SkipAt say where that is written, for messages: "skein.yaml:7:1".
	AcceptsAt, SkipAt string
}

// Under returns the registry for an environment: groups that its policy leaves out
// are in it, so that their rows have a meaning, and inactive. It is an error to skip
// what does not exist or is not optional, and if an active group depends on an
// inactive one. All that is wrong comes in one error.
func (r *Registry) Under(p Policy) (*Registry, error) {
	var problems []error
	for _, name := range p.Skip {
		switch group, err := r.Group(name); {
		case err != nil:
			problems = append(problems, fmt.Errorf("%sskip_groups: %w", prefixed(p.SkipAt), err))
		case group.Name == System || !group.Optional:
			problems = append(problems, fmt.Errorf("%sskip_groups: group %q is not optional: say optional: true of the group, or do not skip it",
				prefixed(p.SkipAt), name))
		}
	}
	under := &Registry{groups: r.groups, sets: r.sets, policy: p, inactive: map[string]string{}}
	for _, group := range r.groups {
		if why := p.leavesOut(group); why != "" {
			under.inactive[group.Name] = why
		}
	}
	for _, group := range r.groups {
		if under.inactive[group.Name] == "" {
			problems = append(problems, under.leansOnInactive(group)...)
		}
	}
	return under, errors.Join(problems...)
}

// leavesOut says why a group is inactive; "" if it is not.
func (p Policy) leavesOut(group Group) string {
	switch {
	case group.Name == System:
	case slices.Contains(p.Skip, group.Name):
		return "skipped by skip_groups" + bracketed(p.SkipAt)
	case len(p.Accepts) > 0 && !slices.Contains(p.Accepts, group.Readiness):
		return fmt.Sprintf("its readiness is %s, and accepted here is %s%s", group.Readiness, listed(p.Accepts), bracketed(p.AcceptsAt))
	}
	return ""
}

// leansOnInactive says which dependencies of an active group nobody would fulfil.
func (r *Registry) leansOnInactive(group Group) []error {
	var problems []error
	for _, name := range group.DependsOn {
		why := r.inactive[name]
		if why == "" {
			continue
		}
		who := "group " + group.Name
		for _, m := range group.Migrations {
			if slices.ContainsFunc(m.DependsOn, func(d Dependency) bool { return d.Group == name }) {
				who = group.Name + "/" + m.ID
				break
			}
		}
		what := fmt.Sprintf("accept %s too", r.readinessOf(name))
		if slices.Contains(r.policy.Skip, name) {
			what = "do not skip it"
		}
		problems = append(problems, fmt.Errorf("%s depends on group %s, which is inactive here: %s. Do one of: %s; leave %s out here as well; drop the dependency",
			who, name, why, what, group.Name))
	}
	return problems
}

func (r *Registry) readinessOf(name string) Readiness {
	at := slices.IndexFunc(r.groups, func(g Group) bool { return g.Name == name })
	return r.groups[at].Readiness // its dependencies exist
}

// Inactive says why a group is left alone here; "" if it is not.
func (r *Registry) Inactive(group string) string { return r.inactive[group] }

// Accepts is an error if groups of a state are left alone here.
func (r *Registry) Accepts(state Readiness) error {
	if len(r.policy.Accepts) == 0 || slices.Contains(r.policy.Accepts, state) {
		return nil
	}
	return fmt.Errorf("groups that are %s are not accepted here, but %s%s", state, listed(r.policy.Accepts), bracketed(r.policy.AcceptsAt))
}

func listed(states []Readiness) string {
	words := make([]string, len(states))
	for i, state := range states {
		words[i] = string(state)
	}
	return strings.Join(words, ", ")
}

func prefixed(place string) string {
	if place == "" {
		return ""
	}
	return place + ": "
}

func bracketed(place string) string {
	if place == "" {
		return ""
	}
	return " (" + place + ")"
}
