package ops

import "errors"

// MovePartition moves a partition to another table, or its files to a disk or a
// volume of the table's storage policy.
//
//	ops.MovePartition{
//		Table:   ops.LocalTable("events", "events_local"), Partition: "202601",
//		ToTable: &ops.Table{Name: "events_archive"},
//	}
//	ops.MovePartition{Table: …, Partition: "202601", ToVolume: "cold", WasVolume: "hot"}
//
// Partition is ClickHouse's own text: an expression, such as 202601 or '2026-01-05',
// or ID '202601'.
//
// To a table: both need the same columns, partition key, ORDER BY and storage policy,
// and to be Replicated both or neither. ZooKeeper replicates it. Servers answer OK
// where there is no such partition. Its inverse moves the partition back, with the
// rows of it that the other table had before.
//
// To a disk or volume: each replica copies its own files, no row changes, and a node
// that has none to move answers 479, also where there is no such partition. With
// WasDisk or WasVolume it has an inverse.
//
// No condition shows either: the state row says so. It is not run again by itself.
type MovePartition struct {
	Table     Table  `json:"table" yaml:"table"`
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
	// ToTable is at Table's place if it names none.
	ToTable   *Table `json:"to_table,omitempty" yaml:"to_table,omitempty"`
	ToDisk    string `json:"to_disk,omitempty" yaml:"to_disk,omitempty"`
	ToVolume  string `json:"to_volume,omitempty" yaml:"to_volume,omitempty"`
	WasDisk   string `json:"was_disk,omitempty" yaml:"was_disk,omitempty"`
	WasVolume string `json:"was_volume,omitempty" yaml:"was_volume,omitempty"`
}

// Tables implements Operation.
func (o MovePartition) Tables() []Table {
	return append([]Table{o.Table}, placed(one(o.ToTable), o.Table.Place)...)
}

// Check implements Operation.
func (o MovePartition) Check() error { return refuse(o, o.check()) }

func (o MovePartition) check() error {
	if err := checkOnePartition(o.Table, o.Partition); err != nil {
		return err
	}
	if err := checkPartition(o.Partition, "name one partition at a time"); err != nil {
		return err
	}
	if countSet(o.ToTable != nil, o.ToDisk != "", o.ToVolume != "") != 1 {
		return errors.New("one place to move to is needed: set ToTable, ToDisk or ToVolume")
	}
	was := countSet(o.WasDisk != "", o.WasVolume != "")
	if o.ToTable != nil {
		if was > 0 {
			return errors.New("WasDisk and WasVolume are of moves to a disk or volume: leave them out")
		}
		_, err := o.Table.besides(*o.ToTable, "ToTable")
		return err
	}
	switch {
	case was > 1:
		return errors.New("WasDisk and WasVolume together: leave one out")
	case was == 1 && o.ToDisk == o.WasDisk && o.ToVolume == o.WasVolume:
		return errors.New("it is moved to where it was: nothing to change")
	}
	return nil
}

func countSet(set ...bool) int {
	n := 0
	for _, yes := range set {
		if yes {
			n++
		}
	}
	return n
}

// Statements implements Operation.
func (o MovePartition) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, o, FeatureMovePartition, o.ToTable != nil),
		need(env, o, FeatureMoveToDisk, o.ToTable == nil),
	); err != nil {
		return nil, err
	}
	if o.ToTable != nil && filled(one(o.ToTable), o.Table.Place, env)[0] == o.Table.in(env) {
		return nil, refuse(o, errors.New("ToTable is the same table: name another"))
	}
	return []Statement{o.statement(env)}, nil
}

func (o MovePartition) statement(env Env) Statement {
	t := o.Table.in(env)
	if o.ToTable != nil {
		to := filled(one(o.ToTable), o.Table.Place, env)[0]
		stmt := alterPartition(t, "MOVE", o.Partition, "TO TABLE "+to.SQL())
		stmt.Writes = append(stmt.Writes, to)
		return stmt
	}
	to := "TO DISK " + String(o.ToDisk)
	if o.ToVolume != "" {
		to = "TO VOLUME " + String(o.ToVolume)
	}
	stmt := alterPartition(t, "MOVE", o.Partition, to)
	// Replicas do not tell each other, and old servers send it to one of a shard.
	stmt.Scope, stmt.Direct = EveryNode, true
	stmt.Traits = Traits{RewritesData: true}
	return stmt
}

// Inverse implements Inverter: the partition is moved back. To a disk or volume
// without WasDisk or WasVolume it is an *IrreversibleError.
func (o MovePartition) Inverse() (Operation, error) {
	back := o
	if o.ToTable != nil {
		back.Table, back.ToTable = placed(one(o.ToTable), o.Table.Place)[0], &o.Table
		if o.ToTable.Place == (Place{}) {
			back.ToTable = &Table{Database: o.Table.Database, Name: o.Table.Name}
		}
		return back, nil
	}
	if o.WasDisk == "" && o.WasVolume == "" {
		return nil, &IrreversibleError{
			Operation: Describe(o), Why: "set WasDisk or WasVolume to where the partition was",
		}
	}
	back.ToDisk, back.WasDisk = o.WasDisk, o.ToDisk
	back.ToVolume, back.WasVolume = o.WasVolume, o.ToVolume
	return back, nil
}
