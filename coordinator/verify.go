package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Comparer compares the tables of the nodes of a cluster.
type Comparer interface {
	// Compare reads all nodes of one configured cluster. Those that do not answer
	// are in the report; it is an error if none does.
	Compare(ctx context.Context, inquiry compare.Inquiry) (compare.Report, error)
}

// Verify compares the tables of all nodes, cluster by cluster, and changes
// nothing. With a storage set, these are the tables that migrations name on it;
// without, all tables of the databases that skein works in. What could be compared
// is returned also with an error about a cluster of which no node answers.
func (c *Coordinator) Verify(ctx context.Context, set storageset.Key) ([]compare.Report, error) {
	inquiries, err := c.inquiries(set)
	if err != nil {
		return nil, err
	}
	reports := []compare.Report{}
	var failures []error
	for _, inquiry := range inquiries {
		report, err := c.options.Comparer.Compare(ctx, inquiry)
		if err != nil {
			failures = append(failures, fmt.Errorf("compare the nodes: %w", err))
			continue
		}
		reports = append(reports, report)
	}
	return reports, errors.Join(failures...)
}

func (c *Coordinator) inquiries(set storageset.Key) ([]compare.Inquiry, error) {
	sets := c.options.Sets.Keys()
	if set != "" {
		sets = []storageset.Key{set}
	}
	byCluster := map[string]compare.Inquiry{}
	var names []string
	for _, key := range sets {
		name, err := c.options.Sets.Cluster(key)
		if err != nil {
			return nil, &journal.UsageError{Err: err}
		}
		if _, known := byCluster[name]; !known {
			names = append(names, name)
			byCluster[name] = compare.Inquiry{Cluster: name, Homes: map[compare.Name]compare.Home{}, Only: set != ""}
		}
		c.addHomes(key, byCluster[name].Homes)
		if set != "" && len(byCluster[name].Homes) == 0 {
			return nil, journal.Usagef("no migration names a table of storage set %q: there is nothing to compare", set)
		}
	}
	slices.Sort(names)
	out := make([]compare.Inquiry, len(names))
	for i, name := range names {
		out[i] = byCluster[name]
	}
	return out, nil
}

// addHomes adds the tables that migrations name on a storage set, on their way
// forward or back. Whether they should be there now is not asked: what is on no
// node differs on none.
func (c *Coordinator) addHomes(set storageset.Key, homes map[compare.Name]compare.Home) {
	for _, group := range c.options.Registry.Groups() {
		for _, m := range group.Migrations {
			for _, table := range migration.Tables(slices.Concat(m.Forward, m.Backward)) {
				if table.StorageSet != set || table.Name == "" {
					continue
				}
				name := compare.Name{Database: table.Database, Table: table.Name}
				home := homes[name]
				home.Local = home.Local || table.Target == ops.Local
				home.Query = home.Query || table.Target == ops.Distributed
				homes[name] = home
			}
		}
	}
}
