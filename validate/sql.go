package validate

import (
	"regexp"
	"strings"
)

// token is a word, a quoted name, a literal or one other character of SQL.
// Comments and white space are none.
type token struct {
	text string // without its quotes
	kind tokenKind
}

type tokenKind int

const (
	other   tokenKind = iota
	word              // now, 123
	quoted            // `now` or "now": a name
	literal           // 'now()', $$now()$$
)

// is says that the token is this word, in any case.
func (t token) is(text string) bool { return t.kind == word && strings.EqualFold(t.text, text) }

// lexer takes SQL apart. It is made once, because its patterns are.
type lexer struct {
	next *regexp.Regexp // one token, or what stands between tokens
	here *regexp.Regexp // opens a literal that ends where its tag comes again
}

func newLexer() lexer {
	return lexer{
		next: regexp.MustCompile(`(?s)^(?:` +
			`(\s+|--[^\n]*|#[ !][^\n]*|/\*.*?(?:\*/|$))` + // 1: nothing
			`|(\w+)` + // 2: a word
			"|`((?:[^`\\\\]|\\\\.|``)*)(?:`|$)" + // 3: a name
			`|"((?:[^"\\]|\\.|"")*)(?:"|$)` + // 4: a name
			`|'((?:[^'\\]|\\.|'')*)(?:'|$)` + // 5: a literal
			`|(.))`), // 6: all else
		here: regexp.MustCompile(`^\$\w*\$`),
	}
}

func (l lexer) tokens(sql string) []token {
	var out []token
	for sql != "" {
		if tag := l.here.FindString(sql); tag != "" {
			if text, rest, closed := strings.Cut(sql[len(tag):], tag); closed {
				out = append(out, token{text, literal})
				sql = rest
				continue
			}
		}
		m := l.next.FindStringSubmatch(sql)
		if m == nil { // a byte that is no UTF-8
			sql = sql[1:]
			continue
		}
		sql = sql[len(m[0]):]
		switch {
		case m[1] != "":
		case m[2] != "":
			out = append(out, token{m[2], word})
		case m[0][0] == '`':
			out = append(out, token{unquote(m[3], '`'), quoted})
		case m[0][0] == '"':
			out = append(out, token{unquote(m[4], '"'), quoted})
		case m[0][0] == '\'':
			out = append(out, token{unquote(m[5], '\''), literal})
		default:
			out = append(out, token{m[6], other})
		}
	}
	return out
}

// unquote takes the escapes of names and paths out; control characters, which
// neither has, are left.
func unquote(text string, quote byte) string {
	q := string(quote)
	return strings.NewReplacer(`\\`, `\`, `\`+q, q, q+q, q).Replace(text)
}

// has says that the words follow each other somewhere.
func has(list []token, words ...string) bool { return find(list, words...) >= 0 }

func find(list []token, words ...string) int {
	for i := range list {
		if starts(list[i:], words...) {
			return i
		}
	}
	return -1
}

func starts(list []token, words ...string) bool {
	if len(list) < len(words) {
		return false
	}
	for i, text := range words {
		if !list[i].is(text) {
			return false
		}
	}
	return true
}

// engineOf is the name of the engine of a CREATE, and those of its arguments that
// are a literal or a name; "" stands for any other argument.
func engineOf(list []token) (name string, args []string) {
	at, depth := -1, 0
	for i, t := range list {
		switch {
		case t.kind == other && t.text == "(":
			depth++
		case t.kind == other && t.text == ")":
			depth--
		case depth == 0 && t.is("ENGINE") && at < 0:
			at = i
		}
	}
	if at < 0 {
		return "", nil
	}
	list = list[at+1:]
	if len(list) > 0 && list[0].text == "=" {
		list = list[1:]
	}
	if len(list) == 0 || list[0].kind != word {
		return "", nil
	}
	name = list[0].text
	if len(list) < 2 || list[1].text != "(" || list[1].kind != other {
		return name, nil
	}
	return name, arguments(list[2:])
}

func arguments(list []token) []string {
	var args []string
	var arg []token
	depth := 0
	end := func() {
		text := ""
		if len(arg) == 1 {
			text = arg[0].text
		}
		args, arg = append(args, text), nil
	}
	for _, t := range list {
		if t.kind == other {
			switch {
			case t.text == "(":
				depth++
			case t.text == ")" && depth == 0:
				end()
				return args
			case t.text == ")":
				depth--
			case t.text == "," && depth == 0:
				end()
				continue
			}
		}
		arg = append(arg, t)
	}
	return args
}
