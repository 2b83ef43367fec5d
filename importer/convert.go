package importer

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/migration/sqlfile"
	"github.com/skein-migrate/skein/ops"
)

// statement is a query of another tool, and where in its file it begins.
type statement struct {
	line int
	text string
}

// converter turns the statements of one file into operations. It collects what
// is wrong and goes on.
type converter struct {
	file     string // as shown
	options  Options
	problems []*yamlnode.Problem
}

func newConverter(name string, options Options) *converter {
	return &converter{file: path.Join(options.Shown, name), options: options}
}

func (c *converter) bad(line, column int, format string, args ...any) {
	c.problems = append(c.problems, &yamlnode.Problem{File: c.file, Line: line, Column: column, Text: fmt.Sprintf(format, args...)})
}

// operations makes a block of each statement.
func (c *converter) operations(statements []statement) ops.Operations {
	out := ops.Operations{}
	for _, s := range statements {
		out = append(out, c.block(s))
	}
	return out
}

// block is a statement that goes to one node as it is written, which is what the
// other tools do. It is read back at once: what a file of skein's cannot have is
// said of the line in the other tool's file.
func (c *converter) block(s statement) ops.RunBlock {
	sql := named(ops.Literally(s.text))
	if strings.Contains(sql, "{{env:") {
		c.bad(s.line, 1, "a variable stands in braces here, which a file of skein's cannot say: write its value")
	}
	block := ops.RunBlock{
		Place: ops.Place{Target: ops.Local, StorageSet: c.options.StorageSets[0]},
		Scope: ops.RunOneNode, SQL: sql,
	}
	text, err := sqlfile.Encode(migration.Migration{ID: "1_alone", Forward: ops.Operations{block}})
	if err != nil {
		c.bad(s.line, 1, "%v", err)
		return block
	}
	_, err = sqlfile.Parse("1_alone.sql", text, sqlfile.Options{})
	var problem *yamlnode.Problem
	switch {
	case errors.As(err, &problem):
		const first = 3 // the line at which the statement begins: behind two markers
		c.bad(s.line+problem.Line-first, problem.Column, "%s", problem.Text)
	case err != nil:
		c.bad(s.line, 1, "%v", err)
	}
	return block
}

// migration names the file's migration and writes its new file.
func (c *converter) migration(name string, m migration.Migration) Migration {
	out := Migration{Migration: m, From: []string{c.file}}
	file, err := migration.ParseFileName(name)
	if err != nil {
		c.problems = append(c.problems, &yamlnode.Problem{File: c.file, Text: err.Error()})
		return out
	}
	if len(m.Forward) == 0 && len(c.problems) == 0 {
		c.bad(1, 1, "there is nothing to run in it, and skein's files have at least one statement: write SELECT 1 into it")
	}
	out.ID, out.number, out.File = file.ID, file.Number, file.ID+".sql"
	if len(c.problems) > 0 {
		return out
	}
	text, err := sqlfile.Encode(out.Migration)
	if err == nil {
		out.Migration, err = sqlfile.Parse(out.File, text, sqlfile.Options{StorageSets: c.options.StorageSets})
	}
	if err != nil {
		c.bad(1, 1, "converted, it cannot be read: %v", err)
	}
	out.Text = text
	return out
}

// err is all that is wrong with the file.
func (c *converter) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return yamlnode.Join(c.problems)
}

// split divides the text of a file, which begins at a line, into statements.
func (c *converter) split(line int, text string) []statement {
	at := func(offset int) (int, int) {
		before := text[:offset]
		return line + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
	}
	parts, err := ops.SplitText(text)
	var open *ops.BlockError
	if errors.As(err, &open) {
		l, column := at(open.At)
		c.bad(l, column, "%s", strings.ReplaceAll(open.Text, " in the same block", ""))
	}
	var out []statement
	for _, part := range parts {
		l, _ := at(part.At)
		out = append(out, statement{l, part.Text})
	}
	return out
}

// variable marks, until braces have been doubled, where a variable of the
// environment stands: no SQL has this character.
func variable(name string) string { return "\x00" + name + "\x00" }

// named writes the marked variables as skein does.
func named(sql string) string {
	return regexp.MustCompile("\x00(\\w+)\x00").ReplaceAllString(sql, "{env:$1}")
}

// decoded is the text of a file with line feeds alone.
func decoded(text []byte) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(text), "\ufeff"), "\r\n", "\n")
}
