package cluster

import (
	"context"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// sharedStorages says which storages a node shares with others through
// ZooKeeper or Keeper, as far as it can be seen: of SQL functions no server
// says it (24 to 26.7), and ON CLUSTER is told to look itself.
func (c *Cluster) sharedStorages(ctx context.Context, node string, facts nodeFacts) ([]ops.Storage, error) {
	var shared []ops.Storage
	for _, storage := range []struct {
		is          ops.Storage
		table       string
		sql         string
		replicating func(value string) bool
	}{
		{
			ops.StorageAccess, "user_directories", "SELECT type FROM system.user_directories ORDER BY precedence",
			func(kind string) bool { return kind == "replicated" },
		},
		{
			ops.StorageNamedCollections, "server_settings",
			"SELECT value FROM system.server_settings WHERE name = 'named_collections_storage.type'",
			func(kind string) bool {
				return strings.HasPrefix(kind, "zookeeper") || strings.HasPrefix(kind, "keeper")
			},
		},
	} {
		if len(facts.columns[storage.table]) == 0 {
			continue
		}
		rows, err := c.Query(ctx, node, storage.sql)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if storage.replicating(row[0]) {
				shared = append(shared, storage.is)
				break
			}
		}
	}
	return shared, nil
}

// databases lists a node's databases with their engines.
func (c *Cluster) databases(ctx context.Context, node string) (map[string]string, error) {
	rows, err := c.Query(ctx, node, "SELECT name, engine FROM system.databases")
	if err != nil {
		return nil, err
	}
	engines := make(map[string]string, len(rows))
	for _, row := range rows {
		engines[row[0]] = row[1]
	}
	return engines, nil
}
