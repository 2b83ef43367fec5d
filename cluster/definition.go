package cluster

import (
	"regexp"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// definition is a server's CREATE text taken apart at its own keywords. It is no
// parser: servers write their definitions in one fixed form, and what stands
// between two keywords is compared as text with what the same server makes of
// what an author wrote.
type definition struct {
	columns map[string]string // what follows a column's name
	parts   map[partKey]string
	clauses map[string]string // by keyword: ENGINE, REFRESH, TO, AS…
}

type partKey struct {
	kind ops.PartKind
	name string
}

// clauseWords are the keywords that begin a clause of CREATE. AS ends them:
// what follows it is a query.
func clauseWords() []string {
	return []string{
		"REFRESH", "TO", "ENGINE =", "PARTITION BY", "PRIMARY KEY", "ORDER BY", "SAMPLE BY", "TTL", "SETTINGS", "COMMENT", "AS",
	}
}

func takeApart(create string) definition {
	d := definition{columns: map[string]string{}, parts: map[partKey]string{}, clauses: map[string]string{}}
	body, rest := create, create
	if open, end := firstList(create); open >= 0 && end < min(startOf(create, "AS"), startOf(create, "ENGINE")) {
		body, rest = create[open+1:end], create[:open]+create[end+1:]
		d.items(body)
	}
	for keyword, text := range clauses(rest) {
		d.clauses[keyword] = text
	}
	for _, kind := range []ops.PartKind{ops.PartOrderBy, ops.PartSampleBy, ops.PartTTL} {
		if text, there := d.clauses[string(kind)]; there {
			d.parts[partKey{kind, ""}] = text
		}
	}
	if comment, there := d.clauses["COMMENT"]; there {
		d.parts[partKey{ops.PartComment, ""}] = unquote(comment)
	}
	for _, setting := range splitTop(d.clauses["SETTINGS"], ',') {
		if name, value, ok := strings.Cut(setting, "="); ok {
			d.parts[partKey{ops.PartSetting, unquote(name)}] = unquote(value)
		}
	}
	return d
}

// items reads the list of columns, indexes, projections and constraints.
func (d definition) items(list string) {
	for _, item := range splitTop(list, ',') {
		kind := ops.PartKind("")
		for keyword, is := range map[string]ops.PartKind{
			"INDEX ": ops.PartIndex, "PROJECTION ": ops.PartProjection, "CONSTRAINT ": ops.PartConstraint,
		} {
			if rest, ok := strings.CutPrefix(item, keyword); ok {
				kind, item = is, strings.TrimSpace(rest)
				break
			}
		}
		name, text := cutName(item)
		if kind == "" {
			d.columns[name] = text
		} else {
			d.parts[partKey{kind, name}] = text
		}
	}
}

// clauses cuts a text at its clause keywords, in the order in which they come.
func clauses(text string) map[string]string {
	type mark struct {
		keyword  string
		at, body int
	}
	var marks []mark
	end, engine := len(text), false
	outside(text, func(i int) bool {
		for _, keyword := range clauseWords() {
			if !wordAt(text, i, keyword) || keyword == "TO" && engine {
				continue // TO DISK is part of a TTL
			}
			engine = engine || keyword == "ENGINE ="
			marks = append(marks, mark{keyword, i, i + len(keyword)})
			return keyword != "AS"
		}
		return true
	})
	found := map[string]string{}
	for i, m := range marks {
		stop := end
		if i+1 < len(marks) {
			stop = marks[i+1].at
		}
		if _, twice := found[m.keyword]; !twice {
			found[m.keyword] = strings.TrimSpace(text[m.body:stop])
		}
	}
	return found
}

// columnTTL is the TTL in what follows a column's name.
func columnTTL(text string) string {
	from, to := startOf(text, "TTL"), startOf(text, "SETTINGS")
	if from >= to {
		return ""
	}
	return strings.TrimSpace(text[from+len("TTL") : to])
}

// startOf is where a word begins outside quotes and brackets; the text's length
// if it does not.
func startOf(text, word string) int {
	at := len(text)
	outside(text, func(i int) bool {
		if wordAt(text, i, word) {
			at = i
			return false
		}
		return true
	})
	return at
}

func wordAt(text string, at int, word string) bool {
	if !strings.HasPrefix(text[at:], word) || at > 0 && text[at-1] != ' ' && text[at-1] != ')' {
		return false
	}
	after := at + len(word)
	return after == len(text) || text[after] == ' ' || text[after] == '('
}

// outside visits the bytes of a text that are in no quotes and no brackets,
// until visit returns false.
func outside(text string, visit func(int) bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\'', '`', '"':
			i = closing(text, i)
			continue
		case ')', ']', '}':
			depth--
		}
		if depth == 0 && !visit(i) {
			return
		}
		switch text[i] {
		case '(', '[', '{':
			depth++
		}
	}
}

