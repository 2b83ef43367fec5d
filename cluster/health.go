package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/journal"
)

// Health reads of a configured cluster what the checks of package doctor judge. All
// nodes and parts are read at once, each within the inquiry's limit: a node that is
// frozen is one of the facts, and so is a cluster of which no host answers.
func (s *Set) Health(ctx context.Context, inquiry doctor.Inquiry) doctor.Cluster {
	c, err := s.Cluster(ctx, inquiry.Cluster)
	if err != nil {
		return doctor.Cluster{Name: inquiry.Cluster, Closed: err.Error()}
	}
	return c.health(ctx, inquiry)
}

func (c *Cluster) health(ctx context.Context, inquiry doctor.Inquiry) doctor.Cluster {
	out := doctor.Cluster{
		Name: c.options.Name, SingleNode: c.options.SingleNode, UnshardedReplica: c.options.UnshardedReplica,
		LocalName: c.options.LocalCluster, QueryName: c.options.DistCluster,
	}
	exam := &examination{cluster: c, inquiry: inquiry, limit: inquiry.Limit}
	if exam.limit == 0 {
		exam.limit = lookTimeout
	}
	for _, node := range c.All() {
		n := doctor.Node{Name: node.Name(), Unread: map[doctor.Part]string{}}
		if c.roles[n.Name].local {
			n.Shard = node.Shard
		}
		out.Nodes = append(out.Nodes, n)
	}
	var g sync.WaitGroup
	g.Go(func() {
		var nodes errgroup.Group
		nodes.SetLimit(c.options.NodeConcurrency)
		for i := range out.Nodes {
			nodes.Go(func() error {
				exam.node(ctx, &out.Nodes[i])
				return nil
			})
		}
		_ = nodes.Wait() // what went wrong is said of the nodes
	})
	if inquiry.Parts.Has(doctor.PartReplicas) {
		g.Go(func() { exam.replicas(ctx, &out) })
	}
	if inquiry.Parts.Has(doctor.PartDDL) {
		g.Go(func() { out.DDL = exam.ddl(ctx) })
	}
	g.Go(func() { out.Strangers = exam.strangers(ctx) })
	g.Wait()
	for part, why := range exam.unread {
		for i := range out.Nodes {
			if text, there := why[out.Nodes[i].Name]; there {
				out.Nodes[i].Unread[part] = text
			}
		}
	}
	return out
}

// examination is one reading of a cluster.
type examination struct {
	cluster *Cluster
	inquiry doctor.Inquiry
	limit   time.Duration

	reading singleflight.Group // of members

	mu      sync.Mutex
	unread  map[doctor.Part]map[string]string // why, by node
	members map[member][]journal.Node
}

// node reads one node, all parts at once: one that waits for ZooKeeper holds up no
// other.
func (e *examination) node(ctx context.Context, n *doctor.Node) {
	parts := []struct {
		part doctor.Part
		read func(context.Context, *doctor.Node) error
	}{
		{doctor.PartVitals, e.vitals},
		{doctor.PartQueues, e.queues},
		{doctor.PartCoordination, e.coordination},
		{doctor.PartGrants, e.grants},
	}
	errs := make([]error, len(parts))
	var g sync.WaitGroup
	for i, p := range parts {
		// The vitals tell whether a node answers at all.
		if p.part != doctor.PartVitals && !e.inquiry.Parts.Has(p.part) {
			continue
		}
		g.Go(func() {
			ctx, cancel := e.within(ctx)
			defer cancel()
			errs[i] = p.read(ctx, n)
		})
	}
	g.Wait()
	for i, p := range parts {
		switch {
		case errs[i] == nil:
		case p.part == doctor.PartVitals && codeOf(errs[i]) == 0:
			n.Silent = e.why(errs[i])
		default:
			n.Unread[p.part] = e.why(errs[i])
		}
	}
}

func (e *examination) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, e.limit, fmt.Errorf("no answer in %s", e.limit))
}

// why is an error in few words: the node stands beside it.
func (e *examination) why(err error) string {
	text := oneLine(unwrapNode(err))
	var network net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		text = fmt.Sprintf("no answer in %s", e.limit)
	case errors.As(err, &network) && network.Timeout(): // in the handshake: its kernel accepts
		text = fmt.Sprintf("no answer in %s", min(e.limit, e.cluster.options.ConnectTimeout))
	}
	if code := codeOf(err); code != 0 {
		text = fmt.Sprintf("%d %s", code, text)
	}
	return text
}

// replicas are judged as before each change, but a node that has just crashed is
// not waited for: that it does not answer is told anyway.
func (e *examination) replicas(ctx context.Context, out *doctor.Cluster) {
	ctx, cancel := e.within(ctx)
	defer cancel()
	byTable, silent := e.cluster.replicasOf(ctx, e.cluster.All(), nil)
	out.Inactive = e.cluster.inactive(byTable, silent)
	e.mu.Lock()
	defer e.mu.Unlock()
	for node, err := range silent {
		e.note(doctor.PartReplicas, node, e.why(err))
	}
}

func (e *examination) note(part doctor.Part, node, why string) {
	if e.unread == nil {
		e.unread = map[doctor.Part]map[string]string{}
	}
	if e.unread[part] == nil {
		e.unread[part] = map[string]string{}
	}
	e.unread[part][node] = why
}

// strangers are configured hosts that system.clusters does not have. They are asked
// whether they answer: no change is made while one does not.
func (e *examination) strangers(ctx context.Context) []doctor.Stranger {
	c := e.cluster
	var hosts []journal.Node
	for _, host := range c.options.Hosts {
		node, err := parseNode(host)
		// A single node is reached by one of its names.
		if err == nil && !c.known(node.Name()) && !c.isLeftOut(node.Name()) && !c.options.SingleNode {
			hosts = append(hosts, node)
		}
	}
	ctx, cancel := e.within(ctx)
	defer cancel()
	errs := c.each(ctx, hosts, func(ctx context.Context, node journal.Node) error { return c.pool(node.Name()).Ping(ctx) })
	var out []doctor.Stranger
	for _, host := range hosts {
		stranger := doctor.Stranger{Host: host.Name()}
		if err := errs[host.Name()]; err != nil {
			stranger.Silent = e.why(err)
		}
		out = append(out, stranger)
	}
	return out
}
