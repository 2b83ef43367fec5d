// Package cluster knows real ClickHouse clusters: their topology, versions,
// features and tables; it runs a step on its nodes, reads every node's answer,
// and decides by the conditions of the statement whether it worked.
package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Options describe one configured cluster.
type Options struct {
	Name         string   // the configured name
	Hosts        []string // seeds as host:port; the rest is discovered
	LocalCluster string   // cluster_name
	DistCluster  string   // distributed_cluster_name; LocalCluster when empty
	SingleNode   bool
	Database     string
	User         string
	Password     string
	TLS          *tls.Config
	// Address translates a node's name to the address to dial; nil: as it is.
	Address func(name string) string
	Direct  bool // ddl: direct
	// Without are nodes that the run goes on without, by name: never connected to,
	// and in nothing that is read, sent or written. Names of other clusters' nodes
	// do no harm.
	Without []string

	// NodeConcurrency is how many nodes are asked, or sent a statement, at the same
	// time; DefaultNodeConcurrency when 0.
	NodeConcurrency int

	UnshardedReplica string
	Paths            map[string]string

	ConnectRetries  int           // more tries when no seed answers
	ConnectInterval time.Duration // between them; 1 s when 0
	// Events is told what is waited for while there is no run yet; nil: nobody.
	Events         journal.Sink
	ConnectTimeout time.Duration // of one; 5 s when 0
	DDLTimeout     time.Duration // distributed_ddl_task_timeout; 60 s when 0
	WaitLimit      time.Duration // for convergence and unknown outcomes; 5 min when 0
	MutationLimit  time.Duration // without progress of a mutation; 0: none
	DDLQueue       string        // ZooKeeper path; /clickhouse/task_queue/ddl when empty
	Logger         *zap.Logger
	// Secrets are those that statements may name as {secret:NAME}.
	Secrets map[string]func(context.Context) (string, error)
	// Variables are those of the environment, which statements may name as {env:NAME}.
	Variables map[string]string
	// Where says where a key of this cluster was written, for errors that a
	// server brings to light; nil: nowhere.
	Where func(field string) string
}

// DefaultNodeConcurrency is how many nodes are asked at once. It is for the sake of
// skein's own machine: a socket, and room for an answer, are for each of them. Most
// clusters are smaller, and are asked all at once.
const DefaultNodeConcurrency = 256

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	def(&o.ConnectInterval, time.Second)
	def(&o.ConnectTimeout, 5*time.Second)
	def(&o.DDLTimeout, time.Minute)
	def(&o.WaitLimit, 5*time.Minute)
	if o.DDLQueue == "" {
		o.DDLQueue = "/clickhouse/task_queue/ddl"
	}
	if o.DistCluster == "" {
		o.DistCluster = o.LocalCluster
	}
	if o.NodeConcurrency == 0 {
		o.NodeConcurrency = DefaultNodeConcurrency
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	return o
}

// Cluster is one configured cluster. It is safe for concurrent use.
type Cluster struct {
	options     Options
	local, dist []journal.Node
	all         []journal.Node // each once; made by settle
	roles       map[string]role
	// leftLocal and leftDist are those of Options.Without.
	leftLocal, leftDist []journal.Node

	mu    sync.Mutex
	pools map[string]*wire.Pool
	// secrets is shared by all pools, so that what one sent no other repeats.
	secrets *wire.Secrets
	facts   map[string]nodeFacts // by node name; read once
	builds  builds
	seen    seen
	lately  struct { // what Facts saw, until it is asked for
		tables map[string]map[string]nodeTable
		at     time.Time
	}
}

// role says in which of the two lists a node is.
type role struct{ local, query bool }

// Open asks the seeds for the topology. It needs one seed that answers; that
// every node does is Answering's to say. A cluster name that the server does
// not know is a usage error that lists those it knows.
func Open(ctx context.Context, options Options) (*Cluster, error) {
	c := &Cluster{options: options.withDefaults(), pools: map[string]*wire.Pool{}, facts: map[string]nodeFacts{}}
	c.secrets = &wire.Secrets{Resolve: c.secret}
	seed, err := c.seed(ctx)
	if err != nil {
		c.Close()
		return nil, err
	}
	err = c.discover(ctx, seed)
	if err == nil {
		err = c.leaveOut()
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// pool returns the connections to a node, by name.
func (c *Cluster) pool(name string) *wire.Pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.pools[name]; ok {
		return p
	}
	address := name
	if c.options.Address != nil {
		address = c.options.Address(name)
	}
	p := wire.NewPool(wire.Options{
		Node: name, Address: address, Database: c.options.Database,
		User: c.options.User, Password: c.options.Password, TLS: c.options.TLS,
		DialTimeout: c.options.ConnectTimeout, Logger: c.options.Logger, Secrets: c.secrets,
	})
	c.pools[name] = p
	return p
}

func (c *Cluster) secret(ctx context.Context, name string) (string, error) {
	resolve, known := c.options.Secrets[name]
	if !known {
		return "", errors.New("not configured: add it to secrets")
	}
	return resolve(ctx)
}

// secretProblems says of each configured secret why it cannot be read; empty if
// it can.
func (c *Cluster) secretProblems(ctx context.Context) map[string]string {
	problems := make(map[string]string, len(c.options.Secrets))
	for name, resolve := range c.options.Secrets {
		problems[name] = ""
		if _, err := resolve(ctx); err != nil {
			problems[name] = err.Error()
		}
	}
	return problems
}

// Close closes the connections.
func (c *Cluster) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pools {
		p.Close()
	}
}

