package yamlfile

import (
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/config/yamlnode"
)

// inWordsOfYAML says what Check says of Go fields with the keys that the reader
// knows: "OrReplace and IfNotExists" as "or_replace and if_not_exists". Words of
// the author's own stay as they are.
func (d *decoder) inWordsOfYAML(text string, typ reflect.Type, written *yaml.Node) string {
	own := &strings.Builder{}
	collect(written, own, 0)
	return wordsOfYAML(text, d.types, typ, own.String())
}

// wordsOfYAML replaces the names of Go in a text about a type, except those that
// are among the author's own words.
func wordsOfYAML(text string, types *types, typ reflect.Type, own string) string {
	keys := map[string]string{}
	types.goNames(typ, keys)
	return regexp.MustCompile(`\b(ops\.)?[A-Z][A-Za-z]*\b`).ReplaceAllStringFunc(text, func(word string) string {
		constant, isConstant := strings.CutPrefix(word, "ops.")
		_, operation := types.operations[snake(word)]
		key, isField := keys[word]
		switch {
		case isConstant:
			return constant
		case strings.Contains(own, word):
			return word
		case isField:
			return key
		case operation:
			return snake(word)
		}
		return word
	})
}

// goNames maps the names of the fields of a type, and of those inside, to keys.
func (t *types) goNames(typ reflect.Type, keys map[string]string) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	for _, f := range t.shape(typ).fields {
		if _, seen := keys[f.name]; !seen {
			keys[f.name] = f.key
			t.goNames(f.typ, keys)
		}
	}
}

// collect joins the texts of a value. Aliases are followed a few levels: it is for messages.
func collect(node *yaml.Node, into *strings.Builder, depth int) {
	const deepest, longest = 8, 1 << 20
	node = yamlnode.Resolve(node)
	if depth > deepest || into.Len() > longest {
		return
	}
	into.WriteString(node.Value + "\n")
	for _, child := range node.Content {
		collect(child, into, depth+1)
	}
}
