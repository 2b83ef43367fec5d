package ops

import (
	"errors"
	"strings"
)

// checkRows checks what changes stored rows: where they are, which are meant, and
// what is read to tell.
func checkRows(t Table, partition, where string, reads []Table) error {
	if err := t.checkStored(); err != nil {
		return err
	}
	if strings.TrimSpace(where) == "" {
		return errors.New(`no condition: set Where; "1" means all rows`)
	}
	if err := checkPartitionText(partition); err != nil {
		return err
	}
	return checkPlaceAndTables(t.Place, placed(reads, t.Place))
}

// whereRows renders which rows are meant.
func whereRows(partition, where string, t Table) string {
	return strings.TrimSpace(inPartition(partition) + " WHERE " + inDatabase(where, t.Database))
}

// pinned sends a setting to servers that know it, so that a profile does not
// decide what a statement does.
func pinned(env Env, settings ...Setting) []Setting {
	var known []Setting
	for _, setting := range settings {
		if env.Settings[setting.Name] {
			known = append(known, setting)
		}
	}
	return known
}

// rowsAreGone is the error of an operation that loses rows.
func rowsAreGone(op Operation) error {
	return &IrreversibleError{Operation: Describe(op), Why: "rows that are gone do not come back; write the way back yourself"}
}
