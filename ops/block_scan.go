package ops

import (
	"fmt"
	"iter"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// BlockError is what is wrong with the text of a RunBlock, and where.
type BlockError struct {
	At   int // in bytes from the beginning of the text
	Text string
}

func (e *BlockError) Error() string { return e.Text }

// pieceKind is what a part of a text is to the server's lexer, placeholders apart.
type pieceKind uint8

const (
	pieceOther       pieceKind = iota // one character
	pieceSpace                        // white space
	pieceComment                      // with its marks, without the line's end
	pieceWord                         // now, 123
	pieceName                         // `now` or "now", with its quotes
	pieceLiteral                      // 'now()'
	pieceHeredoc                      // $$now()$$
	piecePlaceholder                  // {db}, outside of quotes
)

// A text has hundreds, so that they are small.
type piece struct {
	text string
	mark *placeholder // of a piecePlaceholder
	from int32
	kind pieceKind
}

// at is where the piece begins.
func (p piece) at() int { return int(p.from) }

// is says that the piece is this word, in any case.
func (p piece) is(word string) bool { return p.kind == pieceWord && strings.EqualFold(p.text, word) }

func (p piece) significant() bool { return p.kind != pieceSpace && p.kind != pieceComment }

// scan takes a text apart as the server's lexer does. Joined, the pieces are the
// text. What is not closed is an error; the piece then goes to the end.
func scan(sql string) (pieces []piece, errs []*BlockError) {
	return scanInto(make([]piece, 0, len(sql)/2+4), sql)
}

// scratch is room for the pieces of one text after the other, where many are only looked at.
type scratch struct {
	pieces []piece
	words  words
}

//nolint:gochecknoglobals // a pool is for all
var scratches = sync.Pool{New: func() any { return new(scratch) }}

// scanInto is scan that adds to pieces.
func scanInto(pieces []piece, sql string) (_ []piece, errs []*BlockError) {
	for p, problem := range lex(sql) {
		if problem != "" {
			errs = append(errs, &BlockError{At: p.at(), Text: problem})
		}
		pieces = append(pieces, p)
	}
	return pieces, errs
}

// lex is scan for one pass: a piece at a time, with what is wrong with it.
func lex(sql string) iter.Seq2[piece, string] {
	return func(yield func(piece, string) bool) {
		for at := 0; at < len(sql); {
			kind, length, problem := next(sql[at:])
			p := piece{kind: kind, from: int32(at), text: sql[at : at+length]}
			if kind == pieceOther && p.text == "{" {
				if mark, ok := placeholderAt(sql[at:]); ok {
					p.kind, p.text, p.mark = piecePlaceholder, mark.text, &mark
				}
			}
			if !yield(p, problem) {
				return
			}
			at += len(p.text)
		}
	}
}

// next says what a text begins with, and how long that is.
func next(sql string) (kind pieceKind, length int, problem string) {
	switch classOf(sql[0]) {
	case classWord:
		end := 1
		for end < len(sql) && (classOf(sql[end]) == classWord || sql[end] == '$') {
			end++
		}
		return pieceWord, end, ""
	case classSpace:
		end := 1
		for end < len(sql) && classOf(sql[end]) == classSpace {
			end++
		}
		if end == len(sql) || sql[end] < utf8.RuneSelf {
			return pieceSpace, end, ""
		}
	case classPlain:
		return pieceOther, 1, ""
	}
	switch r, size := utf8.DecodeRuneInString(sql); {
	case unicode.IsSpace(r):
		end := strings.IndexFunc(sql, func(r rune) bool { return !unicode.IsSpace(r) })
		return pieceSpace, orAll(end, sql), ""
	case strings.HasPrefix(sql, "--"), strings.HasPrefix(sql, "# "), strings.HasPrefix(sql, "#!"):
		return pieceComment, orAll(strings.IndexByte(sql, '\n'), sql), ""
	case strings.HasPrefix(sql, "/*"):
		if end := strings.Index(sql[2:], "*/"); end >= 0 {
			return pieceComment, end + 4, ""
		}
		return pieceComment, len(sql), "this comment is not closed: end it with */ in the same block"
	case r == '\'' || r == '"' || r == '`':
		if kind = pieceName; r == '\'' {
			kind = pieceLiteral
		}
		if end := closing(sql, byte(r)); end > 0 {
			return kind, end, ""
		}
		return kind, len(sql), fmt.Sprintf("the quote %c is not closed: close it in the same block", r)
	case r == '$':
		tag := regexp.MustCompile(`^\$\w*\$`).FindString(sql)
		if end := strings.Index(sql[len(tag):], tag); tag != "" && end >= 0 {
			return pieceHeredoc, end + 2*len(tag), ""
		}
		return pieceOther, size, ""
	default:
		return pieceOther, size, ""
	}
}

// class is what a byte can begin.
type class uint8

const (
	classOpen  class = iota // more has to be seen
	classWord               // a word
	classSpace              // white space
	classPlain              // nothing but itself
)

// classOf is the class of a byte: a text is read four times, and most of it is words.
func classOf(b byte) class {
	switch b {
	case ' ', '\n', '\t', '\r', '\v', '\f':
		return classSpace
	case '(', ')', ',', '.', ';', '=', '<', '>', '+', '*', '%', '[', ']', '{', '}', ':', '?', '|', '&', '^', '!', '~', '@', '\\':
		return classPlain
	}
	if wordly(rune(b)) {
		return classWord
	}
	return classOpen
}

// closing is where a quoted text ends, behind its quote; 0 if it does not. A
// backslash or a second quote takes a quote's meaning away.
func closing(sql string, quote byte) int {
	for i := 1; i < len(sql); i++ {
		switch {
		case sql[i] == '\\':
			i++
		case sql[i] != quote:
		case i+1 < len(sql) && sql[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return 0
}

func wordly(r rune) bool {
	return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

func orAll(end int, text string) int {
	if end < 0 {
		return len(text)
	}
	return end
}

// TrimBlock cuts white space and comments before and behind a statement. at is
// where the rest begins; it is empty where there is nothing else. A comment that
// is not closed stays. Every comment of the text, also inside of the statement, is
// shown to visit with where it begins.
func TrimBlock(sql string, visit func(at int, comment string)) (rest string, at int) {
	from, to := len(sql), 0
	wrong := false
	for p, problem := range lex(sql) {
		open := problem != "" && !wrong // what follows the first is not what it seems
		wrong = wrong || open
		if p.kind == pieceComment && !open {
			visit(p.at(), p.text)
		}
		if p.kind != pieceSpace && p.kind != pieceComment || open {
			from, to = min(from, p.at()), p.at()+len(p.text)
		}
	}
	if from >= to {
		return "", 0
	}
	return sql[from:to], from
}

// MarksOnCluster says that a text has {on_cluster} where it counts.
func MarksOnCluster(sql string) bool {
	if !strings.Contains(sql, onClusterMark) {
		return false
	}
	for p := range lex(sql) {
		if p.kind == piecePlaceholder && p.mark.name == markOnCluster {
			return true
		}
	}
	return false
}

// withoutComments is a text without comments and without white space, but between
// words: two texts are one statement to a server if they are the same then. It is
// for checksums, and not sent.
func withoutComments(sql string) string {
	var b strings.Builder
	var last piece
	gap := false
	for p := range lex(sql) {
		if p.kind == pieceSpace || p.kind == pieceComment {
			gap = b.Len() > 0
			continue
		}
		if gap && last.kind != pieceOther && p.kind != pieceOther {
			b.WriteByte(' ')
		}
		b.WriteString(p.text)
		last, gap = p, false
	}
	return b.String()
}
