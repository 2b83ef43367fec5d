package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skein-migrate/skein/await"
	"github.com/skein-migrate/skein/compare"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/newnode"
)

// Newcomers say what a new node lacks.
type Newcomers interface {
	// Member finds a node of a configured cluster by its name or host.
	Member(ctx context.Context, cluster, host string) (node string, is bool, err error)
	// Newcomer says what a node lacks that its neighbour has.
	Newcomer(ctx context.Context, cluster, node string) (newnode.Plan, error)
	// Lacking says which of a plan's statements are still to be run.
	Lacking(ctx context.Context, plan newnode.Plan) ([]newnode.Making, error)
}

// Makers run one statement on one node.
type Makers interface {
	Make(ctx context.Context, cluster, node, queryID, statement string) error
}

// AddedNode is what became of a node of one cluster.
type AddedNode struct {
	newnode.Plan
	Made   int            `json:"made"`
	Verify compare.Report `json:"verify"`
}

// AddNode makes on a new node what its neighbours have, under the lock, and compares
// all nodes afterwards. It reads and writes no state: the state tables are among what
// the node lacks. What is there already is left as it is, so that it may be run again
// after an end half-way; what is there and is otherwise is a *journal.PreflightError
// before anything is made. With dryRun nothing is made and no lock is taken.
func (c *Coordinator) AddNode(ctx context.Context, newcomers Newcomers, makers Makers, host string, dryRun bool) ([]AddedNode, error) {
	clusters, node, err := c.homesOf(ctx, newcomers, host)
	if err != nil {
		return nil, err
	}
	if dryRun {
		return c.newcomer(ctx, newcomers, clusters, node)
	}
	held, lease, err := c.options.Locker.Acquire(ctx, c.options.Holder, 0)
	if err != nil {
		return nil, err
	}
	run := journal.Run{ID: c.options.Holder.RunID, Epoch: lease.Epoch(), Command: c.options.Holder.Command}
	c.options.Events(journal.LockAcquired{Run: run, Unlocked: c.options.Unlocked})
	added, err := c.addNode(held, adding{newcomers: newcomers, makers: makers, lease: lease}, clusters, node)
	var lost *journal.LockLostError
	if cause := context.Cause(held); err != nil && ctx.Err() == nil && errors.As(cause, &lost) {
		err = fmt.Errorf("%w (%w)", err, lost)
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseLimit)
	defer cancel()
	if release := lease.Release(after); release != nil && err == nil {
		c.options.Events(journal.Warning{Text: "release the lock: " + release.Error()})
	}
	return added, err
}

// homesOf are the configured clusters that a node is in, and its name there.
func (c *Coordinator) homesOf(ctx context.Context, newcomers Newcomers, host string) (clusters []string, node string, err error) {
	var all []string
	for _, set := range c.options.Sets.Keys() {
		name, err := c.options.Sets.Cluster(set)
		if err != nil {
			return nil, "", &journal.UsageError{Err: err}
		}
		if slices.Contains(all, name) {
			continue
		}
		all = append(all, name)
		found, is, err := newcomers.Member(ctx, name, host)
		if err != nil {
			return nil, "", err
		}
		if is {
			clusters, node = append(clusters, name), found
		}
	}
	if len(clusters) == 0 {
		return nil, "", journal.Refusef("%s is in no configured cluster (%s), as their nodes' system.clusters have them: "+
			"add it to remote_servers of all nodes first, its own included", host, strings.Join(all, ", "))
	}
	slices.Sort(clusters)
	return clusters, node, nil
}

// newcomer plans for all clusters, and refuses before anything is made for one.
func (c *Coordinator) newcomer(ctx context.Context, newcomers Newcomers, clusters []string, node string) ([]AddedNode, error) {
	var added []AddedNode
	var conflicts []string
	source := ""
	for _, cluster := range clusters {
		plan, err := newcomers.Newcomer(ctx, cluster, node)
		if err != nil {
			return nil, err
		}
		added = append(added, AddedNode{Plan: plan})
		conflicts, source = append(conflicts, plan.Conflicts...), plan.Source
	}
	if len(conflicts) > 0 {
		return added, journal.Refusef("%s cannot be made like %s, nothing was changed\n  %s\n"+
			"Drop there what is not needed, or mend what is named; then the same command again", node, source, strings.Join(conflicts, "\n  "))
	}
	return added, nil
}

// adding is what making a node needs.
type adding struct {
	newcomers Newcomers
	makers    Makers
	lease     Lease
}

