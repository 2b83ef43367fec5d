package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/config/secret"
	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/nearest"
)

// reader collects what is wrong in one file, and where each value came from.
type reader struct {
	dir         string // of the file
	environment string // the section being read, empty outside of environments
	problems    []*Problem
	origins     origins
	secrets     *secret.Reader
	schema      *describer // not nil: nothing is read, what could be is written down
}

func (r *reader) at(node *yaml.Node) origin {
	return origin{file: r.origins.file, line: node.Line, column: node.Column, environment: r.environment}
}

func (r *reader) problem(node *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, &Problem{at: r.at(node), Text: fmt.Sprintf(format, args...)})
}

// section is one mapping of the file. The keys that it is asked for are the
// keys that it knows; end reports the others. Every read leaves its target
// alone when the key is not there, so that an environment's section can be read
// over what the file says.
type section struct {
	*reader
	node   *yaml.Node
	path   string // as the file has it, for messages: environments.staging.clusters[0]
	key    string // where it ends up: clusters[0]
	fields map[string]field
	known  []string
	object object // where a schema is made
}

type field struct{ key, value *yaml.Node }

// section opens a mapping. Anything else is a problem, and is read as empty.
func (r *reader) section(node *yaml.Node, path, key string) *section {
	if r.schema != nil {
		return &section{reader: r, path: path, object: r.schema.entries[node]}
	}
	s := &section{reader: r, node: node, path: path, key: key, fields: map[string]field{}}
	if node = yamlnode.Resolve(node); node.Kind != yaml.MappingNode {
		r.problem(s.node, "%s: want keys and values, have %s", s.name(), yamlnode.Kind(node))
		r.problems[len(r.problems)-1].key = key
		return s
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		if !yamlnode.IsKey(name) {
			r.problem(name, "%s: only plain keys are allowed here, have %s", s.name(), yamlnode.KeyKind(name))
			continue
		}
		if first, again := s.fields[name.Value]; again {
			r.problem(name, "key %q in %s is already given at line %d", name.Value, s.name(), first.key.Line)
			continue
		}
		s.fields[name.Value] = field{key: name, value: value}
	}
	return s
}

func (s *section) name() string {
	if s.path == "" {
		return "the file"
	}
	return s.path
}

// end reports the keys that nothing asked for.
func (s *section) end() {
	for name, f := range s.fields {
		if !slices.Contains(s.known, name) {
			s.problem(f.key, "unknown key %q in %s%s", name, s.name(), nearest.DidYouMean(name, s.known))
		}
	}
}

// take returns the value of a key, nil if it is not there, and records its origin.
func (s *section) take(name string) *yaml.Node {
	s.known = append(s.known, name)
	f, ok := s.fields[name]
	if !ok {
		return nil
	}
	s.origins.record(join(s.key, name), s.at(f.key))
	return yamlnode.Resolve(f.value)
}

// enter is take for a value that an environment adds to and does not replace.
func (s *section) enter(name string) *yaml.Node {
	key := join(s.key, name)
	first, given := s.origins.byKey[key]
	node := s.take(name)
	if given {
		s.origins.record(key, first)
	}
	return node
}

func (s *section) has(name string) bool { _, ok := s.fields[name]; return ok }

// wrong reports a value that is not what its key wants. It never prints the
// value: it may be a misplaced password.
func (s *section) wrong(node *yaml.Node, name, want string) {
	s.bad(node, name, "want %s, have %s", want, yamlnode.Kind(node))
}

// bad reports the value of a key.
func (s *section) bad(node *yaml.Node, name, format string, args ...any) {
	s.problem(node, "%s: %s", join(s.path, name), fmt.Sprintf(format, args...))
	s.problems[len(s.problems)-1].key = join(s.key, name)
}

// text reads a string. In an environment null takes the file's value back. What
// words it may be is told to those who ask for a schema; it is checked later.
func (s *section) text(name string, into *string, words ...string) bool {
	if s.describes(name, textSchema(words), *into) {
		return false
	}
	node := s.take(name)
	switch {
	case node == nil:
		return false
	case yamlnode.IsNull(node) && s.environment != "":
		*into = ""
	case !yamlnode.IsText(node):
		s.wrong(node, name, "text (quote it if it is)")
		return false
	case node.Value == "":
		s.bad(node, name, "is empty: leave the key out instead")
		return false
	default:
		*into = node.Value
	}
	return true
}

func (s *section) secret(name string, into *Secret) {
	if s.describes(name, textSchema(nil), *into) {
		return
	}
	node := s.take(name)
	switch {
	case node == nil:
	case yamlnode.IsNull(node) && s.environment != "":
		*into = Secret{}
	case !yamlnode.IsText(node):
		s.wrong(node, name, "a secret, env:NAME, file:/path or ssm:/path#key (quote it if it is)")
	default:
		secret, err := parseSecret(node.Value, s.secrets)
		if err != nil {
			s.bad(node, name, "%v", err)
		}
		*into = secret
	}
}

