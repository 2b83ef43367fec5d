package dump

import (
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// statement is a CREATE as a server has it, taken apart as far as all of them are alike.
type statement struct {
	text
	verb     string // "CREATE TABLE", "CREATE MATERIALIZED VIEW"…
	database string // that it is in
	name     span   // with its database
	// tail is all that follows the name and what tells one making from another: UUIDs.
	tail span
}

// read takes a statement apart; false: it is none.
func read(create, database string) (statement, bool) {
	s := statement{text: lex(create), database: database}
	at := 0
	for at < len(s.tokens) && !s.at(at, "TABLE") && !s.at(at, "VIEW") && !s.at(at, "DICTIONARY") {
		at++
	}
	if at+1 >= len(s.tokens) || !s.at(0, "CREATE") || !s.tokens[at+1].named() {
		return s, false
	}
	s.verb = s.raw(0, at+1)
	s.name = span{at + 1, at + 2}
	if s.at(s.name.to, ".") && s.name.to+1 < len(s.tokens) {
		s.name.to += 2
	}
	s.tail = span{s.name.to, len(s.tokens)}
	for _, id := range [][]string{{"UUID"}, {"TO", "INNER", "UUID"}} {
		if s.at(s.tail.from, id...) {
			s.tail.from += len(id) + 1
		}
	}
	return s, true
}

// withoutComment is a view without its comment, which stands before its query; false:
// it has none.
func (s statement) withoutComment() (statement, bool) {
	if s.verb != "CREATE VIEW" && s.verb != "CREATE MATERIALIZED VIEW" {
		return s, false
	}
	query := s.find(s.tail.from, s.tail.to, "AS")
	at := s.find(s.tail.from, query, "COMMENT")
	if at+2 != query {
		return s, false
	}
	bare, ok := read(s.verb+" "+s.of(s.name)+" "+s.raw(s.tail.from, at)+" "+s.raw(query, s.tail.to), s.database)
	return bare, ok
}

// columns is the list of columns that begins a span, without its brackets, and where
// the rest begins.
func (s statement) columns(in span) (list, rest span) {
	if in.empty() || !s.at(in.from, "(") {
		return span{}, in
	}
	end := s.match(in.from)
	return span{in.from + 1, min(end, in.to)}, span{min(end+1, in.to), in.to}
}

// create is the statement without what lawfully differs: UUIDs.
func (s statement) create() string {
	return s.verb + " " + s.of(s.name) + " " + s.of(s.tail)
}

// movable is a part with {db} wherever it names a table of the database.
func (s statement) movable(part span) string {
	var b strings.Builder
	if part.empty() {
		return ""
	}
	at := s.tokens[part.from].from
	for i := part.from; i+1 < part.to; i++ {
		if s.qualifies(i) {
			b.WriteString(s.src[at:s.tokens[i].from] + "{db}")
			at = s.tokens[i].to
		}
	}
	b.WriteString(s.src[at:s.tokens[part.to-1].to])
	return b.String()
}

// qualifies says that a token is the database before a name.
func (s statement) qualifies(i int) bool {
	return s.tokens[i].named() && s.tokens[i].value == s.database && s.at(i+1, ".") &&
		i+2 < len(s.tokens) && s.tokens[i+2].named() && (i == 0 || !s.tokens[i-1].sign("."))
}

// columnsOf reads a list of columns; false: it says what ops.Column has no field for.
func (s statement) columnsOf(list []span) ([]ops.Column, bool) {
	var columns []ops.Column
	for _, item := range list {
		column, ok := s.column(item)
		if !ok {
			return nil, false
		}
		columns = append(columns, column)
	}
	return columns, true
}

func (s statement) column(item span) (ops.Column, bool) {
	if item.empty() || !s.tokens[item.from].named() {
		return ops.Column{}, false
	}
	c := ops.Column{Name: s.tokens[item.from].value}
	kind := ""
	at := item.to
	for _, k := range []ops.DefaultKind{ops.Default, ops.Materialized, ops.Alias, ops.Ephemeral} {
		if found := s.find(item.from+1, item.to, string(k)); found < at {
			kind, at = string(k), found
		}
	}
	keywords := []string{"COMMENT", "CODEC", "STATISTICS", "TTL", "SETTINGS"}
	if kind != "" {
		keywords = append([]string{kind}, keywords...)
	}
	clauses := s.clauses(span{item.from + 1, item.to}, keywords...)
	for _, unsaid := range []string{"STATISTICS", "SETTINGS"} {
		if _, there := clauses[unsaid]; there {
			return c, false
		}
	}
	c.Type, c.TTL = s.of(clauses[""]), s.of(clauses["TTL"])
	if kind != "" {
		c.Expression = s.of(clauses[kind])
		if c.Kind = ops.DefaultKind(kind); c.Kind == ops.Default {
			c.Kind = ""
		}
	}
	if codec := clauses["CODEC"]; !codec.empty() {
		c.Codec = s.raw(codec.from+1, codec.to-1)
	}
	var ok bool
	c.Comment, ok = s.comment(clauses)
	return c, ok
}

// comment is the text of a COMMENT.
func (s statement) comment(clauses map[string]span) (string, bool) {
	is, there := clauses["COMMENT"]
	if !there {
		return "", true
	}
	return s.literal(is)
}

// literal is the text of a span that is one literal.
func (s statement) literal(is span) (string, bool) {
	if is.to != is.from+1 || s.tokens[is.from].kind != literal {
		return "", false
	}
	return s.tokens[is.from].value, true
}

// identifier is the name that a span is.
func (s statement) identifier(is span) (string, bool) {
	if is.to != is.from+1 || !s.tokens[is.from].named() {
		return "", false
	}
	return s.tokens[is.from].value, true
}

// settings reads name = value, and so on.
func (s statement) settings(is span) []ops.Setting {
	var settings []ops.Setting
	for _, one := range s.list(is) {
		if one.to-one.from < 3 || !s.at(one.from+1, "=") {
			continue // it is missed when the statement is written again
		}
		value := span{one.from + 2, one.to}
		setting := ops.Setting{Name: s.tokens[one.from].value, Value: s.of(value)}
		if text, ok := s.literal(value); ok {
			setting.Value = text
		}
		settings = append(settings, setting)
	}
	return settings
}
