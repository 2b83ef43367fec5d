package ops

import "errors"

// MaterializeTTL applies a table's TTL to the rows that are there already, of
// all partitions or of one: those that are too old are deleted. It is a mutation,
// awaited on all replicas. A table without a TTL is an error (80).
//
//	ops.MaterializeTTL{Table: ops.LocalTable("events", "events_local"), Partition: "202601"}
//
// There is nothing to undo: the TTL would have deleted the same rows.
type MaterializeTTL struct {
	Table Table `json:"table" yaml:"table"`
	// Partition is ClickHouse's own text: "202601", "ID '202601'"; all when empty.
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
}

// Tables implements Operation.
func (o MaterializeTTL) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o MaterializeTTL) Check() error {
	return refuse(o, errors.Join(PartTTL.checkOn(o.Table), checkPartitionText(o.Partition)))
}

// Statements implements Operation.
func (o MaterializeTTL) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureMaterializeTTL, true); err != nil {
		return nil, err
	}
	return []Statement{materializeTTL(o.Table.in(env), o.Partition)}, nil
}

func materializeTTL(t Table, partition string) Statement {
	stmt := alter(t, "MATERIALIZE TTL", "MATERIALIZE TTL"+inPartition(partition))
	stmt.Traits = Traits{Mutation: true, RewritesData: true, DropsData: true, Repeatable: true}
	return stmt
}

// Inverse implements Inverter: there is nothing to undo.
func (o MaterializeTTL) Inverse() (Operation, error) { return nil, nil }
