package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skein-migrate/skein/cluster"
	"github.com/skein-migrate/skein/config"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/state"
)

func withoutFlag(a *app, cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&a.without, "without", nil,
		"go on without this `node`, such as ch-3:9000, and owe it what it misses (repeatable)")
}

// checkWithout refuses --without of a node that is not configured.
func (a *app) checkWithout(ctx context.Context, clusters *cluster.Set, cfg *config.Config) error {
	if len(a.without) == 0 {
		return nil
	}
	slices.Sort(a.without)
	a.without = slices.Compact(a.without)
	for _, name := range a.without {
		if !strings.Contains(name, ":") {
			return journal.Usagef("--without %q: name it with its port, as system.clusters has it, such as ch-3:9000", name)
		}
	}
	if cfg.Coordination.Lock == config.LockLease {
		return journal.Usagef("--without is for clusters: a single node has no other to go on with")
	}
	return clusters.CheckNames(ctx, a.without)
}

// cautions are what a run without nodes says of itself before it begins.
func (a *app) cautions(store *state.Store) []string {
	if len(a.without) == 0 {
		return nil
	}
	names := strings.Join(a.without, ", ")
	out := []string{fmt.Sprintf("going on without %s: it is asked nothing, and what it misses is owed to it until skein resume settles that", names)}
	if lowered := store.Lowered(); len(lowered) > 0 {
		out = append(out, "the state is written to "+strings.Join(lowered, ", ")+
			": if that is lost before the node is back, so is what this run did")
	}
	return out
}
