package cluster

import (
	"context"
	"fmt"

	"github.com/skein-migrate/skein/ops"
)

// observeObjects reads what a node has of the objects and grants that
// conditions name, under their subjects.
func (c *Cluster) observeObjects(ctx context.Context, node string, conditions []ops.Condition, found map[string]string) error {
	for _, condition := range conditions {
		var sql string
		switch condition := condition.(type) {
		case ops.ObjectIs:
			sql = objectQuery(condition.Object)
		case ops.ObjectGone:
			sql = objectQuery(condition.Object)
		case ops.GrantIs:
			sql = grantQuery(condition.Grant)
		case ops.GrantGone:
			sql = grantQuery(condition.Grant)
		default:
			continue
		}
		rows, err := c.Query(ctx, node, sql)
		if err != nil {
			return fmt.Errorf("look for %s: %w", condition.Subject(), err)
		}
		if len(rows) > 0 {
			found[condition.Subject()] = rows[0][0]
		}
	}
	return nil
}

// objectQuery selects what is compared of an object: the statement that made it,
// the keys of a named collection, nothing of users and the like.
func objectQuery(o ops.Object) string {
	name := ops.String(o.Name)
	switch o.Kind {
	case ops.ObjectDatabase:
		return "SELECT concat('CREATE DATABASE x ENGINE = ', engine) FROM system.databases WHERE name = " + name
	case ops.ObjectFunction:
		return "SELECT create_query FROM system.functions WHERE origin = 'SQLUserDefined' AND name = " + name
	case ops.ObjectNamedCollection:
		return "SELECT arrayStringConcat(arraySort(mapKeys(collection)), ', ') FROM system.named_collections WHERE name = " + name
	case ops.ObjectUser:
		return "SELECT '' FROM system.users WHERE name = " + name
	case ops.ObjectRole:
		return "SELECT '' FROM system.roles WHERE name = " + name
	case ops.ObjectRowPolicy:
		return "SELECT '' FROM system.row_policies WHERE short_name = " + name +
			" AND database = " + ops.String(o.Database) + " AND table = " + ops.String(o.Table)
	case ops.ObjectQuota:
		return "SELECT '' FROM system.quotas WHERE name = " + name
	default:
		return "SELECT '' FROM system.settings_profiles WHERE name = " + name
	}
}

// grantQuery finds a grant as it was given. One that a wider grant covers is not
// there: the server keeps the wider one alone.
func grantQuery(g ops.Granted) string {
	to := "(user_name = " + ops.String(g.Grantee) + " OR role_name = " + ops.String(g.Grantee) + ")"
	option := func(column string) string {
		if g.Option {
			return " AND " + column
		}
		return ""
	}
	if g.Role != "" {
		return "SELECT '' FROM system.role_grants WHERE granted_role_name = " + ops.String(g.Role) +
			" AND " + to + option("with_admin_option")
	}
	is := func(column, value string) string {
		if value == "" {
			return " AND (" + column + " IS NULL OR " + column + " = '')"
		}
		return " AND " + column + " = " + ops.String(value)
	}
	return "SELECT '' FROM system.grants WHERE NOT is_partial_revoke AND upper(toString(access_type)) = upper(" + ops.String(g.Privilege) + ")" +
		" AND " + to + is("database", g.Database) + is("table", g.Table) + is("column", g.Column) + option("grant_option")
}
