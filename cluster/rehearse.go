package cluster

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// Rehearse makes a database on the first local node of a cluster, runs steps in it,
// drops it, and returns the tables that were left, with the name of the cluster's
// database in place of that of the empty one. The caller answers for the steps: they
// have to be about that database alone.
func (s *Set) Rehearse(ctx context.Context, name, database string, steps []plan.Step) (map[compare.Name]compare.Table, error) {
	c, err := s.Cluster(ctx, name)
	if err != nil {
		return nil, err
	}
	node := c.local[0]
	facts, err := c.node(ctx, node.Name())
	if err != nil {
		return nil, err
	}
	create := "CREATE DATABASE " + ops.Ident(database)
	if !facts.Version.Less(Since()[ops.FeatureExchange]) {
		create += " ENGINE = Atomic"
	}
	if _, err := c.Query(ctx, node.Name(), create); err != nil {
		return nil, journal.Refusef("make an empty database to compare with, nothing else was changed: %w", err)
	}
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		// Left behind, it is empty of rows and bears its purpose in its name.
		_, _ = c.Query(after, node.Name(), "DROP DATABASE "+ops.Ident(database))
	}()
	if err := c.tryOut(ctx, node, facts, database, steps); err != nil {
		return nil, err
	}
	return c.tried(ctx, node, database)
}

// tryOut runs the steps with the empty database as that of the connection: a table
// that is named without one is in it too.
func (c *Cluster) tryOut(ctx context.Context, node journal.Node, facts nodeFacts, database string, steps []plan.Step) error {
	address := node.Name()
	if c.options.Address != nil {
		address = c.options.Address(address)
	}
	pool := wire.NewPool(wire.Options{
		Node: node.Name(), Address: address, Database: database,
		User: c.options.User, Password: c.options.Password, TLS: c.options.TLS,
		DialTimeout: c.options.ConnectTimeout, Logger: c.options.Logger, Secrets: c.secrets,
	})
	defer pool.Close()
	for _, step := range steps {
		limited, cancel := context.WithTimeout(ctx, queryTimeout)
		err := pool.Run(limited, wire.Query{SQL: step.Text, Settings: c.settings(facts.Settings, step.Statement, false)})
		cancel()
		if err != nil {
			return journal.Refusef("%s, %s: it does not work on an empty database, so that nothing can be compared with it: %w",
				step.Key, step.Statement.Summary, err)
		}
	}
	return nil
}

// tried reads what the steps have left.
func (c *Cluster) tried(ctx context.Context, node journal.Node, database string) (map[compare.Name]compare.Table, error) {
	states, err := c.tables(ctx, node.Name(), inDatabases([]string{database}), columns)
	if err != nil {
		return nil, err
	}
	out := map[compare.Name]compare.Table{}
	for _, state := range states {
		state.createQuery = strings.ReplaceAll(state.createQuery, database, c.options.Database)
		for i := range state.columns {
			state.columns[i].expression = strings.ReplaceAll(state.columns[i].expression, database, c.options.Database)
		}
		out[compare.Name{Database: c.options.Database, Table: state.name}] = sheet(state)
	}
	return out, nil
}

// Tables reads all tables of a cluster's database on its local nodes. One that does
// not answer is an error.
func (s *Set) Tables(ctx context.Context, name string) ([]compare.Node, error) {
	c, err := s.Cluster(ctx, name)
	if err != nil {
		return nil, err
	}
	nodes, silent := c.sheets(ctx, c.local, []string{c.options.Database})
	if err := first(c.local, silent); err != nil {
		return nil, fmt.Errorf("read the tables of cluster %q: %w", name, err)
	}
	return nodes, nil
}
