package config

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/storageset"
)

// checker collects what is wrong with the values, whoever gave them.
type checker struct {
	origins  origins
	problems []*Problem
}

func (k *checker) wrong(key, format string, args ...any) {
	k.problems = append(k.problems, &Problem{at: k.origins.nearest(key), key: key, Text: key + ": " + fmt.Sprintf(format, args...)})
}

// finish fills in the defaults that depend on other values, and checks all of them.
func (c *Config) finish() []*Problem {
	k := &checker{origins: c.origins}
	if len(c.Clusters) == 0 {
		k.wrong("clusters", "there are none: name at least one")
	}
	if len(c.Clusters) == 1 && !slices.Contains(c.Clusters[0].StorageSets, storageset.Migrations) {
		c.Clusters[0].StorageSets = append([]storageset.Key{storageset.Migrations}, c.Clusters[0].StorageSets...)
	}
	for i := range c.Clusters {
		cluster := &c.Clusters[i]
		if cluster.DistributedClusterName == "" {
			cluster.DistributedClusterName = cluster.ClusterName
		}
		k.hosts(*cluster)
		k.topology(*cluster)
		k.tables(*cluster)
		if cluster.DDL == "" {
			cluster.DDL = OnCluster
			if cluster.SingleNode {
				cluster.DDL = Direct
			}
		}
	}
	k.storageSets(c)
	k.coordination(c)
	k.groups(c.Groups)
	k.endpoint(c.AWS.Endpoint)
	k.policy(c)
	k.access(c)
	return k.problems
}

