package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/journal"
)

// local are the answering nodes that store data, of clusters with replicas.
func (c Cluster) local() []Node {
	if c.SingleNode {
		return nil
	}
	return slices.DeleteFunc(c.answering(PartVitals), func(n Node) bool { return n.Shard == 0 })
}

func macros(f Facts, _ Limits) verdict {
	var v verdict
	n := 0
	for _, c := range f.Clusters {
		shards := map[string]map[int][]string{} // nodes by {shard} and by shard
		byShard := map[int]map[string]bool{}
		for _, node := range c.local() {
			n++
			var missing []string
			for _, name := range []string{"shard", "replica"} {
				if node.Macros[name] == "" {
					missing = append(missing, "{"+name+"}")
				}
			}
			if len(missing) > 0 {
				v.add(Error, c.Name, node.Name, "has no macro "+strings.Join(missing, ", "),
					"Add it to <macros> of the node's configuration: paths in ZooKeeper are made with it")
			}
			if value := node.Macros["shard"]; value != "" {
				put(shards, value, node.Shard, node.Name)
				if byShard[node.Shard] == nil {
					byShard[node.Shard] = map[string]bool{}
				}
				byShard[node.Shard][value] = true
			}
		}
		for _, value := range slices.Sorted(maps.Keys(shards)) {
			if len(shards[value]) > 1 {
				v.add(Error, c.Name, "", fmt.Sprintf("nodes of different shards have the macro {shard} %q: %s", value, grouped(shards[value])),
					"Give each shard a {shard} of its own in <macros>: tables made so would replicate across shards")
			}
		}
		for _, shard := range slices.Sorted(maps.Keys(byShard)) {
			if len(byShard[shard]) > 1 {
				v.add(Error, c.Name, "", fmt.Sprintf("the replicas of shard %d have different macros {shard}: %s", shard,
					list(slices.Sorted(maps.Keys(byShard[shard])))),
					"Give them the same {shard} in <macros>: tables made so would not replicate")
			}
		}
	}
	if n == 0 {
		v.skipped = "no cluster with replicas could be asked: a single node needs no macros"
	}
	v.fine = fmt.Sprintf("{shard} and {replica} on %s", nodes(n))
	return v
}

