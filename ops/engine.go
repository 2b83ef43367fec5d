package ops

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// EngineKind names a table engine.
type EngineKind string

// The engines. DistributedEngine is not called Distributed: that is a target.
const (
	MergeTree                    EngineKind = "MergeTree"
	ReplacingMergeTree           EngineKind = "ReplacingMergeTree"
	SummingMergeTree             EngineKind = "SummingMergeTree"
	AggregatingMergeTree         EngineKind = "AggregatingMergeTree"
	CollapsingMergeTree          EngineKind = "CollapsingMergeTree"
	VersionedCollapsingMergeTree EngineKind = "VersionedCollapsingMergeTree"
	DistributedEngine            EngineKind = "Distributed"
	Memory                       EngineKind = "Memory"
	Null                         EngineKind = "Null"
	Raw                          EngineKind = "Raw" // Text, as it is
)

// Engine is a table's engine with its arguments and clauses. Write the plain
// MergeTree kinds: on a multi-node cluster they become Replicated by
// themselves, with a path made of the storage set and the table.
//
//	ops.Engine{Kind: ops.ReplacingMergeTree, Version: "version", OrderBy: "(project_id, id)"}
type Engine struct {
	Kind EngineKind `json:"kind,omitempty" yaml:"kind,omitempty"`

	// The arguments of an engine are names of columns.
	Version   string   `json:"version,omitempty" yaml:"version,omitempty"`       // Replacing, VersionedCollapsing
	IsDeleted string   `json:"is_deleted,omitempty" yaml:"is_deleted,omitempty"` // Replacing; needs Version
	Sign      string   `json:"sign,omitempty" yaml:"sign,omitempty"`             // Collapsing, VersionedCollapsing
	Columns   []string `json:"columns,omitempty" yaml:"columns,omitempty"`       // Summing; all numeric ones when empty

	// A Distributed table reads LocalTable on the cluster of its storage set.
	LocalTable string `json:"local_table,omitempty" yaml:"local_table,omitempty"`
	// Database of LocalTable; the Distributed table's own when empty.
	Database    string `json:"database,omitempty" yaml:"database,omitempty"`
	ShardingKey string `json:"sharding_key,omitempty" yaml:"sharding_key,omitempty"` // an expression; inserts need one

	// Text is all of a Raw engine: "Kafka SETTINGS …". It is never replicated for you.
	Text string `json:"text,omitempty" yaml:"text,omitempty"`

	// The clauses are ClickHouse's own text. OrderBy is required for the
	// MergeTree kinds: "tuple()" for none.
	PartitionBy string    `json:"partition_by,omitempty" yaml:"partition_by,omitempty"`
	PrimaryKey  string    `json:"primary_key,omitempty" yaml:"primary_key,omitempty"`
	OrderBy     string    `json:"order_by,omitempty" yaml:"order_by,omitempty"`
	SampleBy    string    `json:"sample_by,omitempty" yaml:"sample_by,omitempty"`
	TTL         string    `json:"ttl,omitempty" yaml:"ttl,omitempty"`
	Settings    []Setting `json:"settings,omitempty" yaml:"settings,omitempty"`

	// Unsharded makes all nodes replicas of one table, instead of each shard's.
	Unsharded bool `json:"unsharded,omitempty" yaml:"unsharded,omitempty"`
	// PathSuffix is added to the last part of the ZooKeeper path, as it is: a
	// renamed table keeps its path, so that a new one of its old name needs another.
	PathSuffix string `json:"path_suffix,omitempty" yaml:"path_suffix,omitempty"`
	// LocalOnly leaves a MergeTree kind without replication on a multi-node cluster.
	LocalOnly bool `json:"local_only,omitempty" yaml:"local_only,omitempty"`
}

// mergeTree says that the engine is of the MergeTree family: it has clauses
// and a Replicated form.
func (e Engine) mergeTree() bool {
	switch e.Kind {
	case MergeTree, ReplacingMergeTree, SummingMergeTree, AggregatingMergeTree, CollapsingMergeTree,
		VersionedCollapsingMergeTree:
		return true
	}
	return false
}

