package coordinator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/plan"
)

// apply runs one migration: a row that says so, each step until every node has
// it, and a row that says it is done. The row is durable before what it
// announces is sent.
func (s *session) apply(ctx context.Context, t target, p MigrationPlan) error {
	began := s.c.now()
	entry, err := s.begin(ctx, t, p.Steps)
	if err != nil {
		return err
	}
	for _, note := range p.Notes {
		s.emit(journal.OperationSkipped{Key: t.key, Text: note})
	}
	rows := announced(p.Steps)
	for i, step := range p.Steps {
		if i > 0 && s.stopped() {
			entry.StepHash = step.Hash
			return s.fail(ctx, entry, step, nil, &journal.InterruptedError{})
		}
		if err := s.step(ctx, &entry, step, rows[i] && i > 0); err != nil { // begin announces the first
			return err
		}
	}
	s.finish(t, entry, began)
	return nil
}

// begin writes the in_progress row, with what is there already, in one insert
// with the completed row of the migration before it.
func (s *session) begin(ctx context.Context, t target, steps []plan.Step) (journal.Entry, error) {
	present, err := s.c.options.Observer.Present(ctx, steps, soon(s.upcoming))
	if err != nil {
		return journal.Entry{}, err
	}
	entry, err := s.entry(t, journal.InProgress)
	if err != nil {
		return entry, err
	}
	entry.Steps, entry.Step = len(steps), 1
	if len(steps) > 0 {
		entry.StepHash, entry.PendingNodes = steps[0].Hash, journal.Names(steps[0].Nodes)
	}
	plan.Trace(present.Tables, steps)
	note := journal.Note{Before: present.Before, Tables: present.Tables, Direction: t.direction}
	if len(steps) > 0 && isBlind(steps[0]) {
		note.Called = 1
	}
	if err := s.owes(ctx, t, steps, &note); err != nil {
		return entry, err
	}
	if len(note.Owed) > 0 {
		note.Since = entry.Version
	}
	setNote(&entry, note)
	if err := s.write(ctx, entry); err != nil {
		return entry, begun(t.key, len(steps), err)
	}
	s.emit(journal.MigrationStarted{Key: t.key, Direction: t.direction, Steps: len(steps)})
	return entry, nil
}

// soon are the steps that come next, so many that looking at what they ask for is one
// small question.
func soon(plans []MigrationPlan) []plan.Step {
	const enough = 50
	vague := func(step plan.Step) bool { return isBlind(step) || slices.Contains(touches(step), everything) }
	var steps []plan.Step
	for _, p := range plans {
		if len(steps) >= enough || slices.ContainsFunc(p.Steps, vague) { // after it all may be otherwise
			break
		}
		steps = append(steps, p.Steps...)
	}
	return steps
}

// begun says of a migration of which the first row may have landed that it is in
// progress: whoever looks next may find it so.
func begun(key journal.Key, steps int, err error) error {
	var unknown *journal.UnknownRowError
	if !errors.As(err, &unknown) {
		return err
	}
	return &journal.PartialError{Key: key, Step: min(1, steps), Of: steps, Summary: "write its first row", Cause: err}
}

func (s *session) entry(t target, status journal.Status) (journal.Entry, error) {
	checksum, backward, err := t.kept(status == journal.Completed)
	if err != nil {
		return journal.Entry{}, err
	}
	return journal.Entry{
		Key: t.key, Timestamp: s.c.now(), Status: status, Version: s.next(), Direction: t.direction,
		RunID: s.run.ID, Epoch: s.run.Epoch, Checksum: checksum, AppliedBy: s.run.AppliedBy, Backward: backward,
	}, nil
}

// write makes a row durable, together with a finished one that waits for it.
func (s *session) write(ctx context.Context, entry journal.Entry) error {
	if s.finished != nil && s.finished.Group == entry.Group {
		if err := s.record(ctx, *s.finished, entry); err != nil {
			return err
		}
		s.announce()
		return nil
	}
	if err := s.flushFinished(ctx); err != nil {
		return err
	}
	return s.record(ctx, entry)
}

func (s *session) flushFinished(ctx context.Context) error {
	if s.finished == nil {
		return nil
	}
	if err := s.record(ctx, *s.finished); err != nil {
		return err
	}
	s.announce()
	return nil
}

func (s *session) announce() {
	s.finished = nil
	if s.done != nil {
		s.done()
		s.done = nil
	}
}

// step runs one step, after a row that announces it if that is asked for; see
// announced. A statement without conditions gets a row after it too: nothing
// but the row can say whether it ran.
func (s *session) step(ctx context.Context, entry *journal.Entry, step plan.Step, announce bool) error {
	entry.Step, entry.StepHash, entry.PendingNodes = step.Index, step.Hash, journal.Names(step.Nodes)
	if announce {
		if err := s.announceStep(ctx, entry, step); err != nil {
			return s.fail(ctx, *entry, step, nil, err)
		}
	}
	outcomes, err := s.c.options.Servers.Run(ctx, s.execution(), step)
	if err != nil {
		return s.fail(ctx, *entry, step, outcomes, err)
	}
	entry.Step, entry.StepHash, entry.PendingNodes = step.Index+1, "", nil
	if isBlind(step) && step.Index < step.Of {
		if err := s.rewrite(ctx, entry); err != nil {
			return s.fail(ctx, *entry, step, outcomes, err)
		}
	}
	return nil
}

