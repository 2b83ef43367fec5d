package conformance

import "github.com/skein-migrate/skein/ops"

// engineScenarios make a table of every engine.
func engineScenarios() []scenario { return append(treeScenarios(), otherEngineScenarios()...) }

// made makes a table e like t with an engine, and a few columns more.
func made(engine ops.Engine, more ...ops.Column) ops.CreateTable {
	return ops.CreateTable{Table: local("e"), Columns: append(columns(), more...), Engine: engine}
}

func treeScenarios() []scenario {
	sign8 := func(name string) ops.Column { return ops.Column{Name: name, Type: "Int8"} }
	const two = "INSERT INTO {db}.e VALUES (1, '2026-01-05', 10, 'old', 1), (1, '2026-01-06', 7, 'new', -1)"
	full := made(ops.Engine{
		Kind: ops.MergeTree, PartitionBy: "toYYYYMM(d)", PrimaryKey: "(id, intHash32(v))", OrderBy: "(id, intHash32(v), d)", SampleBy: "intHash32(v)",
		TTL: "d + INTERVAL 90 YEAR", Settings: []ops.Setting{{Name: "index_granularity", Value: "1024"}},
	})
	old := full
	old.Engine.TTL = ""
	replacing := made(ops.Engine{Kind: ops.ReplacingMergeTree, Version: "version", OrderBy: "id"}, ops.Column{Name: "version", Type: "UInt8"})
	deleting := made(ops.Engine{Kind: ops.ReplacingMergeTree, Version: "v", IsDeleted: "gone", OrderBy: "id"}, ops.Column{Name: "gone", Type: "UInt8"})
	summing := made(ops.Engine{Kind: ops.SummingMergeTree, Columns: []string{"v", "sign"}, OrderBy: "id"}, sign8("sign"))
	collapsing := made(ops.Engine{Kind: ops.CollapsingMergeTree, Sign: "sign", OrderBy: "id"}, sign8("sign"))
	versioned := made(ops.Engine{Kind: ops.VersionedCollapsingMergeTree, Sign: "sign", Version: "a version", OrderBy: "(id, d)"}, sign8("sign"), ops.Column{Name: "a version", Type: "UInt8"})
	aggregating := made(ops.Engine{Kind: ops.AggregatingMergeTree, OrderBy: "(id, d, v, s)"}, ops.Column{Name: "u", Type: "AggregateFunction(uniq, UInt32)"})
	unsharded := made(ops.Engine{Kind: ops.MergeTree, OrderBy: "tuple()", Unsharded: true, PathSuffix: "_2"})
	alone := made(ops.Engine{Kind: ops.MergeTree, OrderBy: "id", LocalOnly: true})
	maybe := made(tree())
	maybe.IfNotExists = true
	summed := "INSERT INTO {db}.e VALUES (1, '2026-01-05', 10, 'x', 1), (1, '2026-01-06', 7, 'y', 1)"
	return []scenario{
		{name: "MergeTree with all clauses", op: full},
		{name: "MergeTree with all clauses of 18.16", op: old, clusterOnly: true},
		{name: "MergeTree, IF NOT EXISTS", op: maybe},
		{
			name: "MergeTree, unsharded, with a path suffix", op: unsharded,
			then: []string{"INSERT INTO {db}.e SELECT id, d, v, s FROM {db}.t WHERE id = 1"}, effect: "SELECT count() > 0 FROM {db}.e", want: "1",
		},
		{name: "MergeTree, LocalOnly", op: alone},
		{
			name: "ReplacingMergeTree", op: replacing, effect: "SELECT s FROM {db}.e FINAL", want: "old",
			then: []string{"INSERT INTO {db}.e VALUES (1, '2026-01-05', 1, 'old', 9), (1, '2026-01-06', 2, 'new', 1)"},
		},
		{
			name: "ReplacingMergeTree with is_deleted", op: deleting, effect: "SELECT count() FROM {db}.e FINAL", want: "0",
			then: []string{"INSERT INTO {db}.e VALUES (1, '2026-01-05', 1, 'old', 0), (1, '2026-01-06', 2, 'new', 1)"},
		},
		{name: "SummingMergeTree", op: made(ops.Engine{Kind: ops.SummingMergeTree, OrderBy: "id"})},
		{name: "SummingMergeTree of columns", op: summing, then: []string{summed}, effect: "SELECT v, sign FROM {db}.e FINAL", want: "17|2"},
		{
			name: "AggregatingMergeTree", op: aggregating, effect: "SELECT uniqMerge(u) FROM {db}.e", want: "2",
			then: []string{"INSERT INTO {db}.e SELECT id, d, v, s, uniqState(v) FROM {db}.t WHERE id < 3 GROUP BY id, d, v, s"},
		},
		{name: "CollapsingMergeTree", op: collapsing, then: []string{two}, effect: "SELECT count() FROM {db}.e FINAL", want: "0"},
		{name: "VersionedCollapsingMergeTree", op: versioned},
	}
}

