package config

import (
	"slices"

	"github.com/skein-migrate/skein/access"
	"go.yaml.in/yaml/v3"
)

// Access is what bootstrap makes on the servers before the first migration.
type Access struct {
	// User and Password are whom bootstrap signs in as. Empty: as the clusters say.
	User     string
	Password Secret

	Databases []AccessDatabase
	Roles     []AccessRole
	Users     []AccessUser
}

// AccessDatabase is a database. An empty Engine is the server's default.
type AccessDatabase struct {
	Name, Engine string
	Clusters     []string // by their configured names; empty: all
}

// AccessRole is a role with what it may do, as access.ParseGrant reads it.
type AccessRole struct {
	Name     string
	Grants   []string
	Clusters []string
}

// AccessUser is a user who signs in with a password.
type AccessUser struct {
	Name     string
	Password Secret
	Roles    []string
	Grants   []string
	Clusters []string
}

func (c *Config) readAccess(s *section) {
	inner := s.sub("access")
	if inner == nil {
		return
	}
	a := &c.Access
	inner.text("user", &a.User)
	inner.secret("password", &a.Password)
	overlay(inner, "databases", &a.Databases, func(d *AccessDatabase, s *section) (name *string) {
		s.text("name", &d.Name)
		s.text("engine", &d.Engine)
		s.list("clusters", &d.Clusters)
		return &d.Name
	})
	overlay(inner, "roles", &a.Roles, func(r *AccessRole, s *section) (name *string) {
		s.text("name", &r.Name)
		s.list("grants", &r.Grants)
		s.list("clusters", &r.Clusters)
		return &r.Name
	})
	overlay(inner, "users", &a.Users, func(u *AccessUser, s *section) (name *string) {
		s.text("name", &u.Name)
		s.secret("password", &u.Password)
		s.list("roles", &u.Roles)
		s.list("grants", &u.Grants)
		s.list("clusters", &u.Clusters)
		return &u.Name
	})
	inner.end()
}

// named is an entry of a list that an environment changes by its name.
type named interface {
	AccessDatabase | AccessRole | AccessUser
}

// overlay reads a list of entries over what there is.
func overlay[E named](s *section, key string, into *[]E, read func(*E, *section) *string) {
	nameOf := func(e E) string {
		switch e := any(e).(type) {
		case AccessDatabase:
			return e.Name
		case AccessRole:
			return e.Name
		case AccessUser:
			return e.Name
		}
		return ""
	}
	var seen []string
	for i, node := range s.items(key, len(*into)) {
		path := indexed(join(s.path, key), i)
		at := s.overlaid(node, path, i, &seen, func(name string) int {
			return slices.IndexFunc(*into, func(e E) bool { return nameOf(e) == name })
		})
		if at < 0 || at >= len(*into) {
			at = len(*into)
			*into = append(*into, *new(E))
			s.recordEntry(join(s.key, key), at, node)
		}
		entry := s.section(node, path, indexed(join(s.key, key), at))
		read(&(*into)[at], entry)
		entry.end()
	}
}

func (s *section) recordEntry(list string, at int, node *yaml.Node) {
	if s.schema == nil {
		s.origins.record(indexed(list, at), s.at(node))
	}
}

// access checks grants, and the clusters that entries are for.
func (k *checker) access(c *Config) {
	known := make([]string, len(c.Clusters))
	for i, cluster := range c.Clusters {
		known[i] = cluster.Name
	}
	clusters := func(key string, names []string) {
		for i, name := range names {
			if !slices.Contains(known, name) {
				k.wrong(indexed(join(key, "clusters"), i), "no cluster %q%s", name, thereAre(known))
			}
		}
	}
	grants := func(key string, texts []string) {
		for i, text := range texts {
			if _, err := access.ParseGrant(text); err != nil {
				k.wrong(indexed(join(key, "grants"), i), "%v", err)
			}
		}
	}
	grantees := map[string]string{}
	taken := func(key, name string) {
		if other, there := grantees[name]; there && name != "" {
			k.wrong(join(key, "name"), "%q is already %s: GRANT tells roles and users apart by name alone", name, other)
		}
		grantees[name] = key
	}
	for i, d := range c.Access.Databases {
		clusters(indexed("access.databases", i), d.Clusters)
	}
	for i, r := range c.Access.Roles {
		key := indexed("access.roles", i)
		clusters(key, r.Clusters)
		grants(key, r.Grants)
		taken(key, r.Name)
	}
	for i, u := range c.Access.Users {
		key := indexed("access.users", i)
		clusters(key, u.Clusters)
		grants(key, u.Grants)
		taken(key, u.Name)
		if u.Password.IsZero() {
			k.wrong(join(key, "password"), "is missing: write a reference, such as env:NAME")
		}
	}
}

// clone copies what reading an environment may change.
func (a Access) clone() Access {
	a.Databases, a.Roles, a.Users = slices.Clone(a.Databases), slices.Clone(a.Roles), slices.Clone(a.Users)
	return a
}

// On says whether an entry that names clusters is for one.
func On(cluster string, clusters []string) bool {
	return len(clusters) == 0 || slices.Contains(clusters, cluster)
}
