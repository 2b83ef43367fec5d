package conformance

import (
	"reflect"
	"strings"

	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/ops"
)

// hostile are names and texts that a careless quoting would let out.
func hostile() []string {
	return []string{
		"a", "b", "select", "FROM", "a b", "it's", "``", "`", `"`, `\`, `a\`, `\'`, "two\nlines", "tab\tbed", "--", "/* x", "*/", "; DROP TABLE x",
		"имя", "日本", "\U0001F980", "{db}", "NULL", "1", "1a", "-1", "0.5", "a.b", "a.*", ")", "(", "', 1, '", "ON CLUSTER c", "%", "\x01", "é`'\"\\",
	}
}

// written are texts of ClickHouse's own by the field that takes them: Type.json,
// or json alone.
func written() map[string][]string {
	expressions := []string{"1", "a", "`it's` + 1", "lower(s)", "(a, b)", "if(a > 1 and b, 'x\\'y', NULL)", "x -> x + 1", "[1, 2][1]", "CAST(a, 'UInt8')", "toDate('2020-01-01') + INTERVAL 1 DAY", "a::String", "*"}
	scalars := expressions[:6]
	predicates := []string{"a = 1", "b IN (1, 2) AND `c d` != 'x'", "1", "s LIKE '%\\'%' OR NOT a"}
	queries := []string{"SELECT 1 AS `select`", "SELECT * FROM {db}.t WHERE a = 'it\\'s'", "WITH 1 AS x SELECT x, count() FROM {db}.`a b` GROUP BY x HAVING x > 0 ORDER BY x LIMIT 1", "SELECT a FROM {db}.x INNER JOIN {db}.y USING (a) UNION ALL SELECT 1"}
	orders := []string{"tuple()", "a", "(a, b)", "(a, cityHash64(`b c`))"}
	ttls := []string{"d + INTERVAL 1 DAY", "d + toIntervalMonth(2) DELETE WHERE a = 1, d + INTERVAL 2 YEAR TO DISK 'x'", "d + INTERVAL 1 YEAR RECOMPRESS CODEC(ZSTD(17))", "d + INTERVAL 1 MONTH GROUP BY a SET v = max(v)"}
	intervals := []string{"1 HOUR", "1 DAY 2 HOUR", "30 MINUTE"}
	types := []string{"UInt8", "LowCardinality(Nullable(String))", "Enum8('a' = 1, 'it\\'s' = 2)", "Array(Tuple(a UInt8, `b c` String))", "DateTime64(3, 'UTC')", "Nested(a UInt8)", "Decimal(10, 2)", "AggregateFunction(uniq, UInt64)", "Map(String, Array(UInt8))"}
	partitions := []string{"", "202601", "'2026-01-05'", "ID '202601'", "('x', '2026-01-05')", "tuple()"}
	secrets := []string{"{secret:KEY}", "", ""}
	return map[string][]string{
		"Column.type": types, "Attribute.type": types,
		"Column.expression": scalars, "Attribute.expression": scalars, "Assignment.expression": scalars, "Index.expression": {"a", "(a, `b c`)", "lower(s)", "a * 2"},
		"Constraint.expression": predicates, "where": predicates, "using": predicates,
		"Index.type": {"minmax", "set(100)", "bloom_filter(0.01)", "ngrambf_v1(3, 256, 2, 0)"},
		"codec":      {"", "ZSTD", "Delta, ZSTD(1)", "LZ4HC(9)"}, "Column.ttl": {"", "d + INTERVAL 1 DAY", "toDateTime(d) + toIntervalYear(1)"},
		"Projection.query": {"SELECT a, count() GROUP BY a", "SELECT * ORDER BY `b c`"}, "query": queries, "ModifyQuery.was": queries,
		"ttl": ttls, "ModifyTTL.was": ttls, "RemoveTTL.was": ttls, "order_by": orders, "ModifyOrderBy.was": orders, "sample_by": {"a", "cityHash64(a)"},
		"ModifySampleBy.was": {"b"}, "RemoveSampleBy.was": {"b"}, "partition": partitions, "deduplicate_by": {"", "a, b", "* EXCEPT (v)"},
		"Refresh.every": append(intervals, ""), "Refresh.after": append(intervals, "", ""), "Refresh.offset": {"", "1 MINUTE", "90 SECOND"}, "Refresh.randomize": append(intervals, ""),
		"CreateFunction.body": append(scalars, "", "", ""), "CreateFunction.definition": {"", "", "x -> x + 1", "(x, y) -> x * y", "() -> 1"}, "CreateDatabase.engine": {"", "Atomic", "Memory", "Replicated('/x', 's', 'r')"},
		"Attribute.default": {"0", "'none'", "''", "-1"}, "Argument.name": {"TABLE", "HOST", "port", "Db_1", "USER"}, "Layout.kind": {"HASHED", "FLAT", "COMPLEX_KEY_DIRECT", "CACHE", "RANGE_HASHED"},
		"DictionarySource.raw": {"", "CLICKHOUSE(TABLE 'x' PORT tcpPort())", "NULL()"}, "Setting.name": {"a", "max_threads", "storage_policy", "index_granularity"},
		"RunSQL.sql": {"OPTIMIZE TABLE {db}.t {on_cluster} FINAL", "SYSTEM RELOAD CONFIG", "ALTER TABLE {db}.`a b` {on_cluster} DELETE WHERE 1"}, "RunSQL.undo": nil,
		"RunBlock.sql":     {"ALTER TABLE {db}.t {on_cluster} UPDATE a = 1 WHERE 1", "CREATE TABLE {db}.t {on_cluster} (a UInt8) ENGINE = {replicated:MergeTree} ORDER BY a", "DROP TABLE {db}.t {on_cluster}"},
		"RunBlock.timeout": {"", "10m"},
		"version_at_least": {"20.1", "99"}, "method": {"sha256_password", "no_password", "plaintext_password", "sha256_hash", "ldap", "kerberos", "bcrypt_password", "ssl_certificate"},
		"Authentication.by": {"{secret:KEY}", "", "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"}, "Authentication.salt": {"", "s"},
		"Authentication.server": {"", "it's"}, "UserHost.value": {"", "10.0.0.0/8", "::1", "127.0.0.1"}, "valid_until": {"", "2027-01-01", "infinity"}, "SettingElement.name": {"max_threads", "readonly", "max_memory_usage"},
		"SettingElement.value": {"1", "it's", "", "0.5"}, "SettingElement.min": {"", "1"}, "SettingElement.max": {"", "8"},
		"Grant.privileges": {"SELECT", "INSERT", "ALTER UPDATE"}, "Revoke.privileges": {"SELECT", "ALTER ADD COLUMN"},
		"Quota.keyed_by": {"user_name", "ip_address", "client_key"}, "QuotaLimit.interval": intervals[:1], "MovePartition.partition": partitions[1:],
		"secret_access_key": secrets[:1], "session_token": secrets, "Engine.sharding_key": {"rand()", "cityHash64(a, `b c`)"}, "path_suffix": {"", "_2"},
	}
}

