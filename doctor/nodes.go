package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// answering are the nodes of which a part was read.
func (c Cluster) answering(part Part) []Node {
	var out []Node
	for _, node := range c.Nodes {
		if node.Silent == "" && node.Unread[part] == "" {
			out = append(out, node)
		}
	}
	return out
}

// unread says which nodes did not tell a part, though they answer.
func (v *verdict) unread(c Cluster, part Part) {
	for _, node := range c.Nodes {
		if why := node.Unread[part]; node.Silent == "" && why != "" {
			v.add(Warning, c.Name, node.Name, "could not be looked at: "+why, "Mend that first, then the same command again")
		}
	}
}

// Unconnected is what to do about a cluster that cannot be asked at all.
const Unconnected = "Start a node, or mend hosts, database, user, password or tls of the cluster in skein.yaml"

func connection(f Facts, _ Limits) verdict {
	var v verdict
	n := 0
	for _, c := range f.Clusters {
		if c.Closed != "" {
			v.add(Error, c.Name, "", c.Closed, Unconnected)
		}
		for _, node := range c.Nodes {
			n++
			if node.Silent != "" {
				v.add(Error, c.Name, node.Name, "does not answer: "+node.Silent,
					"Start or thaw it. To change the schema meanwhile: --without "+node.Name)
			}
		}
		v.unread(c, PartVitals)
		for _, host := range c.Strangers {
			if host.Silent != "" {
				v.add(Error, c.Name, host.Host, "does not answer: "+host.Silent, "Start it, or take it out of hosts in skein.yaml")
			}
		}
	}
	v.fine = nodes(n) + " answer"
	if n == 1 {
		v.fine = "1 node answers"
	}
	return v
}

func versions(f Facts, _ Limits) verdict {
	var v verdict
	all := map[string]bool{}
	for _, c := range f.Clusters {
		by := map[string][]string{}
		for _, node := range c.answering(PartVitals) {
			by[node.Version] = append(by[node.Version], node.Name)
			all[node.Version] = true
		}
		if len(by) < 2 {
			continue
		}
		var parts []string
		for _, version := range slices.Sorted(maps.Keys(by)) {
			parts = append(parts, version+" on "+list(by[version]))
		}
		v.add(Warning, c.Name, "", "nodes run different versions: "+strings.Join(parts, "; "),
			"Bring them to one version. Until then plans are made for the oldest one")
	}
	if len(all) == 0 {
		v.skipped = "no node could be asked"
	}
	v.fine = list(slices.Sorted(maps.Keys(all)))
	return v
}

// clock compares nodes with each other. skein's own machine counts only as the
// ruler.
func clock(f Facts, limits Limits) verdict {
	var v verdict
	n := 0
	for _, c := range f.Clusters {
		asked := c.answering(PartVitals)
		n += len(asked)
		if len(asked) < 2 {
			continue
		}
		slices.SortStableFunc(asked, func(a, b Node) int { return int((a.Ahead - b.Ahead) / time.Millisecond) })
		most := asked[(len(asked)-1)/2]
		for _, node := range asked {
			off := node.Ahead - most.Ahead
			if off.Abs()-node.Precision-most.Precision <= limits.Skew {
				continue
			}
			where := "ahead of"
			if off < 0 {
				where = "behind"
			}
			v.add(Warning, c.Name, node.Name, fmt.Sprintf("its clock is about %s %s %s's", off.Abs().Round(time.Second), where, most.Name),
				"Run NTP or chrony there: now() and TTL go by it, and so do the times that skein shows")
		}
	}
	switch {
	case n == 0:
		v.skipped = "no node could be asked"
	case n < 2:
		v.fine = "1 node, nothing to compare it with"
	default:
		v.fine = fmt.Sprintf("%s within %s", nodes(n), limits.Skew)
	}
	return v
}
