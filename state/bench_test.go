package state

import (
	"fmt"
	"testing"

	"github.com/skein-migrate/skein/journal"
)

// answering is a cluster that always gives the same rows to who reads the state.
type answering struct {
	*servers
	rows [][]string
}

// BenchmarkDecode makes entries of the 5,000 rows that each of one or four nodes has.
func BenchmarkDecode(b *testing.B) {
	const migrations = 5000
	for _, replicas := range []int{1, 4} {
		b.Run(fmt.Sprintf("%d nodes", replicas), func(b *testing.B) {
			s := &answering{servers: serving(1, replicas)}
			for i := range migrations {
				e := entry(fmt.Sprintf("%04d_create", i), journal.Completed, journal.Version(1, uint32(i)))
				e.Epoch = 1
				e.RunID, e.StepHash, e.Checksum, e.AppliedBy = "01M7ZMNZERG351S53TNT5HQ2E5", "abc", "0123456789abcdef", "deploy@ci"
				e.Backward = `[{"drop_table":{"table":"t"}}]`
				s.rows = append(s.rows, printed(values(e)))
			}
			store := s.store()
			b.ReportAllocs()
			for b.Loop() {
				newest := map[journal.Key][]found{}
				for _, node := range s.nodes {
					if err := merge(newest, s.rows, node); err != nil {
						b.Fatal(err)
					}
				}
				entries, err := store.decide(newest, true)
				if err != nil || len(entries) != migrations {
					b.Fatalf("%d entries of %d: %.300v", len(entries), migrations, err)
				}
			}
		})
	}
}
