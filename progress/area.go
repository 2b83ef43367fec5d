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

	mu      sync.Mutex
	general underWay   // what is waited for before there is a migration
	under   []underWay // migrations, in the order in which they began
}

// underWay is a migration with its statement, if one goes on.
type underWay struct {
	key       journal.Key
	began     time.Time
	statement *statement
	waits     []wait
	mutations []mutation
}

type statement struct {
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
	now := a.now()
	switch e := event.(type) {
	case journal.Waiting:
		a.of(e.Key).waiting(e, now)
	case journal.MutationProgress:
		a.of(e.Key).mutating(e, now)
	case journal.Retrying:
		for _, node := range e.Nodes {
			a.of(e.Key).wait(wait{node: node, text: node + " again in " + short(e.In) + ": " + e.Why, began: now})
		}
	case journal.HostFinished:
		u := a.of(e.Key)
		u.waits = slices.DeleteFunc(u.waits, func(w wait) bool { return w.node == e.Host.Node })
	case journal.Warning, journal.Decided, journal.OperationSkipped:
	case journal.LockWaiting:
		text := "the lock: held by " + e.Holder.User + "@" + e.Holder.Host + ", " + e.Holder.Command
		a.general.waits = []wait{{text: text, began: now, limit: e.Limit}}
	case journal.MigrationStarted:
		a.general.settle()
		a.end(e.Key)
		a.under = append(a.under, underWay{key: e.Key, began: now})
	case journal.StatementSent:
		u := a.of(e.Key)
		u.settle()
		u.statement = &statement{text: e.Summary, step: e.Step, of: e.Of, began: now}
	case journal.Converged:
		a.of(e.Key).settle()
	case journal.StepSkipped:
		a.of(e.Key).settle()
	case journal.MigrationFinished:
		a.end(e.Key)
	case journal.MigrationFailed:
		a.end(e.Key)
	case journal.RunEnded:
		a.general, a.under = underWay{}, nil
	default:
		a.general.settle()
	}
}

// of is the migration of an event, or what is not of any.
func (a *area) of(key journal.Key) *underWay {
	for i := range a.under {
		if a.under[i].key == key {
			return &a.under[i]
		}
	}
	return &a.general
}

func (a *area) end(key journal.Key) {
	a.general.settle()
	a.under = slices.DeleteFunc(a.under, func(u underWay) bool { return u.key == key })
}

// settle ends the statement and all that was waited for: something new goes on.
func (u *underWay) settle() { u.statement, u.waits, u.mutations = nil, nil, nil }

// waiting takes the reasons of a wait, which are joined with "; ". A wait speaks
// for all of its nodes at once, unless its reason begins with the name of one: such
// waits go on side by side, one for each node.
func (u *underWay) waiting(e journal.Waiting, now time.Time) {
	began := now.Add(-e.Since)
	first, _, _ := strings.Cut(e.Reason, " ")
	if _, _, err := net.SplitHostPort(first); err == nil && !strings.HasSuffix(first, ":") {
		u.wait(wait{node: first, text: e.Reason, began: began, limit: e.Limit})
		return
	}
	u.waits = nil
	for text := range strings.SplitSeq(e.Reason, "; ") {
		u.waits = append(u.waits, wait{text: text, began: began, limit: e.Limit})
	}
}

// wait replaces what is waited for of the same node, and what was said of all.
func (u *underWay) wait(w wait) {
	u.waits = slices.DeleteFunc(u.waits, func(other wait) bool { return other.node == "" })
	at := slices.IndexFunc(u.waits, func(other wait) bool { return other.node == w.node })
	if at < 0 {
		u.waits = append(u.waits, w)
		return
	}
	u.waits[at] = w
}

func (u *underWay) mutating(e journal.MutationProgress, now time.Time) {
	at := slices.IndexFunc(u.mutations, func(m mutation) bool {
		return m.node == e.Node && m.table == e.Table && m.id == e.MutationID
	})
	switch {
	case e.PartsToDo == 0 && at >= 0:
		u.mutations = slices.Delete(u.mutations, at, at+1)
	case e.PartsToDo == 0:
	case at < 0:
		u.mutations = append(u.mutations, mutation{
			node: e.Node, table: e.Table, id: e.MutationID, left: e.PartsToDo, most: e.PartsToDo, began: now.Add(-e.Since),
		})
	default:
		u.mutations[at].left = e.PartsToDo
		u.mutations[at].most = max(u.mutations[at].most, e.PartsToDo)
	}
}
