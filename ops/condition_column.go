package ops

// ColumnIs holds where the table has the column as stated. Only what Column
// states is compared, the type as the server normalises it.
type ColumnIs struct {
	Table  Table
	Column Column
	// After is the column that it stands behind; empty: not compared.
	After string
	// First: it is the table's first column.
	First bool
	// Added: the statement adds the column, so one that was there before is a
	// conflict.
	Added bool
	// Without lists properties that the column must not have.
	Without []Property
}

// ColumnGone holds where the table exists and has no such column.
type ColumnGone struct {
	Table Table
	Name  string
}

// ColumnRenamed holds where the table has the column To and no column From.
type ColumnRenamed struct {
	Table    Table
	From, To string
}

func columnSubject(t Table, name string) string { return "column " + t.String() + "." + name }

// Subject implements Condition.
func (c ColumnIs) Subject() string { return columnSubject(c.Table, c.Column.Name) }

// Subject implements Condition.
func (c ColumnGone) Subject() string { return columnSubject(c.Table, c.Name) }

// Subject implements Condition.
func (c ColumnRenamed) Subject() string { return columnSubject(c.Table, c.To) }

// OnTables implements Condition.
func (c ColumnIs) OnTables() []Table { return []Table{c.Table} }

// OnTables implements Condition.
func (c ColumnGone) OnTables() []Table { return []Table{c.Table} }

// OnTables implements Condition.
func (c ColumnRenamed) OnTables() []Table { return []Table{c.Table} }

func (ColumnIs) condition()      {}
func (ColumnGone) condition()    {}
func (ColumnRenamed) condition() {}
