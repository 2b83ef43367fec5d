package plan

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/skein-migrate/skein/ops"
)

// rendered is an operation for its nodes.
type rendered struct {
	place      ops.Place
	statements []ops.Statement
	err        error
}

func (p *Planner) render(operation ops.Operation) rendered {
	r := rendered{place: ops.PlaceOf(operation)}
	facts, err := p.at(r.place)
	if err != nil {
		return rendered{place: r.place, err: err}
	}
	r.statements, r.err = operation.Statements(p.env(facts, r.place.Target))
	return r
}

// Ahead renders lists of operations side by side, for Operations to take when it is
// given them, these very slices. What an operation's statements are depends on its nodes,
// and not on those before it. What the last call rendered and nobody took is dropped.
func (p *Planner) Ahead(lists ...[]ops.Operation) {
	for _, facts := range p.facts {
		for _, target := range []ops.Target{ops.Local, ops.Distributed} {
			p.env(facts, target) // which is not for several at once
		}
	}
	made := make([][]rendered, len(lists))
	var next atomic.Int64
	var together sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		together.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(lists)); i = next.Add(1) - 1 {
				for _, operation := range lists[i] {
					made[i] = append(made[i], p.render(operation))
				}
			}
		})
	}
	together.Wait()
	p.ahead = make(map[*ops.Operation][]rendered, len(lists))
	for i, list := range lists {
		if len(list) > 0 {
			p.ahead[&list[0]] = made[i]
		}
	}
}
