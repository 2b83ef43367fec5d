// Package yamlnode reads YAML that people write: one document as nodes, so that
// what is wrong with it is told with its file, line and column, in the words of
// the configuration and of migration files alike.
package yamlnode

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// Resolve follows an alias. An anchor may enclose its own alias: who descends
// further than the keys that it knows has to look out for that.
func Resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias
	}
	return node
}

// IsNull says that nothing stands there, or ~.
func IsNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

// IsBool says that true or false stands there.
func IsBool(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!bool" }

// IsText takes numbers too, as they are written: a password may be 0123.
func IsText(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode &&
		slices.Contains([]string{"!!str", "!!int", "!!float", "!!timestamp"}, node.Tag)
}

// Kind says what a value is, without saying what it says.
func Kind(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "keys and values"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case IsNull(node):
		return "nothing"
	case IsBool(node):
		return "true or false"
	case node.Kind == yaml.ScalarNode && (node.Tag == "!!int" || node.Tag == "!!float"):
		return "a number"
	case node.Kind == yaml.ScalarNode:
		return "text"
	}
	return "something else"
}

// IsKey says that a node can be the key of a mapping here: a merge cannot.
func IsKey(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag != "!!merge" }

// KeyKind is Kind for what is no key.
func KeyKind(node *yaml.Node) string {
	if node.Tag == "!!merge" {
		return "a merge (<<), which skein does not read"
	}
	return Kind(Resolve(node))
}