// words are the values of types that are texts with a few meanings.
func words() map[reflect.Type][]string {
	return map[reflect.Type][]string{
		reflect.TypeFor[ops.DefaultKind]():  {"", "", "DEFAULT", "MATERIALIZED", "ALIAS", "EPHEMERAL"},
		reflect.TypeFor[ops.Property]():     {"DEFAULT", "MATERIALIZED", "ALIAS", "COMMENT", "CODEC", "TTL"},
		reflect.TypeFor[ops.Override]():     {"", "OVERRIDABLE", "NOT OVERRIDABLE"},
		reflect.TypeFor[ops.SecurityKind](): {"DEFINER", "INVOKER", "NONE"},
		reflect.TypeFor[ops.RunScope]():     {"every_node", "one_node", "one_per_replica_set"},
		reflect.TypeFor[ops.Feature]():      {"", string(ops.FeatureIndexes)},
		reflect.TypeFor[ops.SourceKind]():   {"CLICKHOUSE", "HTTP", "NULL", "MySQL"},
		reflect.TypeFor[ops.HostKind]():     {"IP", "NAME", "REGEXP", "LIKE", "LOCAL", "ANY", "NONE"},
		reflect.TypeFor[ops.Writability]():  {"", "WRITABLE", "CONST", "CHANGEABLE_IN_READONLY"},
	}
}

