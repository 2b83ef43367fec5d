package dump

import (
	"strconv"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// dictionaries are the ways to say a dictionary, best first.
func (s statement) dictionaries(t ops.Table, reads []ops.Table) []ops.Operation {
	list, rest := s.columns(s.tail)
	clauses := s.clauses(rest, "PRIMARY KEY", "SOURCE", "LIFETIME", "LAYOUT", "RANGE", "SETTINGS", "COMMENT")
	d := ops.CreateDictionary{Table: t, Reads: reads}
	for _, item := range s.list(list) {
		attribute, ok := s.attribute(item)
		if !ok {
			return nil
		}
		d.Columns = append(d.Columns, attribute)
	}
	for _, column := range s.list(clauses["PRIMARY KEY"]) {
		name, _ := s.identifier(column)
		d.PrimaryKey = append(d.PrimaryKey, name)
	}
	var ok bool
	if d.Comment, ok = s.comment(clauses); !ok {
		return nil
	}
	if list := s.inside(clauses["SETTINGS"]); !list.empty() {
		d.Settings = s.settings(list)
	}
	if between := s.pairs(s.inside(clauses["RANGE"])); len(between) == 2 {
		d.Range = &ops.DictionaryRange{Min: between[0].Value, Max: between[1].Value}
	}
	if life := s.pairs(s.inside(clauses["LIFETIME"])); len(life) == 2 {
		low, lowErr := strconv.Atoi(life[0].Value)
		high, highErr := strconv.Atoi(life[1].Value)
		if lowErr != nil || highErr != nil {
			return nil
		}
		d.Lifetime = &ops.Lifetime{Min: low, Max: high}
	}
	if layout := s.inside(clauses["LAYOUT"]); !layout.empty() {
		d.Layout = ops.Layout{
			Kind: s.tokens[layout.from].value, Parameters: s.pairs(s.inside(span{layout.from + 1, layout.to})),
		}
	}
	source := s.inside(clauses["SOURCE"])
	if source.empty() {
		return nil
	}
	raw := d
	d.Source = ops.DictionarySource{
		Kind: ops.SourceKind(s.tokens[source.from].value), Arguments: s.pairs(s.inside(span{source.from + 1, source.to})),
	}
	raw.Source = ops.DictionarySource{Raw: s.of(source)}
	return []ops.Operation{d, raw}
}

// inside is what brackets hold, with which a span begins.
func (s statement) inside(is span) span {
	if is.empty() || !s.at(is.from, "(") {
		return span{}
	}
	return span{is.from + 1, min(s.match(is.from), is.to)}
}

// pairs reads keys with their values, or with pairs of their own in brackets.
func (s statement) pairs(is span) []ops.Argument {
	var pairs []ops.Argument
	for i := is.from; i < is.to; i++ {
		pair := ops.Argument{Name: s.tokens[i].value}
		switch i++; {
		case i >= is.to:
		case s.at(i, "("):
			end := s.match(i)
			pair.Arguments = s.pairs(span{i + 1, min(end, is.to)})
			i = end
		case s.at(i, "-"):
			i++
			pair.Value = s.raw(i-1, min(i+1, is.to))
		default:
			pair.Value = s.tokens[i].value
		}
		pairs = append(pairs, pair)
	}
	return pairs
}

func (s statement) attribute(item span) (ops.Attribute, bool) {
	if item.empty() || !s.tokens[item.from].named() {
		return ops.Attribute{}, false
	}
	a := ops.Attribute{Name: s.tokens[item.from].value}
	for flags := true; flags && item.to > item.from+2; {
		switch last := s.tokens[item.to-1]; {
		case last.is("HIERARCHICAL"):
			a.Hierarchical = true
		case last.is("INJECTIVE"):
			a.Injective = true
		case last.is("IS_OBJECT_ID"):
			a.ObjectID = true
		default:
			flags = false
		}
		if flags {
			item.to--
		}
	}
	clauses := s.clauses(span{item.from + 1, item.to}, "DEFAULT", "EXPRESSION")
	a.Type, a.Default, a.Expression = s.of(clauses[""]), s.of(clauses["DEFAULT"]), s.of(clauses["EXPRESSION"])
	return a, true
}

// function is a function of SQL.
func function(place ops.Place, name, create, database string) (ops.CreateFunction, bool) {
	s := statement{text: lex(create), database: database}
	body := s.find(0, len(s.tokens), "AS")
	if body+1 >= len(s.tokens) {
		return ops.CreateFunction{}, false
	}
	f := ops.CreateFunction{
		Place: place, Name: name, Definition: s.movable(span{body + 1, len(s.tokens)}),
	}
	return f, strings.Contains(f.Definition, "->")
}
