package coordinator

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/plan"
)

// lanes are the groups of a run that work side by side: each runs its migrations one
// after the other, and each migration waits for what has to be done before it.
type lanes struct {
	s       *session
	targets []target
	plans   []MigrationPlan
	// needs are, for each target, those before it that it waits for.
	needs [][]int
	// wanted says of a target that one of another group waits for it.
	wanted []bool
	done   []chan struct{} // closed when a target's last row is durable, or will be with the next of its group
	slots  chan struct{}   // one for each job
	halt   chan struct{}   // closed when nothing new is to begin
	once   sync.Once
}

// sideBySide runs planned migrations, at most so many at a time. Where one stops,
// nothing new begins, and those that are under way go on to their end.
func (s *session) sideBySide(ctx context.Context, targets []target, plans []MigrationPlan, jobs int) error {
	l := &lanes{
		s: s, targets: targets, plans: plans, needs: s.c.prerequisites(targets, plans), wanted: make([]bool, len(targets)),
		done: make([]chan struct{}, len(targets)), slots: make(chan struct{}, jobs), halt: make(chan struct{}),
	}
	var groups []string
	members := map[string][]int{}
	for i, t := range targets {
		l.done[i] = make(chan struct{})
		if members[t.key.Group] == nil {
			groups = append(groups, t.key.Group)
		}
		members[t.key.Group] = append(members[t.key.Group], i)
		for _, j := range l.needs[i] {
			l.wanted[j] = l.wanted[j] || targets[j].key.Group != t.key.Group
		}
	}
	sessions, errs := make([]*session, len(groups)), make([]error, len(groups))
	var together sync.WaitGroup
	for i, group := range groups {
		// Rows of one group are no other's: each lane may have a state of its own.
		sessions[i] = &session{c: s.c, run: s.run, lease: s.lease, trail: s.trail, common: s.common, state: maps.Clone(s.state), baseline: s.baseline}
		together.Go(func() {
			err := l.run(ctx, sessions[i], members[group])
			if errs[i] = sessions[i].settle(ctx, err); errs[i] != nil {
				l.stop()
			}
		})
	}
	together.Wait()
	for i, t := range targets {
		lane := sessions[slices.Index(groups, t.key.Group)]
		s.state[t.key] = lane.state[t.key]
		if slices.Contains(lane.result.Applied, t.key) {
			s.result.Applied = append(s.result.Applied, targets[i].key)
		}
	}
	if err := errors.Join(errs...); err != nil || len(s.result.Applied) == len(targets) {
		return err
	}
	return &journal.InterruptedError{}
}

func (l *lanes) stop() { l.once.Do(func() { close(l.halt) }) }

// run runs the targets of one group, in their order.
func (l *lanes) run(ctx context.Context, s *session, mine []int) error {
	working := false
	rest := func() {
		if working {
			<-l.slots
		}
		working = false
	}
	defer rest()
	plans := make([]MigrationPlan, len(mine))
	for at, i := range mine {
		plans[at] = l.plans[i]
	}
	for at, i := range mine {
		if working && !l.ready(i) { // what waits does not hold up others
			if err := s.flushFinished(ctx); err != nil {
				return err
			}
			rest()
		}
		if !working {
			if !l.await(ctx, i) {
				return ctx.Err()
			}
			working = true
		}
		if s.stopped() || l.halted() {
			return nil
		}
		s.upcoming = plans[at+1:]
		if err := s.one(ctx, l.targets[i], l.plans[i]); err != nil {
			return err
		}
		s.result.Applied = append(s.result.Applied, l.targets[i].key)
		if l.wanted[i] {
			if err := s.flushFinished(ctx); err != nil {
				return err
			}
		}
		close(l.done[i])
	}
	return nil
}

func (l *lanes) halted() bool {
	select {
	case <-l.halt:
		return true
	default:
		return false
	}
}

func (l *lanes) ready(i int) bool {
	for _, j := range l.needs[i] {
		select {
		case <-l.done[j]:
		default:
			return false
		}
	}
	return true
}

// await waits for what has to be done before a target, and then for its turn.
func (l *lanes) await(ctx context.Context, i int) bool {
	for _, j := range l.needs[i] {
		select {
		case <-l.done[j]:
		case <-l.halt:
			return false
		case <-l.s.c.options.Stop:
			return false
		case <-ctx.Done():
			return false
		}
	}
	select {
	case l.slots <- struct{}{}:
		return true
	case <-l.halt:
		return false
	case <-ctx.Done():
		return false
	}
}

// prerequisites are, for each target, the earlier ones that have to be done before it:
// those of its group, of the groups and the migrations that it depends on, and those
// that touch a table that it touches. A statement that does not say what it touches
// comes before and after all others on its cluster.
func (c *Coordinator) prerequisites(targets []target, plans []MigrationPlan) [][]int {
	needs := make([][]int, len(targets))
	lastOf := map[string]int{} // of a group
	at := map[journal.Key]int{}
	tables := map[string]map[string]int{} // the last that touched a table, by cluster
	for i, t := range targets {
		need := map[int]bool{}
		for _, group := range append(c.leansOn(t.key.Group), t.key.Group) {
			if j, there := lastOf[group]; there {
				need[j] = true
			}
		}
		for _, d := range t.migration.DependsOn {
			if j, there := at[journal.Key{Group: d.Group, ID: d.ID}]; there {
				need[j] = true
			}
		}
		for cluster, names := range tablesOf(plans[i].Steps) {
			before := tables[cluster]
			if before == nil {
				before = map[string]int{}
				tables[cluster] = before
			}
			for name, j := range before {
				if names[everything] || names[name] || name == everything {
					need[j] = true
				}
			}
			if names[everything] {
				clear(before)
			}
			for name := range names {
				before[name] = i
			}
		}
		needs[i] = slices.Sorted(maps.Keys(need))
		lastOf[t.key.Group], at[t.key] = i, i
	}
	return needs
}

// tablesOf are the tables that steps read, change or are judged by, by cluster; with
// everything where one does not say.
func tablesOf(steps []plan.Step) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, step := range steps {
		names := out[step.Cluster]
		if names == nil {
			names = map[string]bool{}
			out[step.Cluster] = names
		}
		touched := touches(step)
		if len(touched) == 0 {
			touched = []string{everything}
		}
		for _, name := range touched {
			names[name] = true
		}
		for _, table := range step.Statement.Reads {
			names[step.Cluster+" "+table.String()] = true
		}
	}
	return out
}

// leansOn are the groups that a group depends on, and those that these depend on.
func (c *Coordinator) leansOn(name string) []string {
	var out []string
	open := []string{name}
	for len(open) > 0 {
		group, err := c.options.Registry.Group(open[0])
		open = open[1:]
		if err != nil {
			continue // a group of which only rows are left
		}
		for _, dependency := range group.DependsOn {
			if !slices.Contains(out, dependency) {
				out, open = append(out, dependency), append(open, dependency)
			}
		}
	}
	return out
}
