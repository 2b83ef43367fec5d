package ops

// DropPartition removes a partition and all its rows.
//
//	ops.DropPartition{Table: ops.LocalTable("events", "events_local"), Partition: "202601"}
//
// Partition is ClickHouse's own text: an expression, such as 202601, '2026-01-05' or
// ('a', 202601); ID '202601', as system.parts has it; or ALL (on 18.16 an error, 47).
// Mind it: servers answer OK where there is no such partition. One that is larger
// than max_partition_size_to_drop is refused (359).
//
// No system table shows that it was done: the state row alone says so, and it is not
// run again by itself, because rows that came in between would go too. It has no
// inverse: rows do not come back. DetachPartition is the way that can be undone.
type DropPartition struct {
	Table     Table  `json:"table" yaml:"table"`
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
}

// DetachPartition takes a partition out of a table: queries do not see it from then
// on, and its files stay on disk, in the directory detached of each replica.
//
//	ops.DetachPartition{Table: ops.LocalTable("events", "events_local"), Partition: "202601"}
//
// Partition is as in DropPartition; so is OK where there is none, and 359. Its
// inverse attaches the partition, with all else of it that lay there before.
type DetachPartition struct {
	Table     Table  `json:"table" yaml:"table"`
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
}

// AttachPartition brings back what lies of a partition in the directory detached, or
// adds a copy of another table's with From.
//
//	ops.AttachPartition{Table: ops.LocalTable("events", "events_local"), Partition: "202601"}
//
// Partition is as in DropPartition, and servers answer OK where nothing lies there.
// A Replicated table attaches what one replica has. On 18.16 the others fetch it and
// keep their own files in detached: attached once more, through another replica, the
// rows are there twice. So it is not run again by itself; before a partition is
// detached and attached a second time, remove what lies in detached.
//
// Its inverse detaches the partition, with the rows that were in the table before.
// With From it has none: the copies are not told apart.
type AttachPartition struct {
	Table     Table  `json:"table" yaml:"table"`
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
	// From is a table of the same columns, partition key and ORDER BY (122, 36), at
	// Table's place. The rows stay there too. Where Table is Replicated and From is not,
	// the rows of the replica that is asked are taken for all.
	From *Table `json:"from,omitempty" yaml:"from,omitempty"`
}

// Tables implements Operation.
func (o DropPartition) Tables() []Table { return []Table{o.Table} }

// Tables implements Operation.
func (o DetachPartition) Tables() []Table { return []Table{o.Table} }

// Tables implements Operation.
func (o AttachPartition) Tables() []Table {
	return append([]Table{o.Table}, placed(one(o.From), o.Table.Place)...)
}

// Check implements Operation.
func (o DropPartition) Check() error { return refuse(o, checkOnePartition(o.Table, o.Partition)) }

// Check implements Operation.
func (o DetachPartition) Check() error { return refuse(o, checkOnePartition(o.Table, o.Partition)) }

// Check implements Operation.
func (o AttachPartition) Check() error {
	if o.From != nil {
		return refuse(o, checkFrom(o.Table, *o.From, o.Partition))
	}
	return refuse(o, checkOnePartition(o.Table, o.Partition))
}

// Statements implements Operation.
func (o DropPartition) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeaturePartitionAll, isAll(o.Partition)); err != nil {
		return nil, err
	}
	stmt := alterPartition(o.Table.in(env), "DROP", o.Partition, "")
	stmt.Traits = Traits{DropsData: true}
	return []Statement{stmt}, nil
}

// Statements implements Operation.
func (o DetachPartition) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeaturePartitionAll, isAll(o.Partition)); err != nil {
		return nil, err
	}
	return []Statement{alterPartition(o.Table.in(env), "DETACH", o.Partition, "")}, nil
}

// Statements implements Operation.
func (o AttachPartition) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureAttachPartitionAll, isAll(o.Partition)); err != nil {
		return nil, err
	}
	stmt := alterPartition(o.Table.in(env), "ATTACH", o.Partition, "")
	if o.From != nil {
		stmt = alterPartitionFrom(o.Table, "ATTACH", o.Partition, *o.From, env)
	}
	stmt.Traits.AddsData = true
	return []Statement{stmt}, nil
}

// Inverse implements Inverter: an *IrreversibleError.
func (o DropPartition) Inverse() (Operation, error) { return nil, rowsAreGone(o) }

// Inverse implements Inverter: the partition is attached again.
func (o DetachPartition) Inverse() (Operation, error) {
	return AttachPartition{Table: o.Table, Partition: o.Partition}, nil
}

// Inverse implements Inverter: the partition is detached again. With From it is an
// *IrreversibleError.
func (o AttachPartition) Inverse() (Operation, error) {
	if o.From != nil {
		return nil, &IrreversibleError{
			Operation: Describe(o), Why: "rows that were copied are not told apart from others; write the way back yourself",
		}
	}
	return DetachPartition{Table: o.Table, Partition: o.Partition}, nil
}