// filler fills operations with values by what their fields are.
type filler struct {
	t     *rapid.T
	texts map[string][]string
	words map[reflect.Type][]string
}

func newFiller(t *rapid.T) filler { return filler{t, written(), words()} }

// fill draws a value. in is the type that the field is of, name its json name.
func (f filler) fill(v reflect.Value, in, name string) {
	switch filled := v.Addr().Interface().(type) {
	case *ops.Place:
		*filled = f.place()
		return
	case *ops.Table:
		*filled = ops.Table{Place: f.place(), Name: f.pick("table", hostile())}
		if f.some() {
			filled.Database = f.pick("database", hostile())
		}
		return
	case *ops.Setting:
		if in == "QuotaLimit" {
			*filled = ops.Setting{Name: f.pick("resource", []string{"queries", "errors", "result_rows"}), Value: f.pick("limit", []string{"1", "0.5"})}
			return
		}
	case *ops.Engine:
		*filled = f.engine()
		return
	case *ops.Operations:
		for range rapid.IntRange(0, 2).Draw(f.t, "branch") {
			if op := f.operation(f.pick("branch's", []string{"AddColumn", "DropTable", "CreateFunction", "RunSQL"})); op != nil {
				*filled = append(*filled, op)
			}
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			json, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if json != "-" {
				f.fill(v.Field(i), v.Type().Name(), json)
			}
		}
		f.fillWas(v)
		if dictionary, ok := v.Addr().Interface().(*ops.CreateDictionary); ok {
			f.agree(dictionary)
		}
	case reflect.Pointer:
		if f.some() && !strings.HasPrefix(name, "was") {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem(), in, name)
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 2).Draw(f.t, "length")
		if name == "keyed_by" {
			n = min(n, 1) // few keys go together, and Check leaves that to the server
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			f.fill(v.Index(i), in, name)
		}
	case reflect.Bool:
		v.SetBool(f.some())
	case reflect.Int:
		v.SetInt(int64(rapid.IntRange(0, 9).Draw(f.t, "number")))
	case reflect.String:
		v.SetString(f.text(v.Type(), in, name))
	}
}

// fillWas says what something was, where an operation says what it becomes: the
// same thing by name, else different.
func (f filler) fillWas(v reflect.Value) {
	was := v.FieldByName("Was")
	if !was.IsValid() || was.Kind() != reflect.Pointer || was.Type().Elem().Kind() != reflect.Struct || !f.some() {
		return
	}
	for i := range v.NumField() {
		becomes := v.Field(i)
		if becomes.Type() != was.Type().Elem() {
			continue
		}
		was.Set(reflect.New(becomes.Type()))
		f.fill(was.Elem(), becomes.Type().Name(), "was")
		for _, name := range []string{"Name", "Table", "Database"} {
			if same := becomes.FieldByName(name); same.IsValid() {
				was.Elem().FieldByName(name).Set(same)
			}
		}
	}
}

// agree makes the parts of a dictionary fit each other.
func (f filler) agree(d *ops.CreateDictionary) {
	if len(d.Columns) == 0 {
		return
	}
	name := d.Columns[0].Name
	d.PrimaryKey, d.Range, d.Lifetime = []string{name}, nil, &ops.Lifetime{Max: 5}
	switch d.Layout.Kind {
	case "RANGE_HASHED":
		d.Range = &ops.DictionaryRange{Min: name, Max: name}
	case "COMPLEX_KEY_DIRECT":
		d.Lifetime = nil
	}
	if d.Source.Raw != "" && f.some() {
		d.Source = ops.DictionarySource{Raw: d.Source.Raw}
	} else {
		d.Source.Raw = ""
	}
}

