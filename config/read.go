package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/config/yamlnode"
	"github.com/skein-migrate/skein/migration"
	"github.com/skein-migrate/skein/nearest"
	"github.com/skein-migrate/skein/storageset"
)

// readFile reads the file's root. An environment's section is read over the
// rest; the other environments are read too, over a copy, for their mistakes.
func (c *Config) readFile(r *reader, root *yaml.Node, environment string) {
	s := r.section(root, "", "")
	c.readSections(s)
	environments := s.sub("environments")
	s.end()

	var names []string
	if environments != nil {
		names = slices.Sorted(maps.Keys(environments.fields))
	}
	c.Environments = names
	if environment != "" && !slices.Contains(names, environment) {
		from := c.origins.nearest("environments")
		if chosen, ok := c.origins.byKey["environment"]; ok {
			from = chosen
		}
		r.problems = append(r.problems, &Problem{at: from, Text: fmt.Sprintf("no environment %q%s%s", environment, nearest.DidYouMean(environment, names), thereAre(names))})
	}
	// The chosen one last: the others are read over what the file alone says.
	for _, name := range names {
		if name != environment {
			scratch := c.clone()
			scratch.readEnvironment(&reader{dir: r.dir, secrets: r.secrets, origins: scratch.origins}, environments, name, r)
		}
	}
	if slices.Contains(names, environment) {
		c.readEnvironment(&reader{dir: r.dir, secrets: r.secrets, origins: c.origins}, environments, environment, r)
	}
}

func (c *Config) readEnvironment(r *reader, environments *section, name string, report *reader) {
	r.environment = name
	s := r.section(environments.fields[name].value, join("environments", name), "")
	c.readSections(s)
	s.end()
	report.problems = append(report.problems, r.problems...)
}

func (c *Config) readSections(s *section) {
	var seen []string
	for i, node := range s.items("clusters", len(c.Clusters)) {
		path := indexed(join(s.path, "clusters"), i)
		at := s.overlaid(node, path, i, &seen, func(name string) int {
			return slices.IndexFunc(c.Clusters, func(o Cluster) bool { return o.Name == name })
		})
		if at < 0 {
			at = len(c.Clusters)
			c.Clusters = append(c.Clusters, newCluster(at))
			s.origins.record(indexed("clusters", at), s.at(node))
		}
		c.Clusters[at].read(s.section(node, path, indexed("clusters", at)))
	}
	if secrets := s.sub("secrets"); secrets != nil {
		c.readSecrets(secrets)
	}
	if at := s.sub("aws"); at != nil {
		at.text("region", &c.AWS.Region)
		at.text("endpoint", &c.AWS.Endpoint)
		at.duration("timeout", time.Millisecond, &c.AWS.Timeout)
		at.end()
	}
	if coordination := s.sub("coordination"); coordination != nil {
		c.Coordination.read(coordination)
	}
	seen = nil
	for i, node := range s.items("groups", len(c.Groups)) {
		path := indexed(join(s.path, "groups"), i)
		at := s.overlaid(node, path, i, &seen, func(name string) int {
			return slices.IndexFunc(c.Groups, func(o Group) bool { return o.Name == name })
		})
		if at < 0 {
			at = len(c.Groups)
			c.Groups = append(c.Groups, Group{index: at})
			s.origins.record(indexed("groups", at), s.at(node))
		}
		c.Groups[at].read(s.section(node, path, indexed("groups", at)))
	}
	c.readPolicy(s)
	c.readAccess(s)
}

// readSecrets reads what statements may name as {secret:NAME}.
func (c *Config) readSecrets(s *section) {
	if s.describesOthers(textSchema(nil), c.Secrets) {
		return
	}
	if c.Secrets == nil {
		c.Secrets = map[string]Secret{}
	}
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		if strings.ContainsAny(name, "{}'\\ ") {
			s.bad(s.fields[name].value, name, "is no name for {secret:NAME}: leave brackets, quotes, backslashes and spaces out")
		}
		var secret Secret
		s.secret(name, &secret)
		c.Secrets[name] = secret
	}
	s.end()
}

// overlaid is the index of the entry that an entry changes, below zero if it is a
// new one.
func (s *section) overlaid(node *yaml.Node, path string, i int, seen *[]string, find func(name string) int) int {
	if s.schema != nil {
		return i
	}
	if name := s.entryName(node, path, seen); name != "" {
		return find(name)
	}
	return -1
}

// entryName peeks at the name by which an entry overlays another one, and
// reports a second entry of one name in one list.
func (s *section) entryName(node *yaml.Node, path string, seen *[]string) string {
	entry := yamlnode.Resolve(node)
	for i := 0; i+1 < len(entry.Content) && entry.Kind == yaml.MappingNode; i += 2 {
		name := yamlnode.Resolve(entry.Content[i+1])
		if entry.Content[i].Value != "name" {
			continue
		}
		if !yamlnode.IsText(name) || name.Value == "" {
			return "" // reported when it is read
		}
		if slices.Contains(*seen, name.Value) {
			s.problem(name, "%s.name: %q is already the name of another entry", path, name.Value)
		}
		*seen = append(*seen, name.Value)
		return name.Value
	}
	if entry.Kind == yaml.MappingNode {
		s.problem(node, "%s: name is missing", path)
	}
	return ""
}