// storesData says that dropping a table of this engine loses rows.
func (e Engine) storesData() bool { return e.Kind != DistributedEngine && e.Kind != Null }

// check refuses what no server would take, and fields that the kind does not
// read: they would be lost without a word.
func (e Engine) check(columns []Column) error {
	switch e.Kind {
	case "":
		return errors.New("no engine: set Engine.Kind, such as ops.MergeTree")
	case DistributedEngine:
		if e.LocalTable == "" {
			return errors.New("a Distributed engine needs LocalTable: the table that it reads")
		}
	case Raw:
		if strings.TrimSpace(e.Text) == "" {
			return errors.New("a Raw engine needs Text: all that stands after ENGINE =")
		}
	case Memory, Null:
	default:
		if !e.mergeTree() {
			return fmt.Errorf("unknown engine %q: set a kind of ops, or Kind: ops.Raw with Text", e.Kind)
		}
		if e.OrderBy == "" {
			return fmt.Errorf("%s needs OrderBy: an expression, or \"tuple()\" for no order", e.Kind)
		}
	}
	if err := e.checkUnread(); err != nil {
		return err
	}
	if strings.ContainsAny(e.PathSuffix, "/{}") {
		return fmt.Errorf("PathSuffix %q: it ends the last part of the path, so leave / { } out: \"_2\"", e.PathSuffix)
	}
	return e.checkColumns(columns)
}

func (e Engine) checkUnread() error {
	is := func(kinds ...EngineKind) bool { return slices.Contains(kinds, e.Kind) }
	family := e.mergeTree()
	clauses := family || is(Raw)
	for _, field := range []struct {
		name      string
		set, read bool
	}{
		{"Version", e.Version != "", is(ReplacingMergeTree, VersionedCollapsingMergeTree)},
		{"IsDeleted", e.IsDeleted != "", is(ReplacingMergeTree)},
		{"Sign", e.Sign != "", is(CollapsingMergeTree, VersionedCollapsingMergeTree)},
		{"Columns", len(e.Columns) > 0, is(SummingMergeTree)},
		{"LocalTable", e.LocalTable != "", is(DistributedEngine)},
		{"Database", e.Database != "", is(DistributedEngine)},
		{"ShardingKey", e.ShardingKey != "", is(DistributedEngine)},
		{"Text", e.Text != "", is(Raw)},
		{"PartitionBy", e.PartitionBy != "", clauses},
		{"PrimaryKey", e.PrimaryKey != "", clauses},
		{"OrderBy", e.OrderBy != "", clauses},
		{"SampleBy", e.SampleBy != "", clauses},
		{"TTL", e.TTL != "", clauses},
		{"Unsharded", e.Unsharded, family},
		{"PathSuffix", e.PathSuffix != "", family},
		{"LocalOnly", e.LocalOnly, family},
	} {
		if field.set && !field.read {
			return fmt.Errorf("a %s engine does not read %s: leave it out", e.Kind, field.name)
		}
	}
	if e.LocalOnly && (e.Unsharded || e.PathSuffix != "") {
		return errors.New("LocalOnly has no ZooKeeper path: leave Unsharded and PathSuffix out")
	}
	return nil
}

func (e Engine) checkColumns(columns []Column) error {
	named := append([]string{e.Version, e.IsDeleted, e.Sign}, e.Columns...)
	for _, name := range named {
		if name != "" && !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == name }) {
			return fmt.Errorf("%s names column %s, which is not among Columns: add it", e.Kind, shown(name))
		}
	}
	switch {
	case e.IsDeleted != "" && e.Version == "":
		return errors.New("IsDeleted needs Version")
	case e.Sign == "" && (e.Kind == CollapsingMergeTree || e.Kind == VersionedCollapsingMergeTree):
		return fmt.Errorf("%s needs Sign: an Int8 column", e.Kind)
	case e.Version == "" && e.Kind == VersionedCollapsingMergeTree:
		return fmt.Errorf("%s needs Version: a column", e.Kind)
	}
	for _, setting := range e.Settings {
		if setting.Name == "" {
			return errors.New("a setting of the engine has no name: set Name")
		}
	}
	return nil
}
