package conformance

import "github.com/skein-migrate/skein/ops"

// byID is a dictionary of t.
func byID() ops.CreateDictionary {
	return ops.CreateDictionary{
		Table: local("by_id"),
		Columns: []ops.Attribute{
			{Name: "id", Type: "UInt64"},
			{Name: "s", Type: "String", Default: "'none'", Injective: true},
			{Name: "v", Type: "UInt64", Default: "0", Hierarchical: true},
			{Name: "twice", Type: "UInt64", Expression: "v * 2"},
		},
		PrimaryKey: []string{"id"},
		Source:     ops.DictionarySource{Kind: ops.SourceClickHouse, Arguments: []ops.Argument{{Name: "TABLE", Value: "t"}}},
		Reads:      readsT(), Layout: ops.Layout{Kind: "HASHED", Parameters: []ops.Argument{{Name: "SHARDS", Value: "2"}}},
		Lifetime: &ops.Lifetime{Min: 300, Max: 600},
	}
}

func dictionaryScenarios() []scenario {
	plain := byID()
	asked := "SELECT dictGet('{name}.by_id', 's', toUInt64(3)), dictGet('{name}.by_id', 's', toUInt64(9))"
	queried := plain
	queried.Source.Arguments = []ops.Argument{{Name: "QUERY", Value: "SELECT id, s, v, v*2 AS twice FROM {db}.n WHERE s != 'it''s'"}, {Name: "DB", Value: "{db}"}}
	queried.Reads, queried.IfNotExists, queried.Comment = []ops.Table{{Name: "n"}}, true, "it's ours"
	queried.Settings = []ops.Setting{{Name: "max_threads", Value: "1"}, {Name: "format_csv_delimiter", Value: ";"}}

	outside := plain
	outside.Reads, outside.Columns = nil, plain.Columns[:2]
	outside.Source = ops.DictionarySource{Kind: ops.SourceHTTP, Arguments: []ops.Argument{
		{Name: "URL", Value: "http://127.0.0.1:1/x.tsv"},
		{Name: "FORMAT", Value: "TSV"},
		{Name: "CREDENTIALS", Arguments: []ops.Argument{{Name: "USER", Value: "u"}, {Name: "PASSWORD", Value: "{secret:WORD}"}}},
		{Name: "HEADERS", Arguments: []ops.Argument{{Name: "HEADER", Arguments: []ops.Argument{
			{Name: "NAME", Value: "X-A"}, {Name: "VALUE", Value: "it's"},
		}}}},
	}}
	outside.Layout, outside.Lifetime = ops.Layout{Kind: "cache", Parameters: []ops.Argument{{Name: "SIZE_IN_CELLS", Value: "1000"}}}, &ops.Lifetime{Max: 10}
	mysql := outside
	mysql.Source = ops.DictionarySource{Kind: ops.SourceMySQL, Arguments: []ops.Argument{
		{Name: "HOST", Value: "127.0.0.1"},
		{Name: "PORT", Value: "1"},
		{Name: "USER", Value: "u"},
		{Name: "PASSWORD", Value: "{secret:WORD}"},
		{Name: "DB", Value: "d"},
		{Name: "TABLE", Value: "t"},
	}}
	ranged := ops.CreateDictionary{
		Table: local("by_id"),
		Columns: []ops.Attribute{
			{Name: "id", Type: "UInt64"}, {Name: "from day", Type: "Date"}, {Name: "to", Type: "Date"}, {Name: "rate", Type: "Float64"},
		},
		PrimaryKey: []string{"id"}, Range: &ops.DictionaryRange{Min: "from day", Max: "to"},
		Source:   ops.DictionarySource{Kind: ops.SourceNull},
		Layout:   ops.Layout{Kind: "RANGE_HASHED", Parameters: []ops.Argument{{Name: "RANGE_LOOKUP_STRATEGY", Value: "max"}}},
		Lifetime: &ops.Lifetime{},
	}
	direct := plain
	direct.PrimaryKey, direct.Columns = []string{"id", "s"}, []ops.Attribute{
		{Name: "id", Type: "UInt64"}, {Name: "s", Type: "String"}, {Name: "v", Type: "UInt32", Default: "7"},
	}
	direct.Layout, direct.Lifetime = ops.Layout{Kind: "COMPLEX_KEY_DIRECT"}, nil
	direct.Source = ops.DictionarySource{Raw: "clickhouse(query 'SELECT id, s, v FROM {db}.t')"}
	prefixes := plain
	prefixes.Columns = []ops.Attribute{{Name: "net", Type: "String"}, {Name: "asn", Type: "UInt32", Default: "0"}}
	prefixes.PrimaryKey, prefixes.Layout = []string{"net"}, ops.Layout{Kind: "IP_TRIE"}
	prefixes.Source, prefixes.Reads = ops.DictionarySource{Kind: ops.SourceNull}, nil

	other := plain
	other.Source, other.Reads, other.Lifetime = ops.DictionarySource{Kind: ops.SourceNull}, nil, &ops.Lifetime{Max: 5}
	dropped := []string{"DROP DICTIONARY {db}.by_id"}
	const made = "CREATE OR REPLACE DICTIONARY {db}.by_id (id UInt64, s String, v UInt64, twice UInt64) PRIMARY KEY id SOURCE(NULL()) LIFETIME(0) LAYOUT(FLAT())"
	given := []ops.Operation{plain}
	return []scenario{
		{op: plain, breaks: dropped, effect: asked, want: "c|none"},
		{name: "IF NOT EXISTS, with settings and a comment", op: queried, breaks: dropped, effect: asked, want: "c|none"},
		{name: "from HTTP with a secret", op: outside, breaks: dropped},
		{name: "from MySQL with a secret", op: mysql, breaks: dropped},
		{name: "RANGE_HASHED", op: ranged, breaks: dropped},
		{
			name: "DIRECT, with a key of two columns", op: direct, breaks: dropped,
			effect: "SELECT dictGet('{name}.by_id', 'v', (toUInt64(2), 'b'))", want: "20",
		},
		{name: "IP_TRIE", op: prefixes, breaks: dropped},
		{
			op: ops.ReplaceDictionary{Dictionary: other, Was: &plain}, given: given, breaks: []string{made},
			effect: asked, want: "none|none",
		},
		{name: "without Was", op: ops.ReplaceDictionary{Dictionary: other}, given: given, breaks: []string{made}},
		{name: "of none", op: ops.ReplaceDictionary{Dictionary: plain}, breaks: []string{made}, effect: asked, want: "c|none"},
		{op: ops.DropDictionary{Table: plain.Table, Was: &plain}, given: given, breaks: []string{made}},
		{name: "IF EXISTS", op: ops.DropDictionary{Table: plain.Table, IfExists: true}, given: given, breaks: []string{made}},
		{
			op: ops.ReloadDictionary{Table: plain.Table}, given: given,
			effect: "SELECT status, element_count FROM system.dictionaries WHERE database = '{name}'", want: "LOADED|3",
		},
	}
}
