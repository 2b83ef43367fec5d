package importer

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/sqlfile"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// PyClickHouseMigrator is the tool whose files skein reads as they are. Its table
// has a row for each file that is applied, with what was run; a row is deleted
// when its file is rolled back. Newer versions of it have a column kind.
func PyClickHouseMigrator() Tool {
	return Tool{
		Name: "pyclickhousemigrator", Table: "db_migrations", AsIs: true,
		Columns: []string{"name", "up", "rollback", "dt"},
		Query: func(table string, columns []string) string {
			kind := "'migration'"
			if slices.Contains(columns, "kind") {
				kind = "toString(kind)"
			}
			return "SELECT name, up, rollback, toString(toUnixTimestamp(dt)), " + kind + " FROM " + table + " ORDER BY dt, name"
		},
		Read: readPyClickHouseMigrator, Mark: markPyClickHouseMigrator,
	}
}

func readPyClickHouseMigrator(fsys fs.FS, options Options) ([]Migration, error) {
	files, err := names(fsys)
	if err != nil {
		return nil, err
	}
	var migrations []Migration
	var problems []error
	for _, name := range files {
		if path.Ext(name) != ".sql" {
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		shown := path.Join(options.Shown, name)
		m, err := sqlfile.Parse(shown, text, sqlfile.Options{StorageSets: options.StorageSets})
		if err != nil {
			problems = append(problems, err)
			continue
		}
		number, _ := migration.Number(m.ID)
		migrations = append(migrations, Migration{Migration: m, From: []string{shown}, File: name, Text: text, number: number})
	}
	return ordered(migrations, problems)
}

func markPyClickHouseMigrator(migrations []Migration, rows [][]string) ([]Migration, []string, error) {
	var notes []string
	var problems []error
	for _, row := range rows {
		i := fileOf(migrations, row[0])
		if i < 0 {
			problems = append(problems, fmt.Errorf("%s is applied, and is not here: give --dir where all files are", row[0]))
			continue
		}
		seconds, err := strconv.ParseInt(row[3], 10, 64)
		if err != nil {
			return nil, nil, fmt.Errorf("time of %s: %w", row[0], err)
		}
		m := &migrations[i]
		m.Applied, m.At = true, time.Unix(seconds, 0)
		if row[4] == "baseline" {
			notes = append(notes, m.ID+" was a baseline: the other tool never ran it")
		} else if note := changed(*m, row[1], row[2]); note != "" {
			notes = append(notes, note)
		}
	}
	return migrations, notes, errors.Join(problems...)
}

// fileOf finds the file of a row. There, a name behind the timestamp may be left
// out; skein needs one, so that the file has been renamed since.
func fileOf(migrations []Migration, name string) int {
	if i := slices.IndexFunc(migrations, func(m Migration) bool { return m.File == name }); i >= 0 {
		return i
	}
	number, err := strconv.ParseUint(strings.TrimSuffix(name, ".sql"), 10, 64)
	if err != nil {
		return -1
	}
	return at(migrations, number)
}

// changed says that a file is not what was run. The text that the tool keeps is
// compared, not its checksum: that is over text, and ours is over statements.
func changed(m Migration, up, down string) string {
	ran, err := sqlfile.Parse(m.File, []byte("-- migrator:up\n"+up+"\n-- migrator:down\n"+down), sqlfile.Options{StorageSets: setsOf(m)})
	if err != nil {
		return m.ID + ": what was applied is kept in a form that cannot be compared with the file"
	}
	a, errA := ran.Checksum()
	b, errB := m.Checksum()
	if errA != nil || errB != nil || a == b {
		return ""
	}
	return m.ID + ": the file was changed after it was applied. It is taken as it is now"
}

// setsOf lists the storage sets that a migration was read with.
func setsOf(m Migration) []storageset.Key {
	var sets []storageset.Key
	for _, operation := range slices.Concat(m.Forward, m.Backward) {
		if set := ops.PlaceOf(operation).StorageSet; !slices.Contains(sets, set) {
			sets = append(sets, set)
		}
	}
	return sets
}
