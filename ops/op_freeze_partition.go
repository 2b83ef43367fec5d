package ops

import "errors"

// FreezePartition makes a backup of a partition, or of all, on each node: hard links
// in the directory shadow of its disks, which take no room until the parts are merged
// away. Replicas do not tell each other. No row is touched.
//
//	ops.FreezePartition{Table: ops.LocalTable("events", "events_local"), Partition: "202601", Name: "before-0042"}
//
// Partition is ClickHouse's own text: an expression, such as 202601 or '2026-01-05',
// or ID '202601'; all when empty. Where there is none the backup is empty, and
// servers answer OK. A name that was used for the table already is refused (84), so
// it is not run again by itself. Backups stay until UnfreezePartition removes them.
//
// With Name its inverse removes the backup, on servers that can (21.4); without, the
// server counts, and it has none.
type FreezePartition struct {
	Table     Table  `json:"table" yaml:"table"`
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
	Name      string `json:"name,omitempty" yaml:"name,omitempty"`
}

// UnfreezePartition removes a backup that FreezePartition made, of a partition or of
// all, on each node. A name that there is none of is no error.
//
//	ops.UnfreezePartition{Table: ops.LocalTable("events", "events_local"), Name: "before-0042"}
//
// It has no inverse: another FREEZE holds the rows of its own time.
type UnfreezePartition struct {
	Table     Table  `json:"table" yaml:"table"`
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"` // as in FreezePartition
	Name      string `json:"name,omitempty" yaml:"name,omitempty"`
}

// Tables implements Operation.
func (o FreezePartition) Tables() []Table { return []Table{o.Table} }

// Tables implements Operation.
func (o UnfreezePartition) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o FreezePartition) Check() error { return refuse(o, checkFrozen(o.Table, o.Partition)) }

// Check implements Operation.
func (o UnfreezePartition) Check() error { return refuse(o, o.check()) }

func (o UnfreezePartition) check() error {
	if err := checkFrozen(o.Table, o.Partition); err != nil {
		return err
	}
	if o.Name == "" {
		return errors.New("no backup: set Name to that of FreezePartition")
	}
	return nil
}

func checkFrozen(t Table, partition string) error {
	if err := t.checkStored(); err != nil {
		return err
	}
	return checkPartition(partition, "leave Partition out for all")
}

// Statements implements Operation.
func (o FreezePartition) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureFreezeName, o.Name != ""); err != nil {
		return nil, err
	}
	return []Statement{alterBackup(o.Table.in(env), "FREEZE", o.Partition, o.Name)}, nil
}

// Statements implements Operation.
func (o UnfreezePartition) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureUnfreeze, true); err != nil {
		return nil, err
	}
	stmt := alterBackup(o.Table.in(env), "UNFREEZE", o.Partition, o.Name)
	stmt.Traits = Traits{Repeatable: true}
	return []Statement{stmt}, nil
}

// alterBackup renders an ALTER that each replica needs for itself.
func alterBackup(t Table, verb, partition, name string) Statement {
	what, with := verb, ""
	if partition != "" {
		what += " PARTITION " + partition
	}
	if name != "" {
		with = "WITH NAME " + String(name)
	}
	stmt := alter(t, shown(what), joinSet(" ", what, with))
	stmt.Scope, stmt.Direct = EveryNode, true
	return stmt
}

// Inverse implements Inverter. Without Name it is an *IrreversibleError.
func (o FreezePartition) Inverse() (Operation, error) {
	if o.Name == "" {
		return nil, &IrreversibleError{Operation: Describe(o), Why: "set Name, so that the backup can be told apart"}
	}
	return UnfreezePartition(o), nil
}

// Inverse implements Inverter: an *IrreversibleError.
func (o UnfreezePartition) Inverse() (Operation, error) {
	return nil, &IrreversibleError{Operation: Describe(o), Why: "a backup that is gone does not come back"}
}
