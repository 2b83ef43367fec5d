package migration_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// filled puts something into every field of an operation, whether it makes sense
// together or not.
func filled(v reflect.Value, depth int) {
	if list, ok := v.Addr().Interface().(*ops.Operations); ok {
		*list = ops.Operations{ops.RunSQL{SQL: "SELECT '<&>\u2028 \"ß'"}}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" {
				filled(v.Field(i), depth+1)
			}
		}
	case reflect.Pointer:
		if depth < 6 {
			v.Set(reflect.New(v.Type().Elem()))
			filled(v.Elem(), depth+1)
		}
	case reflect.Slice:
		if depth < 6 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			filled(v.Index(0), depth+1)
			filled(v.Index(1), depth+1)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(depth) + 1)
	case reflect.String:
		v.SetString(fmt.Sprintf("a '%d'\n\\ {db} <é>", depth))
	}
}

// TestEveryKindIsReadBackAsItWasStored: nothing of any field of any operation is lost.
func TestEveryKindIsReadBackAsItWasStored(t *testing.T) {
	for _, kind := range slices.Sorted(maps.Keys(ops.Kinds())) {
		if kind == "RunGo" {
			continue // below
		}
		t.Run(kind, func(t *testing.T) {
			v := reflect.New(reflect.TypeOf(ops.Kinds()[kind])).Elem()
			filled(v, 0)
			want, _ := v.Interface().(ops.Operation)
			zero := ops.Kinds()[kind]
			text, err := migration.Migration{ID: "0001", Backward: []ops.Operation{want, zero}}.BackwardText()
			if err != nil {
				t.Fatal(err)
			}
			have, err := migration.DecodeBackward(text, nil)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if diff := cmp.Diff([]ops.Operation{want, zero}, have); diff != "" {
				t.Errorf("(-stored +read)\n%s", diff)
			}
		})
	}
}

func goFunction(name string, version int) ops.RunGo {
	return ops.RunGo{
		Place: ops.Place{StorageSet: "events", Target: ops.Local}, Name: name, Version: version,
		Func: func(context.Context, ops.DB) error { return nil },
	}
}

// A Go function is stored by its name alone: it is the program's own, or none.
func TestAStoredGoFunctionIsTheProgramsOwn(t *testing.T) {
	drop := ops.DropTable{Table: ops.LocalTable("events", "t")}
	text, err := migration.Migration{Backward: []ops.Operation{drop, goFunction("empty_it", 2)}}.StoredText(true)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := migration.DecodeStored(text, []ops.Operation{goFunction("empty_it", 1), goFunction("empty_it", 2)})
	if err != nil {
		t.Fatal(err)
	}
	mine, is := stored.Backward[1].(ops.RunGo)
	if !is || mine.Func == nil || mine.Version != 2 {
		t.Errorf("%+v", stored.Backward[1])
	}
	for _, code := range [][]ops.Operation{nil, {goFunction("empty_it", 1)}, {goFunction("other", 2)}} {
		_, err := migration.DecodeStored(text, code)
		if err == nil || !strings.Contains(err.Error(), "the Go function empty_it, version 2, is not in this program") {
			t.Errorf("%v: %v", code, err)
		}
	}
	inside := ops.When{If: ops.Test{SingleNode: true}, Then: ops.Operations{goFunction("empty_it", 2)}}
	text, err = migration.Migration{Backward: []ops.Operation{inside}}.StoredText(false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migration.DecodeStored(text, nil); err == nil || !strings.Contains(err.Error(), "only be registered from Go") {
		t.Errorf("inside a When: %v", err)
	}
}

func TestWhatIsStored(t *testing.T) {
	create := ops.RunBlock{Place: ops.Place{StorageSet: "events", Target: ops.Local}, SQL: "CREATE TABLE {db}.t {on_cluster} (a UInt8) ENGINE = Null"}
	drop := ops.RunBlock{Place: create.Place, SQL: "DROP TABLE {db}.t {on_cluster}"}
	m := migration.Migration{ID: "0001", Forward: []ops.Operation{create}, Backward: []ops.Operation{drop}, Irreversible: "so"}
	for _, complete := range []bool{true, false} {
		text, err := m.StoredText(complete)
		if err != nil {
			t.Fatal(err)
		}
		have, err := migration.DecodeStored(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := migration.Stored{Backward: m.Backward, Irreversible: "so", Text: text}
		if complete {
			want.Forward = m.Forward
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("complete %v: %s", complete, diff)
		}
	}
	list, err := m.BackwardText()
	if err != nil {
		t.Fatal(err)
	}
	if have, err := migration.DecodeStored(list, nil); err != nil || len(have.Backward) != 1 {
		t.Errorf("the list alone: %+v, %v", have, err)
	}
}

func TestWhatNobodyStoredIsRefused(t *testing.T) {
	for _, text := range []string{"", "{", "{}", "[{}]", `[{"Nope":{}}]`, `[{"DropTable":{"splines":1}}]`, `[{"DropTable":{}}]`, `{"backward":null}`, "null"} {
		if have, err := migration.DecodeStored(text, nil); err == nil {
			t.Errorf("%q is read as %+v", text, have)
		}
	}
}
