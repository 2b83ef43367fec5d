package sqlfile

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/nearest"
	"github.com/skein-migrate/skein/ops"
)

// fileDirectives stand above the up section.
func fileDirectives() []string {
	return []string{"@blocking", "@depends-on", "@irreversible", "@allow"}
}

// header reads what stands above the up section: directives, and comments.
func (p *parser) header(h part, m *migration.Migration) {
	given := map[string]bool{}
	rest, at := ops.TrimBlock(h.text, func(at int, comment string) {
		line, column := h.at(at)
		name, value, ok := directive(comment)
		switch {
		case !ok:
			p.misplaced(line, column, comment, true)
		case !p.ownLine(line, column):
			p.bad(line, column, "a directive stands on a line of its own")
		case name == "@stmt":
			p.bad(line, column, "a block stands in a section: put it under %s", upMarker)
		case !slices.Contains(fileDirectives(), name):
			p.unknown(line, column, name)
		case given[name] && (name == "@blocking" || name == "@irreversible"):
			p.bad(line, column, "%s is there twice: leave one out", name)
		default:
			given[name] = true
			p.apply(line, column, name, value, m)
		}
	})
	// Where there is no section at all, that is said, and enough.
	if rest != "" && p.isSection(h.first+strings.Count(h.text, "\n")+1) {
		line, column := h.at(at)
		p.bad(line, column, "this stands above %s, where nothing is run: put it under a line %s in a section", upMarker, stmtMarker)
	}
}

func (p *parser) apply(line, column int, name, value string, m *migration.Migration) {
	words := strings.Fields(value)
	switch name {
	case "@blocking":
		m.Blocking = true
		if value != "" {
			p.bad(line, column, "@blocking takes nothing behind it: leave %q out", value)
		}
	case "@depends-on":
		if len(words) == 0 {
			p.bad(line, column, "@depends-on names no migration: write -- @depends-on group:id")
		}
		for _, word := range words {
			dependency, err := migration.ParseDependency(word)
			if err != nil {
				p.bad(line, column, "@depends-on: %v", err)
			} else if !slices.Contains(m.DependsOn, dependency) {
				m.DependsOn = append(m.DependsOn, dependency)
			}
		}
	case "@allow":
		if len(words) == 0 {
			p.bad(line, column, "@allow names no rule: write -- @allow plain-merge-tree, or another rule of validation")
		}
		for _, word := range words {
			if !slices.Contains(m.Allow, word) {
				m.Allow = append(m.Allow, word)
			}
		}
	case "@irreversible":
		why, err := strconv.Unquote(value)
		if err != nil || value[0] != '"' || strings.TrimSpace(why) == "" {
			p.bad(line, column, `@irreversible does not say why: write -- @irreversible "why" in double quotes`)
			why = "not said"
		}
		m.Irreversible = why
	}
}

// directive reads "-- @name value" of a comment.
func directive(comment string) (name, value string, ok bool) {
	text, isLine := strings.CutPrefix(comment, "--")
	text = strings.TrimSpace(text)
	if !isLine || !strings.HasPrefix(text, "@") {
		return "", "", false
	}
	if end := strings.IndexAny(text, " \t"); end > 0 {
		return text[:end], strings.TrimSpace(text[end:]), true
	}
	return text, "", true
}

// misplaced refuses a comment that was meant to be a marker or a directive, and
// says whether it was. Above the sections directives are read elsewhere.
func (p *parser) misplaced(line, column int, comment string, above bool) bool {
	name, _, ok := directive(comment)
	switch {
	case ok && above:
		return false
	case ok && name == "@stmt":
		p.bad(line, column, "write %s on a line of its own, with one space", stmtMarker)
		return true
	case ok && slices.Contains(fileDirectives(), name):
		p.bad(line, column, "%s is about the file: put it above %s", name, upMarker)
		return true
	case ok:
		p.unknown(line, column, name)
		return true
	}
	if start := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(comment, "--"))); !strings.HasPrefix(start, "skein") && !strings.HasPrefix(start, "migrator") {
		return false // most comments; the pattern is made anew for each
	}
	marker := regexp.MustCompile(`^--\s*((?i:skein|migrator))\s*:\s*(\S+)\s*$`).FindStringSubmatch(comment)
	if marker == nil {
		return false
	}
	meant := "-- " + strings.ToLower(marker[1]) + ":" + strings.ToLower(marker[2])
	switch {
	case slices.Contains([]string{upMarker, downMarker, "-- migrator:up", "-- migrator:down"}, meant):
		p.bad(line, column, "write %s like this, on a line of its own", meant)
	default:
		p.bad(line, column, "unknown section %q%s", comment, orList(nearest.DidYouMean(strings.ToLower(marker[2]), []string{"up", "down"}),
			": there are "+upMarker+" and "+downMarker))
	}
	return true
}

func (p *parser) unknown(line, column int, name string) {
	known := append(fileDirectives(), "@stmt")
	words := strings.Fields(strings.ReplaceAll(strings.Join(known, " "), "@", ""))
	p.bad(line, column, "unknown directive %s%s", name,
		orList(nearest.DidYouMean(strings.ToLower(name[1:]), words), ": there are "+strings.Join(known, ", ")+"; a comment does not begin with @"))
}

func orList(proposal, list string) string {
	if proposal != "" {
		return proposal
	}
	return list
}

// ownLine says that nothing stands before a column of a line.
func (p *parser) ownLine(line, column int) bool {
	return strings.TrimSpace(string([]rune(p.text[line-1])[:column-1])) == ""
}
