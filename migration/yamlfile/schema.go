package yamlfile

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/storageset"
)

// Schema is the JSON Schema (2020-12) of migration files, made of the types of
// ops.Kinds. It takes whatever Load takes; what depends on other keys is left to
// Load. doc is asked for the documentation of a type of package ops ("AddColumn")
// or of a field ("AddColumn.After"); nil leaves descriptions out.
func Schema(doc func(name string) string) ([]byte, error) {
	if doc == nil {
		doc = func(string) string { return "" }
	}
	s := &schema{types: newTypes(), doc: doc, defs: map[string]any{}}
	root := s.object(reflect.TypeFor[header](), fileDocs())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "skein migration"
	root["required"] = []string{"forward"}
	forward, _ := root["properties"].(map[string]any)["forward"].(map[string]any)
	forward["minItems"] = 1
	s.operation()
	root["$defs"] = s.defs
	return encodeSchema(root)
}

// fileDocs describe the keys of the file, which are no field of an operation.
func fileDocs() map[string]string {
	return map[string]string{
		"blocking":     "It takes long or holds up writers, so that running it needs --force.",
		"depends_on":   "Migrations that come first, each as group:id.",
		"irreversible": "Why there is no way back, on purpose.",
		"allow":        "Names of validation rules that it breaks on purpose.",
		"batch":        "false: every statement by itself. Otherwise alterations of one table that follow one another are one.",
		"storage_set":  "The storage set of operations that name none. The group's, where it has one.",
		"target":       "The target of operations that name none.",
		"forward":      "The operations, in order.",
		"backward":     "Undoes forward, first operation first. Left out, it is the inverse of each, last first.",
	}
}

type schema struct {
	*types
	doc  func(string) string
	defs map[string]any
}

// operation defines {add_column: {…}}: one key.
func (s *schema) operation() {
	properties := map[string]any{}
	for _, key := range s.operationKeys() {
		typ := s.types.operations[key]
		ref := s.of(typ)
		if needs := s.required(typ); len(needs) > 0 {
			ref["required"] = needs
		}
		describe(ref, s.about(typ.Name(), typ))
		properties[key] = ref
	}
	s.defs["operation"] = map[string]any{
		"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
	}
}

func (s *schema) required(typ reflect.Type) []string {
	var keys []string
	for _, f := range s.shape(typ).fields {
		if f.required {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// object is a struct as a mapping.
func (s *schema) object(typ reflect.Type, docs map[string]string) map[string]any {
	shape := s.shape(typ)
	properties := map[string]any{}
	if shape.sited() {
		properties["storage_set"], properties["target"] = s.of(reflect.TypeFor[storageset.Key]()), s.of(reflect.TypeFor[ops.Target]())
	}
	for _, f := range shape.fields {
		property := s.of(f.typ)
		text := docs[f.key]
		if text == "" {
			text = s.about(typ.Name()+"."+f.name, typ)
		}
		describe(property, text)
		properties[f.key] = property
	}
	object := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	// What an operation needs, it needs where it is one: not where it says what was.
	if needs := s.required(typ); len(needs) > 0 && !shape.operation {
		object["required"] = needs
	}
	return object
}

// of is a type, those with a name as a reference to their definition.
func (s *schema) of(typ reflect.Type) map[string]any {
	switch typ {
	case reflect.TypeFor[ops.Operations]():
		return map[string]any{"type": "array", "items": map[string]any{"$ref": "#/$defs/operation"}}
	case reflect.TypeFor[[]ops.Setting]():
		return map[string]any{
			"type": []string{"object", "array"}, "additionalProperties": anyText(), "items": s.of(typ.Elem()),
		}
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return s.of(typ.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(typ.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Struct:
		return s.define(typ, func() map[string]any {
			object := s.object(typ, nil)
			if typ == reflect.TypeFor[ops.Table]() {
				object["type"] = []string{"string", "number", "object"}
			}
			return object
		})
	}
	if words := s.wordsOf(typ); words != nil {
		return s.define(typ, func() map[string]any { return map[string]any{"enum": words.inYAML} })
	}
	return anyText()
}

func (s *schema) define(typ reflect.Type, build func() map[string]any) map[string]any {
	name := typ.Name()
	if _, known := s.defs[name]; !known {
		s.defs[name] = nil // a type that holds itself ends here
		definition := build()
		describe(definition, s.about(name, typ))
		s.defs[name] = definition
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}

// anyText is a text, or a number as it is written.
func anyText() map[string]any { return map[string]any{"type": []string{"string", "number"}} }

// about is the first paragraph of the documentation, in the words of YAML.
func (s *schema) about(name string, typ reflect.Type) string {
	text, _, _ := strings.Cut(s.doc(name), "\n\n")
	return wordsOfYAML(strings.Join(strings.Fields(text), " "), s.types, typ, "")
}

func describe(schema map[string]any, text string) {
	if text != "" {
		schema["description"] = text
	}
}

func encodeSchema(root map[string]any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(root)
	return out.Bytes(), err
}