func replicaNames(f Facts, _ Limits) verdict {
	var v verdict
	n := 0
	for _, c := range f.Clusters {
		within, over := map[string]map[int][]string{}, map[string]map[int][]string{}
		for _, node := range c.local() {
			name := node.Macros["replica"]
			if name == "" {
				continue // macros says so
			}
			n++
			put(within, name, node.Shard, node.Name)
			put(over, expand(c.UnshardedReplica, node.Macros), node.Shard, node.Name)
		}
		for _, name := range slices.Sorted(maps.Keys(within)) {
			for _, shard := range slices.Sorted(maps.Keys(within[name])) {
				if same := within[name][shard]; len(same) > 1 {
					v.add(Error, c.Name, "", fmt.Sprintf("replicas of shard %d have the same name %q: %s", shard, name, list(same)),
						"Give each a {replica} of its own in <macros>, and restart it")
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(over)) {
			if same := over[name]; len(same) > 1 {
				v.add(Warning, c.Name, "", fmt.Sprintf("replicas of different shards have the same name %q: %s", name, grouped(same)),
					`Unsharded tables need names of their own: unsharded_replica: "{shard}-{replica}" of the cluster in skein.yaml`)
			}
		}
	}
	if n == 0 {
		v.skipped = "no cluster with replicas could be asked"
	}
	v.fine = "the names of " + count(n, "replica", "replicas") + " are unique"
	return v
}

func put(by map[string]map[int][]string, name string, shard int, node string) {
	if by[name] == nil {
		by[name] = map[int][]string{}
	}
	by[name][shard] = append(by[name][shard], node)
}

// grouped lists nodes with their shards.
func grouped(shards map[int][]string) string {
	var parts []string
	for _, shard := range slices.Sorted(maps.Keys(shards)) {
		parts = append(parts, fmt.Sprintf("%s (shard %d)", list(shards[shard]), shard))
	}
	return list(parts)
}

func expand(text string, macros map[string]string) string {
	if text == "" {
		return macros["replica"]
	}
	for name, value := range macros {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// topology compares what nodes take a cluster to be. What most have is taken to be
// right.
func topology(f Facts, _ Limits) verdict {
	var v verdict
	n := 0
	for _, c := range f.Clusters {
		for _, host := range c.Strangers {
			v.add(Warning, c.Name, host.Host, fmt.Sprintf("is among hosts, and in neither %s of system.clusters", oneOf(c)),
				"Take it out of hosts in skein.yaml, or put it into <remote_servers> of all nodes")
		}
		asked := c.answering(PartVitals)
		if c.SingleNode || len(asked) == 0 {
			continue
		}
		n += len(asked)
		names := []string{c.LocalName}
		if c.QueryName != c.LocalName {
			names = append(names, c.QueryName)
		}
		for _, name := range names {
			v.compare(c.Name, name, asked)
		}
		v.apart(c, asked)
	}
	if n == 0 && len(v.findings) == 0 {
		v.skipped = "a single node has no cluster to be defined"
	}
	v.fine = "system.clusters is the same on " + nodes(n)
	return v
}

func oneOf(c Cluster) string {
	if c.QueryName == c.LocalName {
		return c.LocalName
	}
	return c.LocalName + " nor " + c.QueryName
}

func (v *verdict) compare(cluster, name string, asked []Node) {
	has := map[string][]string{} // nodes by what they take it to be
	var texts []string
	shapes := map[*journal.Node]string{} // nodes that have it alike may have one list of it
	for _, node := range asked {
		members := node.Clusters[name]
		text := ""
		if len(members) > 0 {
			var written bool
			if text, written = shapes[&members[0]]; !written {
				text = shape(members)
				shapes[&members[0]] = text
			}
		}
		if has[text] == nil {
			texts = append(texts, text)
		}
		has[text] = append(has[text], node.Name)
	}
	if len(texts) < 2 {
		return
	}
	// MaxFunc keeps the first of two that are as frequent.
	most := slices.MaxFunc(texts, func(a, b string) int { return len(has[a]) - len(has[b]) })
	for _, text := range texts {
		if text == most {
			continue
		}
		found := "has no cluster " + name + ", while " + list(has[most]) + " have"
		if text != "" {
			found = fmt.Sprintf("its cluster %s is %s; on %s it is %s", name, text, list(has[most]), most)
		}
		for _, node := range has[text] {
			v.add(Error, cluster, node, found, "Make <remote_servers> the same on all nodes")
		}
	}
}

// apart finds nodes that skein knows, and that a node's own cluster does not have:
// all nodes agree, and not with what is worked on.
func (v *verdict) apart(c Cluster, asked []Node) {
	known := map[string]bool{}
	seen := map[*journal.Node]bool{} // lists that several nodes have
	for _, node := range asked {
		for _, name := range []string{c.LocalName, c.QueryName} {
			members := node.Clusters[name]
			if len(members) == 0 || seen[&members[0]] {
				continue
			}
			seen[&members[0]] = true
			for _, n := range members {
				known[n.Name()] = true
			}
		}
	}
	for _, node := range c.Nodes {
		if len(known) > 0 && !known[node.Name] {
			v.add(Error, c.Name, node.Name, "is in no node's system.clusters any more", "The same command again: the cluster has just changed")
		}
	}
}

// shape writes a cluster as one text: 1: a:9000 b:9000, 2: c:9000.
func shape(nodes []journal.Node) string {
	shards := map[int][]string{}
	for _, n := range nodes {
		shards[n.Shard] = append(shards[n.Shard], n.Name())
	}
	var parts []string
	for _, shard := range slices.Sorted(maps.Keys(shards)) {
		slices.Sort(shards[shard])
		parts = append(parts, fmt.Sprintf("%d: %s", shard, strings.Join(shards[shard], " ")))
	}
	return strings.Join(parts, ", ")
}
