package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skein-migrate/skein/bench/measure"
	"github.com/skein-migrate/skein/bench/rig"
	"github.com/skein-migrate/skein/integration/testcluster"
)

func batchMeasurement(r *rig.Rig) measure.Measurement {
	return measure.Measurement{
		Name: "batch", What: fmt.Sprintf("%d AddColumn of one table in one migration, joined and, by `batch: false`, not joined", r.Columns),
		Run: func(ctx context.Context) (figures []measure.Figure, err error) {
			for _, on := range []struct {
				name    string
				options testcluster.Options
			}{{"2×2 of 18.16", rig.TwoByTwo()}, {"one 26.7 node", rig.Modern()}} {
				err := r.WithServers(ctx, on.options, func(c *testcluster.Cluster) error {
					some, err := measureBatch(ctx, r, c, on.name)
					figures = append(figures, some...)
					return err
				})
				if err != nil {
					return figures, err
				}
			}
			return figures, nil
		},
	}
}

// batchSide is a project of two migrations: one makes the table, one changes it.
type batchSide struct {
	make, change rig.Process
	check        rig.Process // of the configuration and all files, without servers
}

func measureBatch(ctx context.Context, r *rig.Rig, c *testcluster.Cluster, on string) ([]measure.Figure, error) {
	const ofUnjoineds = 0.2
	joined, err := newBatchSide(ctx, r, c, "")
	if err != nil {
		return nil, err
	}
	unjoined, err := newBatchSide(ctx, r, c, "batch: false\n")
	if err != nil {
		return nil, err
	}
	if _, err := unjoined.check.Run(ctx); err != nil {
		return []measure.Figure{{
			Name: on + ": joined / not joined", Value: 1, Unit: "×", Target: ofUnjoineds,
			Note: "not measured, 1 stands for no difference: this skein does not know `batch: false`: " + strings.Join(strings.Fields(err.Error()), " "),
		}}, nil
	}
	oneByOne, together, nothing := on+": not joined", on+": joined", on+": nothing to do"
	idle := rig.Side{Name: nothing, Before: joined.prepareAll(c), Run: func(ctx context.Context) (time.Duration, error) {
		ended, err := joined.change.Run(ctx)
		return ended.Wall, err
	}}
	times, err := r.Interleave(ctx, unjoined.side(r, c, oneByOne), joined.side(r, c, together), idle)
	if err != nil {
		return nil, err
	}
	figures := []measure.Figure{
		rig.Took(oneByOne, times[oneByOne], 0), rig.Took(together, times[together], 0), rig.Took(nothing, times[nothing], 0),
		rig.Ratio(on+": joined / not joined", times[together], times[oneByOne], ofUnjoineds),
	}
	if rig.AllReached(figures) {
		return figures, nil
	}
	return figures, joined.whereItGoes(ctx, r, c)
}

// whereItGoes profiles the change, and has what a 26.7 node was asked for it.
func (b *batchSide) whereItGoes(ctx context.Context, r *rig.Rig, c *testcluster.Cluster) error {
	if err := b.prepare(ctx, c); err != nil {
		return err
	}
	name := "batch-" + c.Options.Engine
	if !c.Options.QueryLog {
		return r.Profile(ctx, name, 1, b.change)
	}
	if err := rig.Forget(ctx, c.Nodes[0]); err != nil {
		return err
	}
	if err := r.Profile(ctx, name, 1, b.change); err != nil {
		return err
	}
	return r.WriteQueries(ctx, name, c.Nodes[0])
}

func newBatchSide(ctx context.Context, r *rig.Rig, c *testcluster.Cluster, line string) (*batchSide, error) {
	program, err := r.Skein(ctx)
	if err != nil {
		return nil, err
	}
	project, err := r.Project(c)
	if err != nil {
		return nil, err
	}
	if err := project.Write("0001_create.yaml", yamlCreate(peerTable(0))); err != nil {
		return nil, err
	}
	var names []string
	for i := range r.Columns {
		names = append(names, fmt.Sprintf("added_%02d", i+1))
	}
	if err := project.Write("0002_alter.yaml", line+yamlAddColumn(peerTable(0), names...)); err != nil {
		return nil, err
	}
	return &batchSide{
		make:   project.Command(program, "migrate", "--group", "bench", "0001"),
		change: project.Command(program, "migrate"),
		check:  project.Command(program, "config", "check"),
	}, nil
}

// prepare makes the table, on servers that are empty.
func (b *batchSide) prepare(ctx context.Context, c *testcluster.Cluster) error {
	if err := c.Clean(ctx); err != nil {
		return err
	}
	_, err := b.make.Run(ctx)
	return err
}

// prepareAll makes the table and changes it, so that nothing is left to do.
func (b *batchSide) prepareAll(c *testcluster.Cluster) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := b.prepare(ctx, c); err != nil {
			return err
		}
		_, err := b.change.Run(ctx)
		return err
	}
}

func (b *batchSide) side(r *rig.Rig, c *testcluster.Cluster, name string) rig.Side {
	return rig.Side{
		Name: name, Before: func(ctx context.Context) error { return b.prepare(ctx, c) },
		Run: func(ctx context.Context) (time.Duration, error) {
			ended, err := b.change.Run(ctx)
			if err != nil {
				return 0, err
			}
			for i := range r.Columns {
				if err := columns(ctx, c, 1, fmt.Sprintf("added_%02d", i+1)); err != nil {
					return 0, err
				}
			}
			return ended.Wall, nil
		},
	}
}
