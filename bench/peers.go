package main

import (
	"context"
	"fmt"
	"time"

	"github.com/skein-migrate/skein/bench/measure"
	"github.com/skein-migrate/skein/bench/rig"
	"github.com/skein-migrate/skein/integration/peertool"
	"github.com/skein-migrate/skein/integration/testcluster"
)

func peersMeasurement(r *rig.Rig) measure.Measurement {
	return measure.Measurement{
		Name: "peers", What: fmt.Sprintf("%d migrations of one CREATE TABLE on one 26.7 node, beside goose, golang-migrate and a bare loop", r.Migrations),
		Run: func(ctx context.Context) (figures []measure.Figure, err error) {
			err = r.WithServers(ctx, rig.Modern(), func(c *testcluster.Cluster) error {
				figures, err = measurePeers(ctx, r, c)
				return err
			})
			return figures, err
		},
	}
}

// peers are the sides of the comparison.
type peers struct {
	r       *rig.Rig
	c       *testcluster.Cluster
	program string // skein
	sides   []rig.Side
}

const (
	ofSQL     = "skein, SQL, lease"
	ofYAML    = "skein, YAML, lease"
	ofZK      = "skein, SQL, lock in ZooKeeper"
	ofGoose   = "goose"
	ofMigrate = "golang-migrate"
	ofBare    = "bare loop"
)

