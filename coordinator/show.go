package coordinator

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Story is all that is known of one migration.
type Story struct {
	Migration MigrationStory     `json:"migration"`
	Runs      []RunEvents        `json:"runs"` // that touched it, oldest first
	Silent    []journal.NoAnswer `json:"silent,omitempty"`
}

// MigrationStory is a migration's row of the state, and what is to be said of it.
type MigrationStory struct {
	journal.Key
	Status journal.Status `json:"status"`
	// Timestamp is when the row was written; null, and all below empty: there is none.
	Timestamp    *time.Time        `json:"timestamp"`
	Direction    journal.Direction `json:"direction,omitempty"`
	Step         int               `json:"step,omitempty"` // in progress: the first that is not confirmed on every node
	Steps        int               `json:"steps,omitempty"`
	InFlight     string            `json:"in_flight,omitempty"` // the statement of that step, where it was sent
	PendingNodes []string          `json:"pending_nodes,omitempty"`
	Error        string            `json:"error,omitempty"`
	AppliedBy    string            `json:"applied_by,omitempty"` // user@host
	Run          string            `json:"run,omitempty"`
	Epoch        uint64            `json:"epoch,omitempty"`
	Duration     int64             `json:"duration_ms,omitempty"`
	Checksum     string            `json:"checksum,omitempty"`
	Modified     bool              `json:"modified,omitempty"` // this program's is another one
	Missing      bool              `json:"missing,omitempty"`  // this program does not have it
	Blocking     bool              `json:"blocking,omitempty"`
	Notes        []string          `json:"notes,omitempty"` // what the run noted for those after it
}

// RunEvents is a run that touched a migration, and all that it did to it.
type RunEvents struct {
	RunStory
	Events []RunEvent `json:"events"` // in order
}

// RunEvent is one row of the audit trail.
type RunEvent struct {
	At        time.Time       `json:"at"`             // to the second
	Seq       int             `json:"seq"`            // its place in the run
	Step      int             `json:"step,omitempty"` // "started": how many there are
	Node      string          `json:"node,omitempty"`
	Outcome   journal.Outcome `json:"outcome"`
	Code      int             `json:"code,omitempty"` // ClickHouse error code
	Text      string          `json:"text,omitempty"` // the error, the reason, or what else there is to say
	Statement string          `json:"statement,omitempty"`
	Duration  int64           `json:"duration_ms,omitempty"`
}

// Show tells all of the one migration of a group whose ID begins with prefix. It
// takes no lock.
func (c *Coordinator) Show(ctx context.Context, group, prefix string) (Story, error) {
	state, err := c.readAnyhow(ctx)
	if err != nil {
		return Story{}, err
	}
	key, err := c.find(state, group, prefix)
	if err != nil {
		return Story{}, err
	}
	records, silent, err := c.options.Trails.Story(ctx, key)
	if err != nil {
		return Story{}, err
	}
	out := Story{Migration: c.migrationStory(key, state[key]), Runs: []RunEvents{}, Silent: silent}
	for _, run := range byRun(records) {
		story := RunEvents{RunStory: storyOf(run)}
		for _, r := range run {
			story.Events = append(story.Events, RunEvent{
				At: r.At.UTC(), Seq: r.Seq, Step: r.Step, Node: r.Node, Outcome: r.Outcome, Code: r.Code, Text: r.Error,
				Statement: r.Statement, Duration: r.Duration.Milliseconds(),
			})
		}
		out.Runs = append(out.Runs, story)
	}
	slices.SortStableFunc(out.Runs, func(a, b RunEvents) int { return newestFirst(b.RunStory, a.RunStory) })
	out.Migration.InFlight = inFlightText(out.Migration, out.Runs)
	return out, nil
}

// find picks the migration, of this program or of another one whose rows are there.
func (c *Coordinator) find(state entries, group, prefix string) (journal.Key, error) {
	known, err := c.options.Registry.Group(group)
	var ids []string
	for _, m := range known.Migrations {
		ids = append(ids, m.ID)
	}
	for key := range state {
		if key.Group == group && !slices.Contains(ids, key.ID) {
			ids = append(ids, key.ID)
		}
	}
	if err != nil && len(ids) == 0 {
		return journal.Key{}, &journal.UsageError{Err: err}
	}
	if slices.Contains(ids, prefix) {
		return journal.Key{Group: group, ID: prefix}, nil
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return !strings.HasPrefix(id, prefix) })
	slices.Sort(ids)
	switch len(ids) {
	case 0:
		return journal.Key{}, journal.Usagef("no migration of group %q starts with %q", group, prefix)
	case 1:
		return journal.Key{Group: group, ID: ids[0]}, nil
	}
	return journal.Key{}, journal.Usagef("%q matches %d migrations of group %q: %s", prefix, len(ids), group, strings.Join(ids, ", "))
}

