package ops

import "strings"

// Ident quotes an identifier with backquotes, so that any text is one name.
// ClickHouse reads backslash escapes inside backquotes as it does inside quotes;
// names of columns and tables with every control character came back byte for
// byte from 18.16, also after DETACH and ATTACH. It takes a doubled backquote too.
func Ident(name string) string { return quoted(name, '`') }

// String quotes a string literal.
func String(text string) string { return quoted(text, '\'') }

// usualText is room on the stack for a text that is put together: what is longer is
// right too, and copied once more.
const usualText = 128

func quoted(text string, quote byte) string {
	return string(appendQuoted(make([]byte, 0, usualText), text, quote))
}

func escape(text string, quote byte) string {
	return string(appendEscaped(make([]byte, 0, usualText), text, quote))
}

func appendIdent(sql []byte, name string) []byte { return appendQuoted(sql, name, '`') }

func appendQuoted(sql []byte, text string, quote byte) []byte {
	return append(appendEscaped(append(sql, quote), text, quote), quote)
}

func appendEscaped(sql []byte, text string, quote byte) []byte {
	for i := range len(text) {
		switch c := text[i]; c {
		case '\\', quote:
			sql = append(sql, '\\', c)
		case 0:
			sql = append(sql, '\\', '0')
		case '\n':
			sql = append(sql, '\\', 'n')
		case '\r':
			sql = append(sql, '\\', 'r')
		case '\t':
			sql = append(sql, '\\', 't')
		case '\b':
			sql = append(sql, '\\', 'b')
		default:
			sql = append(sql, c)
		}
	}
	return sql
}

// settingValue renders the value of a setting in a SETTINGS clause: numbers
// bare, because 18.16 refuses an integer in quotes (70), all else quoted.
func settingValue(text string) string {
	if number(strings.TrimPrefix(text, "-")) {
		return text
	}
	return String(text)
}

// number says that the text is digits, with or without a decimal point.
func number(text string) bool {
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	whole, fraction, point := strings.Cut(text, ".")
	return digits(whole) && (!point || digits(fraction))
}
