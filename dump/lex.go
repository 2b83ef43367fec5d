package dump

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is what a part of a server's text is.
type tokenKind int

const (
	symbol  tokenKind = iota // one character
	word                     // now, 123
	name                     // `now`
	literal                  // 'now'
)

type token struct {
	kind     tokenKind
	from, to int    // in bytes
	value    string // without quotes and escapes
}

// is says that the token is this keyword, as servers write them.
func (t token) is(keyword string) bool { return t.kind == word && t.value == keyword }

func (t token) sign(character string) bool { return t.kind == symbol && t.value == character }

// named says that the token may be an identifier.
func (t token) named() bool { return t.kind == word || t.kind == name }

// text is a statement with its tokens. What servers give back has no comments.
type text struct {
	src    string
	tokens []token
}

func lex(src string) text {
	t := text{src: src}
	for at := 0; at < len(src); {
		r, size := utf8.DecodeRuneInString(src[at:])
		end := at + size
		tok := token{kind: symbol, value: src[at:end]}
		switch {
		case unicode.IsSpace(r):
			at = end
			continue
		case wordly(r):
			for end < len(src) && (wordly(rune(src[end])) || src[end] == '$') {
				end++
			}
			tok = token{kind: word, value: src[at:end]}
		case r == '\'' || r == '`' || r == '"':
			end = closing(src, at)
			tok = token{kind: name, value: unescape(src[at:end])}
			if r == '\'' {
				tok.kind = literal
			}
		}
		tok.from, tok.to = at, end
		t.tokens = append(t.tokens, tok)
		at = end
	}
	return t
}

func wordly(r rune) bool {
	return r == '_' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// closing is where a quoted text that begins at open ends, behind its quote.
func closing(src string, open int) int {
	for i := open + 1; i < len(src); i++ {
		switch {
		case src[i] == '\\':
			i++
		case src[i] != src[open]:
		case i+1 < len(src) && src[i+1] == src[open]:
			i++
		default:
			return i + 1
		}
	}
	return len(src)
}

// unescape is what a quoted text says. A backslash before a character that it gives
// no meaning to stays, as it does in servers.
func unescape(quoted string) string {
	quote, inside := quoted[:1], strings.TrimSuffix(quoted[1:], quoted[:1])
	inside = strings.ReplaceAll(inside, quote+quote, quote)
	if !strings.Contains(inside, `\`) {
		return inside
	}
	meaning := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '0': 0, 'b': '\b', 'f': '\f', 'a': '\a', 'v': '\v', 'e': 27}
	var b strings.Builder
	for i := 0; i < len(inside); i++ {
		if inside[i] != '\\' || i+1 == len(inside) {
			b.WriteByte(inside[i])
			continue
		}
		i++
		switch c, known := meaning[inside[i]]; {
		case known:
			b.WriteByte(c)
		case strings.IndexByte("\\'`\"/", inside[i]) >= 0:
			b.WriteByte(inside[i])
		default:
			b.WriteByte('\\')
			b.WriteByte(inside[i])
		}
	}
	return b.String()
}

// raw is the text of some tokens, as it stands.
func (t text) raw(from, to int) string {
	if from >= to {
		return ""
	}
	return t.src[t.tokens[from].from:t.tokens[to-1].to]
}

// match is the token that closes the bracket at open; the number of tokens if none does.
func (t text) match(open int) int {
	depth := 0
	for i := open; i < len(t.tokens); i++ {
		switch {
		case t.opens(i):
			depth++
		case t.closes(i):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(t.tokens)
}

func (t text) opens(i int) bool {
	return t.tokens[i].kind == symbol && strings.Contains("([{", t.tokens[i].value)
}

func (t text) closes(i int) bool {
	return t.tokens[i].kind == symbol && strings.Contains(")]}", t.tokens[i].value)
}

// find is the first token outside of brackets where some keywords stand one behind
// the other; to if there is none.
func (t text) find(from, to int, keywords ...string) int {
	for i := from; i < to; i++ {
		if t.opens(i) {
			i = t.match(i)
			continue
		}
		if t.at(i, keywords...) {
			return i
		}
	}
	return to
}

// at says that some keywords or signs stand at a token.
func (t text) at(i int, keywords ...string) bool {
	for j, keyword := range keywords {
		if i+j >= len(t.tokens) || !t.tokens[i+j].is(keyword) && !t.tokens[i+j].sign(keyword) {
			return false
		}
	}
	return true
}

// has says that a literal of the text has a value.
func (t text) has(value string) bool {
	return slices.ContainsFunc(t.tokens, func(tok token) bool { return tok.kind == literal && tok.value == value })
}

// span is some tokens: from the first, to behind the last.
type span struct{ from, to int }

func (s span) empty() bool { return s.from >= s.to }

func (t text) of(s span) string { return t.raw(s.from, s.to) }

// list splits at commas outside of brackets.
func (t text) list(s span) []span {
	if s.empty() {
		return nil
	}
	var parts []span
	from := s.from
	for i := s.from; i < s.to; i++ {
		switch {
		case t.opens(i):
			i = t.match(i)
		case t.tokens[i].sign(","):
			parts = append(parts, span{from, i})
			from = i + 1
		}
	}
	return append(parts, span{from, s.to})
}

// clauses cuts at keywords, which come in this order or not at all. What stands
// before the first is under the empty keyword.
func (t text) clauses(s span, keywords ...string) map[string]span {
	found := map[string]span{}
	last, from := "", s.from
	for _, keyword := range keywords {
		words := strings.Fields(keyword)
		if at := t.find(from, s.to, words...); at < s.to {
			found[last] = span{from, at}
			last, from = keyword, at+len(words)
		}
	}
	found[last] = span{from, s.to}
	return found
}

// same says that two texts are one statement to a server: the same tokens, however
// names are quoted and literals escaped. Brackets around an argument that is one token
// say nothing.
func same(a, b string) bool {
	one, two := lex(a).plain(), lex(b).plain()
	if len(one) != len(two) {
		return false
	}
	for i := range one {
		if one[i] != two[i] {
			return false
		}
	}
	return true
}

func (t text) plain() []token {
	out := make([]token, 0, len(t.tokens))
	for i, tok := range t.tokens {
		tok.from, tok.to = 0, 0
		if tok.kind == word {
			tok.kind = name
		}
		out = append(out, tok)
		n := len(out)
		if n < 4 || !tok.sign(")") || !out[n-3].sign("(") || out[n-2].kind == symbol || !out[n-4].sign("(") && !out[n-4].sign(",") {
			continue
		}
		// f(a, (x)) is f(a, x).
		if i+1 < len(t.tokens) && (t.tokens[i+1].sign(")") || t.tokens[i+1].sign(",")) {
			out = append(out[:n-3], out[n-2])
		}
	}
	return out
}
