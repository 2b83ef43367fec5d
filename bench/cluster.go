package main

import (
	"context"
	"fmt"
	"time"

	"github.com/skein-migrate/skein/bench/measure"
	"github.com/skein-migrate/skein/bench/rig"
	"github.com/skein-migrate/skein/integration/testcluster"
)

func clusterMeasurement(r *rig.Rig) measure.Measurement {
	return measure.Measurement{
		Name: "cluster",
		What: fmt.Sprintf("%d CREATE TABLE and %d ALTER TABLE of replicated tables, a migration each, on 18.16 with 2×2 nodes, beside a bare loop of the same ON CLUSTER statements",
			r.Statements, r.Statements),
		Run: func(ctx context.Context) (figures []measure.Figure, err error) {
			err = r.WithServers(ctx, rig.TwoByTwo(), func(c *testcluster.Cluster) error {
				figures, err = measureCluster(ctx, r, c)
				return err
			})
			return figures, err
		},
	}
}

// clusterSide is one of those that make the tables and change them: two processes, the
// one that makes them first.
type clusterSide struct {
	name          string
	create, alter rig.Process
	creates       rig.Times
	alters        rig.Times
}

func measureCluster(ctx context.Context, r *rig.Rig, c *testcluster.Cluster) ([]measure.Figure, error) {
	onCluster, err := clusterSkein(ctx, r, c, "skein, on_cluster")
	if err != nil {
		return nil, err
	}
	direct, err := clusterSkein(ctx, r, c, "skein, direct", "--ddl", "direct")
	if err != nil {
		return nil, err
	}
	loop, err := clusterBare(r, c)
	if err != nil {
		return nil, err
	}
	all := []*clusterSide{onCluster, direct, loop}
	var sides []rig.Side
	for _, s := range all {
		sides = append(sides, rig.Side{Name: s.name, Before: c.Clean, Run: func(ctx context.Context) (time.Duration, error) {
			return s.run(ctx, r, c)
		}})
	}
	times, err := r.Interleave(ctx, sides...)
	if err != nil {
		return nil, err
	}
	return clusterFigures(ctx, r, c, times, all)
}

