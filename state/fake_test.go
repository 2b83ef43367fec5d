package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

var (
	errUnknown  = errors.New("319 unknown status")
	errTryAgain = errors.New("285 too few replicas")
	errDown     = errors.New("connection refused")
)

// servers is an in-memory stand-in for the cluster that the state is on.
// Replication is as slow as a test wants: each node has rows of its own.
type servers struct {
	mu      sync.Mutex
	nodes   []journal.Node
	columns map[string][]string   // by node; absent: no table
	rows    map[string][][]any    // by node
	layouts map[string][][]string // by node: rows besides the columns', or instead of the usual
	dist    map[string]string     // engine_full of migrations_dist, by node
	down    map[string]bool
	old     map[string]bool // it has not read its queue yet
	lagging map[string]bool // SYSTEM SYNC REPLICA fails
	hash    int             // cityHash64(group) % shards
	asked   []string        // "n1 SYSTEM SYNC REPLICA"
	inserts []insert
	answers []error // of the inserts, in order; nil afterwards
}

type insert struct {
	node    string
	table   string
	columns []string
	rows    [][]any
	quorum  int
}

// serving is shards × replicas with empty state tables: n1, n2, …
func serving(shards, replicas int) *servers {
	s := &servers{
		columns: map[string][]string{}, layouts: map[string][][]string{}, dist: map[string]string{},
		rows: map[string][][]any{}, down: map[string]bool{}, lagging: map[string]bool{}, old: map[string]bool{},
	}
	for shard := 1; shard <= shards; shard++ {
		for replica := 1; replica <= replicas; replica++ {
			node := journal.Node{Host: fmt.Sprintf("n%d", len(s.nodes)+1), Port: 9000, Shard: shard, Replica: replica}
			s.nodes = append(s.nodes, node)
			s.columns[node.Name()] = ours()
			s.dist[node.Name()] = "Distributed('c', 'default', 'migrations_local', cityHash64(group))"
		}
	}
	return s
}

func ours() []string {
	var out []string
	for _, column := range columns() {
		out = append(out, column.Name)
	}
	return out
}

func (s *servers) store() *Store {
	return New(s, Options{
		Database:   "default",
		Unknown:    func(err error) bool { return errors.Is(err, errUnknown) },
		TryAgain:   func(err error) bool { return errors.Is(err, errTryAgain) },
		WriteLimit: 5 * time.Second,
	})
}

// put makes a node have an entry.
func (s *servers) put(node string, entries ...journal.Entry) {
	for _, e := range entries {
		s.rows[node] = append(s.rows[node], values(e))
	}
}

// Nodes implements Nodes.
func (s *servers) Nodes(ops.Target) []journal.Node { return s.nodes }

// Query implements Nodes for the queries of this package.
func (s *servers) Query(_ context.Context, node, sql string) ([][]string, error) {
	s.mu.Lock() // shards are read side by side
	defer s.mu.Unlock()
	if s.down[node] {
		return nil, fmt.Errorf("%s: %w", node, errDown)
	}
	switch {
	case strings.Contains(sql, "system.columns"):
		return s.layout(node), nil
	case strings.Contains(sql, "system.tables"):
		if s.dist[node] == "" {
			return nil, nil
		}
		engine, _, _ := strings.Cut(s.dist[node], "(")
		return [][]string{{engine, s.dist[node]}}, nil
	case strings.HasPrefix(sql, "SELECT replica_path"):
		return [][]string{{"/replicas/" + node}}, nil
	case strings.Contains(sql, "system.zookeeper"):
		if s.old[node] {
			return [][]string{{"format version: 4\ncreate_time: 2026-11-21 08:47:57\nsource replica: \nblock_id: \nget\nall_12_12_0\n"}}, nil
		}
		return [][]string{{"format version: 4\nsource replica: r1\nmerge\nall_0_0_0\ninto\nall_0_5_1\n"}}, nil
	case strings.HasPrefix(sql, "SYSTEM SYNC REPLICA"):
		s.asked = append(s.asked, node+" sync")
		if s.lagging[node] {
			return nil, fmt.Errorf("%s: 999 session expired", node)
		}
		return nil, nil
	case strings.Contains(sql, "count()"):
		return [][]string{{fmt.Sprint(len(s.rows[node]))}}, nil
	case strings.Contains(sql, "cityHash64"):
		s.asked = append(s.asked, node+" "+sql)
		return [][]string{{fmt.Sprint(s.hash)}}, nil
	case strings.HasPrefix(sql, "SELECT DISTINCT"):
		s.asked = append(s.asked, node+" read")
		var out [][]string
		for _, row := range s.rows[node] {
			out = append(out, printed(row))
		}
		return out, nil
	}
	return nil, fmt.Errorf("unexpected %s", sql)
}

// layout is what the node says of its migrations_local: as skein makes it, in so
// far as the test has no other row of the kind and name.
func (s *servers) layout(node string) [][]string {
	if s.columns[node] == nil {
		return nil
	}
	types := map[string]string{}
	for _, column := range columns() {
		types[column.Name] = column.Type
	}
	shard := 0
	for _, n := range s.nodes {
		if n.Name() == node {
			shard = n.Shard
		}
	}
	out := slices.Clone(s.layouts[node])
	add := func(row ...string) {
		if !slices.ContainsFunc(out, func(r []string) bool { return r[0] == row[0] && (r[0] != "column" || r[1] == row[1]) }) {
			out = append(out, row)
		}
	}
	for _, name := range s.columns[node] {
		add("column", name, types[name])
	}
	add("engine", "ReplicatedReplacingMergeTree", "ReplicatedReplacingMergeTree('/m/{shard}', '{replica}', version) "+
		"ORDER BY (group, migration_id) SETTINGS index_granularity = 8192")
	add("path", node, fmt.Sprintf("/m/%d", shard))
	return out
}

// printed is a row as the SELECT of readNode has it.
func printed(row []any) []string {
	out := make([]string, len(row))
	for i, value := range row {
		switch v := value.(type) {
		case time.Time:
			out[i] = fmt.Sprint(v.Unix())
		case []string:
			out[i] = strings.Join(v, ",")
		default:
			out[i] = fmt.Sprint(v)
		}
	}
	return out
}

// Insert implements Nodes.
func (s *servers) Insert(_ context.Context, node string, table ops.Table, columns []string, rows [][]any, quorum int) error {
	s.inserts = append(s.inserts, insert{node, table.String(), columns, rows, quorum})
	if n := len(s.inserts); n <= len(s.answers) && s.answers[n-1] != nil {
		return s.answers[n-1]
	}
	s.rows[node] = append(s.rows[node], rows...)
	return nil
}