func (c *Coordinator) addNode(ctx context.Context, a adding, clusters []string, node string) ([]AddedNode, error) {
	added, err := c.newcomer(ctx, a.newcomers, clusters, node)
	if err != nil {
		return added, err
	}
	for i := range added {
		if err := c.makeAll(ctx, a, &added[i]); err != nil {
			return added, err
		}
		if err := c.sameNow(ctx, a, added[i].Plan); err != nil {
			return added, err
		}
		if err := c.replicasActive(ctx, added[i].Plan); err != nil {
			return added, err
		}
		if added[i].Verify, err = c.compared(ctx, added[i].Cluster); err != nil {
			return added, err
		}
	}
	return added, nil
}

// makeAll makes what a node lacks, in rounds: what a server refuses is tried again
// when something else was made, which it may have needed.
func (c *Coordinator) makeAll(ctx context.Context, a adding, node *AddedNode) error {
	of := len(node.Make)
	for round := 1; ; round++ {
		left, err := a.newcomers.Lacking(ctx, node.Plan)
		if err != nil || len(left) == 0 {
			node.Made = of
			return err
		}
		var refused []error
		for at, making := range left {
			if c.stopping() {
				return &journal.InterruptedError{}
			}
			if err := a.lease.Confirm(ctx); err != nil {
				return err
			}
			began := c.now()
			id := fmt.Sprintf("skein-%s-add-node-%d-%d-%s", c.options.Holder.RunID, round, at+1, node.Node)
			if err := a.makers.Make(ctx, node.Cluster, node.Node, id, making.Statement); err != nil {
				refused = append(refused, fmt.Errorf("%s: %w", making.What, err))
				if ctx.Err() != nil {
					return errors.Join(refused...)
				}
				continue
			}
			node.Made++
			c.options.Events(journal.Converged{Step: node.Made, Of: of, Summary: making.Summary(), Nodes: 1, Took: c.now().Sub(began)})
		}
		if len(refused) == len(left) {
			return fmt.Errorf("%s refuses %d of %d statements; what was made stays, and the same command goes on where this one ended\n  %w",
				node.Node, len(refused), of, errors.Join(refused...))
		}
	}
}

// sameNow looks again at all databases: verify knows those of migrations alone.
func (c *Coordinator) sameNow(ctx context.Context, a adding, plan newnode.Plan) error {
	again, err := a.newcomers.Newcomer(ctx, plan.Cluster, plan.Node)
	if err != nil {
		return fmt.Errorf("look at what was made: %w", err)
	}
	wrong := slices.Clone(again.Conflicts)
	for _, making := range again.Make {
		wrong = append(wrong, making.What+" is not there")
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s took all statements, and is not like %s\n  %s", plan.Node, plan.Source, strings.Join(wrong, "\n  "))
	}
	return nil
}

func (c *Coordinator) stopping() bool {
	select {
	case <-c.options.Stop:
		return true
	default:
		return false
	}
}

// replicasActive waits until the node's replicas are active: a session with
// ZooKeeper may have yet to begin.
func (c *Coordinator) replicasActive(ctx context.Context, plan newnode.Plan) error {
	var bad []journal.InactiveReplica
	var checked int
	wait := await.Wait{Emit: c.options.Events, Limit: c.waitLimit(plan.Cluster), Pause: 100 * time.Millisecond}
	err := wait.Until(ctx, func(ctx context.Context) (await.Look, error) {
		var err error
		if bad, checked, err = c.options.Servers.InactiveReplicas(ctx, []string{plan.Cluster}, c.options.Events); err != nil {
			return await.Look{}, err
		}
		return await.Look{Done: len(bad) == 0, Reason: fmt.Sprintf("%s: %d tables have inactive replicas", plan.Cluster, len(bad))}, nil
	})
	var over *await.OverError
	if errors.As(err, &over) {
		return &journal.InactiveReplicasError{Tables: bad, Checked: checked}
	}
	return err
}

// compared is what verify says of one cluster.
func (c *Coordinator) compared(ctx context.Context, cluster string) (compare.Report, error) {
	inquiries, err := c.inquiries("")
	if err != nil {
		return compare.Report{}, err
	}
	at := slices.IndexFunc(inquiries, func(i compare.Inquiry) bool { return i.Cluster == cluster })
	if at < 0 {
		return compare.Report{}, fmt.Errorf("no storage set is on cluster %q", cluster)
	}
	return c.options.Comparer.Compare(ctx, inquiries[at])
}