// announceStep makes a row durable that says what is about to be sent, and
// notes what cannot be seen afterwards. A row that was not written announces nothing.
func (s *session) announceStep(ctx context.Context, entry *journal.Entry, step plan.Step) error {
	before := entry.Note
	if note := noteOf(*entry); note.Direction == entry.Direction {
		if moves(step) {
			now, err := s.c.options.Observer.Present(ctx, []plan.Step{step}, nil)
			if err != nil {
				return err
			}
			note.Moving, note.Moved = step.Index, now.Tables
		}
		if isBlind(step) {
			if note.Called != step.Index {
				note.Worked = nil // on nodes that are not asked again
			}
			note.Called, note.Refused, note.Unsure = step.Index, nil, nil
		}
		setNote(entry, note)
	}
	err := s.rewrite(ctx, entry)
	if err != nil {
		entry.Note = before
	}
	return err
}

func (s *session) rewrite(ctx context.Context, entry *journal.Entry) error {
	entry.Version, entry.Timestamp = s.next(), s.c.now()
	return s.write(ctx, *entry)
}

// fail leaves the migration in progress and says why, in its row and to the
// caller. The row is written with whatever is alive, even after an interrupt.
func (s *session) fail(ctx context.Context, entry journal.Entry, step plan.Step, hosts []journal.HostOutcome, cause error) error {
	failure := &journal.PartialError{
		Key: entry.Key, Step: step.Index, Of: step.Of, Summary: step.Statement.Summary, Text: step.Text,
		Hosts: hosts, Cause: cause,
	}
	if note := noteOf(entry); isBlind(step) && len(hosts) > 0 && note.Direction == entry.Direction {
		note.Refused, note.Unsure = refused(hosts), unsure(hosts)
		note.Worked = append(note.Worked, worked(hosts)...)
		setNote(&entry, note)
	}
	entry.PendingNodes = nil
	if len(hosts) == 0 {
		entry.PendingNodes = journal.Names(step.Nodes)
	}
	for _, host := range hosts {
		if host.Outcome != journal.Done {
			entry.PendingNodes = append(entry.PendingNodes, host.Node)
		}
	}
	entry.Error = failure.Error()
	entry.Version, entry.Timestamp = s.next(), s.c.now()
	if err := s.recordAnyhow(context.WithoutCancel(ctx), entry); err != nil {
		s.emit(journal.Warning{Text: fmt.Sprintf("the error of %s is not recorded: %v", entry.Key, err)})
	}
	s.emit(journal.MigrationFailed{
		Key: entry.Key, Step: step.Index, Of: step.Of, Summary: step.Statement.Summary, Text: step.Text,
		Hosts: hosts, Err: cause,
	})
	return failure
}

// finish keeps the last row for the next write, and announces it then.
func (s *session) finish(t target, entry journal.Entry, began time.Time) {
	entry.Status = journal.Completed
	if t.direction == journal.Backward {
		entry.Status = journal.NotStarted
	}
	entry.Version, entry.Timestamp = s.next(), s.c.now()
	entry.Duration = s.c.now().Sub(began)
	note := kept(noteOf(entry))
	entry.Error, entry.PendingNodes, entry.StepHash = "", owedNodes(note), ""
	setNote(&entry, note)
	if _, text, err := t.kept(true); err == nil && entry.Status == journal.Completed { // entry has made it before
		entry.Backward = text
	}
	s.finished = &entry
	s.done = func() {
		s.emit(journal.MigrationFinished{Key: t.key, Direction: t.direction, Status: entry.Status, Took: entry.Duration})
	}
}

// fake writes status alone.
func (s *session) fake(ctx context.Context, t target) error {
	status := journal.Completed
	if t.direction == journal.Backward {
		status = journal.NotStarted
	}
	entry, err := s.entry(t, status)
	if err != nil {
		return err
	}
	setNote(&entry, journal.Note{Fake: !s.baseline, Baseline: s.baseline})
	if err := s.write(ctx, entry); err != nil {
		return err
	}
	s.emit(journal.MigrationFinished{Key: t.key, Direction: t.direction, Status: status, Fake: true})
	return nil
}

func noteOf(entry journal.Entry) journal.Note {
	var note journal.Note
	switch entry.Note {
	case "", "{}": // as nearly all rows have it
	case `{"fake":true}`:
		note.Fake = true
	default:
		_ = json.Unmarshal([]byte(entry.Note), &note) // another version's note says nothing to us
	}
	return note
}

func setNote(entry *journal.Entry, note journal.Note) {
	text, err := json.Marshal(note)
	if err == nil { // plain strings always marshal
		entry.Note = string(text)
	}
}

// system makes or drops the state tables themselves. There is no row to be
// written before they are there, nor after they are gone: what is missing is
// made, node by node, and the conditions alone decide.
func (s *session) system(ctx context.Context, t target, p MigrationPlan) error {
	began := s.c.now()
	if err := s.flushFinished(ctx); err != nil {
		return err
	}
	if t.direction == journal.Forward {
		for _, step := range p.Steps {
			for _, v := range s.c.options.Observer.Check(ctx, step) {
				if v.Verdict == journal.Conflict {
					return journal.Refusef("%s cannot make its tables: on %s %s, which skein did not make", t.key, v.Node, v.Why)
				}
			}
		}
	}
	s.emit(journal.MigrationStarted{Key: t.key, Direction: t.direction, Steps: len(p.Steps)})
	for _, step := range p.Steps {
		if err := s.where(ctx, step, nil); err != nil {
			return err
		}
	}
	if t.direction == journal.Backward {
		s.emit(journal.MigrationFinished{Key: t.key, Direction: t.direction, Status: journal.NotStarted, Took: s.c.now().Sub(began)})
		return nil
	}
	entry, err := s.entry(t, journal.Completed)
	if err != nil {
		return err
	}
	entry.Duration, entry.Steps = s.c.now().Sub(began), len(p.Steps)
	if err := s.write(ctx, entry); err != nil {
		return err
	}
	s.emit(journal.MigrationFinished{Key: t.key, Direction: t.direction, Status: journal.Completed, Took: entry.Duration})
	return nil
}
