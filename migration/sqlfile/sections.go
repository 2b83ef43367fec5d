package sqlfile

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/ops"
)

// The markers. Lines are compared as a whole, white space around them apart.
const (
	upMarker   = "-- skein:up"
	downMarker = "-- skein:down"
	stmtMarker = "-- @stmt"
)

// parser reads one file. It collects what is wrong and goes on.
type parser struct {
	file     string
	sets     keys
	whole    string
	text     []string // its lines, without their ends
	starts   []int    // where they begin, and one that would follow them
	problems []*yamlnode.Problem
}

// bad notes a problem; line and column count from 1, columns in characters.
func (p *parser) bad(line, column int, format string, args ...any) {
	p.problems = append(p.problems, &yamlnode.Problem{
		File: p.file, Line: line, Column: column, Text: fmt.Sprintf(format, args...),
	})
}

// lines divides the file. A file that is not UTF-8 is read no further.
func (p *parser) lines(text string) bool {
	text = strings.TrimPrefix(text, "\ufeff") // as editors on Windows begin a file
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\r")
	if valid := strings.ToValidUTF8(text, "\x00"); valid != text {
		at := 0
		for at < len(valid) && text[at] == valid[at] {
			at++
		}
		line, column := part{first: 1, text: text}.at(at)
		p.bad(line, column, "the file is not UTF-8: save it as UTF-8")
		return false
	}
	p.whole, p.text = text, strings.Split(text, "\n")
	p.starts = make([]int, len(p.text)+1)
	for i, line := range p.text {
		p.starts[i+1] = p.starts[i] + len(line) + 1
	}
	return true
}

// part is a run of lines.
type part struct {
	marker int // the line of its marker; 0: there is none
	first  int // the first line of its text
	text   string
}

// at is the line and the column of an offset in the text of the part.
func (t part) at(offset int) (line, column int) {
	before := t.text[:min(offset, len(t.text))]
	line = t.first + strings.Count(before, "\n")
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

func (p *parser) part(marker, from, to int) part {
	if from >= to {
		return part{marker: marker, first: from}
	}
	return part{marker: marker, first: from, text: p.whole[p.starts[from-1] : p.starts[to-1]-1]}
}

// section is a part with its marker and where it ends.
type section struct{ marker, end int }

type sections struct {
	header   part
	up, down section
}

// sections finds the two sections: exactly one of each, up first.
func (p *parser) sections() sections {
	var found sections
	end := len(p.text) + 1
	up, down := p.find("up"), p.find("down")
	switch {
	case len(up) == 0:
		p.bad(1, 1, "there is no up section: write %s on a line of its own%s", upMarker, p.otherTool())
	case len(down) == 0:
		p.bad(up[0], 1, "there is no down section: write %s on a line of its own, with nothing under it if there is nothing to undo", downMarker)
	case down[0] < up[0]:
		p.bad(down[0], 1, "the down section comes before the up section: put it behind")
	}
	for _, twice := range []struct {
		name  string
		lines []int
	}{{"up", up}, {"down", down}} {
		for i := 1; i < len(twice.lines); i++ {
			p.bad(twice.lines[i], 1, "a second %s section, the first is in line %d: put all statements into one", twice.name, twice.lines[0])
		}
	}
	found.header = p.part(0, 1, min(first(up, end), first(down, end)))
	if len(up) > 0 {
		found.up = section{up[0], end}
		if len(down) > 0 && down[0] > up[0] {
			found.up.end = down[0]
		}
	}
	if len(down) > 0 {
		found.down = section{down[0], end}
		if len(up) > 0 && up[0] > down[0] {
			found.down.end = up[0]
		}
	}
	return found
}

func first(lines []int, otherwise int) int {
	if len(lines) == 0 {
		return otherwise
	}
	return lines[0]
}

func (p *parser) find(name string) []int {
	var lines []int
	for i, line := range p.text {
		if line = strings.TrimSpace(line); line == "-- skein:"+name || line == "-- migrator:"+name {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// otherTool says whose file this looks like.
func (p *parser) otherTool() string {
	for _, line := range p.text {
		switch line = strings.ToLower(strings.TrimSpace(line)); {
		case strings.HasPrefix(line, "-- +goose"):
			return "; it looks like a file of goose, which skein import goose converts"
		case strings.HasPrefix(line, "-- migrate:up"):
			return "; it looks like a file of dbmate"
		}
	}
	return ""
}

// isStmt says that a line begins a block, and what stands behind the marker.
func isStmt(line string) (options string, ok bool) {
	trimmed := strings.TrimSpace(line)
	rest, found := strings.CutPrefix(trimmed, stmtMarker)
	return rest, found && (rest == "" || strings.TrimLeft(rest, " \t") != rest)
}

// blocks reads the blocks of a section. Empty ones, and those of comments alone,
// are no statements.
func (p *parser) blocks(s section) ops.Operations {
	operations := ops.Operations{}
	if s.marker == 0 {
		return operations
	}
	marker, from := 0, s.marker+1
	for line := from; line <= s.end; line++ {
		if line < s.end {
			if _, begins := isStmt(p.text[line-1]); !begins && !p.isSection(line) {
				continue
			}
		}
		text := p.part(marker, from, line)
		if marker == 0 {
			p.outside(text)
		} else if operation, ok := p.block(text); ok {
			operations = append(operations, operation)
		}
		marker, from = line, line+1
		if line < s.end && p.isSection(line) {
			marker = 0 // a second section, which is an error already
		}
	}
	return operations
}

func (p *parser) isSection(line int) bool {
	if line > len(p.text) {
		return false
	}
	switch strings.TrimSpace(p.text[line-1]) {
	case upMarker, downMarker, "-- migrator:up", "-- migrator:down":
		return true
	}
	return false
}

// outside refuses what stands in a section before its first block.
func (p *parser) outside(text part) {
	for i, line := range strings.Split(text.text, "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" {
			continue
		}
		column := utf8.RuneCountInString(line[:strings.Index(line, trimmed)]) + 1
		if !p.misplaced(text.first+i, column, trimmed, false) {
			p.bad(text.first+i, column, "this stands in no block: put it under a line %s", stmtMarker)
		}
		return // what follows belongs to it
	}
}
