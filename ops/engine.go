package ops

// EngineKind names a table engine.
type EngineKind string

// The engines. DistributedEngine is not called Distributed, which is a target.
const (
	MergeTree                    EngineKind = "MergeTree"
	ReplacingMergeTree           EngineKind = "ReplacingMergeTree"
	SummingMergeTree             EngineKind = "SummingMergeTree"
	AggregatingMergeTree         EngineKind = "AggregatingMergeTree"
	CollapsingMergeTree          EngineKind = "CollapsingMergeTree"
	VersionedCollapsingMergeTree EngineKind = "VersionedCollapsingMergeTree"
	DistributedEngine            EngineKind = "Distributed"
	MergeEngine                  EngineKind = "Merge"
	DictionaryEngine             EngineKind = "Dictionary"
	KeeperMap                    EngineKind = "KeeperMap"
	Kafka                        EngineKind = "Kafka"
	URL                          EngineKind = "URL"
	S3                           EngineKind = "S3"
	Memory                       EngineKind = "Memory"
	Null                         EngineKind = "Null"
	Raw                          EngineKind = "Raw" // Text, as it is
)

// Engine is a table's engine with its arguments and clauses. Which fields a kind
// reads stands in engineKinds; one that it does not read is refused. Write the
// plain MergeTree kinds: on a multi-node cluster they become Replicated by
// themselves, with a path made of the storage set and the table.
//
//	ops.Engine{Kind: ops.ReplacingMergeTree, Version: "version", OrderBy: "(project_id, id)"}
//	ops.Engine{Kind: ops.MergeEngine, TableRegexp: "^events_.*_local$"}
//	ops.Engine{Kind: ops.KeeperMap, Path: "/events/offsets", PrimaryKey: "consumer"}
//	ops.Engine{Kind: ops.Kafka, Settings: []ops.Setting{{Name: "kafka_broker_list", Value: "kafka:9092"}, …}}
//	ops.Engine{Kind: ops.S3, URL: "https://bucket.s3.amazonaws.com/*.csv", Format: "CSV",
//		Credentials: &ops.Credentials{AccessKeyID: "AKIA…", SecretAccessKey: "{secret:S3_KEY}"}}
type Engine struct {
	Kind EngineKind `json:"kind,omitempty" yaml:"kind,omitempty"`

	// The arguments of a MergeTree kind are names of columns.
	Version   string   `json:"version,omitempty" yaml:"version,omitempty"`       // Replacing, VersionedCollapsing
	IsDeleted string   `json:"is_deleted,omitempty" yaml:"is_deleted,omitempty"` // Replacing; needs Version
	Sign      string   `json:"sign,omitempty" yaml:"sign,omitempty"`             // Collapsing, VersionedCollapsing
	Columns   []string `json:"columns,omitempty" yaml:"columns,omitempty"`       // Summing; all numeric ones when empty

	// A Distributed table reads LocalTable on the cluster of its storage set.
	LocalTable string `json:"local_table,omitempty" yaml:"local_table,omitempty"`
	// Database of LocalTable, of Dictionary, or of the tables that a Merge
	// reads; the table's own when empty.
	Database    string `json:"database,omitempty" yaml:"database,omitempty"`
	ShardingKey string `json:"sharding_key,omitempty" yaml:"sharding_key,omitempty"` // an expression; inserts need one
	Policy      string `json:"policy,omitempty" yaml:"policy,omitempty"`             // storage policy of queued inserts; needs ShardingKey

	// A Merge reads the tables with these names. DatabaseRegexp stands instead of Database.
	TableRegexp    string `json:"table_regexp,omitempty" yaml:"table_regexp,omitempty"`
	DatabaseRegexp string `json:"database_regexp,omitempty" yaml:"database_regexp,omitempty"`

	// Dictionary that a table of the Dictionary engine reads.
	Dictionary string `json:"dictionary,omitempty" yaml:"dictionary,omitempty"`

	// Path of a KeeperMap under the server's keeper_map_path_prefix. Tables of
	// one path share their rows, on whichever node they are.
	Path      string `json:"path,omitempty" yaml:"path,omitempty"`
	KeysLimit int    `json:"keys_limit,omitempty" yaml:"keys_limit,omitempty"` // rows at most; no limit when 0

	// What stands outside: URL and S3, and the named collection that URL, S3 and
	// Kafka may take their arguments from. What is stated beside one wins over it.
	URL         string       `json:"url,omitempty" yaml:"url,omitempty"`
	Format      string       `json:"format,omitempty" yaml:"format,omitempty"`           // "Parquet"
	Compression string       `json:"compression,omitempty" yaml:"compression,omitempty"` // "gzip"; by the name's ending when empty
	Collection  string       `json:"collection,omitempty" yaml:"collection,omitempty"`
	Filename    string       `json:"filename,omitempty" yaml:"filename,omitempty"` // behind the collection's url
	Credentials *Credentials `json:"credentials,omitempty" yaml:"credentials,omitempty"`

	// Text is all of a Raw engine: "S3Queue(…) SETTINGS …". It is never replicated for you.
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

// Credentials are what S3 asks for. Secrets are references, never themselves.
// Without any the server's own environment decides; NoSign asks for nothing.
type Credentials struct {
	AccessKeyID     string `json:"access_key_id,omitempty" yaml:"access_key_id,omitempty"`
	SecretAccessKey string `json:"secret_access_key,omitempty" yaml:"secret_access_key,omitempty"` // "{secret:NAME}"
	SessionToken    string `json:"session_token,omitempty" yaml:"session_token,omitempty"`         // "{secret:NAME}"
	NoSign          bool   `json:"no_sign,omitempty" yaml:"no_sign,omitempty"`
}

// mergeTree says that the engine is of the MergeTree family: it has clauses
// and a Replicated form.
func (e Engine) mergeTree() bool {
	switch e.Kind {
	case MergeTree, ReplacingMergeTree, SummingMergeTree, AggregatingMergeTree, CollapsingMergeTree, VersionedCollapsingMergeTree:
		return true
	}
	return false
}

// storesData says that dropping a table of this engine loses rows.
func (e Engine) storesData() bool {
	switch e.Kind {
	case DistributedEngine, MergeEngine, DictionaryEngine, Kafka, URL, S3, Null:
		return false
	}
	return true
}
