package testcluster

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// reloadLimit is how long a server may take to notice its configuration, which it
// looks at every two seconds.
const reloadLimit = 15 * time.Second

// SetMacros gives a node of EngineCluster other <macros>, while it runs, and waits
// until it has them. Clean does not give it its own ones back.
func (n *Node) SetMacros(ctx context.Context, macros map[string]string) error {
	file := filepath.Join(n.dir, "config.xml")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(macros)) {
		fmt.Fprintf(&b, "<%[1]s>%[2]s</%[1]s>", name, macros[name])
	}
	all := regexp.MustCompile(`(?s)<macros>.*</macros>`)
	text = all.ReplaceAllLiteral(text, []byte("<macros>"+b.String()+"</macros>"))
	if err := n.rewrite(file, text); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, reloadLimit)
	defer cancel()
	for {
		have, err := n.Macros(ctx)
		if err == nil && maps.Equal(have, macros) {
			return nil
		}
		if sleep(ctx, 100*time.Millisecond) != nil {
			return fmt.Errorf("macros of %s: it has %v, not %v: %w", n.Name, have, macros, ctx.Err())
		}
	}
}

// Macros are what the node makes of its <macros>.
func (n *Node) Macros(ctx context.Context) (map[string]string, error) {
	rows, err := n.Query(ctx, "SELECT macro, substitution FROM system.macros")
	if err != nil {
		return nil, err
	}
	macros := make(map[string]string, len(rows))
	for _, row := range rows {
		macros[row[0]] = row[1]
	}
	return macros, nil
}

// rewrite writes a configuration that a running server is to notice. It compares
// times of change in seconds: two changes within one second are one to it.
func (n *Node) rewrite(file string, text []byte) error {
	before, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := writeFile(file, text); err != nil {
		return err
	}
	changed := time.Now()
	if next := before.ModTime().Add(2 * time.Second); next.After(changed) {
		changed = next
	}
	return os.Chtimes(file, changed, changed)
}
