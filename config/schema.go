package config

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mostCounted is the largest number that a key of skein.yaml takes.
const mostCounted = 1000

// Schema is the JSON Schema (2020-12) of skein.yaml, made by asking the reader of
// the file for all that it would read. It takes whatever Load takes; what depends
// on other keys is left to Load. doc is asked for the meaning of a key such as
// "clusters.connect.retries"; nil leaves descriptions out.
func Schema(doc func(key string) string) ([]byte, error) {
	if doc == nil {
		doc = func(string) string { return "" }
	}
	d := &describer{entries: map[*yaml.Node]object{}, doc: doc}
	r := &reader{schema: d, origins: origins{byKey: map[string]origin{}}}
	node, sections := d.entry()
	(&Config{origins: r.origins}).readSections(r.section(node, "", ""))
	properties := object{}
	for name := range sections["properties"].(object) {
		properties[name] = object{"$ref": "#/$defs/sections/properties/" + name}
	}
	properties["environments"] = object{
		"type": "object", "additionalProperties": object{"$ref": "#/$defs/sections"},
		"description": "What changes in an environment that --env or SKEIN_ENV chooses, by its name.",
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "skein.yaml",
		"type": "object", "properties": properties, "additionalProperties": false,
		"$defs": object{"sections": sections},
	})
	return out.Bytes(), err
}

// object is a JSON Schema, or a part of one.
type object map[string]any

// describer stands where a file would: sections that are asked for are there,
// with nothing in them.
type describer struct {
	entries map[*yaml.Node]object
	doc     func(key string) string
}

// entry makes a mapping that something is about to be asked of.
func (d *describer) entry() (*yaml.Node, object) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	d.entries[node] = object{"type": "object", "properties": object{}, "additionalProperties": false}
	return node, d.entries[node]
}

// describes writes down what a key takes, where a schema is made. Otherwise it is
// false, and the key is read.
func (s *section) describes(name string, schema object) bool {
	if s.schema == nil {
		return false
	}
	key := regexp.MustCompile(`\[[0-9]+\]`).ReplaceAllString(join(s.path, name), "")
	if text := s.schema.doc(key); text != "" {
		schema["description"] = text
	}
	s.object["properties"].(object)[name] = schema
	return true
}

// describesOthers writes down what keys take that have no name of skein's.
func (s *section) describesOthers(schema object) {
	if s.schema != nil {
		s.object["additionalProperties"] = schema
	}
}

// textSchema is a text, or a number as it is written; null empties it in an environment.
func textSchema(words []string) object {
	if len(words) == 0 {
		return object{"type": []string{"string", "number", "null"}}
	}
	return object{"enum": append(anys(words), nil)}
}

func anys(words []string) []any {
	list := make([]any, len(words))
	for i, word := range words {
		list[i] = word
	}
	return list
}

// durationSchema is what time.ParseDuration takes, without a sign.
func durationSchema() object {
	units := strings.Join([]string{"ns", "us", "µs", "ms", "s", "m", "h"}, "|")
	return object{"type": []string{"string", "integer"}, "pattern": `^(0|([0-9]+(\.[0-9]*)?(` + units + `))+)$`, "maximum": 0}
}
