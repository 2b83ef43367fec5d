package progress

import (
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// shy is how long a statement runs before it has a line: most end sooner, and a
// line that comes and goes in a blink is only noise.
const shy = 300 * time.Millisecond

// mostRows keeps the area smaller than a small terminal.
const mostRows = 9

// area is what goes on now: what the events of a run have begun and not ended. It
// may be used by several goroutines.
type area struct {
	now func() time.Time

	mu        sync.Mutex
	migration *underWay
	statement *underWay
	waits     []wait
	mutations []mutation
}

// underWay is a migration or a statement.
type underWay struct {
	text     string
	step, of int
	began    time.Time
}

// wait is one thing that is waited for.
type wait struct {
	node  string // that it is about alone; empty: see waiting
	text  string
	began time.Time
	limit time.Duration
}

// mutation is what a mutation has to do on one node.
type mutation struct {
	node, table, id string
	left, most      int
	began           time.Time
}

// event takes what an event begins, and ends what it ends.
func (a *area) event(event journal.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch e := event.(type) {
	case journal.Waiting:
		a.waiting(e)
	case journal.MutationProgress:
		a.mutating(e)
	case journal.Retrying:
		for _, node := range e.Nodes {
			a.wait(wait{node: node, text: node + " again in " + short(e.In) + ": " + e.Why, began: a.now()})
		}
	case journal.HostFinished:
		a.waits = slices.DeleteFunc(a.waits, func(w wait) bool { return w.node == e.Host.Node })
	case journal.Warning, journal.Decided, journal.OperationSkipped:
	case journal.LockWaiting:
		text := "the lock: held by " + e.Holder.User + "@" + e.Holder.Host + ", " + e.Holder.Command
		a.waits = []wait{{text: text, began: a.now(), limit: e.Limit}}
	case journal.MigrationStarted:
		a.settle()
		a.migration = &underWay{text: e.Key.String(), of: e.Steps, began: a.now()}
	case journal.StatementSent:
		a.settle()
		a.statement = &underWay{text: e.Summary, step: e.Step, of: e.Of, began: a.now()}
	case journal.MigrationFinished, journal.MigrationFailed, journal.RunEnded:
		a.settle()
		a.migration = nil
	default:
		a.settle()
	}
}

// settle ends the statement and all that was waited for: something new goes on.
func (a *area) settle() { a.statement, a.waits, a.mutations = nil, nil, nil }

// waiting takes the reasons of a wait, which are joined with "; ". A wait speaks
// for all of its nodes at once, unless its reason begins with the name of one: such
// waits go on side by side, one for each node.
func (a *area) waiting(e journal.Waiting) {
	began := a.now().Add(-e.Since)
	first, _, _ := strings.Cut(e.Reason, " ")
	if _, _, err := net.SplitHostPort(first); err == nil && !strings.HasSuffix(first, ":") {
		a.wait(wait{node: first, text: e.Reason, began: began, limit: e.Limit})
		return
	}
	a.waits = nil
	for text := range strings.SplitSeq(e.Reason, "; ") {
		a.waits = append(a.waits, wait{text: text, began: began, limit: e.Limit})
	}
}

// wait replaces what is waited for of the same node, and what was said of all.
func (a *area) wait(w wait) {
	a.waits = slices.DeleteFunc(a.waits, func(other wait) bool { return other.node == "" })
	at := slices.IndexFunc(a.waits, func(other wait) bool { return other.node == w.node })
	if at < 0 {
		a.waits = append(a.waits, w)
		return
	}
	a.waits[at] = w
}

func (a *area) mutating(e journal.MutationProgress) {
	at := slices.IndexFunc(a.mutations, func(m mutation) bool {
		return m.node == e.Node && m.table == e.Table && m.id == e.MutationID
	})
	switch {
	case e.PartsToDo == 0 && at >= 0:
		a.mutations = slices.Delete(a.mutations, at, at+1)
	case e.PartsToDo == 0:
	case at < 0:
		a.mutations = append(a.mutations, mutation{
			node: e.Node, table: e.Table, id: e.MutationID, left: e.PartsToDo, most: e.PartsToDo, began: a.now().Add(-e.Since),
		})
	default:
		a.mutations[at].left = e.PartsToDo
		a.mutations[at].most = max(a.mutations[at].most, e.PartsToDo)
	}
}
