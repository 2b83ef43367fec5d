package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/skein-migrate/skein/journal"
)

// Schema is the JSON Schema (2020-12) of a line, made of the types of Kinds. Keys
// may be added to it; a key that is there stays and keeps its meaning. doc is asked
// for the documentation of a type of package journal ("Waiting") or of a field
// ("Waiting.Limit"); nil leaves descriptions out.
func Schema(doc func(name string) string) ([]byte, error) {
	if doc == nil {
		doc = func(string) string { return "" }
	}
	s := schema{doc: doc, defs: map[string]any{}}
	var kinds []any
	for _, event := range Kinds() {
		kind, err := s.kind(event)
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, kind)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "a line of skein --events",
		"oneOf":   kinds, "$defs": s.defs,
	})
	return out.Bytes(), err
}

type schema struct {
	doc  func(string) string
	defs map[string]any
}

func (s schema) kind(event journal.Event) (map[string]any, error) {
	typ := reflect.TypeOf(event)
	properties := map[string]any{
		"at":    map[string]any{"type": "string", "format": "date-time", "description": "When it happened, UTC."},
		"run":   map[string]any{"type": "string", "description": "The run's ID, as history and the query IDs have it."},
		"seq":   map[string]any{"type": "integer", "minimum": 1, "description": "The line's place in its run, from 1."},
		"event": map[string]any{"const": Name(event)},
	}
	required := []string{"at", "run", "seq", "event"}
	for _, field := range fieldsOf(typ) {
		of, err := s.of(field.typ)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.name, err)
		}
		describe(of, s.doc(field.name))
		properties[field.key] = of
		required = append(required, field.key)
	}
	kind := map[string]any{"type": "object", "title": Name(event), "properties": properties, "required": required}
	describe(kind, s.doc(typ.Name()))
	return kind, nil
}

func describe(of map[string]any, text string) {
	if text = strings.Join(strings.Fields(text), " "); text != "" {
		of["description"] = text
	}
}

// of is the schema of a value as (field).of writes it.
func (s schema) of(typ reflect.Type) (map[string]any, error) {
	switch typ {
	case reflect.TypeFor[time.Duration]():
		return map[string]any{"type": "integer", "minimum": 0}, nil
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}, nil
	case reflect.TypeFor[error]():
		return map[string]any{"type": "string"}, nil
	}
	switch typ.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}, nil
	case reflect.Bool:
		return map[string]any{"type": "boolean"}, nil
	case reflect.Int, reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}, nil
	case reflect.Slice:
		items, err := s.of(typ.Elem())
		return map[string]any{"type": "array", "items": items}, err
	case reflect.Struct:
		return s.object(typ)
	}
	return nil, fmt.Errorf("no JSON form for %s", typ)
}

// object is a struct inside an event. Its tags are what encoding/json writes.
func (s schema) object(typ reflect.Type) (map[string]any, error) {
	if _, known := s.defs[typ.Name()]; !known {
		properties, required := map[string]any{}, []string{}
		for i := range typ.NumField() {
			f := typ.Field(i)
			key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if key == "" {
				return nil, fmt.Errorf("%s.%s has no json tag", typ.Name(), f.Name)
			}
			of, err := s.of(f.Type)
			if err != nil {
				return nil, err
			}
			describe(of, s.doc(typ.Name()+"."+f.Name))
			properties[key] = of
			if options != "omitempty" {
				required = append(required, key)
			}
		}
		def := map[string]any{"type": "object", "properties": properties, "required": required}
		describe(def, s.doc(typ.Name()))
		s.defs[typ.Name()] = def
	}
	return map[string]any{"$ref": "#/$defs/" + typ.Name()}, nil
}
