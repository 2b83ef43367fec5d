package ops

// MaterializeIndex makes indexes for the rows that are there already, of all
// partitions or of one. It is a mutation, awaited on all replicas; it writes the
// indexes alone anew.
//
//	ops.MaterializeIndex{Table: ops.LocalTable("events", "events_local"), Names: []string{"bf_trace_id"}}
//
// Mind the names: 26.7 takes one that no index has without a word. There is
// nothing to undo: ClearIndex is for taking the space back.
type MaterializeIndex struct {
	Table Table    `json:"table" yaml:"table"`
	Names []string `json:"names,omitempty" yaml:"names,omitempty"`
	// Partition is ClickHouse's own text: "202601", "ID '202601'"; all when empty.
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
}

func (o MaterializeIndex) mutation() partMutation {
	return partMutation{
		verb: "MATERIALIZE", kind: PartIndex, feature: FeatureMaterializeIndex,
		table: o.Table, names: o.Names, partition: o.Partition,
	}
}

// Tables implements Operation.
func (o MaterializeIndex) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o MaterializeIndex) Check() error { return refuse(o, o.mutation().check()) }

// Statements implements Operation.
func (o MaterializeIndex) Statements(env Env) ([]Statement, error) {
	return o.mutation().statements(o, env)
}

// Inverse implements Inverter: there is nothing to undo.
func (o MaterializeIndex) Inverse() (Operation, error) { return nil, nil }

// ClearIndex takes away what indexes hold, of all partitions or of one; they
// stay defined, and new rows are indexed again. It is a mutation. No row is
// lost, and there is nothing to undo: queries answer the same, only slower.
//
//	ops.ClearIndex{Table: ops.LocalTable("events", "events_local"), Names: []string{"bf_trace_id"}, Partition: "202601"}
//
// Mind the names: 26.7 takes one that no index has without a word.
type ClearIndex struct {
	Table Table    `json:"table" yaml:"table"`
	Names []string `json:"names,omitempty" yaml:"names,omitempty"`
	// Partition is ClickHouse's own text: "202601", "ID '202601'"; all when empty.
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
}

func (o ClearIndex) mutation() partMutation {
	return partMutation{
		verb: "CLEAR", kind: PartIndex, feature: FeatureClearIndex,
		table: o.Table, names: o.Names, partition: o.Partition,
	}
}

// Tables implements Operation.
func (o ClearIndex) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o ClearIndex) Check() error { return refuse(o, o.mutation().check()) }

// Statements implements Operation.
func (o ClearIndex) Statements(env Env) ([]Statement, error) { return o.mutation().statements(o, env) }

// Inverse implements Inverter: there is nothing to undo.
func (o ClearIndex) Inverse() (Operation, error) { return nil, nil }
