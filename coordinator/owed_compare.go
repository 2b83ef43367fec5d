package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// compareSettled compares the nodes that have got all that they were owed with
// their neighbours, and clears what is owed to those that are like them. While a
// migration is half-done there is nothing to compare with.
func (s *session) compareSettled(ctx context.Context) error {
	if err := s.flushFinished(ctx); err != nil {
		return err
	}
	for _, entry := range s.state {
		if entry.Status == journal.InProgress && len(noteOf(entry).Owed) > 0 {
			return nil
		}
	}
	for _, node := range s.state.owedNodes() {
		keys := s.state.owedTo(node)
		open := slices.ContainsFunc(keys, func(key journal.Key) bool { return len(noteOf(s.state[key]).Owed[node]) > 0 })
		if open || s.c.isLeftOut(node) {
			continue
		}
		if err := s.likeNeighbours(ctx, node, keys); err != nil {
			return err
		}
		if err := s.clear(ctx, node, keys); err != nil {
			return err
		}
		s.result.Settled = append(s.result.Settled, Settled{node, keys})
	}
	return nil
}

// likeNeighbours waits until a node has the tables of migrations as its
// neighbours have them: what replication brings takes a while.
func (s *session) likeNeighbours(ctx context.Context, node string, keys []journal.Key) error {
	inquiries, err := s.c.tablesOf(keys)
	if err != nil {
		return err
	}
	limit := s.c.patience
	for _, inquiry := range inquiries {
		limit = max(limit, s.c.waitLimit(inquiry.Cluster))
	}
	why := ""
	wait := await.Wait{
		Key: keys[0], Emit: s.emit, Limit: limit, Asking: func() string { return "the tables of " + node + " and its neighbours" },
	}
	err = wait.Until(ctx, func(ctx context.Context) (await.Look, error) {
		var err error
		why, err = s.unlike(ctx, node, inquiries)
		return await.Look{Done: why == "", Reason: node + " is not like its neighbours yet: " + why}, err
	})
	var over *await.OverError
	switch {
	case errors.As(err, &over) && why != "":
		return journal.Refusef("%s has got what it was owed of %s, and is not like its neighbours: %s. It stays owed that. "+
			"skein verify shows all of it; make it like them (SYSTEM RESTART REPLICA, where a replica lags), then: skein resume",
			node, keyList(keys), why)
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// unlike says in what a node is not like most of its neighbours.
func (s *session) unlike(ctx context.Context, node string, inquiries []compare.Inquiry) (string, error) {
	var why []string
	for _, inquiry := range inquiries {
		report, err := s.c.options.Comparer.Compare(ctx, inquiry)
		if err != nil {
			return "", fmt.Errorf("compare %s with its neighbours: %w", node, err)
		}
		for _, silent := range report.Silent {
			why = append(why, silent.Node+" "+silent.Why)
		}
		for _, d := range report.Differences {
			// Of two halves nobody knows which is right.
			if d.Node == node || slices.Contains(d.MostNodes, node) && 2*len(d.MostNodes) <= len(report.Nodes) {
				why = append(why, fmt.Sprintf("%s differs on %s in %s", d.Name, d.Node, d.What))
			}
		}
	}
	return strings.Join(why, "; "), nil
}

// tablesOf makes an inquiry a cluster about the tables of migrations.
func (c *Coordinator) tablesOf(keys []journal.Key) ([]compare.Inquiry, error) {
	byCluster := map[string]compare.Inquiry{}
	for _, key := range keys {
		t, known := c.targetOf(key, journal.Forward)
		if !known {
			continue // refused before anything was settled
		}
		for _, table := range migration.Tables(slices.Concat(t.migration.Forward, t.migration.Backward)) {
			cluster, err := c.options.Sets.Cluster(table.StorageSet)
			if err != nil {
				return nil, &journal.UsageError{Err: err}
			}
			if table.Name == "" {
				continue
			}
			if _, there := byCluster[cluster]; !there {
				byCluster[cluster] = compare.Inquiry{Cluster: cluster, Homes: map[compare.Name]compare.Home{}, Only: true}
			}
			name := compare.Name{Database: table.Database, Table: table.Name}
			home := byCluster[cluster].Homes[name]
			home.Local = home.Local || table.Target == ops.Local
			home.Query = home.Query || table.Target == ops.Distributed
			byCluster[cluster].Homes[name] = home
		}
	}
	out := make([]compare.Inquiry, 0, len(byCluster))
	for _, inquiry := range byCluster {
		out = append(out, inquiry)
	}
	slices.SortFunc(out, func(a, b compare.Inquiry) int { return strings.Compare(a.Cluster, b.Cluster) })
	return out, nil
}

// clear writes that a node is owed nothing more.
func (s *session) clear(ctx context.Context, node string, keys []journal.Key) error {
	for _, key := range keys {
		entry := s.state[key]
		note := noteOf(entry)
		delete(note.Owed, node)
		delete(note.Settling, node)
		if err := s.rewriteDebt(ctx, entry, note); err != nil {
			return err
		}
	}
	return nil
}
