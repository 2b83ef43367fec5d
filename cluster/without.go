package cluster

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

func (c *Cluster) isLeftOut(name string) bool { return slices.Contains(c.options.Without, name) }

// leaveOut takes the nodes of Options.Without out of the topology. A shard of
// which none would be left is refused: what it has to get nobody could keep for it.
func (c *Cluster) leaveOut() error {
	c.local, c.leftLocal = c.parted(c.local)
	c.dist, c.leftDist = c.parted(c.dist)
	for _, node := range c.leftLocal {
		if !slices.ContainsFunc(c.local, func(n journal.Node) bool { return n.Shard == node.Shard }) {
			return journal.Refusef("cluster %q: without %s shard %d would have no node left, nothing was changed",
				c.options.Name, strings.Join(c.options.Without, ", "), node.Shard)
		}
	}
	if len(c.dist) == 0 && len(c.leftDist) > 0 {
		return journal.Refusef("cluster %q: without %s there would be no query node left, nothing was changed",
			c.options.Name, strings.Join(c.options.Without, ", "))
	}
	c.settle()
	return nil
}

func (c *Cluster) parted(nodes []journal.Node) (kept, left []journal.Node) {
	for _, node := range nodes {
		if c.isLeftOut(node.Name()) {
			left = append(left, node)
		} else {
			kept = append(kept, node)
		}
	}
	return kept, left
}

// LeftOut lists the nodes of a target that Options.Without names.
func (c *Cluster) LeftOut(target ops.Target) []journal.Node {
	if target == ops.Distributed {
		return slices.Clone(c.leftDist)
	}
	return slices.Clone(c.leftLocal)
}

// CheckNames refuses names of nodes that no configured cluster has, and lists
// those there are. A cluster that cannot be opened is an error only when a name
// might be on it.
func (s *Set) CheckNames(ctx context.Context, names []string) error {
	var known []string
	var failures []error
	for cluster := range s.options {
		c, err := s.Cluster(ctx, cluster)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		known = append(known, c.options.Hosts...) // a seed may have an alias
		for _, nodes := range [][]journal.Node{c.All(), c.leftLocal, c.leftDist} {
			known = append(known, journal.Names(nodes)...)
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		if len(failures) > 0 {
			return errors.Join(failures...)
		}
		return journal.Usagef("--without %q: no cluster has this node (there are: %s)", name, strings.Join(known, ", "))
	}
	return nil
}

// excuseLeftOut takes a 341 for done where every replica that the server still
// waits for is on a node that the run goes on without: what is in flight there is
// owed to it. Where conditions can be read, they decide instead.
func (s *sending) excuseLeftOut(ctx context.Context) {
	if len(s.step.LeftOut) == 0 || len(s.step.Statement.After) > 0 {
		return
	}
	for _, group := range s.step.Groups {
		for _, node := range group {
			s.mu.Lock()
			a := s.answers[node.Name()]
			s.mu.Unlock()
			if a.code == codeReplicasUnfinished && s.waitsForNoneOf(ctx, group, a.text) {
				s.record(node.Name(), answer{outcome: journal.Done})
			}
		}
	}
}

// waitsForNoneOf says that a 341 names replicas, and none of these nodes. It is
// false where that cannot be told.
func (s *sending) waitsForNoneOf(ctx context.Context, group []journal.Node, text string) bool {
	late := lateReplicas(text)
	if len(late) == 0 {
		return false
	}
	for _, node := range group {
		rows, err := s.cluster.Query(ctx, node.Name(), "SELECT DISTINCT replica_name FROM system.replicas")
		if err != nil || len(rows) == 0 {
			return false
		}
		for _, row := range rows {
			if slices.Contains(late, row[0]) {
				return false
			}
		}
	}
	return true
}

// lateReplicas are those that a server's 341 says it did not wait for any longer,
// as 18.16 lists them: "… some replicas are inactive right now: a, b; timeout when
// waiting for some replicas: c (replication_alter_columns_timeout = 60) …".
func lateReplicas(text string) []string {
	var out []string
	for _, list := range regexp.MustCompile(`some replicas(?: are inactive right now)?: ([^;(]+?)(?:;| \(|\. |$)`).FindAllStringSubmatch(text, -1) {
		for name := range strings.SplitSeq(list[1], ",") {
			out = append(out, strings.TrimSpace(name))
		}
	}
	return out
}
