package ops

import "strings"

// Condition is something that must be true on a node once a statement has
// worked there. Conditions are data: package cluster evaluates them against
// what the server itself says.
type Condition interface {
	// Subject is the object that the condition is about, such as
	// "table default.events" or "column default.events.id". What a subject was
	// before a run is remembered under this key.
	Subject() string
	// OnTable is the table that holds the subject.
	OnTable() Table
	condition()
}

// TableIs holds where the table exists with the engine and, in order, the
// columns that its CREATE says (types as the server normalises them). All else
// that CREATE says, its keys and settings, is compared between the nodes.
type TableIs struct {
	Table   Table
	Engine  string // as system.tables names it
	Columns []Column
	// Path is the ZooKeeper path of a Replicated table, macros unexpanded.
	Path string
	// IfNotExists: a table that was there before, whatever it looks like, is
	// no conflict by itself, but it still has to be as stated.
	IfNotExists bool
}

// TableGone holds where no such table exists.
type TableGone struct{ Table Table }

// TableRenamed holds where From is gone and To is the table that From was.
type TableRenamed struct{ From, To Table }

// ColumnIs holds where the table has the column as stated. Only what Column
// states is compared, the type as the server normalises it.
type ColumnIs struct {
	Table  Table
	Column Column
	// After is the column that it stands behind; empty: not compared.
	After string
	// Added: the statement adds the column, so one that was there before is a
	// conflict.
	Added bool
}

// ColumnGone holds where the table exists and has no such column.
type ColumnGone struct {
	Table Table
	Name  string
}

// IndexIs holds where the table has the index as stated.
type IndexIs struct {
	Table Table
	Index Index
}

// IndexGone holds where the table exists and has no such index.
type IndexGone struct {
	Table Table
	Name  string
}

// ViewIs holds where the materialized view exists and writes to its target.
// Nodes are compared with each other for the text of its query.
type ViewIs struct {
	Table Table
	To    Table
}

func tableSubject(t Table) string { return "table " + t.String() }
func columnSubject(t Table, parts ...string) string {
	return "column " + t.String() + "." + strings.Join(parts, ".")
}

// Subject implements Condition.
func (c TableIs) Subject() string { return tableSubject(c.Table) }

// Subject implements Condition.
func (c TableGone) Subject() string { return tableSubject(c.Table) }

// Subject implements Condition.
func (c TableRenamed) Subject() string { return tableSubject(c.To) }

// Subject implements Condition.
func (c ColumnIs) Subject() string { return columnSubject(c.Table, c.Column.Name) }

// Subject implements Condition.
func (c ColumnGone) Subject() string { return columnSubject(c.Table, c.Name) }

// Subject implements Condition.
func (c IndexIs) Subject() string { return "index " + c.Table.String() + "." + c.Index.Name }

// Subject implements Condition.
func (c IndexGone) Subject() string { return "index " + c.Table.String() + "." + c.Name }

// Subject implements Condition.
func (c ViewIs) Subject() string { return tableSubject(c.Table) }

// OnTable implements Condition.
func (c TableIs) OnTable() Table { return c.Table }

// OnTable implements Condition.
func (c TableGone) OnTable() Table { return c.Table }

// OnTable implements Condition.
func (c TableRenamed) OnTable() Table { return c.To }

// OnTable implements Condition.
func (c ColumnIs) OnTable() Table { return c.Table }

// OnTable implements Condition.
func (c ColumnGone) OnTable() Table { return c.Table }

// OnTable implements Condition.
func (c IndexIs) OnTable() Table { return c.Table }

// OnTable implements Condition.
func (c IndexGone) OnTable() Table { return c.Table }

// OnTable implements Condition.
func (c ViewIs) OnTable() Table { return c.Table }

func (TableIs) condition()      {}
func (TableGone) condition()    {}
func (TableRenamed) condition() {}
func (ColumnIs) condition()     {}
func (ColumnGone) condition()   {}
func (IndexIs) condition()      {}
func (IndexGone) condition()    {}
func (ViewIs) condition()       {}
