package ops

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/nearest"
)

// placeholder is one {…} of a text that skein fills, or that has the form of one.
type placeholder struct {
	text  string // with its braces
	name  string
	value string // behind the colon
	colon bool
	// escaped is {{name}}, which stands for {name}.
	escaped bool
	spaced  bool // { db }
}

// The placeholders. In brackets: what they stand for outside of quotes.
const (
	markDatabase   = "db"         // the cluster's database, quoted
	markOnCluster  = "on_cluster" // ON CLUSTER 'name', or nothing
	markCluster    = "cluster"    // the cluster's name, in quotes
	markReplicated = "replicated" // an engine, with replication on a multi-node cluster
	markEnv        = "env"        // an environment variable, as it is
	markSecret     = "secret"     // only inside of a string
)

// marks lists the placeholders as an author writes them.
func marks() []string {
	return []string{"{db}", "{on_cluster}", "{cluster}", "{replicated:Engine}", "{env:NAME}", "{secret:NAME}"}
}

// serverMacros are filled by ClickHouse itself, in the arguments of an engine.
func serverMacros() []string { return []string{"shard", "replica", "database", "table", "uuid"} }

// placeholderAt reads what has the form of a placeholder: {word} or {word:text},
// or such a one in a second pair of braces. A map {'a': 1}, JSON {"a": 1}, a
// pattern {0} or {a,b} are none.
func placeholderAt(sql string) (placeholder, bool) {
	if strings.HasPrefix(sql, "{{") {
		p, ok := braced(sql[1:])
		if !ok || !strings.HasPrefix(sql[1+len(p.text):], "}") {
			return placeholder{}, false
		}
		return placeholder{text: sql[:len(p.text)+2], escaped: true}, true
	}
	p, ok := braced(sql)
	if !ok || p.spaced && !p.ours() {
		return placeholder{}, false // { x } of a format or a template
	}
	return p, !p.parameter()
}

// braced reads one pair of braces, without a regular expression: there are many.
func braced(sql string) (placeholder, bool) {
	end := strings.IndexByte(sql, '}')
	if end < 0 || strings.IndexByte(sql[1:end], '{') >= 0 {
		return placeholder{}, false
	}
	name, value, colon := strings.Cut(sql[1:end], ":")
	p := placeholder{text: sql[:end+1], name: strings.TrimSpace(name), value: value, colon: colon}
	p.spaced = p.name != name
	if p.name == "" || p.name[0] >= '0' && p.name[0] <= '9' ||
		strings.ContainsFunc(p.name, func(r rune) bool { return !wordly(r) }) {
		return placeholder{}, false
	}
	return p, true
}

func (p placeholder) ours() bool {
	return slices.Contains([]string{markDatabase, markOnCluster, markCluster, markReplicated, markEnv, markSecret}, p.name)
}

// parameter says that the placeholder is a parameter of a view, {id:UInt64},
// which is ClickHouse's: behind the colon stands one of its types.
func (p placeholder) parameter() bool {
	if !p.colon || p.ours() {
		return false
	}
	kinds := `U?Int(8|16|32|64|128|256)|B?Float(16|32|64)|Decimal(32|64|128|256)?|String|FixedString|UUID|Bool(ean)?|` +
		`Date(32|Time(32|64)?)?|Time(64)?|Enum(8|16)?|Array|Tuple|Map|Nested|Nullable|LowCardinality|IPv[46]|JSON|Object|` +
		`Variant|Dynamic|Identifier|Nothing|Point|Ring|Polygon|MultiPolygon|LineString|MultiLineString|Interval\w+|` +
		`(Simple)?AggregateFunction|QBit`
	return regexp.MustCompile(`^\s*(` + kinds + `)\s*(\(.*\))?\s*$`).MatchString(p.value)
}

// surroundings say what a placeholder stands in.
type surroundings struct {
	kind  pieceKind // pieceOther: outside of quotes
	quote byte
}

// placeholders calls visit for everything of a text in order: what has the form
// of a placeholder, and, with a nil mark, the text between. Comments have none.
func placeholders(pieces []piece, visit func(at int, text string, mark *placeholder, in surroundings)) {
	for _, p := range pieces {
		switch p.kind {
		case piecePlaceholder:
			visit(p.at(), p.text, p.mark, surroundings{})
		case pieceName, pieceLiteral, pieceHeredoc:
			in := surroundings{p.kind, p.text[0]}
			from := 0
			for i := 0; i < len(p.text); i++ {
				mark, ok := placeholder{}, false
				if p.text[i] == '{' {
					mark, ok = placeholderAt(p.text[i:])
				}
				if !ok {
					continue
				}
				visit(p.at()+from, p.text[from:i], nil, in)
				visit(p.at()+i, mark.text, &mark, in)
				from = i + len(mark.text)
				i = from - 1
			}
			visit(p.at()+from, p.text[from:], nil, in)
		default:
			visit(p.at(), p.text, nil, surroundings{})
		}
	}
}

