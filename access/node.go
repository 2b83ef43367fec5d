package access

import (
	"slices"
	"strings"
)

// Node is what one node has.
type Node struct {
	Name      string
	Version   string
	Databases map[string]string // engines by name
	// Refuses says why SQL makes no users and roles there; empty: it does. A node
	// may refuse them and yet list those of its users file.
	Refuses string
	// Lists says that the node has system.users and the like.
	Lists bool
	Users []string
	Roles []string
	// SignsIn has the declared users whose password the node takes.
	SignsIn map[string]bool
	Held    []Held
	// Members are the roles of users and roles, "grantee\x00role".
	Members map[string]bool
	// Parents are the groups of privileges, as system.privileges has them.
	Parents map[string]string
}

// Held is a row of system.grants.
type Held struct {
	Grantee, Privilege      string
	Database, Table, Column string
	Option, Wildcard        bool // Wildcard: Database or Table is only how names begin
	Revoked                 bool // taken out of a wider one
}

// has says whether a grantee may do all that a grant gives, by rows that together
// may be wider: servers keep a wide privilege in place of those that it covers, and
// may write a group of privileges as its parts.
func (n Node) has(grantee string, g Grant) bool {
	for _, privilege := range g.Privileges {
		for _, leaf := range n.leaves(n.canonical(privilege)) {
			if !n.covered(grantee, leaf, g) {
				return false
			}
		}
	}
	return true
}

func (n Node) covered(grantee, leaf string, g Grant) bool {
	found := false
	for _, held := range n.Held {
		if held.Grantee != grantee || held.Column != "" && !held.Revoked || !n.within(leaf, held.Privilege) {
			continue
		}
		if held.Revoked {
			// Whatever it takes away of what is asked for, not all of it is there.
			if meets(held.Database, g.Database) && meets(held.Table, g.Table) {
				return false
			}
			continue
		}
		if wide(held.Database, g.Database, held.Wildcard && held.Table == "") && wide(held.Table, g.Table, held.Wildcard) && (held.Option || !g.Option) {
			found = true
		}
	}
	return found
}

// wide says that what is held covers what is asked for.
func wide(held, asked string, wildcard bool) bool {
	return held == "" || held == asked || wildcard && asked != "" && strings.HasPrefix(asked, held)
}

func meets(a, b string) bool { return a == "" || b == "" || a == b }

// canonical is the name of a privilege as the node lists it.
func (n Node) canonical(privilege string) string {
	for name := range n.Parents {
		if strings.EqualFold(name, privilege) {
			return name
		}
	}
	return strings.ToUpper(privilege)
}

// leaves are the privileges that a group is made of, or the privilege itself.
func (n Node) leaves(privilege string) []string {
	var out []string
	for child, parent := range n.Parents {
		if parent == privilege && child != privilege {
			out = append(out, n.leaves(child)...)
		}
	}
	if len(out) == 0 {
		return []string{privilege}
	}
	slices.Sort(out)
	return out
}

// within says that a privilege is another, or one of its parts.
func (n Node) within(leaf, group string) bool {
	for privilege, steps := leaf, 0; privilege != "" && steps < 20; privilege, steps = n.Parents[privilege], steps+1 {
		if strings.EqualFold(privilege, group) {
			return true
		}
	}
	return false
}

func (n Node) member(grantee, role string) bool { return n.Members[grantee+"\x00"+role] }
