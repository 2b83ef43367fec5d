package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/bench/measure"
	"github.com/skein-migrate/skein/bench/rig"
	"github.com/skein-migrate/skein/integration/testcluster"
)

func noopMeasurement(r *rig.Rig) measure.Measurement {
	return measure.Measurement{
		Name: "noop", What: fmt.Sprintf("skein migrate with nothing to do, and skein list, of %d completed migrations in SQL files, on one 26.7 node", r.Applied),
		Run: func(ctx context.Context) (figures []measure.Figure, err error) {
			err = r.WithServers(ctx, rig.Modern(), func(c *testcluster.Cluster) error {
				figures, err = measureNoop(ctx, r, c)
				return err
			})
			return figures, err
		},
	}
}

func measureNoop(ctx context.Context, r *rig.Rig, c *testcluster.Cluster) ([]measure.Figure, error) {
	program, err := r.Skein(ctx)
	if err != nil {
		return nil, err
	}
	old, lease := rig.Lease(c)
	project, err := r.Project(c, old, lease)
	if err != nil {
		return nil, err
	}
	for i := range r.Applied {
		if err := project.Write(fmt.Sprintf("%04d_create.sql", i+1), sqlCreate(peerTable(i))); err != nil {
			return nil, err
		}
	}
	r.Logf("  recording %d migrations as completed", r.Applied)
	// Not baseline, whose rows are not compared with their files. Nobody else is there to
	// be kept out, and it is not measured.
	fake := project.Command(program, "migrate", "--fake", "--force")
	fake.Env = []string{"SKEIN_COORDINATION_LOCK=none"}
	if _, err := fake.Run(ctx); err != nil {
		return nil, err
	}
	migrate, list := project.Command(program, "migrate"), project.Command(program, "list")
	nothing := func(stdout string) error {
		if !strings.Contains(stdout, "Nothing to do.") {
			return fmt.Errorf("skein migrate had something to do:\n%s", stdout)
		}
		return nil
	}
	everything := func(stdout string) error {
		if listed := strings.Count(stdout, "_create"); listed != r.Applied {
			return fmt.Errorf("skein list lists %d of %d migrations", listed, r.Applied)
		}
		return nil
	}
	times, err := r.Interleave(ctx, checked("skein migrate", migrate, nothing), checked("skein list", list, everything))
	if err != nil {
		return nil, err
	}
	return noopFigures(ctx, r, c, times, migrate, list)
}

func noopFigures(
	ctx context.Context, r *rig.Rig, c *testcluster.Cluster, times map[string]rig.Times, migrate, list rig.Process,
) (figures []measure.Figure, err error) {
	const limit, profiled = 150 * time.Millisecond, 20
	for _, side := range []struct {
		name    string
		process rig.Process
	}{{"skein migrate", migrate}, {"skein list", list}} {
		took := rig.Took(side.name, times[side.name], limit)
		asked, err := stateQueries(ctx, c, side.process)
		if err != nil {
			return figures, err
		}
		figures = append(figures, took, asked)
		short := "noop-" + side.process.Args[len(side.process.Args)-1]
		if took.Reached() && asked.Reached() {
			continue
		}
		if err := r.WriteQueries(ctx, short, c.Nodes[0]); err != nil {
			return figures, err
		}
		if err := r.Profile(ctx, short, profiled, side.process); err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// stateQueries runs a command once more, alone, and counts how often it reads rows of
// the state.
func stateQueries(ctx context.Context, c *testcluster.Cluster, process rig.Process) (measure.Figure, error) {
	command := process.Args[len(process.Args)-1]
	if err := rig.Forget(ctx, c.Nodes[0]); err != nil {
		return measure.Figure{}, err
	}
	ended, err := process.Run(ctx)
	if err != nil {
		return measure.Figure{}, err
	}
	queries, err := rig.Queries(ctx, c.Nodes[0])
	if err != nil {
		return measure.Figure{}, err
	}
	fromState := regexp.MustCompile("FROM `?[^ ]*migrations_(local|dist)`?( |$)")
	of, all := 0, 0
	for _, query := range queries {
		count, err := strconv.Atoi(query.Count)
		if err != nil {
			return measure.Figure{}, fmt.Errorf("the query log: %w", err)
		}
		all += count
		if fromState.MatchString(query.Text) {
			of += count
		}
	}
	return measure.Figure{
		Name: "state queries of skein " + command, Value: float64(of), Target: 1,
		Note: fmt.Sprintf("of %d queries in all; %d ms of CPU, %.0f MB at its peak", all, ended.CPU.Milliseconds(), ended.PeakMB),
	}, nil
}

// checked is a side that is one process, which has to have printed the right thing.
func checked(name string, process rig.Process, check func(stdout string) error) rig.Side {
	return rig.Side{Name: name, Run: func(ctx context.Context) (time.Duration, error) {
		ended, err := process.Run(ctx)
		if err != nil {
			return 0, err
		}
		return ended.Wall, check(ended.Stdout)
	}}
}
