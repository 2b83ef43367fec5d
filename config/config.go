// Package config reads skein.yaml: the clusters, what keeps two runs apart,
// and what environments, variables and flags change in them. Every error names
// the key and its file, line and column, and all of them come at once, before
// anything is touched. What each key means is in docs/configuration.md.
package config

import (
	"time"

	"github.com/skein-migrate/skein/config/secret"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/storageset"
)

// Config is a checked configuration. It is not changed after Load and may be
// read by several goroutines.
type Config struct {
	Clusters     []Cluster
	Coordination Coordination
	Groups       []Group
	// Readiness are the states of the groups that are migrated; empty: any. SkipGroups
	// are optional groups that are not.
	Readiness  []migration.Readiness
	SkipGroups []string
	// Environments are the names of those that the file has.
	Environments []string
	// Secrets are what operations may name as {secret:NAME}.
	Secrets map[string]Secret
	// Access is what bootstrap makes.
	Access Access
	// AWS is where ssm: references are read.
	AWS secret.AWS

	Source      string // the file, as it was named
	Environment string // the environment in use, empty for none
	LocalFile   string // the .env.local that was read, empty for none

	origins origins
	sets    storageset.Map
	environ *environ
	secrets *secret.Reader
}

// Cluster is one configured cluster, with its defaults filled in.
type Cluster struct {
	Name string
	// Hosts are seeds, host:port of the native protocol; the rest is discovered.
	Hosts []string

	ClusterName            string // of the local nodes, as system.clusters has it; empty on a single node
	DistributedClusterName string // of the query nodes; ClusterName when not given
	SingleNode             bool

	Database string // "default" when not given
	User     string // "default" when not given
	Password Secret
	TLS      *TLS // nil: no TLS

	StorageSets []storageset.Key
	DDL         DDL
	// NodeConcurrency is how many nodes are asked, or sent a statement, at the same
	// time; 256 when not given.
	NodeConcurrency int
	Connect         Connect
	Limits          Limits

	AddressMap       map[string]string // see Translate
	UnshardedReplica string            // replica name of unsharded tables, such as "{shard}-{replica}"
	Paths            map[string]string // "database.table" to ZooKeeper path
	DDLQueuePath     string            // distributed_ddl.path of the servers

	index int
}

// DDL is how a statement reaches every node of a cluster.
type DDL string

// The ways. OnCluster is the default on a multi-node cluster, Direct on a single node.
const (
	OnCluster DDL = "on_cluster"
	Direct    DDL = "direct"
)

// Connect says how patient skein is with a node that does not answer.
type Connect struct {
	Retries  int           // after the first attempt; default 3
	Interval time.Duration // between attempts; default 1s
	Timeout  time.Duration // of one attempt; default 5s
}

// Limits bound what skein waits for.
type Limits struct {
	// DDL is the distributed_ddl_task_timeout sent with ON CLUSTER statements,
	// whole seconds; default 60s. Reaching it is not a failure.
	DDL time.Duration
	// Wait is how long skein watches nodes converge, or an unknown outcome; default 5m.
	Wait time.Duration
	// Mutation is how long a mutation may go on without doing a part; default 6h,
	// 0: no limit. Reaching it ends the wait, not the mutation.
	Mutation time.Duration
}

// Lock says what keeps two runs apart.
type Lock string

// The locks. LockZooKeeper is the default where servers are given, LockLease
// where they are not and the state is on a single node. LockNone is allowed on
// purpose only.
const (
	LockZooKeeper Lock = "zookeeper"
	LockLease     Lock = "lease" // in tables of the single node that has the state
	LockNone      Lock = "none"
)

// Coordination says what holds the lock.
type Coordination struct {
	ZooKeeper      []string // host:port
	Root           string   // znode under which skein keeps its own; default /skein
	Lock           Lock
	SessionTimeout time.Duration // default 10s; ZooKeeper may bound it, a lease takes 3s at least
	Auth           Secret        // digest, user:password
	TLS            *TLS
}

// Group changes a group that is compiled in. What is empty leaves the group as
// it is.
type Group struct {
	Name        string
	StorageSets []storageset.Key
	Readiness   migration.Readiness
	DependsOn   []string
	// Dir has the group's SQL and YAML files; absolute, or as seen from the working
	// directory. Empty: its migrations are compiled in.
	Dir string
	// Sequential refuses a gap between the numbers of files.
	Sequential bool
	// Optional says whether SkipGroups may name it; nil leaves that as it is.
	Optional *bool

	index int
}

// Key names a key of this cluster for Where, Origin and Errorf:
// c.Key("cluster_name") is "clusters[0].cluster_name".
func (c Cluster) Key(field string) string { return join(indexed("clusters", c.index), field) }

// Key names a key of this group for Where, Origin and Errorf.
func (g Group) Key(field string) string { return join(indexed("groups", g.index), field) }

// Translate returns the address under which skein reaches a node that
// system.clusters names as host:port. An entry for host:port wins over one for
// the host alone, which keeps the port; without either the address stays.
func (c Cluster) Translate(address string) string { return translate(c.AddressMap, address) }

// Cluster finds a cluster by its configured name. An unknown one is an error
// that lists those there are.
func (c *Config) Cluster(name string) (Cluster, error) {
	names := make([]string, len(c.Clusters))
	for i, cluster := range c.Clusters {
		if cluster.Name == name {
			return cluster, nil
		}
		names[i] = cluster.Name
	}
	return Cluster{}, c.Errorf("clusters", "no cluster %q%s", name, thereAre(names))
}

// Variables are those of the environment, and of .env.local where that has others.
func (c *Config) Variables() map[string]string { return c.environ.all() }

// StorageSets says on which cluster each storage set is.
func (c *Config) StorageSets() storageset.Map { return c.sets }

// CheckStorageSets checks that every storage set that a registered group uses
// is on a cluster. The error is a *journal.UsageError that names all that are not.
func (c *Config) CheckStorageSets(used []storageset.Key) error {
	var problems []*Problem
	for _, key := range used {
		if _, err := c.sets.Cluster(key); err != nil {
			problems = append(problems, &Problem{at: c.origins.nearest("clusters"), Text: err.Error()})
		}
	}
	return usage(problems)
}

func newCluster(index int) Cluster {
	return Cluster{
		Database:     "default",
		User:         "default",
		Connect:      Connect{Retries: 3, Interval: time.Second, Timeout: 5 * time.Second},
		Limits:       Limits{DDL: time.Minute, Wait: 5 * time.Minute, Mutation: 6 * time.Hour},
		DDLQueuePath: "/clickhouse/task_queue/ddl",

		NodeConcurrency: 256,
		index:           index,
	}
}

func newAWS() secret.AWS { return secret.AWS{Timeout: 10 * time.Second} }

func newCoordination() Coordination {
	return Coordination{Root: "/skein", SessionTimeout: 10 * time.Second}
}