func measurePeers(ctx context.Context, r *rig.Rig, c *testcluster.Cluster) ([]measure.Figure, error) {
	const ofGooses, ofBares = 0.95, 1.2
	program, err := r.Skein(ctx)
	if err != nil {
		return nil, err
	}
	p := &peers{r: r, c: c, program: program}
	old, lease := rig.Lease(c)
	var ours []ourSide
	for _, side := range []struct {
		name, short, ending string
		file                func(table string) string
		changes             []string
	}{
		{ofSQL, "peers-sql", "sql", sqlCreate, []string{old, lease}},
		{ofYAML, "peers-yaml", "yaml", yamlCreate, []string{old, lease}},
		{ofZK, "peers-zookeeper", "sql", sqlCreate, nil},
	} {
		process, err := p.skein(side.name, side.ending, side.file, side.changes...)
		if err != nil {
			return nil, err
		}
		ours = append(ours, ourSide{side.name, side.short, process})
	}
	if err := p.others(ctx); err != nil {
		return nil, err
	}
	if err := p.bare(); err != nil {
		return nil, err
	}
	times, err := r.Interleave(ctx, p.sides...)
	if err != nil {
		return nil, err
	}
	var figures []measure.Figure
	for _, side := range p.sides {
		figures = append(figures, rig.Took(side.Name, times[side.Name], 0))
	}
	for _, side := range ours {
		ratios := []measure.Figure{
			rig.Ratio(side.name+" / goose", times[side.name], times[ofGoose], ofGooses),
			rig.Ratio(side.name+" / bare loop", times[side.name], times[ofBare], ofBares),
		}
		figures = append(figures, ratios...)
		if rig.AllReached(ratios) {
			continue
		}
		if err := whereItGoes(ctx, r, side.short, c, side.process); err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// ourSide is one of skein's.
type ourSide struct {
	name, short string // short: of its profile
	process     rig.Process
}

// whereItGoes profiles one run of a command, on servers as they are before it.
func whereItGoes(ctx context.Context, r *rig.Rig, name string, c *testcluster.Cluster, skein rig.Process) error {
	if err := c.Clean(ctx); err != nil {
		return err
	}
	if err := rig.Forget(ctx, c.Nodes[0]); err != nil {
		return err
	}
	if err := r.Profile(ctx, name, 1, skein); err != nil {
		return err
	}
	return r.WriteQueries(ctx, name, c.Nodes[0])
}

// add adds a side that is one process, on an empty database that holds as many tables
// afterwards as there are migrations.
func (p *peers) add(name string, process rig.Process) {
	p.sides = append(p.sides, rig.Side{
		Name: name, Before: p.c.Clean,
		Run: func(ctx context.Context) (time.Duration, error) {
			ended, err := process.Run(ctx)
			if err != nil {
				return 0, err
			}
			return ended.Wall, p.check(ctx)
		},
	})
}

func (p *peers) check(ctx context.Context) error {
	rows, err := p.c.Nodes[0].Query(ctx, "SELECT toString(count()) FROM system.tables WHERE database = currentDatabase() AND name LIKE 'peer\\_%'")
	if err != nil {
		return err
	}
	if want := fmt.Sprint(p.r.Migrations); rows[0][0] != want {
		return fmt.Errorf("%s tables were made, not %s", rows[0][0], want)
	}
	return nil
}

// skein adds skein, with files of one kind, and with changes of the configuration.
func (p *peers) skein(name, ending string, file func(table string) string, changes ...string) (rig.Process, error) {
	project, err := p.r.Project(p.c, changes...)
	if err != nil {
		return rig.Process{}, err
	}
	for i := range p.r.Migrations {
		if err := project.Write(fmt.Sprintf("%04d_create.%s", i+1, ending), file(peerTable(i))); err != nil {
			return rig.Process{}, err
		}
	}
	process := project.Command(p.program, "migrate")
	p.add(name, process)
	return process, nil
}

// others adds goose and golang-migrate.
func (p *peers) others(ctx context.Context) error {
	node := p.c.Nodes[0]
	address := fmt.Sprintf("%s:%d", node.Host, node.Port)
	goose, err := peertool.Goose().Build(ctx)
	if err != nil {
		return err
	}
	migrate, err := peertool.GolangMigrate().Build(ctx)
	if err != nil {
		return err
	}
	gooses, err := p.r.Dir("goose")
	if err != nil {
		return err
	}
	migrates, err := p.r.Dir("migrate")
	if err != nil {
		return err
	}
	for i := range p.r.Migrations {
		up, down := peerCreate(peerTable(i)), "DROP TABLE "+peerTable(i)
		for _, file := range []struct{ dir, name, text string }{
			{gooses, fmt.Sprintf("%05d_create.sql", i+1), "-- +goose Up\n" + up + ";\n\n-- +goose Down\n" + down + ";\n"},
			{migrates, fmt.Sprintf("%06d_create.up.sql", i+1), up + ";\n"},
			{migrates, fmt.Sprintf("%06d_create.down.sql", i+1), down + ";\n"},
		} {
			if err := rig.Write(file.dir, file.name, file.text); err != nil {
				return err
			}
		}
	}
	p.add(ofGoose, rig.Process{Path: goose, Args: []string{"-dir", gooses, "clickhouse", "clickhouse://" + address + "/" + p.c.Database, "up"}})
	p.add(ofMigrate, rig.Process{Path: migrate, Args: []string{
		"-path", migrates, "-database", "clickhouse://" + address + "?username=default&database=" + p.c.Database, "up",
	}})
	return nil
}

// bare adds the loop that does nothing else: a statement, a row, a statement…
func (p *peers) bare() error {
	b := bare{Insert: true}
	for i := range p.r.Migrations {
		b.Statements = append(b.Statements, peerCreate(peerTable(i)))
	}
	process, err := bareLoop(p.r, p.c, b)
	if err != nil {
		return err
	}
	p.add(ofBare, process)
	return nil
}

func peerTable(i int) string { return fmt.Sprintf("peer_%04d", i+1) }

func peerCreate(table string) string {
	return "CREATE TABLE " + table + " (id UInt64, timestamp DateTime, message String) ENGINE = MergeTree ORDER BY id"
}

// sqlCreate is peerCreate as a file of skein's.
func sqlCreate(table string) string {
	return "-- skein:up\n-- @stmt target=local\n" + peerCreate("{db}."+table) + "\n\n-- skein:down\n-- @stmt target=local\nDROP TABLE {db}." + table + "\n"
}

// yamlCreate is the same of operations, whose way back is derived.
func yamlCreate(table string) string {
	return "target: local\nforward:\n  - create_table:\n      table: " + table + `
      columns:
        - {name: id, type: UInt64}
        - {name: timestamp, type: DateTime}
        - {name: message, type: String}
      engine: {kind: MergeTree, order_by: id}
`
}
