package config

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// resolve follows an alias. An alias inside its own anchor is no danger: what
// is read is as deep as the keys there are.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }
func isBool(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!bool" }

// isText takes numbers too, as they are written: a password may be 0123.
func isText(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode &&
		slices.Contains([]string{"!!str", "!!int", "!!float", "!!timestamp"}, node.Tag)
}

// kind says what a value is, without saying what it says.
func kind(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "keys and values"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(node):
		return "nothing"
	case isBool(node):
		return "true or false"
	case node.Kind == yaml.ScalarNode && (node.Tag == "!!int" || node.Tag == "!!float"):
		return "a number"
	case node.Kind == yaml.ScalarNode:
		return "text"
	}
	return "something else"
}

func keyKind(node *yaml.Node) string {
	if node.Tag == "!!merge" {
		return "a merge (<<), which skein does not read"
	}
	return kind(resolve(node))
}

// didYouMean proposes the known name that is nearest to a wrong one, if one is near.
func didYouMean(name string, known []string) string {
	best, distance := "", min(len(name)/3+3, len(name))
	for _, candidate := range known {
		if d := editDistance(name, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return `, did you mean "` + best + `"?`
}

// editDistance counts the insertions, deletions and replacements of bytes
// between two names.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