// Name is the configured name.
func (c *Cluster) Name() string { return c.options.Name }

// SingleNode says whether the cluster is configured as one node.
func (c *Cluster) SingleNode() bool { return c.options.SingleNode }

// WaitLimit is how long unknown outcomes are waited for.
func (c *Cluster) WaitLimit() time.Duration { return c.options.WaitLimit }

// Database is where tables without one of their own are.
func (c *Cluster) Database() string { return c.options.Database }

// Nodes lists the nodes of a target.
func (c *Cluster) Nodes(target ops.Target) []journal.Node {
	if target == ops.Distributed {
		return slices.Clone(c.dist)
	}
	return slices.Clone(c.local)
}

// All lists every node once: the local nodes, then the query nodes that are
// not among them.
func (c *Cluster) All() []journal.Node { return slices.Clone(c.all) }

func (c *Cluster) known(name string) bool {
	_, known := c.roles[name]
	return known
}

// NodeConcurrency is how many nodes are asked at once.
func (c *Cluster) NodeConcurrency() int { return c.options.NodeConcurrency }

// Query runs one SELECT on one node. It has 30 s: what skein asks is small, and
// a frozen server must not stop a command for ever.
func (c *Cluster) Query(ctx context.Context, node, sql string) ([][]string, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return c.pool(node).Rows(ctx, wire.Query{SQL: sql, Again: strings.HasPrefix(sql, "SELECT ")})
}

// queryTimeout bounds a question to one node.
const queryTimeout = 30 * time.Second

// Answering refuses when a node or a configured host does not answer, and names
// every one that does not.
func (c *Cluster) Answering(ctx context.Context) error {
	nodes := c.All()
	for _, host := range c.options.Hosts {
		node, err := parseNode(host)
		if err != nil {
			return journal.Usagef("%s: %w", c.where("hosts"), err)
		}
		if !c.isLeftOut(node.Name()) && !c.known(node.Name()) && !slices.Contains(nodes[len(c.all):], node) {
			nodes = append(nodes, node)
		}
	}
	errs := c.each(ctx, nodes, func(ctx context.Context, node journal.Node) error {
		return c.pool(node.Name()).Ping(ctx)
	})
	var down []string
	for _, err := range errs {
		down = append(down, err.Error())
	}
	if len(down) == 0 {
		return nil
	}
	slices.Sort(down)
	verb := "do"
	if len(down) == 1 {
		verb = "does"
	}
	return journal.Refusef("cluster %q: %d of %d nodes %s not answer, nothing was changed\n  %s\n"+
		"Bring them back, or take them out of the cluster's definition and of hosts, then the same command again. "+
		"To go on without one, and have it brought up later: --without NODE",
		c.options.Name, len(down), len(nodes), verb, strings.Join(down, "\n  "))
}

// each runs f for all nodes, so many at once as Options.NodeConcurrency says, and
// returns the errors by node name. What limits the time of one node belongs into f: a node
// may have to wait for its turn.
func (c *Cluster) each(ctx context.Context, nodes []journal.Node, f func(context.Context, journal.Node) error) map[string]error {
	var (
		mu   sync.Mutex
		errs = map[string]error{}
		g    errgroup.Group
	)
	g.SetLimit(c.options.NodeConcurrency)
	for _, node := range nodes {
		g.Go(func() error {
			if err := f(ctx, node); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs[node.Name()] = err
			}
			return nil
		})
	}
	_ = g.Wait() // errors are in the map
	return errs
}

// first returns the error of the first node, in the order of nodes, that has one.
func first(nodes []journal.Node, errs map[string]error) error {
	for _, node := range nodes {
		if err := errs[node.Name()]; err != nil {
			return err
		}
	}
	return nil
}