func otherEngineScenarios() []scenario {
	distributed := ops.CreateTable{Table: dist("e"), Columns: columns(), Engine: ops.Engine{Kind: ops.DistributedEngine, LocalTable: "n"}}
	sharded, settled, policed := distributed, distributed, distributed
	sharded.Engine.ShardingKey = "cityHash64(id, s)"
	settled.Engine.Settings = []ops.Setting{{Name: "fsync_after_insert", Value: "1"}}
	policed.Engine.ShardingKey, policed.Engine.Policy = "rand()", "default"
	sharded.IfNotExists = true
	likeN := local("n")
	merged := made(ops.Engine{Kind: ops.MergeEngine, TableRegexp: "^[nt]$"})
	everywhere := made(ops.Engine{Kind: ops.MergeEngine, DatabaseRegexp: `^c\d+$`, TableRegexp: "^n$"})
	named := made(ops.Engine{Kind: ops.MergeEngine, Database: "system", TableRegexp: "^one$"})
	named.Columns = []ops.Column{{Name: "dummy", Type: "UInt8"}}
	lookup := ops.CreateTable{
		Table: local("e"), Columns: []ops.Column{{Name: "id", Type: "UInt64"}, {Name: "s", Type: "String"}},
		Engine: ops.Engine{Kind: ops.DictionaryEngine, Dictionary: "by_id"},
	}
	keeper := made(ops.Engine{Kind: ops.KeeperMap, Path: "/conformance", PrimaryKey: "id"})
	limited := keeper
	limited.Engine.KeysLimit = 5
	kept := []ops.Setting{{Name: "min_rows_to_keep", Value: "10"}, {Name: "max_rows_to_keep", Value: "100"}}
	const rows = "INSERT INTO {db}.e SELECT id, d, v, s FROM {db}.n"
	return append([]scenario{
		{name: "Distributed", op: distributed, effect: "SELECT count() FROM {db}.e", want: "6"},
		{
			name: "Distributed with a sharding key, IF NOT EXISTS", op: sharded, clusterOnly: true,
			then: []string{"INSERT INTO {db}.e VALUES (9, '2026-01-01', 9, 'x')"}, effect: "SELECT count() >= 7 FROM {db}.e", want: "1",
		},
		{name: "Distributed with settings", op: settled},
		{name: "Distributed with a policy", op: policed},
		{name: "Distributed like its local table", op: ops.CreateTable{Table: dist("e"), As: &likeN, Engine: distributed.Engine}},
		{name: "Merge", op: merged, effect: "SELECT count() FROM {db}.e", want: "6"},
		{name: "Merge of databases", op: everywhere, modernOnly: true},
		{name: "Merge of another database", op: named, effect: "SELECT count() FROM {db}.e", want: "1"},
		{name: "Null", op: made(ops.Engine{Kind: ops.Null}), then: []string{rows}, effect: "SELECT count() FROM {db}.e", want: "0"},
		{name: "Memory", op: made(ops.Engine{Kind: ops.Memory})},
		{name: "Memory with settings", op: made(ops.Engine{Kind: ops.Memory, Settings: kept}), modernOnly: true},
		{
			name: "Dictionary", op: lookup, given: []ops.Operation{byID()},
			effect: "SELECT s FROM {db}.e WHERE id = 2", want: "b",
		},
		{name: "KeeperMap", op: keeper, then: []string{rows}, effect: "SELECT count() FROM {db}.e", want: "3"},
		{name: "KeeperMap with a limit", op: limited},
	}, outsideScenarios()...)
}

