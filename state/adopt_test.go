package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// snubas is servers whose migrations_local Snuba has made, with what is asked of
// them for an adoption. An ALTER is had by all replicas of its shard.
type snubas struct {
	*servers
	rows  [][]string
	sent  []string
	fails string // the node that refuses an ALTER
}

func ofSnuba(shards, replicas int) *snubas {
	s := &snubas{servers: serving(shards, replicas), rows: [][]string{{"events", "0001_a", "completed", "2"}}}
	for node := range s.columns {
		s.columns[node] = ours()[:sharedColumns]
	}
	return s
}

func (s *snubas) store() *Store {
	store := s.servers.store()
	store.nodes = s
	return store
}

// Query implements Nodes.
func (s *snubas) Query(ctx context.Context, node, sql string) ([][]string, error) {
	switch {
	case strings.HasPrefix(sql, "SELECT `group`, migration_id, toString(status), toString(version)"):
		return s.rows, nil
	case strings.Contains(sql, "'migrations_dist'") && strings.Contains(sql, "system.columns"):
		var rows [][]string
		for _, column := range columns()[:sharedColumns] {
			rows = append(rows, []string{"column", column.Name, column.Type})
		}
		return rows, nil
	case strings.HasPrefix(sql, "ALTER TABLE"):
		if node == s.fails {
			return nil, fmt.Errorf("%s: refused", node)
		}
		s.sent = append(s.sent, node+" "+strings.Fields(sql)[2])
		if strings.Contains(sql, "migrations_local") {
			for _, n := range s.nodes {
				if n.Shard == s.shardOf(node) {
					s.columns[n.Name()] = ours()
				}
			}
		}
		return nil, nil
	}
	return s.servers.Query(ctx, node, sql)
}

func (s *snubas) shardOf(node string) int {
	return s.nodes[slices.Index(s.names(), node)].Shard
}

func (s *snubas) names() []string {
	var names []string
	for _, n := range s.nodes {
		names = append(names, n.Name())
	}
	return names
}

func always(context.Context) error { return nil }

func TestATableOfSnubasIsAdoptedOnOneReplicaOfEachShard(t *testing.T) {
	s := ofSnuba(2, 2)
	found, err := s.store().Adoptable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.sent) > 0 || found.Completed["events"] != 1 {
		t.Errorf("looking sent %v and found %v", s.sent, found.Completed)
	}
	tables, err := s.store().Adopt(t.Context(), always)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"n1:9000 `default`.`migrations_local`", "n3:9000 `default`.`migrations_local`", "n1:9000 `default`.`migrations_dist`",
		"n2:9000 `default`.`migrations_dist`", "n3:9000 `default`.`migrations_dist`", "n4:9000 `default`.`migrations_dist`",
	}
	if diff := cmp.Diff(want, s.sent); diff != "" {
		t.Errorf("(-want +sent)\n%s", diff)
	}
	if diff := cmp.Diff([]string{tableLocal, tableDist}, tables); diff != "" {
		t.Error(diff)
	}
	s.sent = nil
	if _, err := s.store().Adopt(t.Context(), always); err != nil || slices.ContainsFunc(s.sent, func(text string) bool { return strings.Contains(text, tableLocal) }) {
		t.Errorf("a second adoption sent %v: %v", s.sent, err)
	}
}

func TestAnAdoptionThatWasCutShortIsFinished(t *testing.T) {
	s := ofSnuba(2, 2)
	s.fails = "n3:9000"
	if _, err := s.store().Adopt(t.Context(), always); err == nil || !strings.Contains(err.Error(), "The same command again adds what is missing") {
		t.Fatalf("a refused ALTER: %v", err)
	}
	s.fails, s.sent = "", nil
	if _, err := s.store().Adopt(t.Context(), always); err != nil {
		t.Fatal(err)
	}
	if s.sent[0] != "n3:9000 `default`.`migrations_local`" {
		t.Errorf("sent %v", s.sent)
	}
}

func TestNothingIsSentWithoutTheLock(t *testing.T) {
	s := ofSnuba(1, 1)
	lost := errors.New("lost")
	if _, err := s.store().Adopt(t.Context(), func(context.Context) error { return lost }); !errors.Is(err, lost) || len(s.sent) > 0 {
		t.Errorf("sent %v: %v", s.sent, err)
	}
}

func TestWhatIsNotSnubasIsNotAdopted(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(*snubas)
		want string
	}{
		{"no table on a node", func(s *snubas) { s.columns["n2:9000"] = nil }, "n2:9000  has no migrations_local"},
		{"another type", func(s *snubas) {
			s.layouts["n1:9000"] = [][]string{{"column", "version", "UInt32"}}
		}, "n1:9000  column version is UInt32, and has to be UInt64"},
		{"another engine", func(s *snubas) {
			s.layouts["n1:9000"] = [][]string{{"engine", "MergeTree", "MergeTree ORDER BY group"}}
		}, "n1:9000  its engine is MergeTree"},
		{"a node is down", func(s *snubas) { s.down["n2:9000"] = true }, "every node has to answer"},
		{"in progress", func(s *snubas) {
			s.servers.down = nil
			s.rows = append(s.rows, []string{"events", "0002_b", "in_progress", "1"})
		}, "Snuba has left events/0002_b in progress"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := ofSnuba(1, 2)
			test.make(s)
			if _, err := s.store().Adopt(t.Context(), always); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\ndoes not say: %s", err, test.want)
			}
			if len(s.sent) > 0 {
				t.Errorf("sent %v", s.sent)
			}
		})
	}
	// What skein has in progress after an adoption is skein's to end.
	s := ofSnuba(1, 1)
	s.rows = [][]string{{"events", "0002_b", "in_progress", fmt.Sprint(uint64(1)<<32 | 1)}}
	if _, err := s.store().Adoptable(t.Context()); err != nil {
		t.Error(err)
	}
}
