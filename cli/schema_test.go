package cli

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/docs/schema"
	"github.com/skein-migrate/skein/migration/yamlfile"
)

// TestSchemasAreThoseOfTheTypes holds that docs/schema is what the types and
// their documentation make of it.
func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	ofOps := documentedTypes(t, "../ops")
	for file, build := range map[string]func() ([]byte, error){
		"migration.json": func() ([]byte, error) { return yamlfile.Schema(func(name string) string { return ofOps[name] }) },
		"skein.json":     config.Schema,
	} {
		want, err := build()
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join("..", "docs", "schema", file)
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(have)); diff != "" {
			t.Errorf("%s is stale, run `make golden` (-want +have):\n%s", name, diff)
		}
	}
}

// documentedTypes is the documentation of the types of a package, and of their
// fields as Type.Field.
func documentedTypes(t *testing.T, dir string) map[string]string {
	t.Helper()
	docs := map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no source in", dir, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			declared, ok := node.(*ast.GenDecl)
			if !ok || declared.Tok != token.TYPE {
				return true
			}
			for _, spec := range declared.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok {
					docs[spec.Name.Name] = declared.Doc.Text() + spec.Doc.Text()
					documentFields(docs, spec)
				}
			}
			return false
		})
	}
	return docs
}

func documentFields(docs map[string]string, spec *ast.TypeSpec) {
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range fields.Fields.List {
		for _, name := range field.Names {
			docs[spec.Name.Name+"."+name.Name] = strings.TrimSpace(field.Doc.Text() + field.Comment.Text())
		}
	}
}

func compileSchema(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// TestTheSchemaOfTheConfiguration holds that the examples of its reference are
// accepted, and typical mistakes are not.
func TestTheSchemaOfTheConfiguration(t *testing.T) {
	compiled := compileSchema(t, schema.Config())
	check := func(text string) error {
		var document any
		if err := yaml.Unmarshal([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		return compiled.Validate(document)
	}
	reference, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(reference, -1)
	if len(examples) < 3 {
		t.Errorf("%d examples in docs/configuration.md", len(examples))
	}
	for _, example := range examples {
		if err := check(string(example[1])); err != nil {
			t.Errorf("%s\n%v", example[1], err)
		}
	}
	for _, test := range []struct{ text, want string }{
		{"cluster: []", "cluster"},
		{"clusters: {name: a}", "array"},
		{"clusters: [{hosts: [a:9000]}]", "name"},
		{"clusters: [{name: a, storage_set: [events]}]", "storage_set"},
		{"clusters: [{name: a, ddl: everywhere}]", "on_cluster"},
		{"clusters: [{name: a, single_node: 1}]", "boolean"},
		{"clusters: [{name: a, connect: {retries: 2000}}]", "1,000"},
		{"clusters: [{name: a, connect: {timeout: 5}}]", "maximum"},
		{"clusters: [{name: a, connect: {timeout: 5 s}}]", "pattern"},
		{"clusters: [{name: a, tls: {caa: x}}]", "caa"},
		{"coordination: {lock: redis}", "zookeeper"},
		{"groups: [{name: a, readiness: finished}]", "complete"},
		{"clusters: [{name: a, tls: {min_version: 1.4}}]", "1.3"},
		{"aws: {regoin: eu-west-1}", "regoin"},
		{"secrets: {reader: [env:A]}", "string"},
		{"environments: {staging: {cluster: []}}", "cluster"},
	} {
		if err := check(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\nwant an error with %q, have %v", test.text, test.want, err)
		}
	}
}

func TestTheSchemasArePrinted(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"schema"}, exitDone, schema.Migration()},
		{[]string{"schema", "migration"}, exitDone, schema.Migration()},
		{[]string{"schema", "config"}, exitDone, schema.Config()},
		{[]string{"schema", "events"}, exitDone, schema.Events()},
		{[]string{"schema", "sql"}, exitUsage, ""},
		{[]string{"schema", "migration", "config"}, exitUsage, ""},
	} {
		var out bytes.Buffer
		code := Program{Args: test.args, Stdout: &out}.Run(t.Context())
		if code != test.code || out.String() != test.want {
			t.Errorf("%q: exit code %d, want %d; printed %d bytes of %d", test.args, code, test.code, out.Len(), len(test.want))
		}
	}
}
