package conformance

import "github.com/skein-migrate/skein/ops"

func propertyScenarios() []scenario {
	var all []scenario
	for _, some := range [][]scenario{ttlScenarios(), settingScenarios(), keyScenarios()} {
		all = append(all, some...)
	}
	return all
}

func ttlScenarios() []scenario {
	t := local("t")
	const far, farther = "d + INTERVAL 90 YEAR", "d + INTERVAL 95 YEAR"
	// The rows of t are there before the TTL, so that no merge has looked at them by it.
	past := []string{
		"INSERT INTO {db}.t (id, d, v, s) VALUES (8, '2000-01-01', 80, 'y'), (9, '2001-01-01', 90, 'z')",
		"ALTER TABLE {db}.t MODIFY TTL d + INTERVAL 20 YEAR SETTINGS materialize_ttl_after_modify = 0",
	}
	given := []ops.Operation{ops.ModifyTTL{Table: t, TTL: far, WasNone: true}}
	const ids = "SELECT id FROM {db}.t ORDER BY id"
	return []scenario{
		{op: ops.ModifyTTL{Table: t, TTL: far}},
		{name: "with WasNone", op: ops.ModifyTTL{Table: t, TTL: far, WasNone: true}},
		{name: "with Was", given: given, op: ops.ModifyTTL{Table: t, TTL: farther, Was: far}},
		{name: "with everything", op: ops.ModifyTTL{
			Table: t, WasNone: true,
			TTL: "d + INTERVAL 90 YEAR DELETE WHERE v=5, d+INTERVAL 80 YEAR RECOMPRESS CODEC(ZSTD(17)), d + toIntervalYear(70) TO DISK 'default'",
		}},
		{
			name: "leaves the rows to merges", rows: past[:1], op: ops.ModifyTTL{Table: t, TTL: "d + INTERVAL 20 YEAR", WasNone: true},
			effect: "SELECT count() FROM system.mutations WHERE database = '{name}' AND table = 't'", want: "0", loses: "rows that are too old",
		},
		{
			name: "and materialize", rows: past[:1], op: ops.ModifyTTL{Table: t, TTL: "d + INTERVAL 20 YEAR", Materialize: true, WasNone: true},
			effect: ids, want: "1\n2\n3", loses: "rows that are too old",
		},
		{rows: past, op: ops.MaterializeTTL{Table: t}, effect: ids, want: "1\n2\n3"},
		{
			name: "in a partition", rows: past, op: ops.MaterializeTTL{Table: t, Partition: "200001"},
			effect: "SELECT id FROM {db}.t WHERE id = 8", want: "",
		},
		{given: given, op: ops.RemoveTTL{Table: t}},
		{name: "with Was", given: given, op: ops.RemoveTTL{Table: t, Was: far}},
	}
}

func settingScenarios() []scenario {
	t := local("t")
	set := func(name, value string) ops.Setting { return ops.Setting{Name: name, Value: value} }
	a, b := set("merge_with_ttl_timeout", "3600"), set("min_bytes_for_wide_part", "0")
	text, ratio := set("merge_selector_algorithm", "Simple"), set("ratio_of_defaults_for_sparse_serialization", "0.5")
	given := []ops.Operation{ops.ModifySettings{Table: t, Settings: []ops.Setting{a, b}}}
	return []scenario{
		{name: "one", op: ops.ModifySettings{Table: t, Settings: []ops.Setting{a}}},
		{name: "several", op: ops.ModifySettings{Table: t, Settings: []ops.Setting{a, b, text, ratio}}},
		{name: "with Was", given: given, op: ops.ModifySettings{
			Table: t, Settings: []ops.Setting{set("merge_with_ttl_timeout", "7200"), ratio}, Was: []ops.Setting{a},
		}, breaks: []string{"ALTER TABLE {db}.t MODIFY SETTING merge_with_ttl_timeout = 1"}},
		{given: given, op: ops.ResetSettings{Table: t, Names: []string{a.Name}}},
		{name: "with Was", given: given, op: ops.ResetSettings{Table: t, Names: []string{a.Name, b.Name}, Was: []ops.Setting{a, b}}},
	}
}

func keyScenarios() []scenario {
	t, x := local("t"), local("x")
	k := ops.Column{Name: "k", Type: "UInt32"}
	made := table("x")
	made.Engine.PrimaryKey, made.Engine.OrderBy, made.Engine.SampleBy = "(id, v)", "(id, v, s)", "id"
	longer := []ops.Operation{made}
	short := table("x")
	short.Engine.OrderBy, short.Engine.PrimaryKey = "(id, s)", "id"
	shorter := []ops.Operation{short}
	s := ops.Column{Name: "s", Type: "String"}
	addedK := []string{"ALTER TABLE {db}.t MODIFY ORDER BY id", "ALTER TABLE {db}.t DROP COLUMN k"}
	// From the first MODIFY ORDER BY on the server writes the primary key for ever.
	primary := []string{" PRIMARY KEY id"}
	// It takes no column that is there into the key, so that the key is broken with another one.
	hand := append([]string{", `hand` UInt8", ",  hand UInt8"}, primary...)
	return []scenario{
		{name: "longer, with Was", breaks: addedK, settles: primary, op: ops.ModifyOrderBy{
			Table: t, OrderBy: "(id, k)", Add: []ops.Column{k}, Was: "id",
		}},
		{name: "longer, after another", breaks: addedK, settles: primary, op: ops.ModifyOrderBy{
			Table: t, OrderBy: "(id,k)", Add: []ops.Column{k}, After: "d", Was: "id",
		}},
		{name: "longer by an expression", breaks: addedK, settles: primary, op: ops.ModifyOrderBy{
			Table: t, OrderBy: "(id, k + 1)", Add: []ops.Column{k}, First: true, Was: "id",
		}},
		{
			name: "longer by two", settles: primary, op: ops.ModifyOrderBy{
				Table: t, OrderBy: "(id, k, l)", Add: []ops.Column{k, {Name: "l", Type: "String"}}, Was: "id",
			},
			breaks: append(addedK[:1:1], "ALTER TABLE {db}.t DROP COLUMN k, DROP COLUMN l"),
		},
		{name: "shorter", given: shorter, op: ops.ModifyOrderBy{Table: x, OrderBy: "id"}},
		{name: "shorter, with Was, the column stays", given: shorter, op: ops.ModifyOrderBy{Table: x, OrderBy: "(id)", Was: "(id, s)"}},
		{name: "shorter, with Drop and Was", given: shorter, settles: hand, loses: lostColumn, op: ops.ModifyOrderBy{
			Table: x, OrderBy: "id", Drop: []ops.Column{s}, After: "v", Was: "(id, s)",
		}},

		{op: ops.ModifySampleBy{Table: t, SampleBy: "id"}},
		{name: "with WasNone", op: ops.ModifySampleBy{Table: t, SampleBy: "id", WasNone: true}},
		{name: "with Was", given: longer, op: ops.ModifySampleBy{Table: x, SampleBy: "v", Was: "id"}},
		{given: longer, op: ops.RemoveSampleBy{Table: x}},
		{name: "with Was", given: longer, op: ops.RemoveSampleBy{Table: x, Was: "id"}},
	}
}
