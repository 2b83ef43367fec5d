package coordinator

import (
	"context"
	"fmt"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
	"github.com/skein-migrate/skein/validate"
)

// Parser has a server parse statements without running them.
type Parser interface {
	// Parse says of each text what the parser of a node of the cluster finds wrong
	// with it; empty: nothing, or no node can say.
	Parse(ctx context.Context, cluster string, texts []string) ([]string, error)
}

// parsing are the statements of one configured cluster, with what they are called.
type parsing struct{ texts, names []string }

// parse refuses plans with a statement that a server cannot read: two of them in a
// block, a word too much. Of what runs forward the way back is read too, as long as
// it can still be mended.
func (c *Coordinator) parse(ctx context.Context, targets []target, plans []MigrationPlan, facts []plan.Facts) error {
	if c.options.Parser == nil {
		return nil
	}
	byCluster := map[string]*parsing{}
	add := func(cluster, name, text string) {
		p := byCluster[cluster]
		if p == nil {
			p = &parsing{}
			byCluster[cluster] = p
		}
		p.texts, p.names = append(p.texts, text), append(p.names, name)
	}
	at := c.environment(facts)
	for i, p := range plans {
		if p.Fake || p.Key.Group == migration.System {
			continue
		}
		for _, step := range p.Steps {
			if step.Statement.Call == nil {
				add(step.Cluster, fmt.Sprintf("%s step %d of %d%s", p.Key, step.Index, step.Of, backwards(p.Direction)), step.Text)
			}
		}
		if p.Direction == journal.Forward {
			addWayBack(targets[i], at, add)
		}
	}
	var found []string
	for _, f := range facts { // in their order
		p := byCluster[f.Cluster]
		if p == nil {
			continue
		}
		wrong, err := c.options.Parser.Parse(ctx, f.Cluster, p.texts)
		if err != nil {
			return fmt.Errorf("have cluster %q parse the statements: %w", f.Cluster, err)
		}
		for i, why := range wrong {
			if why != "" {
				found = append(found, fmt.Sprintf("%s: %s\n    %s", p.names[i], why, strings.ReplaceAll(p.texts[i], "\n", "\n    ")))
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return journal.Refusef("a server cannot parse this, nothing was run\n  %s\nTo have it tried all the same: --no-validate",
		strings.Join(found, "\n  "))
}

func backwards(d journal.Direction) string {
	if d == journal.Backward {
		return " backward"
	}
	return ""
}

// addWayBack adds what would take a migration back. What cannot be rendered here
// is no concern of a parser.
func addWayBack(t target, at validate.Environment, add func(cluster, name, text string)) {
	n := 0
	for _, operation := range t.migration.Backward {
		place := ops.PlaceOf(operation)
		cluster, env := at(place)
		statements, err := operation.Statements(env)
		if err != nil {
			continue
		}
		for _, statement := range statements {
			if n++; statement.Call == nil {
				add(cluster, fmt.Sprintf("%s backward, statement %d", t.key, n), statement.SQL(""))
			}
		}
	}
}
