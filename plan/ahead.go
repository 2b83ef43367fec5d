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
	on         *planned // nil with an error: its place has no nodes
	statements []ops.Statement
	err        error
}

func (p *Planner) render(operation ops.Operation) rendered {
	r := rendered{place: ops.PlaceOf(operation)}
	if r.on, r.err = p.at(r.place); r.err == nil {
		r.statements, r.err = operation.Statements(r.on.of(r.place.Target).env)
	}
	return r
}

func (p *Planner) renderAll(operations []ops.Operation) []rendered {
	out := make([]rendered, len(operations))
	for i, operation := range operations {
		out[i] = p.render(operation)
	}
	return out
}

// inPortion is how many lists of operations are rendered side by side: two portions
// are kept at a time, the one that is being planned and the next.
const inPortion = 128

// ahead renders lists of operations before Operations is given them.
type ahead struct {
	lists    [][]ops.Operation
	index    map[*ops.Operation]int // of the list that begins with it
	portions []*portion
}

// portion is some lists that follow one another, and what they render to.
type portion struct {
	lists [][]ops.Operation
	made  [][]rendered
	done  sync.WaitGroup
}

// Ahead says which lists of operations Operations will be given, these very slices and
// in this order. They are rendered side by side, a portion while the one before it is
// planned: what an operation's statements are depends on its nodes, and not on
// operations before it.
func (p *Planner) Ahead(lists ...[]ops.Operation) {
	p.ahead = ahead{
		lists:    lists,
		index:    make(map[*ops.Operation]int, len(lists)),
		portions: make([]*portion, (len(lists)+inPortion-1)/inPortion),
	}
	for i, list := range lists {
		if len(list) > 0 {
			p.ahead.index[&list[0]] = i
		}
	}
}

// taken is what a list was rendered to, nil where Ahead did not name it. It is given
// once.
func (p *Planner) taken(operations []ops.Operation) []rendered {
	if len(operations) == 0 {
		return nil
	}
	i, named := p.ahead.index[&operations[0]]
	if !named || len(p.ahead.lists[i]) != len(operations) {
		return nil
	}
	delete(p.ahead.index, &operations[0])
	at := i / inPortion
	p.renderPortion(at)
	p.renderPortion(at + 1)
	if at > 0 {
		p.ahead.portions[at-1] = nil
	}
	mine := p.ahead.portions[at]
	mine.done.Wait()
	made := mine.made[i%inPortion]
	mine.made[i%inPortion] = nil
	return made
}

// renderPortion begins to render a portion, if that has not begun.
func (p *Planner) renderPortion(at int) {
	if at >= len(p.ahead.portions) || p.ahead.portions[at] != nil {
		return
	}
	lists := p.ahead.lists[at*inPortion : min((at+1)*inPortion, len(p.ahead.lists))]
	some := &portion{lists: lists, made: make([][]rendered, len(lists))}
	p.ahead.portions[at] = some
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), len(lists)) {
		some.done.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(lists)); i = next.Add(1) - 1 {
				some.made[i] = p.renderAll(lists[i])
			}
		})
	}
}
