package ops

import (
	"slices"
	"strings"
)

// TextPart is one statement of a text of several.
type TextPart struct {
	At   int // where it begins, in bytes
	Text string
}

// SplitText divides SQL of another tool at each semicolon that ends a statement
// for the server's lexer: not those in quotes, comments and heredocs. Parts
// without SQL are left out, and so are the semicolons. A quote or a comment that
// is not closed is a *BlockError.
func SplitText(sql string) ([]TextPart, error) {
	pieces, problems := scan(sql)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	var parts []TextPart
	from := 0
	end := func(to int) {
		text, at := TrimBlock(sql[from:to], func(int, string) {})
		if text != "" {
			parts = append(parts, TextPart{At: from + at, Text: text})
		}
	}
	for _, p := range pieces {
		if p.kind == pieceOther && p.text == ";" {
			end(p.at())
			from = p.at() + len(p.text)
		}
	}
	end(len(sql))
	return parts, nil
}

// Literally writes SQL of another tool so that a RunBlock sends it as it is:
// what has the form of a placeholder gets its braces doubled. The macros that
// ClickHouse fills by itself stay.
func Literally(sql string) string {
	pieces, _ := scan(sql)
	var b strings.Builder
	placeholders(pieces, func(_ int, text string, mark *placeholder, in surroundings) {
		if mark == nil {
			b.WriteString(text)
			return
		}
		quoted := in.kind == pieceLiteral || in.kind == pieceHeredoc
		if !mark.escaped && !mark.colon && quoted && slices.Contains(serverMacros(), mark.name) {
			b.WriteString(mark.text)
			return
		}
		b.WriteString("{" + mark.text + "}")
	})
	return b.String()
}
