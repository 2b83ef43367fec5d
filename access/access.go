// Package access makes what has to be there before the first migration: databases,
// roles, the users that migrate, and what they may do. What is declared and what
// nodes have goes in, changes come out; Bootstrap makes them.
package access

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/skein-migrate/skein/ops"
)

// Declared is what the nodes of one cluster should have. What they have beyond it
// is left alone.
type Declared struct {
	Databases []Database
	Roles     []Role
	Users     []User
}

// Database is one that is made where it is missing. An empty Engine is the server's
// default, and is not compared.
type Database struct{ Name, Engine string }

// Role is made where it is missing, and granted what it lacks.
type Role struct {
	Name   string
	Grants []Grant
}

// User is made where it is missing, with its password, and granted what it lacks.
type User struct {
	Name     string
	Password Password
	Roles    []string
	Grants   []Grant
}

// Grant is privileges on a database, on a table, or on everything.
type Grant struct {
	Privileges []string // in capitals, but for the few that servers write otherwise
	Database   string   // empty: all
	Table      string   // empty: all of Database
	Option     bool     // WITH GRANT OPTION
}

// ParseGrant reads what stands between GRANT and TO: "SELECT, INSERT ON events.*",
// "CREATE TEMPORARY TABLE ON *.*", "ALL ON events.* WITH GRANT OPTION". Columns and
// sources are not taken: the error says so.
func ParseGrant(text string) (Grant, error) {
	var g Grant
	rest := strings.TrimSpace(text)
	if cut, ok := cutSuffixFold(rest, "WITH GRANT OPTION"); ok {
		g.Option, rest = true, cut
	}
	parts := regexp.MustCompile(`(?i)^(.+?)\s+ON\s+(\S+)$`).FindStringSubmatch(rest)
	if parts == nil {
		return g, fmt.Errorf("%q is no grant: write PRIVILEGE, … ON database.*, such as \"SELECT, INSERT ON events.*\"", text)
	}
	for _, privilege := range strings.Split(parts[1], ",") {
		words := strings.Fields(privilege)
		if len(words) == 0 || strings.ContainsAny(privilege, "()'`\";") {
			return g, fmt.Errorf("%q: name privileges as SHOW GRANTS does, without columns: SELECT, ALTER UPDATE", text)
		}
		g.Privileges = append(g.Privileges, strings.Join(words, " "))
	}
	name := regexp.MustCompile("^(\\*|[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)\\.(\\*|[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)$").FindStringSubmatch(parts[2])
	if name == nil || name[1] == "*" && name[2] != "*" {
		return g, fmt.Errorf("%q: what it is on is database.table, database.* or *.*", text)
	}
	g.Database, g.Table = plain(name[1]), plain(name[2])
	return g, nil
}

func plain(name string) string {
	if name == "*" {
		return ""
	}
	return strings.Trim(name, "`")
}

func cutSuffixFold(text, suffix string) (string, bool) {
	at := len(text) - len(suffix)
	if at <= 0 || !strings.EqualFold(text[at:], suffix) {
		return text, false
	}
	return strings.TrimSpace(text[:at]), true
}

func (g Grant) String() string {
	name := func(part string) string {
		switch {
		case part == "":
			return "*"
		case regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(part):
			return part
		}
		return ops.Ident(part)
	}
	text := strings.Join(g.Privileges, ", ") + " ON " + name(g.Database) + "." + name(g.Table)
	if g.Option {
		text += " WITH GRANT OPTION"
	}
	return text
}

// grantees are roles and users together: GRANT … TO tells them apart by name alone.
func (d Declared) grantees() []string {
	var names []string
	for _, role := range d.Roles {
		names = append(names, role.Name)
	}
	for _, user := range d.Users {
		names = append(names, user.Name)
	}
	return names
}
