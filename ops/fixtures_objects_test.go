package ops_test

import "github.com/skein-migrate/skein/ops"

// viewOperations are views, dictionaries, what is in no table, and the engines
// that stand outside of the MergeTree family.
func viewOperations() map[string]ops.Operation {
	all := map[string]ops.Operation{}
	for _, some := range []map[string]ops.Operation{views(), dictionaries(), objects(), engines()} {
		for name, op := range some {
			all[name] = op
		}
	}
	return all
}

func plainView() ops.CreateView {
	return ops.CreateView{
		Table: local("events_today"), Query: "SELECT id FROM {db}.events_local WHERE day = today()",
		Reads: []ops.Table{{Name: "events_local"}},
	}
}

func refreshableView() ops.CreateMaterializedView {
	return ops.CreateMaterializedView{
		Table: local("events_daily"), To: local("events_days"),
		Refresh: &ops.Refresh{
			Every: "1 DAY", Offset: "2 HOUR", Randomize: "10 MINUTE",
			DependsOn: []ops.Table{{Name: "events_hourly_mv"}, {Database: "d", Name: "other mv"}},
			Settings:  []ops.Setting{{Name: "refresh_retries", Value: "3"}}, Append: true,
		},
		Columns:  []ops.Column{{Name: "id", Type: "UInt64"}},
		Query:    "SELECT id FROM {db}.events_local",
		Reads:    []ops.Table{{Name: "events_local"}},
		Security: &ops.ViewSecurity{Kind: ops.SecurityDefiner, Definer: "events writer"},
	}
}

func views() map[string]ops.Operation {
	plain, refreshable := plainView(), refreshableView()
	typed := plain
	typed.Columns = []ops.Column{{Name: "id", Type: "UInt64", Comment: "the key"}}
	typed.Security, typed.IfNotExists = &ops.ViewSecurity{Kind: ops.SecurityInvoker}, true
	replacing := plain
	replacing.Query, replacing.OrReplace, replacing.Was = "SELECT id, day FROM {db}.events_local", true, &plain
	unknown := replacing
	unknown.Was = nil
	after := refreshable
	after.Refresh, after.Columns = &ops.Refresh{After: "30 MINUTE"}, nil
	after.Security = &ops.ViewSecurity{Kind: ops.SecurityNone}
	modified := ops.ModifyQuery{
		Table: local("events_mv"), Query: "SELECT id, uniq(day) AS n FROM {db}.events_local GROUP BY id",
		Reads: []ops.Table{{Name: "events_local"}},
	}
	back := modified
	back.Was, back.WasReads = "SELECT 1 AS id, 1 AS n FROM {db}.source", []ops.Table{{Name: "source"}}
	sameReads := back
	sameReads.WasReads = nil
	return map[string]ops.Operation{
		"create_view":                   plain,
		"create_view_typed":             typed,
		"create_view_distributed":       ops.CreateView{Table: dist("v"), Query: "SELECT 1"},
		"create_view_replacing":         replacing,
		"create_view_replacing_unknown": unknown,
		"create_refreshable_view":       refreshable,
		"create_refreshable_view_after": after,
		"modify_query":                  modified,
		"modify_query_was":              back,
		"modify_query_was_same_reads":   sameReads,
		"drop_view":                     ops.DropView{Table: plain.Table},
		"drop_view_was":                 ops.DropView{Table: plain.Table, IfExists: true, Was: &typed},
		"drop_view_was_materialized":    ops.DropView{Table: refreshable.Table, WasMaterialized: &refreshable},
	}
}

func countries() ops.CreateDictionary {
	return ops.CreateDictionary{
		Table: local("countries"),
		Columns: []ops.Attribute{
			{Name: "id", Type: "UInt64"},
			{Name: "name", Type: "String", Default: "'none'", Injective: true},
			{Name: "parent", Type: "UInt64", Default: "0", Hierarchical: true},
			{Name: "upper name", Type: "String", Expression: "upper(name)"},
		},
		PrimaryKey: []string{"id"},
		Source: ops.DictionarySource{Kind: ops.SourceClickHouse, Arguments: []ops.Argument{
			{Name: "QUERY", Value: "SELECT * FROM {db}.countries_local WHERE name != 'x'"},
			{Name: "PORT", Value: "9000"},
			{Name: "USER", Value: "reader"},
			{Name: "PASSWORD", Value: "{secret:READER}"},
		}},
		Reads:    []ops.Table{{Name: "countries_local"}},
		Layout:   ops.Layout{Kind: "HASHED", Parameters: []ops.Argument{{Name: "SHARDS", Value: "2"}}},
		Lifetime: &ops.Lifetime{Min: 300, Max: 600},
	}
}

