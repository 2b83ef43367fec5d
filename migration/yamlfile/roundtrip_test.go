package yamlfile

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// kinds are the names of all operations that have YAML.
func kinds() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(ops.Kinds())), func(kind string) bool { return kind == "RunGo" })
}

// filler fills any operation by the types of its fields alone.
type filler struct {
	types *types
	text  func(field string) string
	more  func() bool // another entry of a list, a pointer that is set, true
	zero  func() bool // leaves a field out
	depth int
}

func (f filler) operation(kind string) ops.Operation {
	v := reflect.New(reflect.TypeOf(ops.Kinds()[kind])).Elem()
	f.fill(v, kind)
	op, _ := v.Interface().(ops.Operation)
	return op
}

func (f filler) fill(v reflect.Value, name string) {
	const deepest = 5
	f.depth++
	if list, ok := v.Addr().Interface().(*ops.Operations); ok {
		*list = ops.Operations{f.operation("AddColumn")}
		if f.more() {
			*list = append(*list, f.operation("RunSQL"))
		}
		return
	}
	if place, ok := v.Addr().Interface().(*ops.Place); ok {
		*place = ops.Place{StorageSet: "set", Target: ops.Local}
		if f.more() {
			*place = ops.Place{StorageSet: "other", Target: ops.Distributed}
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.Type.Kind() == reflect.Struct || !f.zero() {
				f.fill(v.Field(i), field.Name)
			}
		}
		if table, ok := v.Addr().Interface().(*ops.Table); ok && table.Name == "" {
			table.Name = "a table without a name is refused"
		}
	case reflect.Pointer:
		if f.depth > deepest {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), name)
	case reflect.Slice:
		if f.depth > deepest {
			return
		}
		n := 1
		if f.more() {
			n = 2
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			f.fill(v.Index(i), name)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(7)
	case reflect.String:
		if words := f.types.wordsOf(v.Type()); words != nil {
			v.SetString(words.inGo[len(f.text(name))%len(words.inGo)])
			return
		}
		v.SetString(f.text(name))
	default:
		panic(fmt.Sprintf("%s is a %s", name, v.Type()))
	}
}

// read decodes without the operations' own Check: what is filled by type alone
// makes no sense.
func read(text []byte) (migration.Migration, error) {
	return parse("0001_x.yaml", text, Options{}, unchecked())
}

func unchecked() *types {
	t := newTypes()
	t.unchecked = true
	return t
}

// TestEveryKindIsInYAML fills each kind with something in every field, and
// nothing of it is lost on the way through a file.
func TestEveryKindIsInYAML(t *testing.T) {
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			n := 0
			f := filler{types: newTypes(), more: func() bool { n++; return n%2 == 0 }, zero: func() bool { return false }}
			f.text = func(field string) string { n++; return fmt.Sprintf("%s %d", field, n) }
			op := f.operation(kind)
			want := migration.Migration{ID: "0001_x", Forward: []ops.Operation{op}}
			text, err := Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			have, err := read(text)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			have.ID = want.ID
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("changed on the way (-before +after):\n%s\n%s", diff, text)
			}
		})
	}
}

// TestWhatIsWrittenIsRead draws operations of every kind with hostile texts, some
// fields left out, and reads what is written of them.
func TestWhatIsWrittenIsRead(t *testing.T) {
	hostile := []string{
		"a", "0123", "true", "null", "~", "", " a", "a ", "it's", `"`, `\`, "two\nlines", "two\nlines\n", "two\n lines\n\n", " x\ny", "tab\tbed", "# no comment", "a: b",
		"- a", "{a}", "[a]", "*a", "&a", "!a", "%a", "@a", "`a`", "|", ">", "<<", "=", "имя", "日本", "\U0001F980", "1e3", "0x10", "2026-01-01", "\x01", "\u0085", "\u2028", "\ufeff", "é\r\n", "a\n\tb", "---", "...", "yes", "trailing \nspace",
	}
	schema := compiled(t)
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds()).Draw(t, "kind")
		f := filler{
			types: newTypes(),
			text:  func(field string) string { return rapid.SampledFrom(hostile).Draw(t, field) },
			more:  func() bool { return rapid.Bool().Draw(t, "more") },
			zero:  func() bool { return rapid.Bool().Draw(t, "left out") },
		}
		m := migration.Migration{Forward: []ops.Operation{f.operation(kind)}, Blocking: f.more()}
		text, err := Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		once, err := read(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if sum(t, m) != sum(t, once) {
			t.Fatalf("changed on the way (-before +after):\n%s\n%s", cmp.Diff(m.Forward, once.Forward), text)
		}
		var document any
		if err := yaml.Unmarshal(text, &document); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if err := schema.Validate(document); err != nil {
			t.Fatalf("the schema refuses what is written: %v\n%s", err, text)
		}
		again, err := Encode(once)
		if err != nil || string(again) != string(text) {
			t.Fatalf("%v, written again it differs:\n%s", err, cmp.Diff(string(text), string(again)))
		}
	})
}

// sum is the checksum, which sees all of the operations.
func sum(t interface {
	Helper()
	Fatal(args ...any)
}, m migration.Migration,
) string {
	t.Helper()
	text, err := m.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
