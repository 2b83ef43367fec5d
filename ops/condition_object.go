package ops

// ObjectKind names what a server has beside tables.
type ObjectKind string

// The kinds of objects.
const (
	ObjectDatabase        ObjectKind = "database"
	ObjectFunction        ObjectKind = "function"
	ObjectNamedCollection ObjectKind = "named collection"
	ObjectUser            ObjectKind = "user"
	ObjectRole            ObjectKind = "role"
	ObjectRowPolicy       ObjectKind = "row policy"
	ObjectQuota           ObjectKind = "quota"
	ObjectSettingsProfile ObjectKind = "settings profile"
)

// Storage names where a server keeps objects that are no tables. One that the
// servers of a cluster share (in ZooKeeper) is written by one of them.
type Storage string

// The storages. What is in none, databases and tables, each server has its own.
const (
	StorageAccess           Storage = "access"
	StorageFunctions        Storage = "functions"
	StorageNamedCollections Storage = "named collections"
)

// Object names something on a server that is no table.
type Object struct {
	Kind ObjectKind
	Name string
	// Database and Table are those of a row policy; no table: all of the database.
	Database, Table string
}

// ObjectIs holds where a node has the object as stated.
type ObjectIs struct {
	Object Object
	// Create is the statement that makes it. Secrets in it are not compared.
	// Empty: existence alone is.
	Create string
}

// ObjectGone holds where a node has no such object.
type ObjectGone struct{ Object Object }

// Granted is one privilege, or one role, that users or roles have.
type Granted struct {
	Grantee   string // a user or a role
	Privilege string // "SELECT"; empty when Role is set
	Role      string
	Database  string // empty: all
	Table     string // empty: all of Database
	Column    string // empty: all of Table
	// Option: WITH GRANT OPTION, or WITH ADMIN OPTION for a role.
	Option bool
}

// GrantIs holds where the grantee has the grant.
type GrantIs struct{ Grant Granted }

// GrantGone holds where the grantee has it not.
type GrantGone struct{ Grant Granted }

// String is for people and keys of maps: "user migrator".
func (o Object) String() string {
	name := string(o.Kind) + " " + o.Name
	if o.Kind == ObjectRowPolicy {
		table := o.Table
		if table == "" {
			table = "*"
		}
		name += " on " + o.Database + "." + table
	}
	return name
}

// String is for people and keys of maps: "grant SELECT on a.b to reader".
func (g Granted) String() string {
	if g.Role != "" {
		return "grant " + g.Role + " to " + g.Grantee
	}
	what := g.Privilege
	if g.Column != "" {
		what += "(" + g.Column + ")"
	}
	on := func(name string) string {
		if name == "" {
			return "*"
		}
		return name
	}
	return "grant " + what + " on " + on(g.Database) + "." + on(g.Table) + " to " + g.Grantee
}

// Subject implements Condition.
func (c ObjectIs) Subject() string { return c.Object.String() }

// Subject implements Condition.
func (c ObjectGone) Subject() string { return c.Object.String() }

// Subject implements Condition.
func (c GrantIs) Subject() string { return c.Grant.String() }

// Subject implements Condition.
func (c GrantGone) Subject() string { return c.Grant.String() }

// OnTables implements Condition.
func (c ObjectIs) OnTables() []Table { return nil }

// OnTables implements Condition.
func (c ObjectGone) OnTables() []Table { return nil }

// OnTables implements Condition.
func (c GrantIs) OnTables() []Table { return nil }

// OnTables implements Condition.
func (c GrantGone) OnTables() []Table { return nil }

func (ObjectIs) condition()   {}
func (ObjectGone) condition() {}
func (GrantIs) condition()    {}
func (GrantGone) condition()  {}