// text draws a text: one of the field's own, a word, or a hostile one. Most that
// may be left out are.
func (f filler) text(typ reflect.Type, in, name string) string {
	if words, known := f.words[typ]; known {
		return f.pick("word", words)
	}
	own, known := f.texts[in+"."+name]
	if !known {
		own, known = f.texts[name]
	}
	switch {
	case known && strings.HasPrefix(name, "was") && !f.some(), !known && rapid.IntRange(0, 4).Draw(f.t, "left out") > 3:
		return ""
	case known && len(own) == 0:
		return ""
	case known:
		return f.pick("text", own)
	}
	return f.pick("name", hostile())
}

func (f filler) pick(what string, from []string) string { return pick(f.t, what, from) }

func (f filler) some() bool { return sometimes(f.t, "some") }

func (f filler) place() ops.Place {
	if rapid.IntRange(0, 9).Draw(f.t, "target") == 9 {
		return dist("").Place
	}
	return local("").Place
}

// engine draws one of each kind, with arguments that it takes.
func (f filler) engine() ops.Engine {
	texts := hostile()
	e := pick(f.t, "engine", []ops.Engine{
		{},
		{Kind: ops.MergeTree},
		{Kind: ops.ReplacingMergeTree},
		{Kind: ops.SummingMergeTree},
		{Kind: ops.AggregatingMergeTree},
		{Kind: ops.DistributedEngine, LocalTable: f.pick("local", texts), ShardingKey: "rand()", Policy: f.pick("policy", texts)},
		{Kind: ops.MergeEngine, TableRegexp: f.pick("regexp", texts)},
		{Kind: ops.MergeEngine, TableRegexp: "^x", DatabaseRegexp: f.pick("regexp", texts)},
		{Kind: ops.DictionaryEngine, Dictionary: f.pick("dictionary", texts)},
		{Kind: ops.KeeperMap, Path: "/" + f.pick("path", texts), PrimaryKey: "a", KeysLimit: 3},
		{Kind: ops.Kafka, Collection: f.pick("collection", texts)},
		{Kind: ops.URL, URL: f.pick("URL", texts), Format: f.pick("format", texts)},
		{Kind: ops.S3, Collection: f.pick("collection", texts), Filename: f.pick("file", texts)},
		{Kind: ops.S3, URL: f.pick("URL", texts), Format: "CSV", Credentials: &ops.Credentials{AccessKeyID: f.pick("key", texts), SecretAccessKey: "{secret:K}"}},
		{Kind: ops.Memory},
		{Kind: ops.Null},
		{Kind: ops.Raw, Text: "TinyLog"},
	})
	if strings.HasSuffix(string(e.Kind), "MergeTree") {
		e.OrderBy, e.PartitionBy = f.pick("order", f.texts["order_by"]), f.pick("partition by", []string{"", "toYYYYMM(d)", "(a, `b c`)"})
		e.TTL, e.Unsharded = f.pick("TTL", append(f.texts["ttl"], "")), f.some()
	}
	if e.Kind == ops.Kafka || e.Kind == ops.Memory || f.some() && strings.HasSuffix(string(e.Kind), "MergeTree") {
		e.Settings = []ops.Setting{{Name: f.pick("setting", texts), Value: f.pick("value", texts)}}
	}
	return e
}

// operation draws one of a kind that Check accepts; nil if none was found.
func (f filler) operation(kind string) ops.Operation {
	for range 10 {
		v := reflect.New(reflect.TypeOf(ops.Kinds()[kind])).Elem()
		f.fill(v, kind, "")
		if op, _ := v.Interface().(ops.Operation); op.Check() == nil {
			return op
		}
	}
	return nil
}
