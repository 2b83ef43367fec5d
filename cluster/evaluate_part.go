package cluster

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

func partIs(c ops.PartIs, state tableState, want expected) (journal.Verdict, string) {
	if !state.exists {
		return journal.Conflict, fmt.Sprintf("table %s does not exist", c.Table)
	}
	have, there := state.definition.parts[partKey{c.Kind, c.Name}]
	switch {
	case !there && c.Kind == ops.PartComment && c.Text == "":
	case !there:
		return journal.NotYet, fmt.Sprintf("%s is not there", partName(c.Kind, c.Name))
	case c.Text == "" && c.Kind != ops.PartComment:
	case bare(have) != bare(want.text):
		return journal.NotYet, fmt.Sprintf("%s is %s, not %s", partName(c.Kind, c.Name), have, want.text)
	}
	return journal.Holds, ""
}

func partGone(c ops.PartGone, state tableState) (journal.Verdict, string) {
	if !state.exists {
		return journal.Conflict, fmt.Sprintf("table %s does not exist", c.Table)
	}
	if _, there := state.definition.parts[partKey{c.Kind, c.Name}]; there {
		return journal.NotYet, fmt.Sprintf("%s is still there", partName(c.Kind, c.Name))
	}
	return journal.Holds, ""
}

func partName(kind ops.PartKind, name string) string {
	return strings.TrimSpace(string(kind) + " " + name)
}

// bare drops brackets around all of a text: MODIFY ORDER BY (id) keeps those
// that CREATE drops (seen on 26.7).
func bare(text string) string {
	text = squeeze(text)
	for open, end := firstList(text); open == 0 && end == len(text)-1; open, end = firstList(text) {
		text = text[1 : len(text)-1]
	}
	return text
}

func viewIs(c ops.ViewIs, state tableState, want expected) (journal.Verdict, string) {
	if !state.exists {
		return journal.NotYet, fmt.Sprintf("view %s does not exist", c.Table)
	}
	if c.Engine != "" && state.engine != c.Engine {
		return journal.Conflict, fmt.Sprintf("%s is a %s, not a %s", c.Table, state.engine, c.Engine)
	}
	if c.To.Name != "" && !writesTo(state.createQuery, c.To) {
		return journal.Conflict, fmt.Sprintf("view %s does not write to %s", c.Table, c.To)
	}
	if !want.formatted {
		return journal.Holds, ""
	}
	asked := takeApart(want.text)
	for _, keyword := range []string{"AS", "REFRESH", "SETTINGS"} {
		have, wanted := unqualified(state.definition.clauses[keyword], c.Table), unqualified(asked.clauses[keyword], c.Table)
		if keyword != "AS" && (c.To.Name == "" || asked.clauses["REFRESH"] == "") {
			// A changed query says nothing of when it is refreshed, and a plain view's
			// settings are those of its inner table.
			continue
		}
		if !sameText(have, wanted) {
			return journal.NotYet, fmt.Sprintf("view %s: %s %q, not %q", c.Table, keyword, have, wanted)
		}
	}
	return journal.Holds, ""
}

// unqualified drops a database from the names of a query: the server adds it to
// tables that have none.
func unqualified(query string, table ops.Table) string {
	either := regexp.QuoteMeta(table.Database) + "|" + regexp.QuoteMeta(ops.Ident(table.Database))
	return regexp.MustCompile(`(^|[\s(,])(?:`+either+`)\.`).ReplaceAllString(query, "$1")
}

// writesTo finds the target in a view's CREATE, where the server quotes names
// only if it must.
func writesTo(createQuery string, to ops.Table) bool {
	either := func(name string) string {
		return "(?:" + regexp.QuoteMeta(name) + "|" + regexp.QuoteMeta(ops.Ident(name)) + ")"
	}
	return regexp.MustCompile(` TO ` + either(to.Database) + `\.` + either(to.Name) + `(?:[\s(]|$)`).MatchString(createQuery)
}

func dictionaryIs(c ops.DictionaryIs, state tableState, want expected) (journal.Verdict, string) {
	if !state.exists {
		return journal.NotYet, fmt.Sprintf("dictionary %s does not exist", c.Table)
	}
	if state.engine != "Dictionary" {
		return journal.Conflict, fmt.Sprintf("%s is a %s, not a dictionary", c.Table, state.engine)
	}
	if want.formatted && !sameText(fromList(withoutIDs(state.createQuery)), fromList(want.text)) {
		return journal.NotYet, fmt.Sprintf("dictionary %s is defined otherwise: %s", c.Table, fromList(state.createQuery))
	}
	return journal.Holds, ""
}

// fromList is a CREATE from its list of columns on.
func fromList(create string) string {
	open, _ := firstList(create)
	return create[max(open, 0):]
}

// objectVerdict judges what is no table.
func objectVerdict(condition ops.Condition, objects map[string]string, want expected) (journal.Verdict, string) {
	subject := condition.Subject()
	have, there := objects[subject]
	switch c := condition.(type) {
	case ops.ObjectIs:
		switch {
		case !there:
			return journal.NotYet, subject + " does not exist"
		case want.formatted && !sameObject(c.Object.Kind, have, want.text):
			return journal.NotYet, fmt.Sprintf("%s is %s, not %s", subject, have, want.text)
		}
		return journal.Holds, ""
	case ops.GrantIs:
		if !there {
			return journal.NotYet, subject + " is not there"
		}
		return journal.Holds, ""
	case ops.ObjectGone, ops.GrantGone:
		if there {
			return journal.NotYet, subject + " is still there"
		}
		return journal.Holds, ""
	}
	return journal.Conflict, fmt.Sprintf("no way to check %T", condition)
}

// sameObject compares what a server says of an object with the statement that
// makes it. Of users and the like it says nothing that could be compared.
func sameObject(kind ops.ObjectKind, have, create string) bool {
	switch kind {
	case ops.ObjectDatabase:
		engine, stated := takeApart(create).clauses["ENGINE ="]
		name, _, _ := strings.Cut(engine, "(")
		return !stated || takeApart(have).clauses["ENGINE ="] == strings.TrimSpace(name)
	case ops.ObjectNamedCollection:
		return have == collectionKeys(create)
	case ops.ObjectFunction:
		_, body, _ := strings.Cut(create, " AS ")
		_, is, _ := strings.Cut(have, " AS ")
		return sameText(is, body)
	}
	return true
}
