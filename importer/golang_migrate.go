package importer

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// GolangMigrate is github.com/golang-migrate/migrate. It knows one version, the
// newest row of its table: everything up to it is applied. The older rows, which
// its ClickHouse driver leaves there, tell when.
func GolangMigrate() Tool {
	return Tool{
		Name: "golang-migrate", Table: "schema_migrations",
		Columns: []string{"version", "dirty", "sequence"},
		Query: func(table string, _ []string) string {
			return "SELECT toString(version), toString(dirty), toString(sequence) FROM " + table + " ORDER BY sequence"
		},
		Read: readGolangMigrate, Mark: markGolangMigrate,
	}
}

// halves are the two files of a version.
type halves struct {
	name     string // 0001_events
	up, down string
}

func readGolangMigrate(fsys fs.FS, options Options) ([]Migration, error) {
	files, err := names(fsys)
	if err != nil {
		return nil, err
	}
	pattern := regexp.MustCompile(`^([0-9]+_.*)\.(up|down)\.([^.]*)$`)
	var found []halves
	var problems []error
	for _, file := range files {
		match := pattern.FindStringSubmatch(file)
		if match == nil {
			continue // golang-migrate passes it over as well
		}
		if match[3] != "sql" {
			c := newConverter(file, options)
			c.bad(1, 1, "only .sql files can be converted")
			problems = append(problems, c.err())
			continue
		}
		i := slices.IndexFunc(found, func(h halves) bool { return h.name == match[1] })
		if i < 0 {
			i = len(found)
			found = append(found, halves{name: match[1]})
		}
		if match[2] == "up" {
			found[i].up = file
		} else {
			found[i].down = file
		}
	}
	var migrations []Migration
	for _, h := range found {
		m, err := h.migration(fsys, options)
		migrations, problems = append(migrations, m), append(problems, err)
	}
	return ordered(migrations, problems)
}

func (h halves) migration(fsys fs.FS, options Options) (Migration, error) {
	if h.up == "" {
		c := newConverter(h.down, options)
		c.bad(1, 1, "there is no %s.up.sql beside it", h.name)
		return Migration{From: []string{c.file}}, c.err()
	}
	c := newConverter(h.up, options)
	up, err := c.half(fsys, h.up)
	if err != nil {
		return Migration{}, err
	}
	m := migration.Migration{Forward: up}
	if h.down == "" {
		m.Irreversible = "golang-migrate has no " + h.name + ".down.sql"
		out := c.migration(h.name+".sql", m)
		return out, c.err()
	}
	d := newConverter(h.down, options)
	if m.Backward, err = d.half(fsys, h.down); err != nil {
		return Migration{}, err
	}
	out := c.migration(h.name+".sql", m)
	out.From = append(out.From, d.file)
	return out, errors.Join(c.err(), d.err())
}

// half converts one file. Whether it was sent as a whole or in parts, by
// x-multi-statement, nothing tells, and nothing depends on it: ClickHouse takes
// one statement a query, so that a file of several went in parts.
func (c *converter) half(fsys fs.FS, name string) (ops.Operations, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	return c.operations(c.split(1, decoded(text))), nil
}

// reached is a version that the table says was reached, and when.
type reached struct {
	version int64
	at      time.Time
}

// markGolangMigrate follows the rows: up, down, and up again.
func markGolangMigrate(migrations []Migration, rows [][]string) ([]Migration, []string, error) {
	if len(rows) == 0 {
		return migrations, nil, nil
	}
	newest := rows[len(rows)-1]
	if newest[1] != "0" && newest[1] != "false" {
		return nil, nil, fmt.Errorf("version %s is dirty: its migration ended half-way. "+
			"See what of it is there, finish it or take it back, and say so with migrate force VERSION; then import", newest[0])
	}
	var path []reached
	for _, row := range rows {
		version, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil {
			return nil, nil, fmt.Errorf("version %q: %w", row[0], err)
		}
		sequence, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil {
			return nil, nil, fmt.Errorf("time of version %d: %w", version, err)
		}
		if row[1] != "0" && row[1] != "false" {
			continue // what it is about to reach
		}
		path = slices.DeleteFunc(path, func(r reached) bool { return r.version > version })
		if len(path) == 0 || path[len(path)-1].version < version {
			path = append(path, reached{version, time.Unix(0, sequence)})
		}
	}
	if len(path) == 0 || path[len(path)-1].version < 0 {
		return migrations, nil, nil // all was taken back
	}
	current := path[len(path)-1].version
	if at(migrations, uint64(current)) < 0 {
		return nil, nil, missing(uint64(current))
	}
	for i, m := range migrations {
		from := slices.IndexFunc(path, func(r reached) bool { return r.version >= 0 && m.number <= uint64(r.version) })
		if from >= 0 {
			migrations[i].Applied, migrations[i].At = true, path[from].at
		}
	}
	return migrations, nil, nil
}
