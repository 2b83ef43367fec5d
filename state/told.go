package state

import (
	"fmt"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// told turns a run's events into rows of the audit trail. It remembers what
// later events leave out.
type told struct {
	runID     string
	seq       int
	direction map[journal.Key]journal.Direction
	sent      map[journal.Key]sent
	answers   map[journal.Key]map[string]journal.HostOutcome // to the statement sent last
	// system: the trail's own tables are being made or dropped.
	system bool
	// changed: statements were sent, so that there is something to tell of. It is
	// taken back when the trail's tables were dropped, which leaves nowhere to tell it.
	changed bool
}

type sent struct {
	at   time.Time
	text string
	step int
}

func newTold(runID string) told {
	return told{
		runID: runID, direction: map[journal.Key]journal.Direction{}, sent: map[journal.Key]sent{},
		answers: map[journal.Key]map[string]journal.HostOutcome{},
	}
}

// records makes the rows of an event: one, and for a MigrationFailed one more
// for each node that is judged otherwise than it had answered.
func (t *told) records(event journal.Event, now time.Time) []journal.Record {
	t.seq++
	rows := t.rows(event, now)
	for i := range rows {
		rows[i].RunID, rows[i].Seq, rows[i].At = t.runID, t.seq, now
		if rows[i].Direction == "" {
			rows[i].Direction = t.direction[rows[i].Key]
		}
	}
	return rows
}

func (t *told) rows(event journal.Event, now time.Time) []journal.Record {
	one := func(r journal.Record) []journal.Record { return []journal.Record{r} }
	switch e := event.(type) {
	case journal.MigrationStarted:
		return one(t.started(e))
	case journal.MigrationFinished:
		return one(t.finished(e))
	case journal.MigrationFailed:
		return t.failed(e)
	case journal.StatementSent:
		t.changed = true
		t.sent[e.Key] = sent{at: now, text: e.Text, step: e.Step}
		t.answers[e.Key] = map[string]journal.HostOutcome{}
		return one(journal.Record{Key: e.Key, Step: e.Step, Outcome: journal.TrailSent, Error: whither(e), Statement: e.Text})
	case journal.HostFinished:
		if t.answers[e.Key] != nil {
			t.answers[e.Key][e.Host.Node] = e.Host
		}
		row := t.answer(e.Key, e.Step, e.Host)
		if row.Statement != "" {
			row.Duration = now.Sub(t.sent[e.Key].at)
		}
		return one(row)
	case journal.Converged:
		return one(journal.Record{
			Key: e.Key, Step: e.Step, Outcome: journal.TrailConverged, Error: nodes(e.Nodes), Statement: t.text(e.Key, e.Step), Duration: e.Took,
		})
	case journal.StepSkipped:
		return one(journal.Record{Key: e.Key, Step: e.Step, Outcome: journal.TrailNotSent, Error: e.Why, Statement: e.Summary})
	case journal.OperationSkipped:
		return one(journal.Record{Key: e.Key, Outcome: journal.TrailNotSent, Error: e.Text})
	case journal.Waiting:
		return one(journal.Record{
			Key: e.Key, Step: e.Step, Outcome: journal.TrailWaiting, Error: e.Reason, Statement: t.text(e.Key, e.Step), Duration: e.Since,
		})
	case journal.MutationProgress:
		return one(journal.Record{
			Key: e.Key, Step: e.Step, Node: e.Node, Outcome: journal.TrailMutating,
			Error: fmt.Sprintf("%s (%s): %d parts to do", e.Table, e.MutationID, e.PartsToDo), Duration: e.Since,
		})
	case journal.Retrying:
		return one(journal.Record{
			Key: e.Key, Step: e.Step, Node: strings.Join(e.Nodes, ", "), Outcome: journal.TrailRetrying, Error: e.Why,
			Statement: t.text(e.Key, e.Step), Duration: e.In,
		})
	}
	return one(ofRun(event))
}

// ofRun is the row of an event that is about no migration. An event that this
// package does not know is told as it is: none is lost.
func ofRun(event journal.Event) journal.Record {
	switch e := event.(type) {
	case journal.LockWaiting:
		return journal.Record{Outcome: journal.TrailWaiting, Error: fmt.Sprintf("run %s holds the lock: %s@%s, %s",
			e.Holder.RunID, e.Holder.User, e.Holder.Host, e.Holder.Command)}
	case journal.LockAcquired:
		text := fmt.Sprintf("epoch %d", e.Run.Epoch)
		if e.Unlocked {
			text += ", without a lock"
		}
		return journal.Record{Outcome: journal.TrailRunStarted, Node: e.Run.AppliedBy, Statement: e.Run.Command, Error: text}
	case journal.PreflightPassed:
		return journal.Record{Outcome: journal.TrailPreflight, Error: fmt.Sprintf("%s: %d replicated tables, all active",
			strings.Join(e.Clusters, ", "), e.ReplicatedTables)}
	case journal.Decided:
		return journal.Record{Key: e.Key, Step: e.Step, Outcome: journal.TrailDecided, Statement: e.Flag, Error: e.Text}
	case journal.Warning:
		return journal.Record{Outcome: journal.TrailWarning, Error: e.Text}
	case journal.RunEnded:
		return journal.Record{
			Key: e.Key, Step: e.Step, Outcome: journal.EndOf(e.Ending), Error: errorText(e.Err), Duration: e.Took,
		}
	}
	name := strings.TrimPrefix(fmt.Sprintf("%T", event), "journal.")
	return journal.Record{Outcome: journal.Outcome(name), Error: fmt.Sprintf("%+v", event)}
}

func (t *told) started(e journal.MigrationStarted) journal.Record {
	t.direction[e.Key] = e.Direction
	t.system = e.Key.Group == migration.System
	return journal.Record{Key: e.Key, Step: e.Steps, Outcome: journal.TrailStarted}
}

func (t *told) finished(e journal.MigrationFinished) journal.Record {
	row := journal.Record{
		Key: e.Key, Direction: e.Direction, Outcome: journal.TrailFinished,
		Error: strings.ReplaceAll(string(e.Status), "_", " "), Duration: e.Took,
	}
	if e.Fake {
		row.Outcome = journal.TrailMarked
		return row
	}
	if e.Key.Group == migration.System {
		t.system = false
		if e.Direction == journal.Backward {
			t.changed = false
		}
	}
	return row
}

// failed has a row for each node that is judged otherwise than it had answered.
func (t *told) failed(e journal.MigrationFailed) []journal.Record {
	var rows []journal.Record
	for _, host := range e.Hosts {
		if host != t.answers[e.Key][host.Node] {
			rows = append(rows, t.answer(e.Key, e.Step, host))
		}
	}
	return append(rows, journal.Record{
		Key: e.Key, Step: e.Step, Outcome: journal.TrailStopped, Error: errorText(e.Err), Statement: e.Text,
	})
}

func (t *told) answer(key journal.Key, step int, host journal.HostOutcome) journal.Record {
	return journal.Record{
		Key: key, Step: step, Node: host.Node, Outcome: host.Outcome, Code: host.Code, Error: host.Error, Statement: t.text(key, step),
	}
}

// text is the statement that was sent for a step; empty if none was.
func (t *told) text(key journal.Key, step int) string {
	if s := t.sent[key]; s.step == step {
		return s.text
	}
	return ""
}

func whither(e journal.StatementSent) string {
	if e.OnCluster != "" {
		return "ON CLUSTER " + e.OnCluster + ", " + nodes(e.Nodes)
	}
	return nodes(e.Nodes)
}

func nodes(n int) string {
	if n == 1 {
		return "1 node"
	}
	return fmt.Sprintf("%d nodes", n)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
