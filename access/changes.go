package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// Change is one thing that nodes lack.
type Change struct {
	What  string   `json:"what"`  // "user migrator"
	How   string   `json:"how"`   // "create", "grant SELECT ON events.*"
	Nodes []string `json:"nodes"` // that lack it, in their order
	// Force says that it changes what somebody may rely on: a password.
	Force     bool     `json:"force,omitempty"`
	Statement []string `json:"statements"` // that make it, by target

	operation ops.Operation
}

// Comparison is what declared things and nodes make together.
type Comparison struct {
	Changes []Change `json:"changes"`
	// Unmade is what the nodes lack and bootstrap cannot make.
	Unmade []string `json:"unmade"`
	// Notes are what could not be compared, or is there in another way.
	Notes []string `json:"notes"`
}

// Compare says what the nodes of a cluster lack of what is declared, in an order in
// which it can be made. version is the lowest among the nodes.
func Compare(declared Declared, nodes []Node, version ops.Version, place ops.Place) Comparison {
	c := &comparer{nodes: nodes, place: place, out: Comparison{Changes: []Change{}, Unmade: []string{}, Notes: []string{}}}
	for _, database := range declared.Databases {
		c.database(database)
	}
	for _, role := range declared.Roles {
		c.lacking("role "+role.Name, "create", ops.CreateRole{Place: place, Role: ops.Role{Name: role.Name}},
			func(n Node) bool { return n.Lists && !slices.Contains(n.Roles, role.Name) })
	}
	for _, user := range declared.Users {
		c.user(user, version)
	}
	for _, role := range declared.Roles {
		c.grants("role "+role.Name, role.Name, role.Grants, nil)
	}
	for _, user := range declared.Users {
		c.grants("user "+user.Name, user.Name, user.Grants, user.Roles)
	}
	c.unlisted(declared)
	return c.out
}

type comparer struct {
	nodes []Node
	place ops.Place
	out   Comparison
}

// lacking notes a change, or that it cannot be made, on the nodes that lack it.
func (c *comparer) lacking(what, how string, operation ops.Operation, lacks func(Node) bool) {
	change := Change{What: what, How: how, operation: operation}
	_, user := operation.(ops.AlterUser)
	change.Force = user
	refusing := map[string][]string{}
	for _, node := range c.nodes {
		_, database := operation.(ops.CreateDatabase)
		switch {
		case !lacks(node):
		case !database && node.Refuses != "":
			refusing[node.Refuses] = append(refusing[node.Refuses], node.Name)
		default:
			change.Nodes = append(change.Nodes, node.Name)
		}
	}
	if len(change.Nodes) > 0 {
		c.out.Changes = append(c.out.Changes, change)
	}
	for _, why := range sorted(refusing) {
		c.out.Unmade = append(c.out.Unmade, fmt.Sprintf("%s: %s: on %s: %s", what, how, strings.Join(refusing[why], ", "), why))
	}
}

func sorted(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (c *comparer) database(d Database) {
	c.lacking("database "+d.Name, "create", ops.CreateDatabase{Place: c.place, Name: d.Name, Engine: d.Engine},
		func(n Node) bool { _, there := n.Databases[d.Name]; return !there })
	engine, _, _ := strings.Cut(d.Engine, "(")
	for _, n := range c.nodes {
		if have, there := n.Databases[d.Name]; there && engine != "" && have != strings.TrimSpace(engine) {
			c.out.Unmade = append(c.out.Unmade, fmt.Sprintf("database %s: on %s its engine is %s, not %s: no statement changes that, "+
				"so make another database and move the tables, or declare what is there", d.Name, n.Name, have, engine))
		}
	}
}

func (c *comparer) user(u User, version ops.Version) {
	what, auth := "user "+u.Name, u.Password.authentication(version)
	c.lacking(what, "create", ops.CreateUser{Place: c.place, User: ops.User{Name: u.Name, Auth: auth}},
		func(n Node) bool { return n.Lists && !slices.Contains(n.Users, u.Name) })
	c.lacking(what, "change the password", ops.AlterUser{Place: c.place, User: ops.User{Name: u.Name, Auth: auth}},
		func(n Node) bool { return n.Lists && slices.Contains(n.Users, u.Name) && !n.SignsIn[u.Name] })
	c.lacking(what, "create", ops.CreateUser{Place: c.place, User: ops.User{Name: u.Name, Auth: auth}},
		func(n Node) bool { return !n.Lists && !n.SignsIn[u.Name] })
}

func (c *comparer) grants(what, grantee string, grants []Grant, roles []string) {
	for _, role := range roles {
		c.lacking(what, "grant the role "+role, ops.Grant{Place: c.place, Roles: []string{role}, To: []string{grantee}},
			func(n Node) bool { return n.Lists && !n.member(grantee, role) })
	}
	for _, g := range grants {
		c.lacking(what, "grant "+g.String(), ops.Grant{
			Place: c.place, Privileges: g.Privileges, Database: g.Database, Table: g.Table, WithOption: g.Option, To: []string{grantee},
		}, func(n Node) bool { return n.Lists && !n.has(grantee, g) })
	}
}

// unlisted says what nodes cannot be asked about.
func (c *comparer) unlisted(declared Declared) {
	if len(declared.grantees()) == 0 {
		return
	}
	byVersion := map[string][]string{}
	for _, n := range c.nodes {
		if !n.Lists {
			byVersion[n.Version] = append(byVersion[n.Version], n.Name)
		}
	}
	for _, version := range sorted(byVersion) {
		c.out.Notes = append(c.out.Notes, fmt.Sprintf("%s has no users, roles and grants of SQL: only whether users sign in was looked at on %s",
			version, strings.Join(byVersion[version], ", ")))
	}
}
