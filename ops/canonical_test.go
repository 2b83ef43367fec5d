package ops_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
)

// TestCanonicalRoundTrips holds that nothing of an operation is lost in its
// canonical form, RunGo apart, which is known by name and version alone.
func TestCanonicalRoundTrips(t *testing.T) {
	for name, op := range operations() {
		if _, code := op.(ops.RunGo); code {
			continue
		}
		text, err := json.Marshal(ops.Operations{op})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var back ops.Operations
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(ops.Operations{op}, back); diff != "" {
			t.Errorf("%s changed on the way (-before +after):\n%s", name, diff)
		}
	}
}

func TestDecodingRefusesWhatItDoesNotKnow(t *testing.T) {
	for text, want := range map[string]string{
		`[{"AddColumm":{}}]`:                   "AddColumm",
		`[{"AddColumn":{"colunm":{}}}]`:        "colunm",
		`[{"AddColumn":{},"DropColumn":{}}]`:   "2 names",
		`[{"RunGo":{"name":"x","version":1}}]`: "only be registered from Go",
		`{"AddColumn":{}}`:                     "operations",
	} {
		var list ops.Operations
		err := json.Unmarshal([]byte(text), &list)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
}

// TestKindsArePlainData holds what YAML sources and schemas rely on: exported,
// tagged fields, and no interfaces but Operations.
func TestKindsArePlainData(t *testing.T) {
	for name, op := range ops.Kinds() {
		if name != ops.KindOf(op) {
			t.Errorf("%s is listed as %s", ops.KindOf(op), name)
		}
		plain(t, name, reflect.TypeOf(op), map[reflect.Type]bool{})
	}
}

func plain(t *testing.T, where string, typ reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	if seen[typ] || typ == reflect.TypeFor[ops.Operations]() {
		return
	}
	seen[typ] = true
	switch typ.Kind() {
	case reflect.Interface, reflect.Func, reflect.Map, reflect.Chan:
		t.Errorf("%s is a %s: operations are plain data", where, typ.Kind())
	case reflect.Pointer, reflect.Slice:
		plain(t, where, typ.Elem(), seen)
	case reflect.Struct:
		for i := range typ.NumField() {
			plainField(t, where+"."+typ.Field(i).Name, typ.Field(i), seen)
		}
	}
}

func plainField(t *testing.T, where string, field reflect.StructField, seen map[reflect.Type]bool) {
	t.Helper()
	jsonTag, yamlTag := field.Tag.Get("json"), field.Tag.Get("yaml")
	switch {
	case !field.IsExported():
		t.Errorf("%s is not exported", where)
	case jsonTag == "-" && yamlTag == "-":
		return // RunGo's code, and what goes with it
	case field.Anonymous && jsonTag == "" && yamlTag == ",inline":
	case jsonTag == "" || jsonTag != yamlTag:
		t.Errorf("%s: json tag %q, yaml tag %q: want the same", where, jsonTag, yamlTag)
	case field.Type.Kind() != reflect.Struct && !strings.HasSuffix(jsonTag, ",omitempty") && !required(where):
		t.Errorf("%s lacks omitempty: a zero value must not change a checksum", where)
	}
	plain(t, where, field.Type, seen)
}

// required are fields that were always there and are never left out.
func required(where string) bool {
	_, field, _ := strings.Cut(where[strings.LastIndex(where, "."):], ".")
	return field == "Name" || field == "Type" || field == "Expression" || field == "Value"
}

// TestChecksumsOfRunGoSeeNameAndVersionAlone: a function has no other identity.
func TestChecksumsOfRunGoSeeNameAndVersionAlone(t *testing.T) {
	op, ok := operations()["run_go"].(ops.RunGo)
	if !ok {
		t.Fatal("run_go is no RunGo")
	}
	want := `{"RunGo":{"name":"fill","version":2,"undo":{"name":"empty","version":1}}}`
	if got := canonical(t, op); got != want {
		t.Errorf("canonical form\n %s, want\n %s", got, want)
	}
}

func TestCanonicalRefusesForeignOperations(t *testing.T) {
	type foreign struct{ ops.DropTable }
	if _, err := ops.Canonical(foreign{}); err == nil {
		t.Error("an operation that Kinds does not list has a canonical form")
	}
	if _, err := ops.Canonical(nil); err == nil {
		t.Error("nil has a canonical form")
	}
}