func dictionaries() map[string]ops.Operation {
	plain := countries()
	granted := plain
	granted.GrantTo, granted.Comment, granted.IfNotExists = []string{"reader", "app's role"}, "it's", true
	granted.Settings = []ops.Setting{{Name: "format_csv_delimiter", Value: ";"}, {Name: "max_threads", Value: "2"}}
	ranged := ops.CreateDictionary{
		Table: dist("rates"),
		Columns: []ops.Attribute{
			{Name: "id", Type: "UInt64"}, {Name: "from", Type: "Date"}, {Name: "to", Type: "Date"}, {Name: "rate", Type: "Float64"},
		},
		PrimaryKey: []string{"id"}, Range: &ops.DictionaryRange{Min: "from", Max: "to"},
		Source: ops.DictionarySource{Kind: ops.SourceHTTP, Arguments: []ops.Argument{
			{Name: "URL", Value: "http://rates/x.tsv"},
			{Name: "FORMAT", Value: "TSV"},
			{Name: "CREDENTIALS", Arguments: []ops.Argument{{Name: "USER", Value: "u"}, {Name: "PASSWORD", Value: "{secret:RATES}"}}},
		}},
		Layout:   ops.Layout{Kind: "RANGE_HASHED", Parameters: []ops.Argument{{Name: "RANGE_LOOKUP_STRATEGY", Value: "max"}}},
		Lifetime: &ops.Lifetime{},
	}
	direct := plain
	direct.Columns, direct.PrimaryKey = plain.Columns[:2], []string{"id", "name"}
	direct.Source, direct.Reads = ops.DictionarySource{Raw: "CLICKHOUSE(TABLE 'countries_local' PORT tcpPort() PASSWORD '{secret:X}')"}, nil
	direct.Layout, direct.Lifetime = ops.Layout{Kind: "COMPLEX_KEY_DIRECT"}, nil
	null := plain
	null.Source, null.Reads = ops.DictionarySource{Kind: ops.SourceNull}, nil
	return map[string]ops.Operation{
		"create_dictionary":             plain,
		"create_dictionary_granted":     granted,
		"create_dictionary_ranged":      ranged,
		"create_dictionary_direct":      direct,
		"replace_dictionary":            ops.ReplaceDictionary{Dictionary: null, Was: &plain},
		"replace_dictionary_unknown":    ops.ReplaceDictionary{Dictionary: null},
		"drop_dictionary":               ops.DropDictionary{Table: plain.Table},
		"drop_dictionary_was":           ops.DropDictionary{Table: plain.Table, Was: &plain},
		"drop_dictionary_was_granted":   ops.DropDictionary{Table: plain.Table, IfExists: true, Was: &granted},
		"reload_dictionary":             ops.ReloadDictionary{Table: plain.Table},
		"reload_dictionary_distributed": ops.ReloadDictionary{Table: ranged.Table},
	}
}

