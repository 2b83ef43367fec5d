package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/skein-migrate/skein/journal"
)

// asked knows which nodes have yet to answer, so that a wait can name the one
// that is frozen while it still asks. The zero value is ready to use.
type asked struct {
	mu   sync.Mutex
	open []string
}

// each runs f for every node at once and returns the errors by node name.
func (a *asked) each(ctx context.Context, c *Cluster, nodes []journal.Node, f func(context.Context, journal.Node) error) map[string]error {
	a.mu.Lock()
	a.open = append(a.open, journal.Names(nodes)...)
	a.mu.Unlock()
	return c.each(ctx, nodes, func(ctx context.Context, node journal.Node) error {
		defer a.answered(node.Name())
		return f(ctx, node)
	})
}

func (a *asked) answered(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at := slices.Index(a.open, name); at >= 0 {
		a.open = slices.Delete(a.open, at, at+1)
	}
}

// String is empty when no node is being asked.
func (a *asked) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.open) == 0 {
		return ""
	}
	return "no answer yet from " + few(slices.Sorted(slices.Values(a.open)))
}

// few are the names of nodes for one line: it does not get longer with the cluster.
func few(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
