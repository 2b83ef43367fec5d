package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/skein-migrate/skein/bench/measure"
	"github.com/skein-migrate/skein/bench/planning"
	"github.com/skein-migrate/skein/bench/rig"
	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/state"
	"github.com/skein-migrate/skein/storageset"
)

// planRole is the role in which this program plans, so that the memory is that of a
// process of its own.
const planRole = "skein-bench-plan"

func planMeasurement(r *rig.Rig) measure.Measurement {
	return measure.Measurement{
		Name: "plan",
		What: fmt.Sprintf("%d migrations in Go, in %d groups, of 1 to %d operations each, checked by the registry and planned for 2×2 nodes",
			r.Planned, r.Groups, planning.MostOperations),
		Run: func(ctx context.Context) ([]measure.Figure, error) { return measurePlan(ctx, r) },
	}
}

// planned is what the process in planRole prints.
type planned struct {
	Make, Register, Plan time.Duration
	Operations, Steps    int
}

func measurePlan(ctx context.Context, r *rig.Rig) ([]measure.Figure, error) {
	const limit, mostMB = time.Second, 300
	process, err := rig.Self(planRole, strconv.Itoa(r.Groups), strconv.Itoa(r.Planned))
	if err != nil {
		return nil, err
	}
	var last planned
	var both, register, plans, whole, cpu rig.Times
	peak := 0.0
	for range r.Runs {
		ended, err := process.Run(ctx)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(ended.Stdout), &last); err != nil {
			return nil, fmt.Errorf("what planning says: %w", err)
		}
		both, register, plans = append(both, last.Register+last.Plan), append(register, last.Register), append(plans, last.Plan)
		whole, cpu = append(whole, ended.Wall), append(cpu, ended.CPU)
		peak = max(peak, ended.PeakMB)
	}
	figures := []measure.Figure{
		rig.Took("checked and planned", both, limit),
		rig.Took("checked by the registry", register, 0),
		rig.Took("planned", plans, 0),
		rig.Took("whole process", whole, 0),
		rig.Took("processor time of it", cpu, 0),
		{Name: "peak memory", Value: peak, Unit: "MB", Target: mostMB, Note: fmt.Sprintf("%d operations, %d steps", last.Operations, last.Steps)},
	}
	if rig.AllReached(figures) {
		return figures, nil
	}
	dir, err := r.Dir("plan")
	if err != nil {
		return figures, err
	}
	file := filepath.Join(dir, "cpu.pprof")
	process.Args = append(process.Args, file)
	if _, err := process.Run(ctx); err != nil {
		return figures, err
	}
	return figures, r.Top(ctx, "plan", file)
}

// planMain is this program in planRole: how many groups, how many migrations, and a
// file for a profile, if there is to be one.
func planMain(args []string) error {
	cli.CollectLess() // as every command does
	groups, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	migrations, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	var p planned
	do := func() error { return p.all(groups, migrations) }
	if len(args) > 2 {
		return rig.UnderProfiler(args[2], do)
	}
	if err := do(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(p)
}

func (p *planned) all(groups, migrations int) error {
	began := time.Now()
	made := planning.Groups(groups, migrations)
	p.Make = time.Since(began)
	began = time.Now()
	registry, err := migration.NewRegistry(append(made, state.System())...)
	if err != nil {
		return err
	}
	p.Register = time.Since(began)
	began = time.Now()
	if err := p.plan(registry); err != nil {
		return err
	}
	p.Plan = time.Since(began)
	return nil
}

func (p *planned) plan(registry *migration.Registry) error {
	facts := planning.TwoByTwo()
	sets, err := storageset.Assign(map[string][]storageset.Key{facts.Cluster: registry.StorageSets()})
	if err != nil {
		return err
	}
	planner := plan.New(sets, facts)
	var lists [][]ops.Operation
	for _, group := range registry.Groups() {
		for _, m := range group.Migrations {
			lists = append(lists, m.Forward)
			p.Operations += len(m.Forward)
		}
	}
	planner.Ahead(lists...)
	for _, list := range lists {
		steps, _, err := planner.Operations(list)
		if err != nil {
			return err
		}
		p.Steps += len(steps)
	}
	return nil
}
