package yamlfile

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// plain is a key, a number, true or false.
func plain(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }

// text is a text, quoted where YAML would take it for something else, such as
// "0123". Numbers are left without quotes where they are read as they are written.
func text(value string) (*yaml.Node, error) {
	if !utf8.ValidString(value) {
		return nil, errors.New("the text is not UTF-8, which a YAML file has to be")
	}
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	switch {
	case strings.Contains(value, "\n") && asBlock(value):
		node.Style = yaml.LiteralStyle
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == utf8.RuneError }):
		node.Style = yaml.DoubleQuotedStyle
	}
	return node, nil
}

// asBlock says that a text of several lines is the same after | as before it:
// no line begins or ends with what a block takes away.
func asBlock(value string) bool {
	return !regexp.MustCompile(`^\s|[ \t]\n|[ \t]$|\n\n$|[^\n\t -\x{7e}\x{a1}-\x{ac}\x{ae}-\x{2027}\x{3000}-\x{d7ff}]`).MatchString(value)
}

// onOneLine writes a small mapping or list between brackets: {name: id, type: UInt64}.
func onOneLine(node *yaml.Node) *yaml.Node {
	const longest = 100
	length := 0
	for _, child := range node.Content {
		if child.Kind != yaml.ScalarNode && child.Style != yaml.FlowStyle || strings.Contains(child.Value, "\n") {
			return node
		}
		length += width(child)
	}
	if length <= longest {
		node.Style = yaml.FlowStyle
	}
	return node
}

func width(node *yaml.Node) int {
	const around = 2 // ": " or ", "
	length := len(node.Value) + around
	for _, child := range node.Content {
		length += width(child)
	}
	return length
}
