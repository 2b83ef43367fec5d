package config

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mostCounted is the largest number that a key of skein.yaml takes.
const mostCounted = 1000

// Schema is the JSON Schema (2020-12) of skein.yaml, made by asking the reader of
// the file for all that it would read. It takes whatever Load takes; what depends
// on other keys is left to Load.
func Schema() ([]byte, error) {
	sections, _ := template().ask()
	properties := object{}
	for name := range sections["properties"].(object) {
		properties[name] = object{"$ref": "#/$defs/sections/properties/" + name}
	}
	properties["environments"] = object{
		"type": "object", "additionalProperties": object{"$ref": "#/$defs/sections"},
		"description": meanings()["environments"].text,
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

// template is a configuration with one of everything, and the defaults.
func template() *Config {
	return &Config{
		Clusters: []Cluster{newCluster(0)}, Coordination: newCoordination(), Groups: []Group{{}},
		Secrets: map[string]Secret{"NAME": {}}, AWS: newAWS(),
		Access: Access{Databases: []AccessDatabase{{}}, Roles: []AccessRole{{}}, Users: []AccessUser{{}}},
	}
}

// ask asks the reader of the file what it would read, over what c has: the schema
// of it all, and the keys in the order in which they are read.
func (c *Config) ask() (object, []asked) {
	c = c.clone() // reading writes to it, if only what is there already
	d := &describer{entries: map[*yaml.Node]object{}, meanings: meanings()}
	r := &reader{schema: d, origins: origins{byKey: map[string]origin{}}}
	node, sections := d.entry()
	c.readSections(r.section(node, "", ""))
	return sections, d.keys
}

// asked is one key that the reader of the file knows.
type asked struct {
	path   string // clusters[0].connect.retries
	schema object
	value  any // what it has; nil where it has keys or entries of its own
}

// plain is a path without the numbers of entries: clusters.connect.retries.
func plain(path string) string {
	return regexp.MustCompile(`\[[0-9]+\]`).ReplaceAllString(path, "")
}

// object is a JSON Schema, or a part of one.
type object map[string]any

// describer stands where a file would: sections that are asked for are there,
// with nothing in them.
type describer struct {
	entries  map[*yaml.Node]object
	meanings map[string]meaning
	keys     []asked
}

// entry makes a mapping that something is about to be asked of.
func (d *describer) entry() (*yaml.Node, object) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	d.entries[node] = object{"type": "object", "properties": object{}, "additionalProperties": false}
	return node, d.entries[node]
}

// describes writes down what a key takes and has, where the reader is only asked.
// Otherwise it is false, and the key is read.
func (s *section) describes(name string, schema object, value any) bool {
	if s.schema == nil {
		return false
	}
	path := join(s.path, name)
	if text := s.schema.meanings[meant(path)].text; text != "" {
		schema["description"] = regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`).ReplaceAllString(text, "$1")
	}
	s.object["properties"].(object)[name] = schema
	s.schema.keys = append(s.schema.keys, asked{path: path, schema: schema, value: value})
	return true
}

// describesOthers writes down what keys take that have no name of skein's, and those
// that there are.
func (s *section) describesOthers(schema object, secrets map[string]Secret) bool {
	if s.schema == nil {
		return false
	}
	s.object["additionalProperties"] = schema
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		s.schema.keys = append(s.schema.keys, asked{path: join(s.path, name), schema: schema, value: secrets[name]})
	}
	return true
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

// versionSchema takes versions as texts, and as the numbers that YAML sees.
func versionSchema(versions []string) object {
	values := anys(versions)
	for _, version := range versions {
		values = append(values, json.Number(version))
	}
	return object{"enum": values}
}

// durationSchema is what time.ParseDuration takes, without a sign.
func durationSchema() object {
	units := strings.Join([]string{"ns", "us", "µs", "ms", "s", "m", "h"}, "|")
	return object{"type": []string{"string", "integer"}, "pattern": `^(0|([0-9]+(\.[0-9]*)?(` + units + `))+)$`, "maximum": 0}
}
