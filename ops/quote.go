package ops

import "strings"

// Ident quotes an identifier with backquotes, so that any text is one name.
// ClickHouse reads backslash escapes inside backquotes as it does inside quotes;
// names of columns and tables with every control character came back byte for
// byte from 18.16, also after DETACH and ATTACH. It takes a doubled backquote too.
func Ident(name string) string { return "`" + escape(name, '`') + "`" }

// String quotes a string literal.
func String(text string) string { return "'" + escape(text, '\'') + "'" }

func escape(text string, quote byte) string {
	var b strings.Builder
	b.Grow(len(text) + 2)
	for i := range len(text) {
		switch c := text[i]; c {
		case '\\', quote:
			b.WriteByte('\\')
			b.WriteByte(c)
		case 0:
			b.WriteString(`\0`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\b':
			b.WriteString(`\b`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
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
