package doctor

import (
	"cmp"
	"fmt"
	"slices"
)

func disk(f Facts, limits Limits) verdict {
	var v verdict
	told, silent := 0, 0
	var least uint64
	var total uint64
	for _, c := range f.Clusters {
		for _, node := range c.answering(PartVitals) {
			need := f.Plan.Rewrites[c.Name][node.Name]
			if !node.FreeKnown {
				silent++
				continue
			}
			total += need
			if told++; told == 1 || node.Free < least {
				least = node.Free
			}
			switch {
			case need > 0 && (node.Free < need || node.Free-need < limits.Free):
				v.add(Error, c.Name, node.Name, fmt.Sprintf("the plan rewrites up to %s, and %s are free%s", size(need), size(node.Free), keep(limits)),
					"Make room, or change less at a time: what is rewritten is on the disk twice for a while")
			case node.Free < limits.Free:
				v.add(Warning, c.Name, node.Name, fmt.Sprintf("%s are free%s", size(node.Free), keep(limits)), "Make room")
			}
		}
	}
	switch {
	case told == 0 && silent > 0:
		v.skipped = "servers this old do not tell how much is free (system.disks)"
	case told == 0:
		v.skipped = "no node could be asked"
	}
	v.fine = fmt.Sprintf("%s free at least, the plan rewrites nothing", size(least))
	if total > 0 {
		v.fine = fmt.Sprintf("%s free at least, the plan rewrites up to %s", size(least), size(total))
	}
	if f.Plan.Problem != "" {
		v.fine = fmt.Sprintf("%s free at least. What would be rewritten is not known: %s", size(least), f.Plan.Problem)
	}
	if silent > 0 && told > 0 {
		v.fine += fmt.Sprintf("; %s do not tell", nodes(silent))
	}
	return v
}

func keep(limits Limits) string {
	if limits.Free == 0 {
		return ""
	}
	return ", of which " + size(limits.Free) + " have to stay free"
}

// size writes bytes as people do.
func size(bytes uint64) string {
	value, units := float64(bytes), []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	for len(units) > 1 && value >= 1000 {
		value, units = value/1000, units[1:]
	}
	if value < 10 && units[0] != "B" {
		return fmt.Sprintf("%.1f %s", value, units[0])
	}
	return fmt.Sprintf("%.0f %s", value, units[0])
}

func tables(f Facts, _ Limits) verdict {
	var v verdict
	n, looked := 0, 0
	for _, c := range f.Clusters {
		switch {
		case c.Closed != "":
			continue
		case c.Tables.Problem != "":
			v.add(Warning, c.Name, "", "tables could not be compared: "+c.Tables.Problem, "Mend that first, then: skein verify")
			continue
		}
		n++
		looked += c.Tables.Looked
		for _, gap := range c.Tables.Gaps {
			v.gap(c.Name, gap)
		}
		if c.Tables.Other > 0 {
			v.add(Warning, c.Name, "", count(c.Tables.Other, "table is on all its nodes and not the same there", "tables are on all their nodes and not the same there"),
				"Which, and in what: skein verify")
		}
	}
	if n == 0 && len(v.findings) == 0 {
		v.skipped = "no cluster could be asked"
	}
	v.fine = "1 table, on all of its nodes"
	if looked != 1 {
		v.fine = fmt.Sprintf("%d tables", looked) + ", each on all of its nodes"
	}
	return v
}

func (v *verdict) gap(cluster string, gap Gap) {
	severity, do := Warning, "Drop it there, or make it on the others. Which, and how they differ: skein verify"
	if gap.OfAMigration {
		severity = Error
		do = "Make it there as a neighbour has it (SHOW CREATE TABLE): migrations that touch it would fail on that node"
	}
	if gap.FoundNotGiven {
		v.add(severity, cluster, "", fmt.Sprintf("%s is only on %s", gap.Table, list(gap.On)), do)
		return
	}
	v.add(severity, cluster, "", fmt.Sprintf("%s is missing on %s", gap.Table, list(gap.Missing)), do)
}

func grants(f Facts, _ Limits) verdict {
	var v verdict
	n, none := 0, ""
	for _, c := range f.Clusters {
		v.unread(c, PartGrants)
		for _, group := range sameGrants(c.answering(PartGrants)) {
			g := group.grants
			if g.None != "" {
				none = cmp.Or(none, g.None)
				continue
			}
			n += len(group.nodes)
			if len(g.Needed) > 0 {
				v.add(Error, c.Name, "", fmt.Sprintf("the user lacks %s, on %s", list(g.Needed), list(group.nodes)),
					"GRANT them: skein cannot work without")
			}
			if len(g.Wanted) > 0 {
				v.add(Warning, c.Name, "", fmt.Sprintf("the user lacks %s, on %s", list(g.Wanted), list(group.nodes)),
					"GRANT what your migrations use of it: one that needs more is refused half-way")
			}
		}
	}
	if n == 0 && len(v.findings) == 0 {
		v.skipped = cmp.Or(none, "no node could be asked")
	}
	v.fine = "the user may do what skein does, on " + nodes(n)
	return v
}

type grantGroup struct {
	nodes  []string
	grants Grants
}

// sameGrants puts nodes together whose user may do the same.
func sameGrants(asked []Node) []grantGroup {
	var out []grantGroup
	for _, node := range asked {
		at := slices.IndexFunc(out, func(g grantGroup) bool {
			return g.grants.None == node.Grants.None && slices.Equal(g.grants.Needed, node.Grants.Needed) && slices.Equal(g.grants.Wanted, node.Grants.Wanted)
		})
		if at < 0 {
			at = len(out)
			out = append(out, grantGroup{grants: node.Grants})
		}
		out[at].nodes = append(out[at].nodes, node.Name)
	}
	return out
}
