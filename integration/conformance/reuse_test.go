package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/integration/testcluster"
	"github.com/skein-migrate/skein/ops"
)

// benches hands out a bench for each scenario: the one of the scenario before,
// where that left everything as it was, or one with a database of its own.
type benches struct {
	servers *testcluster.Cluster
	last    *bench
	made    int
	// schema and rows are what the tables that are always there look like.
	schema, rows snapshot
}

func (s *benches) next(t *testing.T) *bench {
	t.Helper()
	if s.last != nil {
		s.last.t = t
		return s.last
	}
	s.made++
	b := makeBench(t, s.servers, fmt.Sprintf("c%03d", s.made))
	b.base()
	s.schema, s.rows = b.look()
	return b
}

// base makes the tables and rows that are always there.
func (b *bench) base() {
	b.t.Helper()
	if err := b.do(baseTables(b.single)...); err != nil {
		b.t.Fatalf("make the tables: %v", err)
	}
	for _, sql := range baseRows() {
		b.oncePerShard(sql)
	}
	b.settle()
}

// done keeps a bench whose database is as it was at the start, without what a
// scenario was given, and drops another.
func (s *benches) done(b *bench) {
	s.last = nil
	if !b.t.Failed() {
		b.dropBeside(s.schema)
		schema, rows := b.look()
		if differs(s.schema, schema, nil) == "" && differs(s.rows, rows, nil) == "" {
			s.last = b
			return
		}
		b.drop()
	}
	b.set.Close()
}

// dropBeside drops the tables that a schema has not, and objects of no database.
// What cannot be dropped is seen by the comparison that follows.
func (b *bench) dropBeside(keep snapshot) {
	b.t.Helper()
	for _, node := range b.servers.Nodes {
		for range 2 { // a table goes after what depends on it
			for _, row := range b.on(node, "SELECT name, engine FROM system.tables WHERE database = '"+b.database+"'") {
				if _, there := keep[node.Name+" "+row[0]]; there || strings.HasPrefix(row[0], ".inner") {
					continue
				}
				kind := "TABLE "
				if row[1] == "Dictionary" && b.modern() {
					kind = "DICTIONARY "
				}
				sync := ""
				if b.modern() {
					sync = " SYNC"
				}
				_, _ = b.try(node, "DROP "+kind+"{db}."+ops.Ident(row[0])+sync)
			}
		}
		for _, drop := range b.droppable(node) {
			_, _ = b.try(node, drop)
		}
	}
}
