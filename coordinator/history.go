package coordinator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// History is what runs did, as far as the nodes that answer know.
type History struct {
	Runs   []RunStory         `json:"runs"`             // newest first
	More   bool               `json:"more,omitempty"`   // there are older ones
	Silent []journal.NoAnswer `json:"silent,omitempty"` // nodes that could not be read
}

// RunStory is how one run went.
type RunStory struct {
	Run     string     `json:"run"`
	Started time.Time  `json:"started"` // the first event, if the start is not recorded
	Ended   *time.Time `json:"ended"`   // null: no end is recorded
	// Duration is in milliseconds; of a run without an end, until the last thing
	// that is recorded.
	Duration int64  `json:"duration_ms"`
	By       string `json:"by"` // user@host
	Command  string `json:"command"`
	Epoch    uint64 `json:"epoch"`
	// Ending is empty if no end is recorded: the run was killed, or is under way.
	Ending     journal.Ending `json:"ending,omitempty"`
	Error      string         `json:"error,omitempty"`
	Migrations []RunMigration `json:"migrations"` // in order
}

// RunMigration is what a run did to one migration.
type RunMigration struct {
	journal.Key
	Direction journal.Direction `json:"direction,omitempty"`
	// Outcome is "finished", "marked" (--fake: nothing was run), "stopped" (left in
	// progress) or "started" (nothing else is recorded).
	Outcome journal.Outcome `json:"outcome"`
	Step    int             `json:"step,omitempty"` // at which it stopped, or that was sent last
	Steps   int             `json:"steps,omitempty"`
}

// History tells of the newest runs, at most limit of them (0: all), of those that
// touched a group if one is named. It takes no lock.
func (c *Coordinator) History(ctx context.Context, group string, limit int) (History, error) {
	atMost := limit
	if limit > 0 {
		atMost++ // tells whether there are more
	}
	records, silent, err := c.options.Trails.Runs(ctx, group, atMost)
	if err != nil {
		return History{}, err
	}
	if group != "" && len(records) == 0 { // one that left rows needs not be of this program
		if _, err := c.options.Registry.Group(group); err != nil {
			return History{}, &journal.UsageError{Err: err}
		}
	}
	out := History{Runs: []RunStory{}, Silent: silent}
	for _, run := range byRun(records) {
		out.Runs = append(out.Runs, storyOf(run))
	}
	slices.SortStableFunc(out.Runs, func(a, b RunStory) int { return newestFirst(a, b) })
	if limit > 0 && len(out.Runs) > limit {
		out.Runs, out.More = out.Runs[:limit], true
	}
	return out, nil
}

// newestFirst goes by the clock, and by the epoch within a second.
func newestFirst(a, b RunStory) int {
	return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(b.Epoch, a.Epoch), strings.Compare(b.Run, a.Run))
}

func byRun(records []journal.Record) [][]journal.Record {
	var out [][]journal.Record
	for from := 0; from < len(records); {
		to := from + 1
		for to < len(records) && records[to].RunID == records[from].RunID {
			to++
		}
		out = append(out, records[from:to])
		from = to
	}
	return out
}

// storyOf sums up the records of one run.
func storyOf(records []journal.Record) RunStory {
	first, last := records[0], records[len(records)-1]
	out := RunStory{
		Run: first.RunID, Started: first.At.UTC(), Duration: last.At.Sub(first.At).Milliseconds(), Migrations: []RunMigration{},
	}
	for _, r := range records {
		if ending, ok := strings.CutPrefix(string(r.Outcome), "run "); ok {
			out.atRun(r, journal.Ending(ending))
			continue
		}
		out.atMigration(r)
	}
	return out
}

// atRun takes in a row that says how a run began or ended.
func (s *RunStory) atRun(r journal.Record, ending journal.Ending) {
	if r.Outcome == journal.TrailRunStarted {
		s.Started, s.By, s.Command = r.At.UTC(), r.Node, r.Statement
		// The row has the epoch as its text: "epoch 17".
		_, _ = fmt.Sscanf(r.Error, "epoch %d", &s.Epoch)
		return
	}
	at := r.At.UTC()
	s.Ending, s.Error, s.Ended, s.Duration = ending, r.Error, &at, r.Duration.Milliseconds()
}

// atMigration takes in what a row says of a migration.
func (s *RunStory) atMigration(r journal.Record) {
	if r.Group == "" {
		return
	}
	at := slices.IndexFunc(s.Migrations, func(m RunMigration) bool { return m.Key == r.Key })
	if at < 0 {
		s.Migrations = append(s.Migrations, RunMigration{Key: r.Key, Outcome: journal.TrailStarted})
		at = len(s.Migrations) - 1
	}
	m := &s.Migrations[at]
	m.Direction = cmp.Or(r.Direction, m.Direction)
	switch r.Outcome {
	case journal.TrailStarted:
		m.Steps = r.Step
	case journal.TrailSent:
		m.Step = r.Step
	case journal.TrailFinished, journal.TrailMarked:
		m.Outcome, m.Step = r.Outcome, 0
	case journal.TrailStopped:
		m.Outcome, m.Step = r.Outcome, r.Step
	}
}
