package importer

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/migration"
)

// Goose is github.com/pressly/goose. Its table has a row for each version that
// was applied; what is taken back is deleted, by older versions of it noted in a
// row more. The last row of a version counts. Row 0 is goose's own beginning.
func Goose() Tool {
	return Tool{
		Name: "goose", Table: "goose_db_version",
		Columns: []string{"version_id", "is_applied", "tstamp"},
		Query: func(table string, _ []string) string {
			return "SELECT toString(version_id), toString(is_applied), toString(toUnixTimestamp(tstamp)) FROM " + table +
				" WHERE version_id > 0 ORDER BY version_id, tstamp, is_applied"
		},
		Read: readGoose, Mark: markGoose,
	}
}

func readGoose(fsys fs.FS, options Options) ([]Migration, error) {
	files, err := names(fsys)
	if err != nil {
		return nil, err
	}
	var migrations []Migration
	var problems []error
	for _, name := range files {
		if !isGoose(name) {
			continue
		}
		c := newConverter(name, options)
		if path.Ext(name) == ".go" {
			c.bad(1, 1, "a migration in Go cannot be converted: write it as SQL, or as a Go migration of skein's")
			problems = append(problems, c.err())
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		m := c.goose(name, decoded(text))
		migrations, problems = append(migrations, m), append(problems, c.err())
	}
	return ordered(migrations, problems)
}

// isGoose says what goose takes for a migration: a version, which is above 0,
// and a name. Other files it passes over.
func isGoose(name string) bool {
	if strings.HasSuffix(name, "_test.go") || path.Ext(name) != ".sql" && path.Ext(name) != ".go" {
		return false
	}
	digits, _, found := strings.Cut(name, "_")
	version, err := strconv.ParseInt(digits, 10, 64)
	return found && err == nil && version > 0
}

// goose converts one file.
func (c *converter) goose(name, text string) Migration {
	g := gooseFile{c: c}
	for i, line := range strings.Split(text, "\n") {
		g.line(i+1, line)
	}
	g.end()
	m := migration.Migration{Forward: c.operations(g.up)}
	if g.hasDown {
		m.Backward = c.operations(g.down)
	} else {
		m.Irreversible = "the file of goose has no section Down"
	}
	return c.migration(name, m)
}

// gooseFile reads the sections of a file. A statement ends at a line that ends in
// a semicolon, or where StatementEnd says.
type gooseFile struct {
	c        *converter
	up, down []statement
	hasUp    bool
	hasDown  bool
	begun    int // the line of a StatementBegin that is open; 0: none
	envsub   bool
	from     int // the line at which buffer begins
	buffer   []string
}

func (g *gooseFile) line(number int, line string) {
	trimmed := strings.TrimSpace(line)
	if strings.HasPrefix(trimmed, "--") && strings.Contains(line, "+goose") {
		_, name, _ := strings.Cut(line, "+goose")
		if trimmed[0] != line[0] {
			g.c.bad(number, 1, "goose refuses an annotation that does not begin its line")
		}
		g.annotation(number, strings.ToLower(strings.Join(strings.Fields(name), " ")), trimmed)
		return
	}
	if len(g.buffer) == 0 && (trimmed == "" || strings.HasPrefix(trimmed, "--")) {
		return
	}
	if !g.hasUp {
		g.c.bad(number, 1, "this stands before -- +goose Up")
		g.hasUp = true // once is enough
		return
	}
	if g.envsub {
		var err error
		if line, err = substituted(line); err != nil {
			g.c.bad(number, 1, "%v", err)
		}
	}
	if len(g.buffer) == 0 {
		g.from = number
	}
	g.buffer = append(g.buffer, line)
	if g.begun == 0 && endsStatement(line) {
		g.flush()
	}
}

func (g *gooseFile) annotation(number int, name, shown string) {
	switch name {
	case "up":
		if g.hasUp {
			g.c.bad(number, 1, "a second -- +goose Up")
		}
		g.hasUp = true
	case "down":
		switch {
		case !g.hasUp || g.hasDown:
			g.c.bad(number, 1, "-- +goose Down has to follow -- +goose Up, once")
		case g.begun > 0:
			g.c.bad(g.begun, 1, "-- +goose StatementBegin without StatementEnd")
		}
		g.unfinished()
		g.hasDown, g.begun = true, 0
	case "statementbegin":
		if !g.hasUp || g.begun > 0 {
			g.c.bad(number, 1, "-- +goose StatementBegin has to stand in a section, and not in another one")
		}
		g.begun = number
	case "statementend":
		if g.begun == 0 {
			g.c.bad(number, 1, "-- +goose StatementEnd without StatementBegin")
		}
		g.begun = 0
		g.flush()
	case "no transaction": // ClickHouse has none
	case "envsub on", "envsub off":
		g.envsub = name == "envsub on"
	default:
		g.c.bad(number, 1, "%s is no annotation that is known of goose", shown)
	}
}

func (g *gooseFile) end() {
	if !g.hasUp {
		g.c.bad(1, 1, "there is no -- +goose Up, so goose does not run it")
		return
	}
	if g.begun > 0 {
		g.c.bad(g.begun, 1, "-- +goose StatementBegin without StatementEnd")
		return
	}
	g.unfinished()
}

// unfinished refuses what no semicolon ends: goose does, too.
func (g *gooseFile) unfinished() {
	if strings.TrimSpace(strings.Join(g.buffer, "")) != "" {
		g.c.bad(g.from, 1, "this statement does not end: put a semicolon at the end of its last line")
	}
	g.buffer = nil
}

// flush takes the lines read so far as one query, which goose sends as a whole.
func (g *gooseFile) flush() {
	statements := g.c.split(g.from, strings.Join(g.buffer, "\n"))
	g.buffer = nil
	if len(statements) > 1 {
		g.c.bad(statements[1].line, 1, "a second statement in what goose sends as one query, which ClickHouse refuses: "+
			"end the first one's line with its semicolon")
	}
	if g.hasDown {
		g.down = append(g.down, statements...)
	} else {
		g.up = append(g.up, statements...)
	}
}

// endsStatement says that a line has a semicolon at its end, a comment apart.
func endsStatement(line string) bool {
	last := ""
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "--") {
			break
		}
		last = word
	}
	return strings.HasSuffix(last, ";")
}

