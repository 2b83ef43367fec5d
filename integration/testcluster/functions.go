package testcluster

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Functions are the statements of the SQL functions on a node, by their names, from
// its files: system.functions takes 26.7 ten times as long as any other question,
// as it makes the documentation of 1,500 functions before it looks at the WHERE.
// Servers without SQL functions have none.
func (n *Node) Functions() (map[string]string, error) {
	const before, after = "function_", ".sql"
	dir := filepath.Join(n.DataDir(), "user_defined")
	files, err := filepath.Glob(filepath.Join(dir, before+"*"+after))
	if err != nil {
		return nil, err
	}
	functions := make(map[string]string, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("functions of %s: %w", n.Name, err)
		}
		name, err := url.PathUnescape(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), before), after))
		if err != nil {
			return nil, fmt.Errorf("functions of %s: %w", n.Name, err)
		}
		functions[name] = strings.TrimSpace(string(text))
	}
	return functions, nil
}

// functionNames are the names of Functions, sorted.
func (n *Node) functionNames() ([]string, error) {
	functions, err := n.Functions()
	return slices.Sorted(maps.Keys(functions)), err
}
