package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/skein-migrate/skein/journal"
)

// Every type of package journal that is an event has a kind, and no other has.
func TestEveryEventIsAKind(t *testing.T) {
	files, err := filepath.Glob("../journal/*.go")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			method, ok := declared.(*ast.FuncDecl)
			if !ok || method.Recv == nil || method.Name.Name != "event" {
				continue
			}
			receiver, ok := method.Recv.List[0].Type.(*ast.Ident)
			if !ok {
				t.Fatalf("an event of %s is no plain type", name)
			}
			want[receiver.Name] = true
		}
	}
	have := map[string]bool{}
	for _, event := range Kinds() {
		have[reflect.TypeOf(event).Name()] = true
	}
	if len(want) < 10 {
		t.Fatalf("only %d events were found in the source of journal", len(want))
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("Kinds (-journal +Kinds):\n%s", diff)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{"MutationID": "mutation_id", "PartsToDo": "parts_to_do", "Of": "of", "OnCluster": "on_cluster"} {
		if have := snake(name); have != want {
			t.Errorf("%s: %s, want %s", name, have, want)
		}
	}
}

// filled is an event none of whose fields is zero.
func filled(event journal.Event) journal.Event {
	value := reflect.New(reflect.TypeOf(event)).Elem()
	fill(value)
	return value.Interface().(journal.Event)
}

func fill(value reflect.Value) {
	switch value.Interface().(type) {
	case time.Time:
		value.Set(reflect.ValueOf(time.Date(2026, 11, 20, 10, 12, 3, 0, time.UTC)))
		return
	case time.Duration:
		value.Set(reflect.ValueOf(1500 * time.Millisecond))
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString("a < \"b\"\n")
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int:
		value.SetInt(7)
	case reflect.Uint64:
		value.SetUint(17)
	case reflect.Interface:
		value.Set(reflect.ValueOf(errors.New("it broke")))
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 2, 2))
		fill(value.Index(0))
		fill(value.Index(1))
	case reflect.Struct:
		for i := range value.NumField() {
			fill(value.Field(i))
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema(nil)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("events.json", document); err != nil {
		t.Fatal(err)
	}
	out, err := compiler.Compile("events.json")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The lines of all kinds, empty and filled, are what the schema says, and have no
// key that it does not name.
func TestEveryLineIsAsTheSchemaSays(t *testing.T) {
	schema := compiled(t)
	for _, kind := range Kinds() {
		for _, event := range []journal.Event{kind, filled(kind)} {
			line, err := Line(Head{At: time.Now(), Run: "01KA", Seq: 1}, event)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Count(line, []byte("\n")) != 1 {
				t.Errorf("%s is more than a line:\n%s", Name(kind), line)
			}
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%s\n%v", line, err)
			}
			have := slices.Sorted(maps.Keys(document.(map[string]any)))
			if diff := cmp.Diff(named(t, kind), have); diff != "" {
				t.Errorf("%s has other keys than its schema:\n%s", Name(kind), diff)
			}
		}
	}
}

// named are the keys that the schema has for a kind.
func named(t *testing.T, kind journal.Event) []string {
	t.Helper()
	text, err := Schema(nil)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		OneOf []struct {
			Title      string
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	for _, one := range document.OneOf {
		if one.Title == Name(kind) {
			return slices.Sorted(maps.Keys(one.Properties))
		}
	}
	t.Fatalf("no schema of %s", Name(kind))
	return nil
}

func TestALine(t *testing.T) {
	at := time.Date(2026, 11, 20, 11, 12, 3, 4000, time.FixedZone("", 3600))
	line, err := Line(Head{At: at, Run: "01KA", Seq: 3}, journal.MigrationFailed{
		Key: journal.Key{Group: "events", ID: "0001_create"}, Step: 1, Of: 2, Summary: "DROP TABLE t", Text: "DROP TABLE `t` -- <",
		Hosts: []journal.HostOutcome{{Node: "ch-1:9000", Outcome: journal.Failed, Code: 60, Error: "no table"}}, Err: errors.New("no table"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"at":"2026-11-20T10:12:03.000004Z","run":"01KA","seq":3,"event":"migration_failed",` +
		`"group":"events","migration":"0001_create","step":1,"of":2,"summary":"DROP TABLE t","text":"DROP TABLE ` + "`t`" + ` -- <",` +
		`"hosts":[{"node":"ch-1:9000","outcome":"failed","code":60,"error":"no table"}],"error":"no table"}` + "\n"
	if diff := cmp.Diff(want, string(line)); diff != "" {
		t.Error(diff)
	}
}

func TestLinesAreNumberedAndInOrder(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, "01KA")
	for range 100 {
		w.Event(journal.Warning{Text: "x"})
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, line := range lines {
		var head Head
		if err := json.Unmarshal([]byte(line), &head); err != nil || head.Seq != i+1 || head.Run != "01KA" {
			t.Fatalf("line %d: %s %v", i+1, line, err)
		}
	}
	if len(lines) != 100 {
		t.Errorf("%d lines", len(lines))
	}
}

type full struct{ left int }

func (f *full) Write(text []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(text), nil
}

func TestAFullDiskIsSaidAtTheEnd(t *testing.T) {
	w := NewWriter(&full{left: 2}, "01KA")
	for range 5 {
		w.Event(journal.Warning{})
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("%v", err)
	}
}

// A pipe that nobody reads holds up neither events nor, for long, the end.
func TestAReaderThatHangsHoldsUpNothing(t *testing.T) {
	reader, pipe := io.Pipe()
	defer func() { _ = reader.Close() }()
	w := NewWriter(pipe, "01KA")
	began := time.Now()
	for range 1000 {
		w.Event(journal.Warning{})
	}
	if took := time.Since(began); took > 10*time.Second { // without end, if it waited
		t.Errorf("events took %s", took)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "not taken") {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > closeLimit+2*time.Second {
		t.Errorf("the end took %s", took)
	}
}
