package ops

// AddIndex adds a data-skipping index, as the last one unless After or First
// says where. Rows that are there already are indexed when their parts are
// merged, or by MaterializeIndex.
//
//	ops.AddIndex{
//		Table: ops.LocalTable("events", "events_local"),
//		Index: ops.Index{Name: "bf_trace_id", Expression: "trace_id", Type: "bloom_filter(0.01)"},
//	}
//
// MergeTree tables alone have indexes.
type AddIndex struct {
	Table       Table  `json:"table" yaml:"table"`
	Index       Index  `json:"index" yaml:"index"`
	After       string `json:"after,omitempty" yaml:"after,omitempty"` // another index
	First       bool   `json:"first,omitempty" yaml:"first,omitempty"`
	IfNotExists bool   `json:"if_not_exists,omitempty" yaml:"if_not_exists,omitempty"`
}

func (o AddIndex) several() AddIndexes {
	return AddIndexes{
		Table: o.Table, Indexes: []Index{o.Index}, After: o.After, First: o.First, IfNotExists: o.IfNotExists,
	}
}

// Tables implements Operation.
func (o AddIndex) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o AddIndex) Check() error { return refuse(o, o.several().check()) }

// Statements implements Operation.
func (o AddIndex) Statements(env Env) ([]Statement, error) { return o.several().statements(o, env) }

// Inverse implements Inverter: the index is dropped, with IF EXISTS where it
// was added with IF NOT EXISTS.
func (o AddIndex) Inverse() (Operation, error) {
	was := o.Index // by itself: a pointer into o would keep all of it
	return DropIndex{
		Table: o.Table, Name: o.Index.Name, IfExists: o.IfNotExists, Was: &was, After: o.After, First: o.First,
	}, nil
}
