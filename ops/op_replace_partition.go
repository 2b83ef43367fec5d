package ops

// ReplacePartition puts a copy of another table's partition in the place of the
// table's own, at once. The rows of Table's are lost; those of From stay there too.
//
//	ops.ReplacePartition{
//		Table: ops.LocalTable("events", "events_local"), Partition: "202601",
//		From:  ops.Table{Name: "events_staging"},
//	}
//
// Partition is ClickHouse's own text: an expression, such as 202601 or '2026-01-05',
// or ID '202601'. Mind it: below 26.6 a From that has no such partition, or a mistyped
// one, empties the table's without a word; 26.6 refuses it (36). Both tables need the
// same columns, partition key and ORDER BY (122, 36).
//
// No system table shows that it was done: the state row alone says so, and it is not
// run again by itself. It has no inverse: rows do not come back.
type ReplacePartition struct {
	Table     Table  `json:"table" yaml:"table"`
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
	// From is at Table's place if it names none. Where Table is Replicated and From is
	// not, the rows of the replica that is asked are taken for all.
	From Table `json:"from" yaml:"from"`
}

// Tables implements Operation.
func (o ReplacePartition) Tables() []Table {
	return append([]Table{o.Table}, placed([]Table{o.From}, o.Table.Place)...)
}

// Check implements Operation.
func (o ReplacePartition) Check() error { return refuse(o, checkFrom(o.Table, o.From, o.Partition)) }

// checkFrom checks a partition that is copied from another table.
func checkFrom(t, from Table, partition string) error {
	if err := checkOnePartition(t, partition); err != nil {
		return err
	}
	if _, err := t.besides(from, "From"); err != nil {
		return err
	}
	return checkPartition(partition, "name one partition at a time")
}

// Statements implements Operation.
func (o ReplacePartition) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	stmt := alterPartitionFrom(o.Table, "REPLACE", o.Partition, o.From, env)
	stmt.Traits = Traits{DropsData: true}
	return []Statement{stmt}, nil
}

// alterPartitionFrom renders a copy of a partition of another table.
func alterPartitionFrom(t Table, verb, partition string, from Table, env Env) Statement {
	sources := filled([]Table{from}, t.Place, env)
	stmt := alterPartition(t.in(env), verb, partition, "FROM "+sources[0].SQL())
	stmt.Reads = sources
	return stmt
}

// Inverse implements Inverter: an *IrreversibleError.
func (o ReplacePartition) Inverse() (Operation, error) { return nil, rowsAreGone(o) }
