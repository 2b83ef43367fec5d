package ops

// MaterializeProjection makes projections for the rows that are there already,
// of all partitions or of one. It is a mutation, awaited on all replicas: it
// reads the table and writes the projections alone anew.
//
//	ops.MaterializeProjection{Table: ops.LocalTable("events", "events_local"), Names: []string{"by_day"}}
//
// Mind the names: 26.7 takes one that no projection has without a word. There
// is nothing to undo: ClearProjection is for taking the space back.
type MaterializeProjection struct {
	Table Table    `json:"table" yaml:"table"`
	Names []string `json:"names,omitempty" yaml:"names,omitempty"`
	// Partition is ClickHouse's own text: "202601", "ID '202601'"; all when empty.
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
}

func (o MaterializeProjection) mutation() partMutation {
	return partMutation{
		verb: "MATERIALIZE", kind: PartProjection, feature: FeatureProjections,
		table: o.Table, names: o.Names, partition: o.Partition,
	}
}

// Tables implements Operation.
func (o MaterializeProjection) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o MaterializeProjection) Check() error { return refuse(o, o.mutation().check()) }

// Statements implements Operation.
func (o MaterializeProjection) Statements(env Env) ([]Statement, error) {
	return o.mutation().statements(o, env)
}

// Inverse implements Inverter: there is nothing to undo.
func (o MaterializeProjection) Inverse() (Operation, error) { return nil, nil }

// ClearProjection takes away what projections hold, of all partitions or of
// one; they stay defined, and new rows get theirs again. It is a mutation. No row
// is lost, and there is nothing to undo: queries answer the same, only slower.
//
//	ops.ClearProjection{Table: ops.LocalTable("events", "events_local"), Names: []string{"by_day"}, Partition: "202601"}
//
// Mind the names: 26.7 takes one that no projection has without a word.
type ClearProjection struct {
	Table Table    `json:"table" yaml:"table"`
	Names []string `json:"names,omitempty" yaml:"names,omitempty"`
	// Partition is ClickHouse's own text: "202601", "ID '202601'"; all when empty.
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
}

func (o ClearProjection) mutation() partMutation {
	return partMutation{
		verb: "CLEAR", kind: PartProjection, feature: FeatureProjections,
		table: o.Table, names: o.Names, partition: o.Partition,
	}
}

// Tables implements Operation.
func (o ClearProjection) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o ClearProjection) Check() error { return refuse(o, o.mutation().check()) }

// Statements implements Operation.
func (o ClearProjection) Statements(env Env) ([]Statement, error) {
	return o.mutation().statements(o, env)
}

// Inverse implements Inverter: there is nothing to undo.
func (o ClearProjection) Inverse() (Operation, error) { return nil, nil }
