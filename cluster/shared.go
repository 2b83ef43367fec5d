package cluster

import (
	"context"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// sharedStorages are those which nodes can share through ZooKeeper or Keeper, with
// the system table that says so. Of SQL functions no server says it (24 to 26.7), and
// ON CLUSTER is told to look itself.
func sharedStorages() []sharedStorage {
	return []sharedStorage{
		{
			ops.StorageAccess, "user_directories", "SELECT 'user_directories', type, '' FROM system.user_directories",
			func(kind string) bool { return kind == "replicated" },
		},
		{
			ops.StorageNamedCollections, "server_settings",
			"SELECT 'server_settings', value, '' FROM system.server_settings WHERE name = 'named_collections_storage.type'",
			func(kind string) bool {
				return strings.HasPrefix(kind, "zookeeper") || strings.HasPrefix(kind, "keeper")
			},
		},
	}
}

type sharedStorage struct {
	is          ops.Storage
	table       string
	sql         string
	replicating func(value string) bool
}

// shared says which storages a node shares with others, as far as it can be seen.
func (c *Cluster) shared(ctx context.Context, node string, facts nodeFacts) ([]ops.Storage, error) {
	var queries []string
	for _, storage := range sharedStorages() {
		if len(facts.columns[storage.table]) > 0 {
			queries = append(queries, storage.sql)
		}
	}
	if len(queries) == 0 {
		return nil, nil
	}
	rows, err := c.Query(ctx, node, strings.Join(queries, unionAll))
	if err != nil {
		return nil, err
	}
	var shared []ops.Storage
	for _, storage := range sharedStorages() {
		if slices.ContainsFunc(rows, func(row []string) bool { return row[0] == storage.table && storage.replicating(row[1]) }) {
			shared = append(shared, storage.is)
		}
	}
	return shared, nil
}
