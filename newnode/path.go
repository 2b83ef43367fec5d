package newnode

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// statement is the text that makes an object on the node; why not, if it does not.
// A Replicated table goes to the path of its neighbours by the node's own macros.
func (c *comparer) statement(o Object) (text, why string) {
	text = withoutUUID(o.Create)
	if !strings.HasPrefix(o.Engine, "Replicated") {
		return text, ""
	}
	arguments := regexp.MustCompile(`ENGINE = Replicated\w+\('((?:[^'\\]|\\.)*)', '((?:[^'\\]|\\.)*)'`)
	found := arguments.FindStringSubmatchIndex(text)
	if found == nil {
		return "", "its engine names no path in ZooKeeper"
	}
	path, replica := text[found[2]:found[3]], text[found[4]:found[5]]
	path = strings.ReplaceAll(path, "{uuid}", o.UUID)
	if own := c.source.Macros["replica"]; own != "" && replica == own {
		replica = "{replica}" // written out, as the neighbour's own
	}
	text = text[:found[2]] + path + text[found[3]:found[4]] + replica + text[found[5]:]
	return text, c.misplaced(o, path, replica)
}

// misplaced says why a table would be at a wrong path, or have no name there.
func (c *comparer) misplaced(o Object, path, replica string) string {
	at, name := c.expand(o, path), c.expand(o, replica)
	if lacking := regexp.MustCompile(`\{[^{}]*\}`).FindAllString(at+name, -1); len(lacking) > 0 {
		return fmt.Sprintf("%s lacks the macro %s: add it to <macros> in its configuration", c.node.Name, strings.Join(lacking, ", "))
	}
	var mine, others []string
	for node, has := range c.paths[o.String()] {
		if c.shards[node] == c.node.Shard {
			mine = append(mine, has)
		} else {
			others = append(others, has)
		}
	}
	switch {
	case len(mine) > 0 && !slices.Contains(mine, at):
		return fmt.Sprintf("with the macros of %s its path in ZooKeeper would be %s, and that of its shard is %s: mend <macros> in its configuration", c.node.Name, at, mine[0])
	case len(mine) == 0 && slices.Contains(others, at) && (!alike(others) || c.namesShard(path)):
		return fmt.Sprintf("%s is the first of shard %d, and its path in ZooKeeper would be %s, that of another shard: mend <macros> in its configuration", c.node.Name, c.node.Shard, at)
	}
	return ""
}

func alike(list []string) bool {
	return !slices.ContainsFunc(list, func(one string) bool { return one != list[0] })
}

// namesShard says that a path has the neighbour's shard in it: as a macro, or written
// out. Without it a table is one for all shards.
func (c *comparer) namesShard(path string) bool {
	shard := c.source.Macros["shard"]
	return strings.Contains(path, "{shard}") || shard != "" && slices.Contains(strings.Split(path, "/"), shard)
}

func (c *comparer) expand(o Object, text string) string {
	text = strings.NewReplacer("{database}", o.Database, "{table}", o.Name).Replace(text)
	for name, value := range c.node.Macros {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// Lacking narrows a plan to what a node has not got by now: names alone are looked at.
func (p Plan) Lacking(node Node) []Making {
	return slices.DeleteFunc(slices.Clone(p.Make), func(m Making) bool {
		named := func(o Object) bool { return o.String() == m.What }
		return slices.ContainsFunc(node.Objects, named) || slices.ContainsFunc(node.Functions, named) ||
			slices.ContainsFunc(node.Databases, func(d Database) bool { return "database "+d.Name == m.What })
	})
}

// Summary is a short name of a statement for progress.
func (m Making) Summary() string {
	head := regexp.MustCompile(`^CREATE (?:OR REPLACE )?(?:MATERIALIZED VIEW|\w+)`).FindString(m.Statement)
	return head + " " + strings.TrimPrefix(strings.TrimPrefix(m.What, "database "), "function ")
}
