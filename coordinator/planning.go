package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

// MigrationPlan is what would run, or runs, of one migration.
type MigrationPlan struct {
	Key       journal.Key
	Direction journal.Direction
	Blocking  bool
	Fake      bool
	Steps     []plan.Step
	Notes     []string // what was skipped, and why
	// Dangers say of each step what it does to data. Those of a run that has neither
	// CheckDangerous nor Approve have amounts of drops alone.
	Dangers []danger.Assessment
}

// verb is a command that changes something.
type verb func(*Coordinator, entries, Request) ([]target, error)

// The commands. Each picks migrations; all else they have in common.
func migrate(c *Coordinator, e entries, r Request) ([]target, error) { return c.selectMigrate(e, r) }
func run(c *Coordinator, e entries, r Request) ([]target, error)     { return c.selectRun(e, r) }
func reverse(c *Coordinator, e entries, r Request) ([]target, error) { return c.selectReverse(e, r) }

func rollback(c *Coordinator, e entries, r Request) ([]target, error) { return c.selectRollback(e, r) }

func revert(c *Coordinator, e entries, r Request) ([]target, error) { return c.selectRevert(e, r) }

// Plan says what Migrate would run. It takes no lock and writes nothing.
func (c *Coordinator) Plan(ctx context.Context, r Request) ([]MigrationPlan, error) {
	return c.dry(ctx, migrate, r)
}

// PlanRun is the dry run of Run.
func (c *Coordinator) PlanRun(ctx context.Context, r Request) ([]MigrationPlan, error) {
	return c.dry(ctx, run, r)
}

// PlanReverse is the dry run of Reverse.
func (c *Coordinator) PlanReverse(ctx context.Context, r Request) ([]MigrationPlan, error) {
	return c.dry(ctx, reverse, r)
}

// PlanRollback is the dry run of Rollback.
func (c *Coordinator) PlanRollback(ctx context.Context, r Request) ([]MigrationPlan, error) {
	return c.dry(ctx, rollback, r)
}

// PlanRevert is the dry run of Revert.
func (c *Coordinator) PlanRevert(ctx context.Context, r Request) ([]MigrationPlan, error) {
	return c.dry(ctx, revert, r)
}

func (c *Coordinator) dry(ctx context.Context, pick verb, r Request) ([]MigrationPlan, error) {
	r.dry = true
	state, err := c.readAnyhow(ctx)
	if err != nil {
		return nil, err
	}
	targets, err := pick(c, state, r)
	if err != nil {
		return nil, err
	}
	c.warnDirty(state, r, targets, c.options.Events)
	plans, err := c.plan(ctx, state, targets, r)
	if err != nil {
		return nil, err
	}
	return plans, c.assess(ctx, plans, r, true)
}

// plan makes the steps of targets in the order in which they run. What is wrong
// with the migrations themselves is said first, all at once.
func (c *Coordinator) plan(ctx context.Context, state entries, targets []target, r Request) ([]MigrationPlan, error) {
	facts, err := c.facts(ctx, targets)
	if err != nil {
		return nil, err
	}
	if !r.Fake {
		if err := c.validate(state, targets, facts); err != nil {
			return nil, err
		}
	}
	planner := plan.New(c.options.Sets, facts...)
	plans := make([]MigrationPlan, 0, len(targets))
	lists := make([][]ops.Operation, len(targets))
	for i, t := range targets {
		lists[i] = t.operations()
	}
	planner.Ahead(lists...)
	for _, t := range targets {
		// The state tables cannot be there without being made. Of the others only
		// the status is written, whatever the nodes have.
		if r.Fake && t.key.Group != migration.System {
			plans = append(plans, MigrationPlan{Key: t.key, Direction: t.direction, Fake: true})
			continue
		}
		p, err := planOne(planner, t)
		if err != nil {
			return nil, err
		}
		p.Notes = append(p.Notes, leftOut(p.Steps)...)
		plans = append(plans, p)
	}
	if !r.NoValidate {
		if err := c.parse(ctx, targets, plans, facts); err != nil {
			return nil, err
		}
	}
	return plans, c.freePaths(ctx, plans)
}

// freePaths refuses tables that would meet those of others in ZooKeeper.
func (c *Coordinator) freePaths(ctx context.Context, plans []MigrationPlan) error {
	if c.options.Paths == nil {
		return nil
	}
	return c.options.Paths.FreePaths(ctx, allSteps(plans))
}

// allSteps are the steps of all plans that run, in their order. There may be a hundred
// thousand, so that there is room for no others.
func allSteps(plans []MigrationPlan) []plan.Step {
	lists := make([][]plan.Step, 0, len(plans))
	for _, p := range plans {
		if !p.Fake {
			lists = append(lists, p.Steps)
		}
	}
	return slices.Concat(lists...)
}

func planOne(planner *plan.Planner, t target) (MigrationPlan, error) {
	p := MigrationPlan{
		Key: t.key, Direction: t.direction,
		Blocking: t.migration.Blocking && t.direction == journal.Forward,
	}
	render := planner.Operations
	if t.migration.NoBatch || t.stepwise {
		render = planner.Separately
	}
	steps, notes, err := render(t.operations())
	if err != nil {
		return p, planError(t.key, err)
	}
	for i := range steps {
		steps[i].Key = t.key
		if t.key.Group == migration.System {
			// The state tables are what ON CLUSTER's outcome would be written to.
			steps[i] = steps[i].Directly()
		}
	}
	p.Steps, p.Notes = steps, append(storedNote(t), notes...)
	return p, nil
}

// planError keeps the kind of a refusal, under the name of its migration.
func planError(key journal.Key, err error) error {
	var usage *journal.UsageError
	if errors.As(err, &usage) {
		return journal.Usagef("plan %s: %w", key, err)
	}
	return journal.Refusef("plan %s: %w", key, err)
}

func (c *Coordinator) planner(ctx context.Context, targets []target) (*plan.Planner, error) {
	facts, err := c.facts(ctx, targets)
	if err != nil {
		return nil, err
	}
	return plan.New(c.options.Sets, facts...), nil
}

// facts are those of the clusters that targets touch.
func (c *Coordinator) facts(ctx context.Context, targets []target) ([]plan.Facts, error) {
	clusters, err := c.clusters(targets)
	if err != nil {
		return nil, err
	}
	return c.options.Servers.Facts(ctx, clusters)
}

// clusters lists the configured clusters that targets touch.
func (c *Coordinator) clusters(targets []target) ([]string, error) {
	var out []string
	for _, t := range targets {
		for _, operation := range t.operations() {
			name, err := c.options.Sets.Cluster(ops.PlaceOf(operation).StorageSet)
			if err != nil {
				return nil, journal.Usagef("%s: %w", t.key, err)
			}
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out, nil
}

// stateCluster is the configured cluster of the state tables.
func (c *Coordinator) stateCluster() (string, error) {
	name, err := c.options.Sets.Cluster(storageset.Migrations)
	if err != nil {
		return "", fmt.Errorf("find the state tables: %w", &journal.UsageError{Err: err})
	}
	return name, nil
}