// namePattern keeps names to what a variable, a shell and a znode take without quoting.
func namePattern() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`) }

func (k *checker) name(key, name string) {
	if name != "" && !namePattern().MatchString(name) { // a missing name is reported by the reader
		k.wrong(key, "%q: use letters, digits, and _ . -", name)
	}
}

func (k *checker) hosts(c Cluster) {
	k.name(c.Key("name"), c.Name)
	if len(c.Hosts) == 0 {
		k.wrong(c.Key("hosts"), "there are none: give at least one host:port, or a url")
	}
	port := "9000"
	if c.TLS != nil {
		port = "9440"
	}
	for i, host := range c.Hosts {
		if text := checkAddress(host, port); text != "" {
			k.wrong(indexed(c.Key("hosts"), i), "%s", text)
		}
		if slices.Contains(c.Hosts[:i], host) {
			k.wrong(indexed(c.Key("hosts"), i), "%q is there twice", host)
		}
	}
}

func (k *checker) topology(c Cluster) {
	switch {
	case c.SingleNode && c.ClusterName != "":
		k.wrong(c.Key("cluster_name"), "a single node has none: drop it, or single_node")
	case c.SingleNode && c.DistributedClusterName != "":
		k.wrong(c.Key("distributed_cluster_name"), "a single node has none: drop it, or single_node")
	case c.SingleNode && len(c.Hosts) > 1:
		k.wrong(c.Key("hosts"), "a single node has one host, here are %d", len(c.Hosts))
	case c.SingleNode && c.DDL == OnCluster:
		k.wrong(c.Key("ddl"), "a single node has no ON CLUSTER: drop it, or single_node")
	case !c.SingleNode && c.ClusterName == "":
		k.wrong(c.Key("cluster_name"), "is missing: give the cluster's name in system.clusters, or single_node: true")
	}
	if c.DDL != "" && c.DDL != OnCluster && c.DDL != Direct {
		k.wrong(c.Key("ddl"), "unknown value %q, use on_cluster or direct", c.DDL)
	}
	if c.NodeConcurrency == 0 {
		k.wrong(c.Key("node_concurrency"), "is 0: at least one node is asked at a time")
	}
	if c.Limits.DDL.Milliseconds()%1000 != 0 {
		k.wrong(c.Key("limits.ddl"), "%s: servers count whole seconds", c.Limits.DDL)
	}
	k.znode(c.Key("ddl_queue_path"), c.DDLQueuePath)
}

func (k *checker) tables(c Cluster) {
	for table, at := range c.Paths {
		key := join(c.Key("paths"), table)
		if database, name, ok := strings.Cut(table, "."); !ok || database == "" || name == "" {
			k.wrong(key, "name the table as database.table")
		}
		k.znode(key, at)
	}
	for from, to := range c.AddressMap {
		key := join(c.Key("address_map"), from)
		fromPort, toPort := hasPort(from), hasPort(to)
		switch {
		case fromPort != toPort:
			k.wrong(key, "give both %s and %s a port, or neither", from, to)
		case !toPort:
		case checkAddress(from, "9000") != "":
			k.wrong(key, "%s", checkAddress(from, "9000"))
		case checkAddress(to, "9000") != "":
			k.wrong(key, "%s", checkAddress(to, "9000"))
		}
	}
}

func hasPort(address string) bool {
	_, _, err := net.SplitHostPort(address)
	return err == nil
}

// znode checks an absolute ZooKeeper path. Macros such as {shard} are allowed.
func (k *checker) znode(key, at string) {
	if !strings.HasPrefix(at, "/") || at == "/" || path.Clean(at) != at {
		k.wrong(key, "%q is not a ZooKeeper path: write /one/two, without / at the end", at)
	}
}

func (k *checker) storageSets(c *Config) {
	on := map[storageset.Key]Cluster{}
	for _, cluster := range c.Clusters {
		for i, set := range cluster.StorageSets {
			key := indexed(cluster.Key("storage_sets"), i)
			k.name(key, string(set))
			if other, taken := on[set]; taken && other.index != cluster.index {
				k.wrong(key, "storage set %q is on two clusters: %q and %q", set, other.Name, cluster.Name)
			} else if taken {
				k.wrong(key, "storage set %q is there twice", set)
			}
			on[set] = cluster
		}
	}
	if _, ok := on[storageset.Migrations]; !ok && len(c.Clusters) > 1 {
		k.wrong("clusters", "storage set %q, where skein keeps its state, is on no cluster: add it to the storage_sets of one",
			storageset.Migrations)
	}
	sets := map[string][]storageset.Key{}
	for _, cluster := range c.Clusters {
		sets[cluster.Name] = cluster.StorageSets
	}
	// A set on two clusters was reported above, with its place.
	c.sets, _ = storageset.Assign(sets)
}

func (k *checker) coordination(cfg *Config) {
	c, home := &cfg.Coordination, cfg.home()
	switch {
	case c.Lock == "" && len(c.ZooKeeper) > 0:
		c.Lock = LockZooKeeper
	case c.Lock == "" && home.SingleNode:
		c.Lock = LockLease
	}
	switch {
	case c.Lock == "":
		k.wrong("coordination",
			"nothing to keep two runs apart: set coordination.zookeeper, or coordination.lock: none to go without on purpose")
	case c.Lock != LockZooKeeper && c.Lock != LockLease && c.Lock != LockNone:
		k.wrong("coordination.lock", "unknown value %q, use zookeeper, lease or none", c.Lock)
	case c.Lock == LockZooKeeper && len(c.ZooKeeper) == 0:
		k.wrong("coordination.zookeeper", "there are no servers: give at least one host:port")
	case c.Lock == LockLease && !home.SingleNode && home.Name != "":
		k.wrong("coordination.lock", "a lease is for a single node, %q, which has the state, is a cluster: set coordination.zookeeper", home.Name)
	}
	for i, server := range c.ZooKeeper {
		if text := checkAddress(server, "2181"); text != "" {
			k.wrong(indexed("coordination.zookeeper", i), "%s", text)
		}
	}
	k.znode("coordination.root", c.Root)
}

func (k *checker) endpoint(endpoint string) {
	u, err := url.Parse(endpoint)
	if endpoint != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil) {
		k.wrong("aws.endpoint", "want https://host or https://host:port")
	}
}

// home is the cluster that has the state; none if that is wrong too, which is
// said elsewhere.
func (c *Config) home() Cluster {
	for _, cluster := range c.Clusters {
		if slices.Contains(cluster.StorageSets, storageset.Migrations) {
			return cluster
		}
	}
	return Cluster{}
}

func (k *checker) groups(groups []Group) {
	for _, group := range groups {
		k.name(group.Key("name"), group.Name)
		if group.Readiness != "" && !slices.Contains(migration.Readinesses(), group.Readiness) {
			k.wrong(group.Key("readiness"), "unknown value %q, use one of %v", group.Readiness, migration.Readinesses())
		}
	}
}