// markGoose finds the last row of each version.
func markGoose(migrations []Migration, rows [][]string) ([]Migration, []string, error) {
	last := map[uint64]gooseRow{}
	for _, row := range rows {
		version, err := strconv.ParseUint(row[0], 10, 64)
		if err != nil {
			return nil, nil, fmt.Errorf("version %q: %w", row[0], err)
		}
		seconds, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil {
			return nil, nil, fmt.Errorf("time of version %d: %w", version, err)
		}
		r := gooseRow{applied: row[1] == "1" || row[1] == "true", seconds: seconds}
		before, seen := last[version]
		r.torn = seen && before.seconds == r.seconds && (before.torn || before.applied != r.applied)
		last[version] = r // they come in the order of time
	}
	var problems []error
	for version, row := range last {
		i := at(migrations, version)
		switch {
		case row.torn:
			problems = append(problems, fmt.Errorf("version %d was applied and taken back within one second, "+
				"and which came last cannot be known: look at what is there, and delete the wrong row", version))
		case row.applied && i < 0:
			problems = append(problems, missing(version))
		case row.applied:
			migrations[i].Applied, migrations[i].At = true, time.Unix(row.seconds, 0)
		}
	}
	return migrations, nil, sorted(problems)
}

type gooseRow struct {
	applied, torn bool
	seconds       int64
}

// substituted writes what ENVSUB fills as skein does.
func substituted(line string) (string, error) {
	var b strings.Builder
	for rest := line; rest != ""; {
		before, after, found := strings.Cut(rest, "$")
		if !found || after == "" || after[0] == '(' {
			b.WriteString(before)
			if !found {
				break
			}
			b.WriteByte('$')
			rest = after
			continue
		}
		if strings.HasSuffix(before, `\`) && !strings.HasSuffix(before, `\\`) {
			b.WriteString(strings.TrimSuffix(before, `\`) + "$")
			rest = after
			continue
		}
		b.WriteString(before)
		if after[0] == '$' {
			b.WriteByte('$')
			rest = after[1:]
			continue
		}
		name, behind, err := expansion(after)
		if err != nil {
			return line, err
		}
		b.WriteString(variable(name))
		rest = behind
	}
	return b.String(), nil
}

// expansion reads NAME or {NAME} behind a dollar sign.
func expansion(text string) (name, behind string, err error) {
	braces := text[0] == '{'
	text = strings.TrimPrefix(text, "{")
	end := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if end < 0 {
		end = len(text)
	}
	name, behind = text[:end], text[end:]
	switch {
	case name == "" || name[0] >= '0' && name[0] <= '9':
		return "", "", fmt.Errorf("goose takes the $ for a variable and finds no name behind it: write $$")
	case !braces:
		return name, behind, nil
	case strings.HasPrefix(behind, "}"):
		return name, behind[1:], nil
	}
	return "", "", fmt.Errorf("${%s…} says more than a name, and skein's {env:%s} does not: write ${%s}, and set the variable", name, name, name)
}

// missing is an applied version whose file is not there.
func missing(version uint64) error {
	return fmt.Errorf("version %d is applied, and has no file here: give --dir where all files are", version)
}
