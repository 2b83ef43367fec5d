package ops

import (
	"errors"
	"strings"
)

// Optimize merges parts of a table now, of all partitions or of one, and waits for
// all replicas. With Final it merges until one part is left in each partition, also
// where there is one already: all of it is written anew. What a merge does by the
// engine (Replacing, Collapsing, Summing, TTL) it does here too.
//
//	ops.Optimize{Table: ops.LocalTable("events", "events_local"), Partition: "202601", Final: true}
//
// With Deduplicate rows that are equal in all columns, or in those of DeduplicateBy,
// become one: the others are lost. A server that finds nothing to merge, or has no
// room to, answers OK; no condition shows it.
//
// There is nothing to undo, unless it deduplicates: then it has no inverse.
type Optimize struct {
	Table Table `json:"table" yaml:"table"`
	// Partition is ClickHouse's own text: "202601", "ID '202601'"; all when empty.
	Partition   string `json:"partition,omitempty" yaml:"partition,omitempty"`
	Final       bool   `json:"final,omitempty" yaml:"final,omitempty"`
	Deduplicate bool   `json:"deduplicate,omitempty" yaml:"deduplicate,omitempty"`
	// DeduplicateBy is a list of columns in ClickHouse's own text, "id, day" or
	// "* EXCEPT seen". It must hold those of the keys (8). All columns when empty.
	DeduplicateBy string `json:"deduplicate_by,omitempty" yaml:"deduplicate_by,omitempty"`
}

// Tables implements Operation.
func (o Optimize) Tables() []Table { return []Table{o.Table} }

// Check implements Operation.
func (o Optimize) Check() error { return refuse(o, o.check()) }

func (o Optimize) check() error {
	if err := o.Table.checkStored(); err != nil {
		return err
	}
	if o.DeduplicateBy != "" && !o.Deduplicate {
		return errors.New("DeduplicateBy without Deduplicate: set both, or none")
	}
	return checkPartition(o.Partition, "leave Partition out for all")
}

// Statements implements Operation.
func (o Optimize) Statements(env Env) ([]Statement, error) {
	if env.skips(o.Table.Place) {
		return nil, nil
	}
	if err := need(env, o, FeatureDeduplicateBy, o.DeduplicateBy != ""); err != nil {
		return nil, err
	}
	t := o.Table.in(env)
	var partition, final, deduplicate, by string
	if o.Partition != "" {
		partition = "PARTITION " + o.Partition
	}
	if o.Final {
		final = "FINAL"
	}
	if o.Deduplicate {
		deduplicate = "DEDUPLICATE"
	}
	if o.DeduplicateBy != "" {
		by = "BY " + o.DeduplicateBy
	}
	tail := joinSet(" ", partition, final, deduplicate, by)
	return []Statement{{
		Head:    "OPTIMIZE TABLE " + t.SQL(),
		Tail:    tail,
		Place:   t.Place,
		Writes:  []Table{t},
		Scope:   OnePerReplicaSet,
		Traits:  Traits{RewritesData: true, DropsData: o.Deduplicate, Repeatable: true},
		Summary: strings.TrimSpace("OPTIMIZE TABLE " + shown(t.Name) + " " + joinSet(" ", final, deduplicate)),
	}}, nil
}

// Inverse implements Inverter: there is nothing to undo, unless rows are lost.
func (o Optimize) Inverse() (Operation, error) {
	if o.Deduplicate {
		return nil, rowsAreGone(o)
	}
	return nil, nil
}
