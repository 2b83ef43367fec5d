package cluster

import (
	"context"
	"strings"

	"github.com/skein-migrate/skein/doctor"
	"github.com/skein-migrate/skein/ops"
)

// neededGrants are those without which skein itself cannot work on a cluster: it
// reads system tables, and makes, reads and writes its own. docs/bootstrap.md lists
// them, and a test has a user with no more than these ask for them. Which other system
// tables want a grant is the server's configuration.
func (c *Cluster) neededGrants() []string {
	on := " ON " + ops.Ident(c.options.Database) + ".*"
	grants := []string{
		"SELECT ON system.macros", "SELECT ON system.replicas", "SELECT ON system.parts",
		"SELECT ON system.tables", "SELECT ON system.columns", "SELECT ON system.databases", "SELECT ON system.settings",
		"SELECT" + on, "INSERT" + on, "CREATE TABLE" + on, "DROP TABLE" + on,
	}
	if !c.options.SingleNode {
		grants = append(grants, "SELECT ON system.*", "SYSTEM SYNC REPLICA"+on, "REMOTE ON *.*")
	}
	if !c.options.SingleNode && !c.options.Direct {
		grants = append(grants, "CLUSTER ON *.*")
	}
	return grants
}

// wantedGrants are those without which usual migrations are refused.
func (c *Cluster) wantedGrants() []string {
	on := " ON " + ops.Ident(c.options.Database) + ".*"
	var grants []string
	for _, privilege := range []string{"ALTER", "CREATE VIEW", "DROP VIEW", "TRUNCATE", "OPTIMIZE"} {
		grants = append(grants, privilege+on)
	}
	return grants
}

// grants asks what the user may do. CHECK GRANT knows of roles, and of what is
// granted on more than was asked for.
func (e *examination) grants(ctx context.Context, n *doctor.Node) error {
	facts, err := e.cluster.node(ctx, n.Name)
	if err != nil {
		return err
	}
	if facts.Version.Less(Since()[ops.FeatureAccess]) {
		n.Grants.None = "servers before " + Since()[ops.FeatureAccess].String() + " have no grants"
		return nil
	}
	for _, list := range []struct {
		ask []string
		out *[]string
	}{{e.cluster.neededGrants(), &n.Grants.Needed}, {e.cluster.wantedGrants(), &n.Grants.Wanted}} {
		for _, grant := range list.ask {
			rows, err := e.cluster.Query(ctx, n.Name, "CHECK GRANT "+grant)
			if hasCode(err, codeSyntax) {
				n.Grants.None = "servers of this version have no CHECK GRANT"
				return nil
			}
			if err != nil {
				return err
			}
			if len(rows) != 1 || rows[0][0] != "1" {
				*list.out = append(*list.out, strings.ReplaceAll(grant, "`", ""))
			}
		}
	}
	return nil
}
