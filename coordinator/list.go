package coordinator

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// GroupStatus is what list shows of a group.
type GroupStatus struct {
	Name       string              `json:"name"`
	Readiness  migration.Readiness `json:"readiness,omitempty"`
	DependsOn  []string            `json:"depends_on,omitempty"`
	Unknown    bool                `json:"unknown,omitempty"` // rows, but no such group in this program
	Optional   bool                `json:"optional,omitempty"`
	Inactive   string              `json:"inactive,omitempty"` // why this environment leaves it alone
	Migrations []MigrationStatus   `json:"migrations"`
}

// MigrationStatus is what list shows of a migration.
type MigrationStatus struct {
	ID           string            `json:"id"`
	Status       journal.Status    `json:"status"`
	Timestamp    *time.Time        `json:"timestamp,omitempty"`
	Head         bool              `json:"head,omitempty"` // the last completed one
	Blocking     bool              `json:"blocking,omitempty"`
	Missing      bool              `json:"missing,omitempty"`  // a row, but no such migration here
	Modified     bool              `json:"modified,omitempty"` // not what was applied
	Fake         bool              `json:"fake,omitempty"`
	Baseline     bool              `json:"baseline,omitempty"` // there before skein came
	Direction    journal.Direction `json:"direction,omitempty"`
	Step         int               `json:"step,omitempty"`
	Steps        int               `json:"steps,omitempty"`
	PendingNodes []string          `json:"pending_nodes,omitempty"`
	Error        string            `json:"error,omitempty"`
	AppliedBy    string            `json:"applied_by,omitempty"`
	// Owed are the nodes that it went on without, and that resume has to settle.
	Owed []string `json:"owed,omitempty"`
}

// List says how every migration stands. It takes no lock and writes nothing.
func (c *Coordinator) List(ctx context.Context) ([]GroupStatus, error) {
	state, err := c.readAnyhow(ctx)
	if err != nil {
		return nil, err
	}
	var out []GroupStatus
	for _, group := range c.options.Registry.Groups() {
		status := GroupStatus{
			Name: group.Name, Readiness: group.Readiness, Migrations: []MigrationStatus{},
			Optional: group.Optional, Inactive: c.options.Registry.Inactive(group.Name),
		}
		for _, dependency := range group.DependsOn {
			if dependency != migration.System {
				status.DependsOn = append(status.DependsOn, dependency)
			}
		}
		changed := state.modified(group)
		for _, m := range group.Migrations {
			entry := state[journal.Key{Group: group.Name, ID: m.ID}]
			one := statusOf(m, entry)
			one.Modified = slices.ContainsFunc(changed, func(e journal.Entry) bool { return e.Key == entry.Key })
			status.Migrations = append(status.Migrations, one)
		}
		out = append(out, status)
	}
	out = addMissing(out, state)
	for i := range out {
		markHead(out[i].Migrations)
	}
	return out, nil
}

// readAnyhow reads the state without lock or barrier. No table anywhere means
// that nothing has started. What the rows are compared with is made meanwhile.
func (c *Coordinator) readAnyhow(ctx context.Context) (entries, error) {
	for _, group := range c.options.Registry.Groups() {
		go group.Checksums()
	}
	missing, total, err := c.options.States.Missing(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(missing) == total:
		return entries{}, nil
	case len(missing) > 0:
		return c.halfBorn(ctx, missing)
	}
	return c.options.States.Read(ctx, false)
}

// halfBorn reads the state when some nodes lack its table. Without a row
// anywhere that is a first run which was cut short; with rows it is a node
// that has lost them, or a new one.
func (c *Coordinator) halfBorn(ctx context.Context, missing []string) (entries, error) {
	state, err := c.options.States.Rows(ctx)
	if err != nil {
		return nil, err
	}
	if state > 0 {
		return nil, journal.Refusef("the state tables are missing on %s, while other nodes have rows in them: "+
			"a new node, or one that was emptied, nothing was changed. Make its tables as its neighbours have them: "+
			"skein add-node %s", strings.Join(missing, ", "), missing[0])
	}
	return entries{}, nil
}

func statusOf(m migration.Migration, entry journal.Entry) MigrationStatus {
	out := MigrationStatus{ID: m.ID, Status: journal.NotStarted, Blocking: m.Blocking}
	if entry.Key == (journal.Key{}) {
		return out
	}
	fill(&out, entry)
	return out
}

func fill(out *MigrationStatus, entry journal.Entry) {
	out.Status = entry.Status
	out.Owed = owedNodes(noteOf(entry))
	if entry.Status != journal.NotStarted {
		at := entry.Timestamp.UTC()
		out.Timestamp = &at
		out.AppliedBy = entry.AppliedBy
		out.Fake, out.Baseline = noteOf(entry).Fake, noteOf(entry).Baseline
	}
	if entry.Status == journal.InProgress {
		out.Direction, out.Step, out.Steps = entry.Direction, entry.Step, entry.Steps
		out.PendingNodes, out.Error = entry.PendingNodes, entry.Error
	}
}

// addMissing shows rows whose migration this program does not have.
func addMissing(groups []GroupStatus, state entries) []GroupStatus {
	index, known := make(map[string]int, len(groups)), make(map[journal.Key]bool, len(state))
	for i, group := range groups {
		index[group.Name] = i
		for _, m := range group.Migrations {
			known[journal.Key{Group: group.Name, ID: m.ID}] = true
		}
	}
	for key, entry := range state {
		if known[key] {
			continue
		}
		at, there := index[key.Group]
		if !there {
			if entry.Status == journal.NotStarted {
				continue
			}
			groups = append(groups, GroupStatus{Name: key.Group, Unknown: true})
			at = len(groups) - 1
			index[key.Group] = at
		}
		if isOwed := len(noteOf(entry).Owed) > 0; entry.Status == journal.NotStarted && !isOwed {
			continue
		}
		status := MigrationStatus{ID: key.ID, Missing: true}
		fill(&status, entry)
		groups[at].Migrations = append(groups[at].Migrations, status)
		slices.SortFunc(groups[at].Migrations, func(a, b MigrationStatus) int { return migration.CompareIDs(a.ID, b.ID) })
	}
	if first := slices.IndexFunc(groups, func(g GroupStatus) bool { return g.Unknown }); first >= 0 {
		slices.SortFunc(groups[first:], func(a, b GroupStatus) int { return cmp.Compare(a.Name, b.Name) })
	}
	return groups
}

func markHead(migrations []MigrationStatus) {
	for i, m := range slices.Backward(migrations) {
		if m.Status == journal.Completed {
			migrations[i].Head = true
			return
		}
	}
}