// outsideScenarios read from elsewhere. Nothing is there: CREATE makes no connection.
func outsideScenarios() []scenario {
	kafka := []ops.Setting{
		{Name: "kafka_broker_list", Value: "127.0.0.1:1"},
		{Name: "kafka_topic_list", Value: "a, b"},
		{Name: "kafka_group_name", Value: "it's"},
		{Name: "kafka_format", Value: "JSONEachRow"},
	}
	secret := ops.Setting{Name: "kafka_sasl_password", Value: "{secret:WORD}"}
	collection := ops.CreateNamedCollection{Place: atLocal(), Name: "conformance kafka", Pairs: []ops.CollectionPair{
		{Key: "kafka_broker_list", Value: "127.0.0.1:1"},
		{Key: "kafka_topic_list", Value: "a"},
		{Key: "kafka_group_name", Value: "g"},
		{Key: "kafka_format", Value: "CSV"},
	}}
	bucket := ops.CreateNamedCollection{Place: atLocal(), Name: "conformance bucket", Pairs: []ops.CollectionPair{
		{Key: "url", Value: "http://127.0.0.1:1/bucket/"}, {Key: "access_key_id", Value: "AKIA"}, {Key: "secret_access_key", Value: "{secret:WORD}"},
	}}
	site := ops.CreateNamedCollection{Place: atLocal(), Name: "conformance site", Pairs: []ops.CollectionPair{{Key: "url", Value: "http://127.0.0.1:1/it's"}}}
	s3 := ops.Engine{Kind: ops.S3, URL: "http://127.0.0.1:1/bucket/{_partition_id}.csv", Format: "CSV", PartitionBy: "d"}
	signed, unsigned := s3, s3
	signed.Credentials = &ops.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "{secret:WORD}", SessionToken: "{secret:WORD}"}
	unsigned.Credentials = &ops.Credentials{NoSign: true}
	url := ops.Engine{Kind: ops.URL, URL: "http://127.0.0.1:1/it's.csv?a=b", Format: "CSV"}
	zipped := url
	zipped.Compression = "gzip"
	return []scenario{
		{name: "Kafka", op: made(ops.Engine{Kind: ops.Kafka, Settings: kafka})},
		{name: "Kafka with a secret", op: made(ops.Engine{Kind: ops.Kafka, Settings: append(kafka, secret)}), modernOnly: true},
		{
			name: "Kafka of a named collection", given: []ops.Operation{collection},
			op: made(ops.Engine{Kind: ops.Kafka, Collection: collection.Name, Settings: []ops.Setting{{Name: "kafka_num_consumers", Value: "1"}}}),
		},
		{name: "URL", op: made(url)},
		{name: "URL, compressed", op: made(zipped), modernOnly: true},
		{
			name: "URL of a named collection", given: []ops.Operation{site},
			op: made(ops.Engine{Kind: ops.URL, Collection: site.Name, Format: "CSV", Compression: "gzip"}),
		},
		{name: "S3 with secrets", op: made(signed)},
		{name: "S3 unsigned", op: made(unsigned)},
		{
			name: "S3 of a named collection", given: []ops.Operation{bucket},
			op: made(ops.Engine{
				Kind: ops.S3, Collection: bucket.Name, Filename: "x.csv", Format: "CSV",
				Settings: []ops.Setting{{Name: "s3_truncate_on_insert", Value: "1"}},
			}),
		},
		{name: "Raw", op: made(ops.Engine{Kind: ops.Raw, Text: " Join(ANY, LEFT, id)"})},
		{name: "Raw with clauses", op: made(ops.Engine{Kind: ops.Raw, Text: "MergeTree", OrderBy: "id", Settings: []ops.Setting{{Name: "index_granularity", Value: "512"}}})},
	}
}