func objects() map[string]ops.Operation {
	database := ops.CreateDatabase{Place: atLocal(), Name: "my archive", Engine: "Atomic", Comment: "it's", IfNotExists: true}
	function := ops.CreateFunction{Place: atLocal(), Name: "linear", Args: []string{"x", "a slope"}, Body: "x * `a slope`"}
	marked := ops.CreateFunction{Place: atLocal(), Name: "{db}", Args: []string{"{db}"}, Body: "dictGet('d', 'a', {db})"}
	replacing := ops.CreateFunction{Place: atLocal(), Name: "linear", Definition: "x -> x + 1", OrReplace: true, Was: &function}
	unknown := replacing
	unknown.Was = nil
	collection := ops.CreateNamedCollection{Place: atLocal(), Name: "backups", Pairs: []ops.CollectionPair{
		{Key: "url", Value: "https://bucket/it's", Override: ops.NotOverridable},
		{Key: "access_key_id", Value: "AKIA", Override: ops.Overridable},
		{Key: "secret_access_key", Value: "{secret:S3_KEY}"},
	}}
	return map[string]ops.Operation{
		"create_database":           database,
		"create_database_plain":     ops.CreateDatabase{Place: ops.Place{StorageSet: "events", Target: ops.Distributed}, Name: "d"},
		"drop_database":             ops.DropDatabase{Place: atLocal(), Name: "my archive"},
		"drop_database_was":         ops.DropDatabase{Place: atLocal(), Name: "my archive", IfExists: true, Was: &database},
		"create_function":           function,
		"create_function_marked":    marked,
		"create_function_replacing": replacing,
		"create_function_unknown":   unknown,
		"drop_function":             ops.DropFunction{Place: atLocal(), Name: "linear", IfExists: true},
		"drop_function_was":         ops.DropFunction{Place: atLocal(), Name: "linear", Was: &function},
		"create_named_collection":   collection,
		"drop_named_collection":     ops.DropNamedCollection{Place: atLocal(), Name: "backups", IfExists: true},
		"drop_named_collection_was": ops.DropNamedCollection{Place: atLocal(), Name: "backups", Was: &collection},
	}
}

func engines() map[string]ops.Operation {
	distributed := create(ops.Engine{
		Kind: ops.DistributedEngine, LocalTable: "events_local", ShardingKey: "rand()", Policy: "fast",
		Settings: []ops.Setting{{Name: "fsync_after_insert", Value: "1"}},
	})
	distributed.Table = dist("events_dist")
	kafka := []ops.Setting{
		{Name: "kafka_broker_list", Value: "kafka:9092"},
		{Name: "kafka_topic_list", Value: "events"},
		{Name: "kafka_group_name", Value: "g"},
		{Name: "kafka_format", Value: "JSONEachRow"},
		{Name: "kafka_num_consumers", Value: "2"},
		{Name: "kafka_sasl_password", Value: "{secret:KAFKA}"},
	}
	url := ops.Engine{Kind: ops.URL, URL: "https://example.com/x.csv", Format: "CSV", Compression: "gzip"}
	s3 := ops.Engine{Kind: ops.S3, URL: "https://bucket.s3.amazonaws.com/{_partition_id}.csv", Format: "CSV", PartitionBy: "day"}
	signed, unsigned := s3, s3
	signed.Credentials = &ops.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "{secret:S3}", SessionToken: "{secret:TOKEN}"}
	unsigned.Credentials = &ops.Credentials{NoSign: true}
	return map[string]ops.Operation{
		"engine_distributed":      distributed,
		"engine_merge":            create(ops.Engine{Kind: ops.MergeEngine, TableRegexp: `^events_\d+$`}),
		"engine_merge_databases":  create(ops.Engine{Kind: ops.MergeEngine, TableRegexp: "^events", DatabaseRegexp: "^archive"}),
		"engine_merge_database":   create(ops.Engine{Kind: ops.MergeEngine, TableRegexp: "^events", Database: "archive"}),
		"engine_dictionary":       create(ops.Engine{Kind: ops.DictionaryEngine, Dictionary: "countries"}),
		"engine_keeper_map":       create(ops.Engine{Kind: ops.KeeperMap, Path: "/events/offsets", KeysLimit: 1000, PrimaryKey: "id"}),
		"engine_kafka":            create(ops.Engine{Kind: ops.Kafka, Settings: kafka}),
		"engine_kafka_collection": create(ops.Engine{Kind: ops.Kafka, Collection: "my kafka", Settings: kafka[1:4]}),
		"engine_url":              create(url),
		"engine_s3":               create(signed),
		"engine_s3_unsigned":      create(unsigned),
		"engine_s3_collection": create(ops.Engine{
			Kind: ops.S3, Collection: "backups", Filename: "x.csv", Format: "CSV",
			Settings: []ops.Setting{{Name: "s3_truncate_on_insert", Value: "1"}},
		}),
	}
}