func (c *Coordinator) migrationStory(key journal.Key, entry journal.Entry) MigrationStory {
	out := MigrationStory{Key: key, Status: journal.NotStarted, Missing: true}
	group, _ := c.options.Registry.Group(key.Group) // none: missing
	for _, m := range group.Migrations {
		if m.ID == key.ID {
			out.Missing, out.Blocking = false, m.Blocking
			out.Modified = entry.Status != journal.NotStarted && differs(m, entry)
		}
	}
	if entry.Key == (journal.Key{}) {
		return out
	}
	at := entry.Timestamp.UTC()
	out.Status, out.Timestamp, out.Direction = entry.Status, &at, entry.Direction
	out.Step, out.Steps, out.PendingNodes, out.Error = entry.Step, entry.Steps, entry.PendingNodes, entry.Error
	if entry.Status != journal.InProgress {
		out.Step = 0
	}
	out.AppliedBy, out.Run, out.Epoch = entry.AppliedBy, entry.RunID, entry.Epoch
	out.Duration, out.Checksum = entry.Duration.Milliseconds(), entry.Checksum
	out.Notes = inWords(noteOf(entry), entry.Status == journal.InProgress)
	return out
}

// inFlightText is what was sent last for the step at which a migration stopped.
func inFlightText(m MigrationStory, runs []RunEvents) string {
	if m.Status != journal.InProgress {
		return ""
	}
	text := ""
	for _, run := range runs {
		for _, e := range run.Events {
			if e.Step == m.Step && (e.Outcome == journal.TrailSent || e.Outcome == journal.TrailStopped) && run.Run == m.Run {
				text = cmp.Or(e.Statement, text)
			}
		}
	}
	return text
}

// inWords says what a note says.
func inWords(note journal.Note, inProgress bool) []string {
	var out []string
	if note.Fake {
		out = append(out, "the status was written and nothing was run (--fake)")
	}
	if note.Baseline {
		out = append(out, "what it makes was there before: the status was written and nothing was run (baseline)")
	}
	for _, node := range slices.Sorted(maps.Keys(note.Owed)) {
		out = append(out, owed(node, note.Owed[node]))
	}
	if !inProgress {
		return out
	}
	if note.Reached > 0 {
		out = append(out, fmt.Sprintf("it is being taken back, after it had come to step %d", note.Reached))
	}
	for _, subject := range slices.Sorted(maps.Keys(note.Before)) {
		if nodes := note.Before[subject]; len(nodes) > 0 {
			out = append(out, fmt.Sprintf("%s was there before it began, on %s", subject, strings.Join(nodes, ", ")))
		}
	}
	if note.Moving > 0 {
		out = append(out, fmt.Sprintf("step %d gives tables other names: which was which before it is noted in the state row", note.Moving))
	}
	if note.Called > 0 {
		out = append(out, called(note))
	}
	return out
}

func called(note journal.Note) string {
	text := fmt.Sprintf("step %d was sent, or may have been, and no node can tell whether it ran", note.Called)
	for _, known := range []struct {
		what  string
		nodes []string
	}{
		{"it worked on", note.Worked}, {"was refused by", note.Refused}, {"may have run on", note.Unsure},
	} {
		if len(known.nodes) > 0 {
			text += "; " + known.what + " " + strings.Join(known.nodes, ", ")
		}
	}
	return text
}

// owed says what a node lacks that the others have, because a run went on
// without it.
func owed(node string, steps []int) string {
	if len(steps) == 0 {
		return node + " was gone without, and has yet to be compared with its neighbours"
	}
	numbers := make([]string, len(steps))
	for i, step := range steps {
		numbers[i] = strconv.Itoa(step)
	}
	return fmt.Sprintf("%s was gone without, and is owed what these steps do: %s", node, strings.Join(numbers, ", "))
}