// closing finds the end of a quoted text that begins at open: a backslash
// escapes, and so does a doubled quote.
func closing(text string, open int) int {
	for i := open + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == text[open] && i+1 < len(text) && text[i+1] == text[open]:
			i++
		case text[i] == text[open]:
			return i
		}
	}
	return len(text)
}

// firstList finds the brackets of the list of columns; -1 if there are none.
func firstList(text string) (open, end int) {
	open, end = -1, -1
	outside(text, func(i int) bool {
		switch {
		case text[i] == '(' && open < 0:
			open = i
		case text[i] == ')' && open >= 0:
			end = i
			return false
		}
		return true
	})
	if end < 0 {
		return -1, -1
	}
	return open, end
}

// splitTop splits at a separator outside quotes and brackets.
func splitTop(text string, separator byte) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	var parts []string
	from := 0
	outside(text, func(i int) bool {
		if text[i] == separator {
			parts = append(parts, strings.TrimSpace(text[from:i]))
			from = i + 1
		}
		return true
	})
	return append(parts, strings.TrimSpace(text[from:]))
}

// cutName splits an identifier, quoted or not, from what follows it.
func cutName(text string) (name, rest string) {
	if text == "" {
		return "", ""
	}
	if text[0] == '`' || text[0] == '"' {
		end := min(closing(text, 0)+1, len(text))
		return unquote(text[:end]), strings.TrimSpace(text[end:])
	}
	name, rest, _ = strings.Cut(text, " ")
	return name, strings.TrimSpace(rest)
}

// Compiled once: a comparison of many nodes asks them of every part of every table.
var (
	escapes = regexp.MustCompile(`\\(.)`)
	ids     = regexp.MustCompile(`(TO INNER )?UUID '[0-9a-f-]+' ?`)
	secrets = regexp.MustCompile(`(?i)\b(password|secret_access_key|access_key_id|session_token|sasl_password)(\s*=?\s*)'(?:[^'\\]|\\.)*'`)
)

// unquote is the plain text of a quoted one, or the text itself.
func unquote(text string) string {
	text = strings.TrimSpace(text)
	if len(text) < 2 || !strings.ContainsRune("'`\"", rune(text[0])) || text[len(text)-1] != text[0] {
		return text
	}
	quote, inside := text[:1], text[1:len(text)-1]
	inside = strings.ReplaceAll(inside, quote+quote, quote)
	if !strings.Contains(inside, `\`) {
		return inside
	}
	return escapes.ReplaceAllStringFunc(inside, func(escaped string) string {
		switch escaped[1] {
		case 'n':
			return "\n"
		case 't':
			return "\t"
		case 'r':
			return "\r"
		case '0':
			return "\x00"
		case 'b':
			return "\b"
		case 'f':
			return "\f"
		}
		return escaped[1:]
	})
}

// squeeze makes texts comparable that differ in spaces and quoting alone.
func squeeze(text string) string {
	return strings.NewReplacer(" ", "", "\n", "", "`", "").Replace(text)
}

// withoutIDs is a CREATE without what lawfully differs between nodes.
func withoutIDs(createQuery string) string {
	if !strings.Contains(createQuery, "UUID '") {
		return createQuery
	}
	return ids.ReplaceAllString(createQuery, "")
}

// masked hides values that servers hide: those of keys that name a secret, and
// what is already hidden.
func masked(text string) string {
	return secrets.ReplaceAllString(text, "$1$2'[HIDDEN]'")
}

// sameText compares two texts of one kind, both as a server wrote them.
func sameText(a, b string) bool { return squeeze(masked(a)) == squeeze(masked(b)) }

// collectionKeys are the keys of a named collection. Their values are hidden.
func collectionKeys(create string) string {
	_, pairs, _ := strings.Cut(create, " AS ")
	var keys []string
	for _, pair := range splitTop(pairs, ',') {
		name, _, _ := strings.Cut(pair, "=")
		keys = append(keys, unquote(name))
	}
	slices.Sort(keys)
	return strings.Join(keys, ", ")
}
