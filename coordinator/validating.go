package coordinator

import (
	"slices"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/validate"
)

// validate refuses to run migrations forward that package validate finds fault
// with, forward or on their way back, in the order in which they come on these
// clusters: what is completed first. What is wrong with a migration that is
// completed already, or that is not among targets, keeps nobody from working, and
// neither does anything on the way back once that is what is wanted.
func (c *Coordinator) validate(state entries, targets []target, facts []plan.Facts) error {
	selected := map[journal.Key]bool{}
	for _, t := range targets {
		if t.direction == journal.Forward {
			selected[t.key] = true
		}
	}
	if len(selected) == 0 {
		return nil
	}
	problems := validate.Check(c.standing(state), validate.Options{
		At:   c.environment(facts),
		Done: func(key journal.Key) bool { return state.status(key.Group, key.ID) == journal.Completed },
	})
	problems = slices.DeleteFunc(problems, func(p validate.Problem) bool { return !selected[p.Key] })
	if len(problems) == 0 {
		return nil
	}
	return journal.Usagef("the migrations are not valid, nothing was run:\n%w\n"+
		"One that is meant is allowed by the name in brackets: Allow of the migration", &validate.Error{Problems: problems})
}

// environment is what the nodes of a place are, where they are known, or else a
// cluster that has everything.
func (c *Coordinator) environment(facts []plan.Facts) validate.Environment {
	envs := map[string]map[ops.Target]ops.Env{}
	for _, f := range facts {
		envs[f.Cluster] = map[ops.Target]ops.Env{
			ops.Local: f.Env(ops.Local), ops.Distributed: f.Env(ops.Distributed),
		}
	}
	return func(place ops.Place) (string, ops.Env) {
		name, err := c.options.Sets.Cluster(place.StorageSet)
		if err != nil {
			name = string(place.StorageSet) // of a migration that does not run here
		}
		if env, known := envs[name][place.Target]; known {
			return name, env
		}
		_, env := validate.Synthetic(place)
		return name, env
	}
}
