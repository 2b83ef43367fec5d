package ops

// Condition is something that must be true on a node once a statement has
// worked there. Conditions are data: package cluster evaluates them against
// what the server itself says.
type Condition interface {
	// Subject is the object that the condition is about, such as
	// "table default.events" or "column default.events.id". What a subject was
	// before a run is remembered under this key.
	Subject() string
	// OnTables are the tables that have to be looked at; the first holds the
	// subject. Users, functions and the like are in none.
	OnTables() []Table
	condition()
}

// Removes says that a condition holds where its subject is no more.
func Removes(c Condition) bool {
	switch c.(type) {
	case TableGone, ColumnGone, PartGone, ObjectGone, GrantGone:
		return true
	}
	return false
}

// TableIs holds where the table exists with the engine and, in order, the
// columns that its CREATE says (types as the server normalises them). All else
// that CREATE says, its keys and settings, is compared between the nodes.
type TableIs struct {
	Table   Table
	Engine  string   // as system.tables names it
	Columns []Column // none: not compared
	// Path is the ZooKeeper path of a Replicated table, macros unexpanded.
	Path string
	// IfNotExists: a table that was there before, whatever it looks like, is
	// no conflict by itself, but it still has to be as stated.
	IfNotExists bool
}

// TableExists holds where the table is there, whatever it looks like.
type TableExists struct{ Table Table }

// TableGone holds where no such table exists.
type TableGone struct{ Table Table }

// TableRenamed holds where From is gone and To is the table that From was.
type TableRenamed struct{ From, To Table }

// TablesExchanged holds where each of the two is the table that the other was.
type TablesExchanged struct{ A, B Table }

// ViewIs holds where the view exists, is of the engine, and writes and reads
// as Create says. On servers that cannot format a query its text is compared
// between the nodes alone.
type ViewIs struct {
	Table  Table
	Engine string // View or MaterializedView
	To     Table  // no name: it keeps its rows itself, or has none
	// Create is the statement that makes such a view. Empty: the query is not compared.
	Create string
}

// DictionaryIs holds where the dictionary exists as Create says. Secrets in it
// are not compared: servers hide them.
type DictionaryIs struct {
	Table  Table
	Create string // the statement that makes it
}

func tableSubject(t Table) string { return "table " + t.String() }

// Subject implements Condition.
func (c TableIs) Subject() string { return tableSubject(c.Table) }

// Subject implements Condition.
func (c TableExists) Subject() string { return tableSubject(c.Table) }

// Subject implements Condition.
func (c TableGone) Subject() string { return tableSubject(c.Table) }

// Subject implements Condition.
func (c TableRenamed) Subject() string { return tableSubject(c.To) }

// Subject implements Condition.
func (c TablesExchanged) Subject() string { return tableSubject(c.A) }

// Subject implements Condition.
func (c ViewIs) Subject() string { return tableSubject(c.Table) }

// Subject implements Condition.
func (c DictionaryIs) Subject() string { return tableSubject(c.Table) }

// OnTables implements Condition.
func (c TableIs) OnTables() []Table { return []Table{c.Table} }

// OnTables implements Condition.
func (c TableExists) OnTables() []Table { return []Table{c.Table} }

// OnTables implements Condition.
func (c TableGone) OnTables() []Table { return []Table{c.Table} }

// OnTables implements Condition.
func (c TableRenamed) OnTables() []Table { return []Table{c.To, c.From} }

// OnTables implements Condition.
func (c TablesExchanged) OnTables() []Table { return []Table{c.A, c.B} }

// OnTables implements Condition.
func (c ViewIs) OnTables() []Table { return []Table{c.Table} }

// OnTables implements Condition.
func (c DictionaryIs) OnTables() []Table { return []Table{c.Table} }

func (TableIs) condition()         {}
func (TableExists) condition()     {}
func (TableGone) condition()       {}
func (TableRenamed) condition()    {}
func (TablesExchanged) condition() {}
func (ViewIs) condition()          {}
func (DictionaryIs) condition()    {}
