package coordinator

import (
	"context"
	"slices"

	"github.com/skein-migrate/skein/journal"
)

// look is all that is looked at between planning and the first change. Whoever has
// to approve comes last: nobody is asked about what would be refused.
func (s *session) look(ctx context.Context, targets []target, plans []MigrationPlan, r Request) error {
	if err := s.c.assess(ctx, plans, r, r.CheckDangerous || r.Approve != nil); err != nil {
		return err
	}
	if r.CheckDangerous {
		if err := CheckDangerous(plans); err != nil {
			return err
		}
	}
	if !r.Fake {
		if err := s.preflight(ctx, targets, r.SkipChecks, plans); err != nil {
			return err
		}
	}
	if r.Verify {
		if err := s.verifyBaseline(ctx, targets); err != nil {
			return err
		}
	}
	if r.Approve == nil {
		return nil
	}
	return r.Approve(ctx, plans)
}

// preflight looks at the nodes that targets touch before anything is changed. Without
// plans, of what is half-done, only replicas refuse it; see examine.
func (s *session) preflight(ctx context.Context, targets []target, skip []string, plans []MigrationPlan) error {
	clusters, err := s.c.clusters(targets)
	if err != nil {
		return err
	}
	state, err := s.c.stateCluster()
	if err != nil {
		return err
	}
	if !slices.Contains(clusters, state) {
		clusters = append(clusters, state)
	}
	bad, checked, err := s.c.options.Servers.InactiveReplicas(ctx, clusters, s.emit)
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		return &journal.InactiveReplicasError{Tables: bad, Checked: checked}
	}
	if err := s.examine(ctx, clusters, plans, skip); err != nil {
		return err
	}
	s.emit(journal.PreflightPassed{Clusters: clusters, ReplicatedTables: checked})
	return nil
}

// CheckInactiveReplicas checks every configured cluster that a group touches,
// and says how many replicated tables it looked at.
func (c *Coordinator) CheckInactiveReplicas(ctx context.Context) ([]journal.InactiveReplica, int, error) {
	var names []string
	for _, set := range c.options.Sets.Keys() {
		name, err := c.options.Sets.Cluster(set)
		if err != nil {
			return nil, 0, err
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return c.options.Servers.InactiveReplicas(ctx, names, c.options.Events)
}