func (c *Cluster) read(s *section) {
	c.readURL(s)
	s.text("name", &c.Name)
	s.list("hosts", &c.Hosts)
	s.text("cluster_name", &c.ClusterName)
	s.text("distributed_cluster_name", &c.DistributedClusterName)
	s.flag("single_node", &c.SingleNode)
	s.text("database", &c.Database)
	s.text("user", &c.User)
	s.secret("password", &c.Password)
	readTLS(s, &c.TLS)
	readStorageSets(s, &c.StorageSets)
	ddl := string(c.DDL)
	s.text("ddl", &ddl, string(OnCluster), string(Direct))
	c.DDL = DDL(ddl)
	if connect := s.sub("connect"); connect != nil {
		connect.count("retries", &c.Connect.Retries)
		connect.duration("interval", time.Millisecond, &c.Connect.Interval)
		connect.duration("timeout", time.Millisecond, &c.Connect.Timeout)
		connect.end()
	}
	if limits := s.sub("limits"); limits != nil {
		limits.duration("ddl", time.Second, &c.Limits.DDL)
		limits.duration("wait", time.Second, &c.Limits.Wait)
		limits.duration("mutation", 0, &c.Limits.Mutation)
		limits.end()
	}
	s.table("address_map", &c.AddressMap)
	s.count("node_concurrency", &c.NodeConcurrency)
	s.text("unsharded_replica", &c.UnshardedReplica)
	s.table("paths", &c.Paths)
	s.text("ddl_queue_path", &c.DDLQueuePath)
	s.end()
}

func (c *Coordination) read(s *section) {
	s.list("zookeeper", &c.ZooKeeper)
	s.text("root", &c.Root)
	lock := string(c.Lock)
	s.text("lock", &lock, string(LockZooKeeper), string(LockLease), string(LockNone))
	c.Lock = Lock(lock)
	s.duration("session_timeout", time.Second, &c.SessionTimeout)
	s.secret("auth", &c.Auth)
	readTLS(s, &c.TLS)
	s.end()
}

func (g *Group) read(s *section) {
	s.text("name", &g.Name)
	readStorageSets(s, &g.StorageSets)
	readiness := string(g.Readiness)
	s.text("readiness", &readiness, readinesses()...)
	g.Readiness = migration.Readiness(readiness)
	s.list("depends_on", &g.DependsOn)
	dir := g.Dir
	if s.text("dir", &dir) {
		g.Dir = ""
		if dir != "" { // null in an environment
			g.Dir = within(s.dir, dir)
		}
	}
	s.flag("sequential", &g.Sequential)
	g.readOptional(s)
	s.end()
}

func readStorageSets(s *section, into *[]storageset.Key) {
	names := make([]string, len(*into))
	for i, key := range *into {
		names[i] = string(key)
	}
	s.list("storage_sets", &names)
	*into = make([]storageset.Key, len(names))
	for i, name := range names {
		(*into)[i] = storageset.Key(name)
	}
}

// readTLS reads tls: true, tls: false or tls: {ca: …}. Keys replace what was there.
func readTLS(s *section, into **TLS) {
	if s.schema != nil {
		node, keys := s.schema.entry()
		keys["type"] = []string{"boolean", "object"}
		s.describes("tls", keys, *into)
		t := *into
		if t == nil {
			t = &TLS{}
		}
		t.read(s.section(node, join(s.path, "tls"), ""))
		return
	}
	node := s.take("tls")
	if node == nil {
		return
	}
	if yamlnode.IsBool(node) {
		*into = nil
		if strings.EqualFold(node.Value, "true") {
			*into = &TLS{dir: s.dir}
		}
		return
	}
	t := &TLS{dir: s.dir}
	t.read(s.section(node, join(s.path, "tls"), join(s.key, "tls")))
	if (t.Cert == "") != (t.Key == "") {
		s.bad(node, "tls", "cert and key go together")
	}
	*into = t
}

func (t *TLS) read(s *section) {
	s.text("ca", &t.CA)
	s.text("cert", &t.Cert)
	s.text("key", &t.Key)
	s.text("server_name", &t.ServerName)
	version := cmp.Or(t.MinVersion, defaultVersion)
	if s.version("min_version", &version) {
		t.MinVersion = version
	}
	s.flag("skip_verify", &t.SkipVerify)
	s.end()
}

func readinesses() []string {
	var words []string
	for _, readiness := range migration.Readinesses() {
		words = append(words, string(readiness))
	}
	return words
}

// clone copies what reading an environment may change.
func (c *Config) clone() *Config {
	other := *c
	other.Clusters = slices.Clone(c.Clusters)
	other.Groups = slices.Clone(c.Groups)
	other.Secrets = maps.Clone(c.Secrets)
	other.Access = c.Access.clone()
	other.origins.byKey = maps.Clone(c.origins.byKey)
	return &other
}