func clusterFigures(
	ctx context.Context, r *rig.Rig, c *testcluster.Cluster, times map[string]rig.Times, all []*clusterSide,
) (figures []measure.Figure, err error) {
	const ofBares, ofOnClusters = 1.15, 0.25
	onCluster, direct, loop := all[0], all[1], all[2]
	for _, s := range all {
		figures = append(figures, rig.Took(s.name+": CREATE", s.creates, 0), rig.Took(s.name+": ALTER", s.alters, 0))
	}
	overBare := []measure.Figure{
		rig.Ratio("on_cluster / bare loop: CREATE", onCluster.creates, loop.creates, ofBares),
		rig.Ratio("on_cluster / bare loop: ALTER", onCluster.alters, loop.alters, ofBares),
		rig.Ratio("on_cluster / bare loop", times[onCluster.name], times[loop.name], ofBares),
	}
	overOnCluster := []measure.Figure{
		rig.Ratio("direct / on_cluster: CREATE", direct.creates, onCluster.creates, ofOnClusters),
		rig.Ratio("direct / on_cluster: ALTER", direct.alters, onCluster.alters, ofOnClusters),
		rig.Ratio("direct / on_cluster", times[direct.name], times[onCluster.name], ofOnClusters),
	}
	figures = append(append(figures, overBare...), overOnCluster...)
	for _, of := range []struct {
		figures []measure.Figure
		name    string
		side    *clusterSide
	}{{overBare, "cluster-on_cluster", onCluster}, {overOnCluster, "cluster-direct", direct}} {
		if rig.AllReached(of.figures) {
			continue
		}
		if err := of.side.whereItGoes(ctx, r, c, of.name); err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// whereItGoes profiles both halves.
func (s *clusterSide) whereItGoes(ctx context.Context, r *rig.Rig, c *testcluster.Cluster, name string) error {
	if err := c.Clean(ctx); err != nil {
		return err
	}
	if err := r.Profile(ctx, name+"-create", 1, s.create); err != nil {
		return err
	}
	return r.Profile(ctx, name+"-alter", 1, s.alter)
}

// run makes and changes the tables, which then have to be there, on all nodes.
func (s *clusterSide) run(ctx context.Context, r *rig.Rig, c *testcluster.Cluster) (time.Duration, error) {
	creates, err := s.create.Run(ctx)
	if err != nil {
		return 0, err
	}
	if err := columns(ctx, c, r.Statements, "id"); err != nil {
		return 0, err
	}
	alters, err := s.alter.Run(ctx)
	if err != nil {
		return 0, err
	}
	if err := columns(ctx, c, r.Statements, "added"); err != nil {
		return 0, err
	}
	s.creates, s.alters = append(s.creates, creates.Wall), append(s.alters, alters.Wall)
	return creates.Wall + alters.Wall, nil
}

// columns waits until so many tables of every node have a column: an ALTER of the bare
// loop is over when one replica of each shard has it. Nobody's time counts it.
func columns(ctx context.Context, c *testcluster.Cluster, want int, name string) error {
	const patience, interval = 30 * time.Second, 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, node := range c.Nodes {
		for {
			rows, err := node.Query(ctx, "SELECT toString(count()) FROM system.columns WHERE database = currentDatabase() AND table LIKE 'peer\\_%' AND name = '"+name+"'")
			if err != nil {
				return err
			}
			if rows[0][0] == fmt.Sprint(want) {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s has %s of %d columns %q", node.Name, rows[0][0], want, name)
			case <-time.After(interval):
			}
		}
	}
	return nil
}

// clusterSkein is skein, which first makes the tables of system and then those of the
// migrations up to the last CREATE.
func clusterSkein(ctx context.Context, r *rig.Rig, c *testcluster.Cluster, name string, flags ...string) (*clusterSide, error) {
	program, err := r.Skein(ctx)
	if err != nil {
		return nil, err
	}
	project, err := r.Project(c)
	if err != nil {
		return nil, err
	}
	last := ""
	for i := range r.Statements {
		last = fmt.Sprintf("%04d_create", i+1)
		if err := project.Write(last+".yaml", yamlCreate(peerTable(i))); err != nil {
			return nil, err
		}
	}
	for i := range r.Statements {
		if err := project.Write(fmt.Sprintf("%04d_alter.yaml", r.Statements+i+1), yamlAddColumn(peerTable(i), "added")); err != nil {
			return nil, err
		}
	}
	return &clusterSide{
		name:   name,
		create: project.Command(program, append([]string{"migrate", "--group", "bench", last}, flags...)...),
		alter:  project.Command(program, append([]string{"migrate"}, flags...)...),
	}, nil
}

// clusterBare is the loop, whose statements are those that skein would send with
// ON CLUSTER.
func clusterBare(r *rig.Rig, c *testcluster.Cluster) (*clusterSide, error) {
	var creates, alters bare
	for i := range r.Statements {
		table := peerTable(i)
		creates.Statements = append(creates.Statements, fmt.Sprintf("CREATE TABLE default.%s ON CLUSTER skein_local (id UInt64, timestamp DateTime, message String) "+
			"ENGINE = ReplicatedMergeTree('/clickhouse/tables/events/{shard}/default/%s', '{replica}') ORDER BY id", table, table))
		alters.Statements = append(alters.Statements, fmt.Sprintf("ALTER TABLE default.%s ON CLUSTER skein_local ADD COLUMN added UInt64", table))
	}
	create, err := bareLoop(r, c, creates)
	if err != nil {
		return nil, err
	}
	alter, err := bareLoop(r, c, alters)
	return &clusterSide{name: ofBare, create: create, alter: alter}, err
}

func yamlAddColumn(table string, names ...string) string {
	text := "target: local\nforward:\n"
	for _, name := range names {
		text += "  - add_column: {table: " + table + ", column: {name: " + name + ", type: UInt64}}\n"
	}
	return text
}
