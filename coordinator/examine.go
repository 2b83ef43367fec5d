package coordinator

import (
	"context"
	"slices"

	"github.com/skein-migrate/skein/danger"
	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/plan"
)

// examine makes the checks of doctor.Before on the nodes of clusters that a change
// touches: one query a node, and where rows are rewritten one more for their sizes.
// What is an error refuses the change; what is a warning is said. With no plans, for
// what is half-done already, nothing is refused: to leave it so would be worse.
func (s *session) examine(ctx context.Context, clusters []string, plans []MigrationPlan, skip []string) error {
	if s.c.options.Health == nil {
		return nil
	}
	checks := slices.DeleteFunc(doctor.Before(), func(check doctor.Check) bool { return slices.Contains(skip, check.Name) })
	if len(checks) == 0 {
		return nil
	}
	facts := doctor.Facts{Clusters: make([]doctor.Cluster, len(clusters))}
	told := false
	for i, name := range clusters {
		found := s.c.options.Health.Health(ctx, doctor.Inquiry{Cluster: name, Parts: doctor.PartVitals})
		// That hosts are no nodes is nothing new before each change.
		found.Strangers = nil
		facts.Clusters[i] = found
		told = told || slices.ContainsFunc(found.Nodes, func(n doctor.Node) bool { return n.FreeKnown })
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	facts.Plan.Writes, facts.Plan.Mutates = written(plans)
	if told && slices.ContainsFunc(checks, func(check doctor.Check) bool { return check.Name == "disk" }) {
		var err error
		if facts.Plan.Rewrites, err = s.c.rewrites(ctx, plans); err != nil {
			return err
		}
	}
	var refused []doctor.Finding
	for _, finding := range doctor.Judge(checks, facts, doctor.Limits{}) {
		switch {
		case finding.Severity == doctor.Error && plans != nil:
			refused = append(refused, finding)
		case finding.Severity == doctor.Error, finding.Severity == doctor.Warning:
			s.emit(journal.Warning{Text: finding.Check + ": " + finding.Words()})
		}
	}
	return notWell(refused)
}

// written are the tables that plans change, and those whose rows they mutate.
func written(plans []MigrationPlan) (writes, mutates map[string]bool) {
	writes, mutates = map[string]bool{}, map[string]bool{}
	for _, p := range plans {
		for _, step := range p.Steps {
			for _, table := range step.Statement.Writes {
				writes[table.String()] = true
				if step.Statement.Traits.Mutation {
					mutates[table.String()] = true
				}
			}
		}
	}
	return writes, mutates
}

// rewrites are the bytes that plans rewrite at most, by configured cluster and node.
func (c *Coordinator) rewrites(ctx context.Context, plans []MigrationPlan) (map[string]map[string]uint64, error) {
	steps := allSteps(plans)
	out := map[string]map[string]uint64{}
	if !slices.ContainsFunc(steps, func(step plan.Step) bool { return danger.ClassOf(step.Statement) == danger.RewritesData }) {
		return out, nil
	}
	for _, inquiry := range danger.Inquire(steps, true) {
		held, err := c.options.Sizer.Holdings(ctx, inquiry)
		if err != nil {
			return nil, err
		}
		out[inquiry.Cluster] = map[string]uint64{}
		for node, holding := range held {
			out[inquiry.Cluster][node] = rewrittenOn(steps, inquiry.Cluster, node, holding)
		}
	}
	return out, nil
}

// rewrittenOn assesses the steps as if there were one node alone.
func rewrittenOn(steps []plan.Step, cluster, node string, holding danger.Holding) uint64 {
	alone := make([]plan.Step, len(steps))
	for i, step := range steps {
		alone[i] = step
		alone[i].Nodes = slices.DeleteFunc(slices.Clone(step.Nodes), func(n journal.Node) bool { return n.Name() != node })
	}
	var bytes uint64
	for i, a := range danger.Assess(alone, map[string]map[string]danger.Holding{cluster: {node: holding}}) {
		if steps[i].Cluster == cluster && a.Class == danger.RewritesData {
			bytes += a.Amount.Bytes
		}
	}
	return bytes
}
