package plan_test

import (
	"fmt"
	"testing"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/storageset"
)

// BenchmarkOperations plans a hundred migrations that make a table and add ten columns
// to it, for clusters of two sizes and a single node.
func BenchmarkOperations(b *testing.B) {
	var lists [][]ops.Operation
	for i := range 100 {
		table := fmt.Sprintf("t%d", i)
		list := []ops.Operation{create(table)}
		for k := range 10 {
			list = append(list, ops.AddColumn{Table: ops.LocalTable("events", table), Column: ops.Column{Name: fmt.Sprintf("x%d", k), Type: "UInt8"}})
		}
		lists = append(lists, list)
	}
	for _, on := range []struct {
		name  string
		facts plan.Facts
	}{{"single", single()}, {"2x2", cluster(2, 2)}, {"10x2", cluster(10, 2)}} {
		b.Run(on.name, func(b *testing.B) {
			sets, err := storageset.Assign(map[string][]storageset.Key{on.facts.Cluster: {"events"}})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				p := plan.New(sets, on.facts)
				for _, list := range lists {
					if _, _, err := p.Operations(list); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
