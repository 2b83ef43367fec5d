package coordinator

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/journal"
)

// Sizer reads what the steps of a plan would find.
type Sizer interface {
	// Holdings says by node what there is of the tables of an inquiry.
	Holdings(ctx context.Context, inquiry danger.Inquiry) (map[string]danger.Holding, error)
}

// assess says of each planned step what it does to data, and refuses drops that a
// server would refuse half-way. What it need not know it does not ask: without
// everything, only the sizes of what is dropped.
func (c *Coordinator) assess(ctx context.Context, plans []MigrationPlan, r Request, everything bool) error {
	steps := allSteps(plans)
	holdings := map[string]map[string]danger.Holding{}
	for _, inquiry := range danger.Inquire(steps, everything) {
		held, err := c.options.Sizer.Holdings(ctx, inquiry)
		if err != nil {
			return err
		}
		assume(held, r.MaxDrop)
		holdings[inquiry.Cluster] = held
	}
	dangers := danger.Assess(steps, holdings)
	for i := range plans {
		if n := len(plans[i].Steps); !plans[i].Fake {
			plans[i].Dangers, dangers = dangers[:n:n], dangers[n:]
		}
	}
	return tooLarge(plans)
}

// assume fills in the limit of nodes that do not tell theirs.
func assume(held map[string]danger.Holding, limit *uint64) {
	if limit == nil {
		return
	}
	for node, holding := range held {
		limits := map[string]danger.Limit{}
		for _, setting := range []string{danger.MaxTableSizeToDrop, danger.MaxPartitionSizeToDrop} {
			limits[setting] = danger.Limit{Bytes: *limit, Assumed: true}
		}
		maps.Copy(limits, holding.Limits)
		holding.Limits = limits
		held[node] = holding
	}
}

// tooLarge refuses drops above a server's limit.
func tooLarge(plans []MigrationPlan) error {
	var refused []string
	assumed := false
	for _, p := range plans {
		for i := range p.Dangers {
			for _, large := range p.Dangers[i].TooLarge {
				assumed = assumed || large.Assumed
				refused = append(refused, fmt.Sprintf("%s step %d, %s: %s", p.Key, p.Steps[i].Index, p.Steps[i].Statement.Summary, large))
			}
		}
	}
	if len(refused) == 0 {
		return nil
	}
	advice := "Raise the limit in the server's configuration or in the user's profile (0: none), or drop less at a time"
	if assumed {
		advice += ". What the limit is where a server does not tell: --max-drop BYTES (0: none)"
	}
	return journal.Refusef("servers would refuse to drop so much (359), nothing was changed\n  %s\n%s", strings.Join(refused, "\n  "), advice)
}

// CheckDangerous refuses plans that do more than change metadata: it names each
// step that rewrites or drops rows, blocks, or runs Go code. What touches no row,
// because there is none, passes.
func CheckDangerous(plans []MigrationPlan) error {
	var found []string
	for _, p := range plans {
		for i, danger := range p.Dangers {
			if danger.Harmless() {
				continue
			}
			found = append(found, fmt.Sprintf("%s step %d, %s: %s", p.Key, p.Steps[i].Index, p.Steps[i].Statement.Summary,
				strings.Join(danger.Words(), "; ")))
		}
	}
	if len(found) == 0 {
		return nil
	}
	return journal.Refusef("--check-dangerous: more than metadata would change, nothing was changed\n  %s\n"+
		"If that is meant: the same command without --check-dangerous", strings.Join(found, "\n  "))
}
