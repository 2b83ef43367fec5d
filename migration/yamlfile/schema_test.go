package yamlfile

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
)

// compiled is the schema as a validator of another author's reads it, which
// checks it against the schema of schemas first.
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
	if err := compiler.AddResource("migration.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("migration.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate says what the schema says of a file.
func validate(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	var document any
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(document)
}

func TestTheSchemaAcceptsEveryKind(t *testing.T) {
	schema := compiled(t)
	for _, kind := range kinds() {
		n := 0
		f := filler{types: newTypes(), more: func() bool { n++; return n%2 == 0 }, zero: func() bool { return false }}
		f.text = func(field string) string { n++; return fmt.Sprintf("%s %d", field, n) }
		text, err := Encode(migration.Migration{Forward: []ops.Operation{f.operation(kind)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, string(text)); err != nil {
			t.Errorf("%s: %v\n%s", kind, err, text)
		}
	}
}

func TestTheSchemaAcceptsWhatIsShort(t *testing.T) {
	schema := compiled(t)
	for name, text := range accepted() {
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheSchemaRefuses what an editor should underline.
func TestTheSchemaRefuses(t *testing.T) {
	schema := compiled(t)
	for _, test := range []struct{ text, want string }{
		{"blocking: true", "forward"},
		{"forward: []", "minItems"},
		{"forward: [{drop_table: {table: t}}]\nbackwards: []", "backwards"},
		{"forward: [{add_colum: {table: t}}]", "add_colum"},
		{"forward: [{run_go: {name: x}}]", "run_go"},
		{"forward: [{}]", "minProperties"},
		{"forward: [{drop_table: {table: t}, truncate_table: {table: t}}]", "maxProperties"},
		{"forward: [{add_column: {table: t, column: {name: x, type: UUID}, behind: y}}]", "behind"},
		{"forward: [{add_column: {table: t}}]", "column"},
		{"forward: [{drop_table: {if_exists: true}}]", "table"},
		{"forward: [{drop_table: {table: t, if_exists: yes please}}]", "boolean"},
		{"forward: [{drop_table: {table: t, target: LOCAL}}]", "local"},
		{"forward: [{drop_table: {table: {database: d}}}]", "name"},
		{"forward: [{create_table: {table: t, columns: [{type: UUID}], engine: {kind: Memory}}}]", "name"},
		{"forward: [{create_table: {table: t, columns: [{name: x, type: UUID}], engine: {kind: MergTree}}}]", "MergeTree"},
		{"forward: [{add_index: {table: t, index: {name: i, expression: x, type: minmax, granularity: some}}}]", "integer"},
	} {
		err := validate(t, schema, test.text)
		if err == nil || !strings.Contains(fmt.Sprint(err), test.want) {
			t.Errorf("%s\nwant an error with %q, have %v", test.text, test.want, err)
		}
	}
}
