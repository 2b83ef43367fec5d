package integration

import (
	"testing"

	"github.com/skein-migrate/skein/integration/running"
)

// goose keeps its table on the node that it was connected to. Where two nodes have
// one and they differ, nobody can say which is right.
func TestImportOnAClusterReadsTheNodeThatHasTheTable(t *testing.T) {
	t.Parallel()
	s := newTaking(t, servers.cluster.Cluster(t), map[string]string{"00001_events.sql": gooseEvents})
	const table = "CREATE TABLE goose_db_version (version_id Int64, is_applied UInt8, date Date DEFAULT now(), tstamp DateTime DEFAULT now()) " +
		"ENGINE = MergeTree() ORDER BY (version_id)"
	for _, n := range s.Servers.Nodes[2:] {
		exec(t, n, table)
	}
	exec(t, s.Servers.Nodes[2], "INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (0, 1, '2026-01-02 03:04:00'), (1, 1, '2026-01-02 03:04:05')")
	running.Says(t, s.Must(3, "import", "goose", "--dir", s.theirs).Stderr, "goose_db_version on "+s.Servers.Nodes[3].Addr()+" is not what it is on "+s.Servers.Nodes[2].Addr())
	exec(t, s.Servers.Nodes[3], "DROP TABLE goose_db_version")
	for _, n := range s.Servers.Nodes {
		if have := query(t, n, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE 'migration%'")[0][0]; have != "0" {
			t.Errorf("%s: a refused import made %s tables", n.Name, have)
		}
	}
	running.Says(t, s.Must(0, "import", "goose", "--dir", s.theirs).Stdout, "1 migration recorded as completed")
	running.Says(t, s.Must(0, "list").Stdout, "[X] 00001_events", "2026-01-02 03:04:05")
	running.Says(t, s.Must(0, "migrate").Stdout, "Nothing to do.")
	for _, n := range s.Servers.Nodes {
		if have := s.tables(n); len(have) > 1 {
			t.Errorf("%s has %v", n.Name, have)
		}
	}
}