// version reads a version of TLS, which YAML takes for a number.
func (s *section) version(name string, into *string) bool {
	known := slices.Sorted(maps.Keys(tlsVersions()))
	if s.describes(name, versionSchema(known), *into) {
		return false
	}
	node := s.take(name)
	switch {
	case node == nil:
		return false
	case !yamlnode.IsText(node) || !slices.Contains(known, node.Value):
		s.bad(node, name, "want one of %s", strings.Join(known, ", "))
		return false
	}
	*into = node.Value
	return true
}

func (s *section) flag(name string, into *bool) {
	if s.describes(name, object{"type": "boolean"}, *into) {
		return
	}
	if node := s.take(name); node != nil {
		if !yamlnode.IsBool(node) {
			s.wrong(node, name, "true or false")
			return
		}
		*into = strings.EqualFold(node.Value, "true")
	}
}

func (s *section) count(name string, into *int) {
	if s.describes(name, object{"type": "integer", "minimum": 0, "maximum": mostCounted}, *into) {
		return
	}
	if node := s.take(name); node != nil {
		n, err := strconv.Atoi(node.Value)
		switch {
		case node.Kind != yaml.ScalarNode:
			s.wrong(node, name, "a number from 0 to 1000")
			return
		case err != nil || n < 0 || n > mostCounted:
			s.bad(node, name, "want a number from 0 to %d, have %s", mostCounted, node.Value)
			return
		}
		*into = n
	}
}

func (s *section) duration(name string, least time.Duration, into *time.Duration) {
	if s.describes(name, durationSchema(), *into) {
		return
	}
	node := s.take(name)
	if node == nil {
		return
	}
	if !yamlnode.IsText(node) {
		s.wrong(node, name, "a duration such as 30s or 5m")
		return
	}
	d, err := time.ParseDuration(node.Value)
	switch {
	case err != nil:
		s.bad(node, name, "%q is not a duration: write 30s, 5m or 1h30m", node.Value)
	case d < least:
		s.bad(node, name, "%s is too short, use %s or more", d, least)
	default:
		*into = d
	}
}

// list reads a list of strings; it replaces what was there.
func (s *section) list(name string, into *[]string) {
	if s.describes(name, object{"type": "array", "items": textSchema(nil)}, *into) {
		return
	}
	node := s.take(name)
	if node == nil {
		return
	}
	if node.Kind != yaml.SequenceNode {
		s.wrong(node, name, "a list")
		return
	}
	s.origins.forgetInside(join(s.key, name))
	items := make([]string, 0, len(node.Content))
	for i, entry := range node.Content {
		item := yamlnode.Resolve(entry)
		if !yamlnode.IsText(item) || item.Value == "" {
			s.wrong(entry, indexed(name, i), "text")
			continue
		}
		s.origins.record(indexed(join(s.key, name), len(items)), s.at(entry))
		items = append(items, item.Value)
	}
	*into = items
}

// table reads a mapping of strings to strings; it replaces what was there.
func (s *section) table(name string, into *map[string]string) {
	if s.describes(name, object{"type": "object", "additionalProperties": textSchema(nil)}, *into) {
		return
	}
	node := s.take(name)
	if node == nil {
		return
	}
	inner := s.section(node, join(s.path, name), join(s.key, name))
	s.origins.forgetInside(join(s.key, name))
	entries := make(map[string]string, len(inner.fields))
	for key := range inner.fields {
		var value string
		if inner.text(key, &value) {
			entries[key] = value
		}
	}
	*into = entries
}

// sub opens the mapping under a key, nil if it is not there.
func (s *section) sub(name string) *section {
	if s.schema != nil {
		node, inner := s.schema.entry()
		s.describes(name, inner, nil)
		return s.section(node, join(s.path, name), "")
	}
	node := s.enter(name)
	if node == nil {
		return nil
	}
	return s.section(node, join(s.path, name), join(s.key, name))
}

// items lists the nodes under a key, of which there are some already.
func (s *section) items(name string, already int) []*yaml.Node {
	if s.schema != nil {
		nodes := make([]*yaml.Node, already)
		for i := range nodes {
			node, item := s.schema.entry()
			item["required"] = []string{"name"}
			s.describes(name, object{"type": "array", "items": item}, nil)
			nodes[i] = node
		}
		return nodes
	}
	node := s.enter(name)
	if node == nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		s.wrong(node, name, "a list")
		return nil
	}
	return node.Content
}
