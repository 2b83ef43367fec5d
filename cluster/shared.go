package cluster

import (
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// sharedStorages are those which nodes can share through ZooKeeper or Keeper, with
// the system table that says so. Of SQL functions no server says it (24 to 26.7), and
// ON CLUSTER is told to look itself.
func sharedStorages() []sharedStorage {
	return []sharedStorage{
		{
			ops.StorageAccess, "user_directories", "SELECT 'user_directories', type, '', '', '' FROM system.user_directories",
			func(kind string) bool { return kind == "replicated" },
		},
		{
			ops.StorageNamedCollections, "server_settings",
			"SELECT 'server_settings', value, '', '', '' FROM system.server_settings WHERE name = 'named_collections_storage.type'",
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

// asksShared are the questions whose answers say which storages a node shares with others,
// as far as it can be seen: system tables that it does not have say nothing.
func (f nodeFacts) asksShared() []string {
	var queries []string
	for _, storage := range sharedStorages() {
		if len(f.columns[storage.table]) > 0 {
			queries = append(queries, storage.sql)
		}
	}
	return queries
}

// sharing is the storage that a row of a system table says to be shared.
func sharing(table, value string) (ops.Storage, bool) {
	for _, storage := range sharedStorages() {
		if storage.table == table && storage.replicating(value) {
			return storage.is, true
		}
	}
	return "", false
}
