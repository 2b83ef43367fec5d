package coordinator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
)

// Repairs are what repair would do.
type Repairs struct {
	Changed []Repair
	// Skipped are left as they are, each with why.
	Skipped []SkippedRepair
}

// SkippedRepair is a migration that cannot be accepted as it is here.
type SkippedRepair struct {
	Key journal.Key
	Why string
}

// Repair is a completed migration that is modified here.
type Repair struct {
	Key journal.Key
	// Row is what was applied, as the state has it.
	Row journal.Entry
	// Was is what was applied, as far as the row tells; its Text is empty where that
	// is nothing but the checksum.
	Was migration.Stored
	// Is is what this program has, and Checksum that of it.
	Is       migration.Migration
	Checksum string
}

// Repairs lists the completed migrations that are modified, and what of the groups
// cannot be repaired: Groups, ID. It takes no lock and writes nothing.
func (c *Coordinator) Repairs(ctx context.Context, r Request) (Repairs, error) {
	state, err := c.readAnyhow(ctx)
	if err != nil {
		return Repairs{}, err
	}
	return c.repairs(state, r)
}

func (c *Coordinator) repairs(e entries, r Request) (Repairs, error) {
	var out Repairs
	if r.ID != "" {
		if _, err := c.oneToReverse(e, r); err != nil {
			return out, err
		}
	}
	for _, name := range r.Groups {
		if _, err := c.groupOf(e, name); err != nil {
			return out, err
		}
	}
	for _, group := range c.options.Registry.Groups() {
		if len(r.Groups) > 0 && !slices.Contains(r.Groups, group.Name) {
			continue
		}
		for _, m := range group.Migrations {
			entry := e[journal.Key{Group: group.Name, ID: m.ID}]
			if r.ID != "" && r.ID != m.ID || !differs(m, entry) {
				continue
			}
			if why := unrepairable(entry); why != "" {
				out.Skipped = append(out.Skipped, SkippedRepair{entry.Key, why})
			} else if entry.Status == journal.Completed {
				out.Changed = append(out.Changed, repairOf(m, entry))
			}
		}
		for _, entry := range e.unknown(group) {
			if r.ID == "" || r.ID == entry.ID {
				out.Skipped = append(out.Skipped, SkippedRepair{entry.Key, "it is missing: there is nothing here to accept"})
			}
		}
	}
	return out, nil
}

// unrepairable says why a modified migration stays so; empty: it need not.
func unrepairable(entry journal.Entry) string {
	switch {
	case entry.Status == journal.InProgress:
		return "it is in progress: skein resume, or skein reverse-in-progress"
	case entry.Status == journal.Completed && len(noteOf(entry).Owed) > 0:
		return fmt.Sprintf("it is owed to %s as it was applied: skein resume first", strings.Join(owedNodes(noteOf(entry)), ", "))
	}
	return ""
}

func repairOf(m migration.Migration, entry journal.Entry) Repair {
	out := Repair{Key: entry.Key, Row: entry, Is: m, Was: migration.Stored{Text: entry.Backward}}
	out.Checksum, _ = m.Checksum() // differs has made it before
	if was, err := migration.DecodeStored(entry.Backward, m.Backward); err == nil {
		out.Was = was
	}
	return out
}

// Repair accepts modified migrations: one row each says that what is here now is
// what was applied, with its way back. Nothing is run. What was applied otherwise
// since it was shown is refused.
func (c *Coordinator) Repair(ctx context.Context, accepted []Repair) (Result, error) {
	unlocked, err := c.readAnyhow(ctx)
	if err != nil {
		return Result{}, err
	}
	return c.locked(ctx, unlocked.epoch(), func(ctx context.Context, s *session) error {
		for _, repair := range accepted {
			if now := s.state[repair.Key]; now.Version != repair.Row.Version {
				return journal.Refusef("%s is not as it was shown: run %s (%s) changed it meanwhile, nothing was changed. The same command again",
					repair.Key, now.RunID, now.AppliedBy)
			}
		}
		for _, repair := range accepted {
			if s.stopped() {
				return &journal.InterruptedError{}
			}
			if err := s.repair(ctx, repair); err != nil {
				return err
			}
			s.result.Applied = append(s.result.Applied, repair.Key)
		}
		return nil
	})
}

// repair writes one row. Who applied it and when stays; who accepted it is in the
// audit trail.
func (s *session) repair(ctx context.Context, repair Repair) error {
	text, err := repair.Is.StoredText(true)
	if err != nil {
		return err
	}
	row := repair.Row
	row.Direction = journal.Forward
	row.Version, row.Epoch = s.next(), s.run.Epoch
	row.Checksum, row.Backward = repair.Checksum, text
	if err := s.record(ctx, row); err != nil {
		return fmt.Errorf("accept %s: %w", repair.Key, err)
	}
	s.emit(journal.Decided{
		Key: repair.Key, Flag: "repair",
		Text: fmt.Sprintf("what is here now is taken to be what was applied: checksum %s, was %s", repair.Checksum, repair.Row.Checksum),
	})
	s.emit(journal.MigrationFinished{Key: repair.Key, Direction: row.Direction, Status: row.Status, Fake: true})
	return nil
}
