package ops

import "errors"

// Delete removes the rows that Where names, of all partitions or of one. It is a
// mutation, awaited on all replicas: every part that has such a row is written
// anew without it.
//
//	ops.Delete{Table: ops.LocalTable("events", "events_local"), Where: "project_id = 0", Repeatable: true}
//
// Without Where it is refused: "1" means all rows, for which TruncateTable is
// cheaper; so is DropPartition for those of a partition. What Update says of
// expressions holds here too. It has no inverse: rows do not come back.
type Delete struct {
	Table Table  `json:"table" yaml:"table"`
	Where string `json:"where,omitempty" yaml:"where,omitempty"`
	// Partition is ClickHouse's own text: "202601", "ID '202601'"; all when empty.
	Partition string `json:"partition,omitempty" yaml:"partition,omitempty"`
	// Reads are tables that Where asks; they are at Table's place if they name none.
	Reads []Table `json:"reads,omitempty" yaml:"reads,omitempty"`
	// Repeatable says that it may be sent again where it is not known whether it was
	// taken: rows that came in between, and that Where names, go too.
	Repeatable bool `json:"repeatable,omitempty" yaml:"repeatable,omitempty"`
}

// LightweightDelete marks the rows that Where names as deleted: queries see them no
// more, merges take them off the disk later. On the server it is a mutation that
// writes the mark alone, awaited on all replicas as Delete is, so that a Replicated
// table needs it once a replica set. ON CLUSTER would have each replica begin one.
//
//	ops.LightweightDelete{Table: ops.LocalTable("events", "events_local"), Where: "project_id = 0"}
//
// Without Where it is refused: "1" means all rows. A table with projections refuses
// it unless its lightweight_mutation_projection_mode says otherwise. Servers before
// 23.3 have none: use Delete. It has no inverse: the marks are not told apart.
type LightweightDelete struct {
	Table Table  `json:"table" yaml:"table"`
	Where string `json:"where,omitempty" yaml:"where,omitempty"`
	// Partition is as in Delete, and needs a newer server.
	Partition  string  `json:"partition,omitempty" yaml:"partition,omitempty"`
	Reads      []Table `json:"reads,omitempty" yaml:"reads,omitempty"`           // as in Delete
	Repeatable bool    `json:"repeatable,omitempty" yaml:"repeatable,omitempty"` // as in Delete
}

// Tables implements Operation.
func (o Delete) Tables() []Table { return append([]Table{o.Table}, placed(o.Reads, o.Table.Place)...) }

// Tables implements Operation.
func (o LightweightDelete) Tables() []Table { return Delete(o).Tables() }

// Check implements Operation.
func (o Delete) Check() error { return refuse(o, checkRows(o.Table, o.Partition, o.Where, o.Reads)) }

// Check implements Operation.
func (o LightweightDelete) Check() error {
	return refuse(o, checkRows(o.Table, o.Partition, o.Where, o.Reads))
}

// Statements implements Operation.
func (o Delete) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureMutationPartition, o.Partition != ""); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	stmt := alter(t, "DELETE", "DELETE "+whereRows(o.Partition, o.Where, t))
	stmt.Reads = filled(o.Reads, o.Table.Place, env)
	stmt.Traits = Traits{Mutation: true, RewritesData: true, DropsData: true, Repeatable: o.Repeatable}
	return []Statement{stmt}, nil
}

// Statements implements Operation.
func (o LightweightDelete) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := errors.Join(
		need(env, o, FeatureLightweightDelete, true),
		need(env, o, FeatureLightweightDeletePartition, o.Partition != ""),
	); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	return []Statement{{
		Head:   "DELETE FROM " + t.SQL(),
		Tail:   whereRows(o.Partition, o.Where, t),
		Place:  t.Place,
		Reads:  filled(o.Reads, o.Table.Place, env),
		Writes: []Table{t},
		Scope:  OnePerReplicaSet,
		Direct: true,
		// The other modes leave no mutation to await, and a wait of the server's hides it.
		Settings: pinned(env,
			Setting{Name: "lightweight_delete_mode", Value: "alter_update"},
			Setting{Name: "alter_update_mode", Value: "heavy"},
			Setting{Name: "lightweight_deletes_sync", Value: "0"}),
		Traits:  Traits{Mutation: true, DropsData: true, Repeatable: o.Repeatable},
		Summary: "DELETE FROM " + shown(t.Name),
	}}, nil
}

// Inverse implements Inverter: an *IrreversibleError.
func (o Delete) Inverse() (Operation, error) { return nil, rowsAreGone(o) }

// Inverse implements Inverter: an *IrreversibleError.
func (o LightweightDelete) Inverse() (Operation, error) { return nil, rowsAreGone(o) }
