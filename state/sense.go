package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// sensible finds what no skein writes: decided by, it would lose or repeat work.
func sensible(e journal.Entry) error {
	switch e.Status {
	case journal.Completed, journal.InProgress, journal.NotStarted:
	default:
		return fmt.Errorf("its status is %q, which this skein does not know: a newer one wrote it, or a person did", e.Status)
	}
	switch {
	case e.Group == "" || e.ID == "":
		return errors.New("it has no group or no migration_id; to take it out: ALTER TABLE … DELETE WHERE `group` = '' OR migration_id = ''")
	case e.Epoch != journal.EpochOf(e.Version):
		return fmt.Errorf("its epoch is %d, and its version %d is of epoch %d", e.Epoch, e.Version, journal.EpochOf(e.Version))
	case e.Status != journal.InProgress:
		return nil
	case e.Direction != journal.Forward && e.Direction != journal.Backward:
		return fmt.Errorf("it is in progress, and its direction is %q", e.Direction)
	case e.Step < 1 || e.Direction == journal.Forward && e.Step > e.Steps+1:
		return fmt.Errorf("it is in progress at step %d of %d", e.Step, e.Steps)
	}
	return nil
}

// readable finds notes of a migration in progress that cannot be gone by: what
// was there before it began would be taken for its own, and dropped.
func readable(e journal.Entry) error {
	if e.Status != journal.InProgress {
		return nil
	}
	var note journal.Note
	decoder := json.NewDecoder(strings.NewReader(e.Note))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&note); err != nil {
		return fmt.Errorf("it is in progress, and its note cannot be read (%w): a newer skein wrote it, or a person did", err)
	}
	return nil
}

// corrupt refuses to go by rows, each with where it is and what is wrong.
func (s *Store) corrupt(rows ...string) error {
	return journal.Refusef("the state cannot be decided by, nothing was changed\n  %s\n"+
		"Look: SELECT * FROM %s ORDER BY version DESC LIMIT 5 BY `group`, migration_id\n"+
		"A newer skein's row: use that skein. Any other: insert it as it should be, with a higher version",
		strings.Join(rows, "\n  "), s.table(tableLocal))
}

// contradiction shows rows that have one version and are not the same.
func (s *Store) contradiction(key journal.Key, rows []found) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows have version %d, and which of them is true cannot be known", len(rows), rows[0].version)
	for _, f := range rows {
		fmt.Fprintf(&b, "\n    on %s: %s", f.node.Name(), shown(f.row))
	}
	names := make([]string, len(columns()))
	for i, column := range columns() {
		names[i] = ops.Ident(column.Name)
	}
	all := strings.Join(names, ", ")
	row := rows[0].row
	table := s.table(tableLocal)
	fmt.Fprintf(&b, "\n  Find out on the nodes which one is true. If it is the first, on %s: INSERT INTO %s (%s) SELECT %s FROM %s "+
		"WHERE `group` = %s AND migration_id = %s AND version = %d AND status = %s AND run_id = %s AND step = %s LIMIT 1",
		rows[0].node.Name(), table, all, strings.Replace(all, "`version`", "version + 1", 1), table,
		ops.String(key.Group), ops.String(key.ID), rows[0].version, ops.String(row[3]), ops.String(row[6]), row[8])
	return errors.New(b.String())
}

// shown is a row for people; what is empty is left out.
func shown(row []string) string {
	var parts []string
	for i, column := range columns() {
		if i < 3 || i == columnVersion || row[i] == "" || column.Name == "backward" || column.Name == "checksum" {
			continue
		}
		parts = append(parts, column.Name+" "+row[i])
	}
	return strings.Join(parts, ", ")
}
