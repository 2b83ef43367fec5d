package integration

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/integration/running"
	"github.com/skein-migrate/skein/integration/testcluster"
)

// everything is what a command that is refused must leave as it was: all tables
// of all nodes, the rows of the state that count, and where replicas are in
// ZooKeeper. Merges and replication go on meanwhile, and show in none of it.
func everything(t *testing.T, c *testcluster.Cluster) []string {
	t.Helper()
	var out []string
	rows := map[string]map[string]bool{}
	highest := map[string]int{}
	for _, n := range c.Nodes {
		for _, table := range query(t, n, "SELECT database, name, engine_full, create_table_query FROM system.tables WHERE database != 'system' "+
			"AND lower(database) != 'information_schema' ORDER BY database, name") {
			out = append(out, n.Name+" "+strings.Join(table, " "))
			if table[1] != "migrations_local" {
				continue
			}
			for _, row := range query(t, n, "SELECT DISTINCT * FROM `"+table[0]+"`.migrations_local ORDER BY version DESC LIMIT 2 BY `group`, migration_id") {
				key := strings.Join([]string{table[0], row[0], row[1]}, "/")
				version, err := strconv.Atoi(row[4])
				if err != nil {
					t.Fatal(err)
				}
				if rows[key] == nil || version > highest[key] {
					highest[key], rows[key] = version, map[string]bool{}
				}
				if version == highest[key] {
					rows[key][strings.Join(row, " ")] = true
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		out = append(out, slices.Sorted(maps.Keys(rows[key]))...)
	}
	return append(out, replicasInZooKeeper(t, c)...)
}

// replicasInZooKeeper lists the paths of tables with their replicas.
func replicasInZooKeeper(t *testing.T, c *testcluster.Cluster) []string {
	t.Helper()
	if c.ZooKeeper == nil {
		return nil
	}
	conn, _, err := zk.Connect([]string{c.ZooKeeperAddr}, 5*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var out []string
	var walk func(path string)
	walk = func(path string) {
		children, _, err := conn.Children(path)
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			t.Fatal(err)
		}
		isTable := slices.Contains(children, "replicas")
		slices.Sort(children)
		for _, child := range children {
			if isTable && child != "replicas" { // parts, logs: they change by themselves
				continue
			}
			if out = append(out, path+"/"+child); !strings.HasSuffix(path, "/replicas") {
				walk(path + "/" + child)
			}
		}
	}
	walk("/clickhouse/tables")
	return out
}

// refuse runs a command that has to be refused, and to change nothing.
func (s *session) refuse(code int, args ...string) result {
	s.T.Helper()
	before := everything(s.T, s.Servers)
	r := s.Must(code, args...)
	if diff := cmp.Diff(before, everything(s.T, s.Servers)); diff != "" {
		s.T.Errorf("skein %s was refused and changed something:\n%s", strings.Join(args, " "), diff)
	}
	return r
}

// saysOf is says with NODE0 for the name of the first node, and so on.
func (s *session) saysOf(text string, parts ...string) {
	s.T.Helper()
	for _, part := range parts {
		for i, n := range s.Servers.Nodes {
			part = strings.ReplaceAll(part, fmt.Sprint("NODE", i), n.Addr())
		}
		running.Says(s.T, text, part)
	}
}
