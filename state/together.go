package state

import (
	"golang.org/x/sync/errgroup"
)

// together runs f for 0 to n-1, so many at once as Options.NodeConcurrency says: a cluster
// of a thousand nodes is not to be waited for one node after another. f keeps what it finds
// by its number, so that what is said of the nodes stays in their order.
func (s *Store) together(n int, f func(i int)) {
	var g errgroup.Group
	g.SetLimit(-1)
	if s.options.NodeConcurrency > 0 {
		g.SetLimit(s.options.NodeConcurrency)
	}
	for i := range n {
		g.Go(func() error {
			f(i)
			return nil
		})
	}
	_ = g.Wait() // f keeps its errors
}
