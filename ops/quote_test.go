package ops_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/skein-migrate/skein/ops"
)

func hard() []string {
	return []string{
		"", "a", "a`b", "a'b", `a"b`, `a\b`, `\`, `a\`, `\'`, "\\`", "a b", "é漢字", "a\nb", "a\tb", "a\x00b", "a\bb", "a\fb",
		"a\rb", "a\vb", "a\ab", "\x1b\x7f", `\n`, `\x41`, "``", "''", "{db}", "--", "/*", "\xff\xfe", "'; DROP TABLE x; --",
	}
}

// unquote reads one quoted token from the beginning of sql as ClickHouse's lexer
// and unescaper do, written here anew from what a server was seen to do.
func unquote(sql string, quote byte) (value, rest string, err error) {
	if sql == "" || sql[0] != quote {
		return "", sql, errors.New("no quote at the beginning")
	}
	escapes := map[byte]byte{
		'a': 7, 'b': 8, 'e': 27, 'f': 12, 'n': 10, 'r': 13, 't': 9, 'v': 11, '0': 0,
	}
	var out []byte
	for i := 1; i < len(sql); i++ {
		switch c := sql[i]; {
		case c == quote && i+1 < len(sql) && sql[i+1] == quote: // doubled
			out = append(out, quote)
			i++
		case c == quote:
			return string(out), sql[i+1:], nil
		case c == '\\' && i+1 < len(sql):
			i++
			if sql[i] == 'x' || sql[i] == 'N' {
				return "", "", errors.New("an escape that we never write")
			}
			if control, ok := escapes[sql[i]]; ok {
				out = append(out, control)
			} else {
				out = append(out, sql[i])
			}
		default:
			out = append(out, c)
		}
	}
	return "", "", errors.New("not closed")
}

// tokens reads a whole statement and gives back what stands in backquotes and
// in quotes. An open quote at the end is an error.
func tokens(sql string) (idents, literals []string, err error) {
	for sql != "" {
		var value string
		switch sql[0] {
		case '`':
			if value, sql, err = unquote(sql, '`'); err != nil {
				return nil, nil, err
			}
			idents = append(idents, value)
		case '\'':
			if value, sql, err = unquote(sql, '\''); err != nil {
				return nil, nil, err
			}
			literals = append(literals, value)
		default:
			sql = sql[1:]
		}
	}
	return idents, literals, nil
}

func FuzzIdent(f *testing.F) {
	for _, text := range hard() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { roundTrip(t, ops.Ident(text), '`', text) })
}

func FuzzString(f *testing.F) {
	for _, text := range hard() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { roundTrip(t, ops.String(text), '\'', text) })
}

func roundTrip(t *testing.T, quoted string, quote byte, want string) {
	t.Helper()
	got, rest, err := unquote(quoted, quote)
	if err != nil || rest != "" || got != want {
		t.Errorf("%q is quoted as %s, read as %q, with %q behind it (%v)", want, quoted, got, rest, err)
	}
	if strings.ContainsAny(quoted, "\x00\n") {
		t.Errorf("%q is quoted as %q: a raw NUL or line break", want, quoted)
	}
}

// FuzzRender holds that whatever the names are, a statement has exactly the
// identifiers and literals that it was given, and all its quotes are closed.
func FuzzRender(f *testing.F) {
	for i, text := range hard() {
		f.Add(text, hard()[len(hard())-1-i], "col"+text)
	}
	f.Fuzz(func(t *testing.T, database, table, column string) {
		if table == "" || column == "" || column == "c" {
			t.Skip("refused by Check")
		}
		at := ops.Table{Place: atLocal(), Database: database, Name: table}
		env := environments()[0].env
		env.Database = "default"
		if database == "" {
			database = env.Database
		}
		noted := ops.Column{Name: column, Type: "UInt8", Comment: table}
		for _, test := range []struct {
			op               ops.Operation
			idents, literals []string
		}{
			{
				ops.CreateTable{
					Table: at, Columns: []ops.Column{noted, {Name: "c", Type: "UInt8"}}, Comment: database,
					Engine: ops.Engine{
						Kind: ops.ReplacingMergeTree, Version: column, OrderBy: "c",
						Settings: []ops.Setting{{Name: column, Value: "x" + table}},
					},
				},
				[]string{database, table, column, "c", column, column},
				[]string{table, "x" + table, database},
			},
			{ops.DropTable{Table: at}, []string{database, table}, nil},
			{ops.RenameTable{From: at, To: column}, []string{database, table, database, column}, nil},
			{ops.AddColumn{Table: at, Column: noted, After: "c"}, []string{database, table, column, "c"}, []string{table}},
			{ops.DropColumn{Table: at, Name: column}, []string{database, table, column}, nil},
			{
				ops.AddIndex{Table: at, Index: ops.Index{Name: column, Expression: "c", Type: "minmax"}},
				[]string{database, table, column},
				nil,
			},
			{
				ops.CreateMaterializedView{Table: at, To: ops.Table{Place: atLocal(), Name: column}, Query: "SELECT 1"},
				[]string{database, table, "default", column},
				nil,
			},
		} {
			statements, err := test.op.Statements(env)
			if err != nil || len(statements) != 1 {
				t.Fatalf("%s: %d statements, %v", ops.Describe(test.op), len(statements), err)
			}
			sql := statements[0].SQL("")
			idents, literals, err := tokens(sql)
			if err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
			if !same(idents, test.idents) || !same(literals, test.literals) {
				t.Errorf("%s\nhas identifiers %q, want %q; literals %q, want %q",
					sql, idents, test.idents, literals, test.literals)
			}
		}
	})
}

func same(a, b []string) bool {
	return len(a) == len(b) && strings.Join(a, "\x01") == strings.Join(b, "\x01")
}

// TestSettingValues: numbers stay bare, because 18.16 refuses an integer setting in quotes.
func TestSettingValues(t *testing.T) {
	for value, want := range map[string]string{
		"8192": "8192", "-1": "-1", "0.5": "0.5", "": "''", "-": "'-'", "1.": "'1.'", ".5": "'.5'", "1e3": "'1e3'",
		"default": "'default'", "1; DROP TABLE x": "'1; DROP TABLE x'", "0x10": "'0x10'", "1.2.3": "'1.2.3'", "--1": "'--1'",
	} {
		op := create(ops.Engine{Kind: ops.MergeTree, OrderBy: "id", Settings: []ops.Setting{{Name: "s", Value: value}}})
		statements, err := op.Statements(environments()[0].env)
		if err != nil {
			t.Fatal(err)
		}
		if sql := statements[0].SQL(""); !strings.HasSuffix(sql, "SETTINGS `s` = "+want) {
			t.Errorf("setting %q is rendered as %s, want %s", value, sql, want)
		}
	}
}
