package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/skein-migrate/skein/access"
	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
)

// Access reads databases, users, roles and grants of all nodes of a configured
// cluster, in their order, and signs in to each as every user that is given.
func (s *Set) Access(ctx context.Context, cluster string, users []access.Signing) ([]access.Node, error) {
	c, err := s.Cluster(ctx, cluster)
	if err != nil {
		return nil, err
	}
	all := c.All()
	var mu sync.Mutex
	read := map[string]access.Node{}
	errs := c.each(ctx, all, func(ctx context.Context, node journal.Node) error {
		have, err := c.access(ctx, node.Name(), users)
		mu.Lock()
		defer mu.Unlock()
		read[node.Name()] = have
		return err
	})
	if err := first(all, errs); err != nil {
		return nil, err
	}
	nodes := make([]access.Node, len(all))
	for i, node := range all {
		nodes[i] = read[node.Name()]
	}
	return nodes, nil
}

func (c *Cluster) access(ctx context.Context, node string, users []access.Signing) (access.Node, error) {
	facts, err := c.node(ctx, node)
	if err != nil {
		return access.Node{}, err
	}
	have := access.Node{
		Name: node, Version: facts.Version.String(), SignsIn: map[string]bool{}, Members: map[string]bool{}, Parents: map[string]string{},
		Lists: !facts.Version.Less(Since()[ops.FeatureAccess]),
	}
	has, err := c.has(ctx, node, facts)
	if err != nil {
		return have, err
	}
	have.Databases = has.databases
	if !have.Lists {
		have.Refuses = facts.Version.String() + " has no users of SQL"
	} else if err := c.accessLists(ctx, node, &have); err != nil {
		return have, err
	}
	for _, user := range users {
		if have.Lists && !slices.Contains(have.Users, user.User) {
			continue // servers write failed attempts down, and may count them
		}
		if have.SignsIn[user.User], err = c.signsIn(ctx, node, user); err != nil {
			return have, fmt.Errorf("sign in as %s: %w", user.User, err)
		}
	}
	return have, nil
}

// accessLists reads the system tables about access.
func (c *Cluster) accessLists(ctx context.Context, node string, have *access.Node) error {
	text := func(row []string, i int) string { return strings.TrimPrefix(row[i], wire.Null) }
	only := true
	for _, read := range []struct {
		sql string
		row func([]string)
	}{
		{"SELECT name FROM system.users", func(row []string) { have.Users = append(have.Users, row[0]) }},
		{"SELECT name FROM system.roles", func(row []string) { have.Roles = append(have.Roles, row[0]) }},
		{"SELECT toString(privilege), toString(parent_group) FROM system.privileges", func(row []string) { have.Parents[row[0]] = text(row, 1) }},
		{"SELECT coalesce(user_name, role_name), granted_role_name FROM system.role_grants", func(row []string) {
			have.Members[row[0]+"\x00"+row[1]] = true
		}},
		{grantsQuery(c.columnsOfGrants(ctx, node)), func(row []string) {
			have.Held = append(have.Held, access.Held{
				Grantee: row[0], Privilege: row[1], Database: text(row, 2), Table: text(row, 3), Column: text(row, 4),
				Option: row[5] == "1", Revoked: row[6] == "1", Wildcard: row[7] == "1",
			})
		}},
		// What only has kinds that SQL writes nothing into keeps no user made by SQL (514).
		{"SELECT type FROM system.user_directories", func(row []string) {
			kind := strings.ReplaceAll(row[0], " ", "_")
			only = only && (kind == "users_xml" || kind == "users.xml" || kind == "ldap")
		}},
	} {
		rows, err := c.Query(ctx, node, read.sql)
		if err != nil {
			return err
		}
		for _, row := range rows {
			read.row(row)
		}
	}
	if only {
		have.Refuses = "none of its user_directories takes users of SQL"
	}
	return nil
}

// columnsOfGrants are those that only newer servers have.
func (c *Cluster) columnsOfGrants(ctx context.Context, node string) map[string]bool {
	columns := map[string]bool{}
	names, err := c.columnsOn(ctx, node, ops.Table{Place: ops.Place{}, Database: "system", Name: "grants"})
	if err != nil {
		return columns // the query itself will say why
	}
	for _, name := range names {
		columns[name] = true
	}
	return columns
}

// grantsQuery leaves out grants on sources and engines: those that are declared are
// on databases, tables and everything.
func grantsQuery(columns map[string]bool) string {
	wildcard, objects := "0", ""
	if columns["is_wildcard"] {
		wildcard = "is_wildcard"
	}
	if columns["access_object"] {
		objects = " WHERE access_object IS NULL OR access_object = ''"
	}
	return "SELECT coalesce(user_name, role_name), toString(access_type), database, table, column, toString(grant_option), " +
		"toString(is_partial_revoke), toString(" + wildcard + ") FROM system.grants" + objects
}

// signsIn says whether a node takes a password. Servers show no hashes: to sign in
// is the one way to know.
func (c *Cluster) signsIn(ctx context.Context, node string, user access.Signing) (bool, error) {
	address := node
	if c.options.Address != nil {
		address = c.options.Address(node)
	}
	pool := wire.NewPool(wire.Options{
		Node: node, Address: address, Database: "system", User: user.User, Password: user.Password, TLS: c.options.TLS,
		DialTimeout: c.options.ConnectTimeout, Logger: c.options.Logger,
	})
	defer pool.Close()
	err := pool.Ping(ctx)
	if hasCode(err, codeAuthentication, codeUnknownUser, codeWrongPassword) {
		return false, nil
	}
	return err == nil, err
}