// wrong says what is wrong with a placeholder where it stands; "" for nothing.
func (p placeholder) wrong(in surroundings) string {
	escape := func() string { return "; if the text itself is meant, write {" + p.text + "}" }
	valued := p.name == markReplicated || p.name == markEnv || p.name == markSecret
	switch {
	case p.escaped:
		return ""
	case slices.Contains(serverMacros(), p.name) && !p.colon:
		if in.kind == pieceLiteral || in.kind == pieceHeredoc {
			return ""
		}
		return fmt.Sprintf("%s is filled by ClickHouse in the quoted arguments of an engine alone: "+
			"put it in quotes; the database is {db}, the cluster {cluster}", p.text)
	case !p.ours():
		return fmt.Sprintf("unknown placeholder %s%s%s", p.text, nearestMark(p), escape())
	case p.spaced:
		return fmt.Sprintf("%s has white space in it: write {%s%s}", p.text, p.name, p.rest())
	case valued && strings.TrimSpace(p.value) == "":
		return fmt.Sprintf("%s names nothing: write %s", p.text, marks()[slices.Index(
			[]string{markDatabase, markOnCluster, markCluster, markReplicated, markEnv, markSecret}, p.name)])
	case !valued && p.colon:
		return fmt.Sprintf("%s takes no value: write {%s}%s", p.text, p.name, escape())
	}
	switch p.name {
	case markEnv:
		return p.wrongVariable()
	case markSecret:
		return p.wrongSecret(in)
	case markOnCluster, markReplicated:
		if in.kind != pieceOther {
			return fmt.Sprintf("%s stands in quotes: take them away%s", p.text, escape())
		}
	}
	if p.name == markReplicated {
		if _, _, err := p.engine(); err != nil {
			return err.Error()
		}
	}
	return ""
}

func (p placeholder) rest() string {
	if !p.colon {
		return ""
	}
	return ":" + strings.TrimSpace(p.value)
}

func (p placeholder) wrongVariable() string {
	switch {
	case !regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(p.value):
		return fmt.Sprintf("%s: %q is no name of an environment variable: write {env:NAME}, without spaces", p.text, p.value)
	case namesSecret(p.value):
		return fmt.Sprintf("%s: plans and logs show the value of a variable, and %s sounds like a secret: "+
			"write '{secret:NAME}', and under secrets in skein.yaml NAME: env:%s", p.text, p.value, p.value)
	}
	return ""
}

func (p placeholder) wrongSecret(in surroundings) string {
	switch {
	case !secretReference(p.text):
		return fmt.Sprintf("%s: a secret's name has no spaces, quotes or backslashes: write {secret:NAME}", p.text)
	case in.kind != pieceLiteral:
		return fmt.Sprintf("%s is no quoted text: write '%s', the value is filled in as a string", p.text, p.text)
	}
	return ""
}

// engine reads {replicated:ReplacingMergeTree(version)}, or the same without
// brackets: {replicated:ReplacingMergeTree version}.
func (p placeholder) engine() (Engine, string, error) {
	value := strings.TrimSpace(p.value)
	end := orAll(strings.IndexFunc(value, func(r rune) bool { return !wordly(r) }), value)
	name, args := value[:end], strings.TrimSpace(value[end:])
	if name == "" {
		return Engine{}, "", fmt.Errorf("%s names no engine: write {replicated:MergeTree}", p.text)
	}
	engine := Engine{Kind: EngineKind(name)}
	if strings.HasPrefix(args, "(") {
		if !strings.HasSuffix(args, ")") {
			return Engine{}, "", fmt.Errorf("%s: clauses stand behind the closing brace, write {replicated:%s(…)} and then them", p.text, name)
		}
		args = strings.TrimSpace(args[1 : len(args)-1])
	}
	if strings.HasPrefix(name, "Replicated") {
		return Engine{}, "", fmt.Errorf("%s: write the plain engine, {replicated:%s}; skein makes it Replicated where there is more than one node",
			p.text, strings.TrimPrefix(name, "Replicated"))
	}
	if !engine.mergeTree() && !slices.Contains([]string{"GraphiteMergeTree", "CoalescingMergeTree"}, name) {
		return Engine{}, "", fmt.Errorf("%s: %s has no Replicated form, the MergeTree engines have: write ENGINE = %s as it is", p.text, name, name)
	}
	return engine, args, nil
}

// nearestMark proposes the placeholder that an unknown one was meant to be.
func nearestMark(p placeholder) string {
	best, least := "", 3
	for _, mark := range marks() {
		name, _, _ := strings.Cut(strings.Trim(mark, "{}"), ":")
		if d := nearest.Distance(strings.ToLower(p.name), name); d < least && d < max(len(name), 2) {
			best, least = mark, d
		}
	}
	if best == "" {
		return ": there are " + strings.Join(marks(), ", ") + ", and for ClickHouse {shard} and {replica} in quotes"
	}
	return ", did you mean " + best + "?"
}
