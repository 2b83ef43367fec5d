package conformance

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/skein-migrate/skein/ops"
)

func pick[T any](t *rapid.T, what string, from []T) T { return rapid.SampledFrom(from).Draw(t, what) }

func sometimes(t *rapid.T, what string) bool { return rapid.IntRange(0, 3).Draw(t, what) == 3 }

// objectNames are names of tables, columns, indexes…: plain, and such as need quotes.
func objectNames() []string {
	return []string{"a", "b", "c", "select", "a b", "имя", "it's", "q`q", "from", "TTL", `back\slash`, "d1", "n(1)"}
}

func comments() []string {
	return []string{"", "owner: search", "it's", `a\b`, "two\nlines", "`é`", "' CODEC(LZ4) TTL d", "CODEC(x) TTL y SETTINGS z = 1, AS SELECT", "0"}
}

// freeName draws a name that nothing of its kind has.
func freeName(t *rapid.T, what string, taken func(string) bool) (string, bool) {
	names := slices.DeleteFunc(objectNames(), taken)
	if len(names) == 0 {
		return "", false
	}
	return pick(t, what, names), true
}

// kinship groups types that each other's values, and literals, fit into.
type kinship struct {
	types, literals, codecs []string
	indexes                 []string
}

func kinships() []kinship {
	numbers := []string{"NONE", "LZ4HC(9)", "Delta, ZSTD(1)", "ZSTD(3)", "T64, LZ4"}
	bytes := []string{"ZSTD", "LZ4HC(9)", "ZSTD(3)"}
	return []kinship{
		{types: []string{"UInt8", "UInt16", "UInt32", "UInt64", "Int64"}, literals: []string{"1", "7 + 1", "toUInt8(3)"}, codecs: numbers, indexes: []string{"minmax", "set(100)", "bloom_filter(0.01)"}},
		{types: []string{"String", "LowCardinality(String)", "Nullable(String)"}, literals: []string{"''", "'it\\'s'", "concat('a', 'b')", "upper('x')"}, codecs: bytes, indexes: []string{"bloom_filter", "set(0)", "minmax"}},
		{types: []string{"Array(String)", "Array(LowCardinality(String))"}, literals: []string{"[]", "['a', 'b']"}, codecs: bytes, indexes: []string{"bloom_filter(0.1)"}},
		{types: []string{"DateTime", "DateTime64(3)", "DateTime64(6, 'UTC')"}, literals: []string{"now()", "toDateTime('2026-01-01 00:00:00') + INTERVAL 1 DAY"}, codecs: []string{"Delta, LZ4", "DoubleDelta, ZSTD(1)"}, indexes: []string{"minmax"}},
		{types: []string{"Decimal(10, 2)", "Decimal(18, 2)", "Float64"}, literals: []string{"1.5", "0"}, codecs: bytes, indexes: []string{"minmax"}},
		{types: []string{"Enum8('a' = 1, 'b' = 2)", "Enum8('a' = 1, 'b' = 2, 'c' = 3)", "Enum16('a' = 1, 'b' = 2)"}, literals: []string{"'a'", "'b'"}, codecs: bytes, indexes: []string{"set(2)"}},
		{types: []string{"Map(String, UInt8)"}, literals: []string{"map('k', 1)"}, codecs: bytes},
		{types: []string{"Tuple(a UInt8, b String)"}, literals: []string{"(1, 'x')"}, codecs: bytes},
		{types: []string{"UUID"}, literals: []string{"generateUUIDv4()", "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')"}, codecs: bytes, indexes: []string{"bloom_filter(0.01)"}},
	}
}

func kinOf(typ string) kinship {
	for _, kin := range kinships() {
		if slices.Contains(kin.types, typ) {
			return kin
		}
	}
	return kinship{types: []string{typ}}
}

// drawColumn draws a definition of a new column of a table.
func drawColumn(t *rapid.T, o ops.CreateTable, name string) ops.Column {
	kin := pick(t, "family of types", kinships())
	c := ops.Column{Name: name, Type: pick(t, "type", kin.types)}
	c.Kind = pick(t, "kind of default", []ops.DefaultKind{"", "", ops.Default, ops.Materialized, ops.Alias, ops.Ephemeral})
	return drawProperties(t, o, c)
}

// drawProperties draws all but name, type and kind.
func drawProperties(t *rapid.T, o ops.CreateTable, c ops.Column) ops.Column {
	c.Expression, c.Codec, c.TTL = "", "", ""
	c.Comment = pick(t, "comment", comments())
	if c.Kind == ops.Ephemeral && sometimes(t, "EPHEMERAL of nothing") {
		return c
	}
	if c.Kind != "" {
		c.Expression = drawExpression(t, o, c)
	}
	if !isTree(o) || c.Kind == ops.Alias || c.Kind == ops.Ephemeral {
		return c
	}
	if codecs := kinOf(c.Type).codecs; len(codecs) > 0 && c.Type != "Nullable(String)" && sometimes(t, "with a codec") {
		c.Codec = pick(t, "codec", codecs)
	}
	if !inKey(o, c.Name) && sometimes(t, "with a TTL") {
		c.TTL = pick(t, "TTL", columnTTLs())
	}
	return c
}

func columnTTLs() []string {
	return []string{"`d` + INTERVAL 60 YEAR", "`d` + toIntervalMonth(900)", "toDateTime(`d`) + INTERVAL 50 YEAR"}
}

// drawExpression draws a default, which may name a column that always has a value.
func drawExpression(t *rapid.T, o ops.CreateTable, c ops.Column) string {
	literals := kinOf(c.Type).literals
	if c.Type == "String" || c.Type == "LowCardinality(String)" {
		for _, other := range o.Columns {
			if other.Name != c.Name && other.Kind == "" && other.TTL == "" && other.Type != "Nullable(String)" {
				literals = append(literals, "concat(toString("+ops.Ident(other.Name)+"), '!')")
			}
		}
	}
	return pick(t, "expression", literals)
}

// drawIndex draws an index on a column that can have one.
func drawIndex(t *rapid.T, o ops.CreateTable, name string) (ops.Index, bool) {
	var able []ops.Column
	for _, c := range o.Columns {
		if (c.Kind == "" || c.Kind == ops.Default || c.Kind == ops.Materialized) && len(kinOf(c.Type).indexes) > 0 && c.TTL == "" {
			able = append(able, c)
		}
	}
	if len(able) == 0 {
		return ops.Index{}, false
	}
	c := pick(t, "indexed column", able)
	index := ops.Index{
		Name: name, Expression: ops.Ident(c.Name), Type: pick(t, "index", kinOf(c.Type).indexes),
		Granularity: rapid.IntRange(0, 4).Draw(t, "granularity"),
	}
	if index.Type == "minmax" && c.Name != "id" && sometimes(t, "of two") {
		index.Expression = "(" + index.Expression + ", `id`)"
	}
	return index, true
}

func drawConstraint(t *rapid.T, o ops.CreateTable, name string) ops.Constraint {
	var able []string
	for _, c := range o.Columns {
		// The rows that are there have NULL where they say nothing.
		if c.Kind == "" && c.TTL == "" && !strings.Contains(c.Type, "Nullable") {
			able = append(able, c.Name)
		}
	}
	column := ops.Ident(pick(t, "constrained column", able))
	return ops.Constraint{
		Name: name, Assume: sometimes(t, "ASSUME"),
		Expression: fmt.Sprintf(pick(t, "constraint", []string{"length(toString(%s)) < 1000", "notEmpty(toString(%[1]s)) or 1", "isNotNull(%s)"}), column),
	}
}

func drawProjection(t *rapid.T, o ops.CreateTable, name string) ops.Projection {
	var able []string
	for _, c := range o.Columns {
		if c.Kind == "" && c.TTL == "" && len(kinOf(c.Type).indexes) > 0 && c.Type != "Nullable(String)" {
			able = append(able, c.Name)
		}
	}
	column := ops.Ident(pick(t, "projected column", append(able, "id")))
	return ops.Projection{Name: name, Query: fmt.Sprintf(pick(t, "projection", []string{
		"SELECT %[1]s, count() GROUP BY %[1]s", "SELECT `id`, %[1]s ORDER BY %[1]s", "SELECT * ORDER BY %[1]s",
	}), column)}
}

func tableTTLs() []string {
	return []string{
		"`d` + INTERVAL 90 YEAR", "`d` + toIntervalMonth(1100)", "toDateTime(`d`) + INTERVAL 91 YEAR DELETE WHERE `id` = 5",
		"`d` + INTERVAL 80 YEAR TO DISK 'default', `d` + INTERVAL 92 YEAR", "`d` + INTERVAL 70 YEAR RECOMPRESS CODEC(ZSTD(17))",
	}
}

func tableSettings() []ops.Setting {
	return []ops.Setting{
		{Name: "merge_with_ttl_timeout", Value: "3600"},
		{Name: "merge_with_ttl_timeout", Value: "7200"},
		{Name: "min_bytes_for_wide_part", Value: "0"},
		{Name: "min_bytes_for_wide_part", Value: "100"},
		{Name: "old_parts_lifetime", Value: "60"},
		{Name: "ratio_of_defaults_for_sparse_serialization", Value: "0.5"},
		{Name: "merge_selector_algorithm", Value: "Trivial"},
		{Name: "merge_selector_algorithm", Value: "Simple"},
	}
}

// drawTable draws a table with rows to come: id and d are always there.
func drawTable(t *rapid.T, name string) ops.CreateTable {
	o := ops.CreateTable{Table: local(name), Columns: []ops.Column{{Name: "id", Type: "UInt64"}, {Name: "d", Type: "Date"}}}
	o.Engine = drawEngine(t, &o)
	for range rapid.IntRange(0, 3).Draw(t, "columns") {
		if name, ok := freeName(t, "column", func(n string) bool { return columnAt(o, n) >= 0 }); ok {
			o.Columns = append(o.Columns, drawColumn(t, o, name))
		}
	}
	o.Comment = pick(t, "comment", comments())
	o.IfNotExists = sometimes(t, "IF NOT EXISTS")
	if sometimes(t, "with a constraint") {
		o.Constraints = append(o.Constraints, drawConstraint(t, o, "a"))
	}
	if !isTree(o) {
		return o
	}
	if sometimes(t, "with an index") {
		if index, ok := drawIndex(t, o, "select"); ok {
			o.Indexes = append(o.Indexes, index)
		}
	}
	if o.Engine.Kind == ops.MergeTree && sometimes(t, "with a projection") {
		o.Projections = append(o.Projections, drawProjection(t, o, "a b"))
	}
	return o
}

// drawEngine draws an engine, and adds to the table the columns that it needs.
func drawEngine(t *rapid.T, o *ops.CreateTable) ops.Engine {
	add := func(c ops.Column) string {
		o.Columns = append(o.Columns, c)
		return c.Name
	}
	e := ops.Engine{Kind: pick(t, "engine", []ops.EngineKind{
		ops.MergeTree, ops.MergeTree, ops.MergeTree, ops.ReplacingMergeTree, ops.SummingMergeTree, ops.AggregatingMergeTree,
		ops.CollapsingMergeTree, ops.VersionedCollapsingMergeTree, ops.Memory, ops.Null, ops.Raw,
	})}
	switch e.Kind {
	case ops.Memory, ops.Null:
		return e
	case ops.Raw:
		e.Text = "TinyLog"
		return e
	case ops.ReplacingMergeTree:
		e.Version = add(ops.Column{Name: "ver sion", Type: "UInt64"})
		e.IsDeleted = add(ops.Column{Name: "gone", Type: "UInt8"})
	case ops.SummingMergeTree:
		e.Columns = []string{add(ops.Column{Name: "x sum", Type: "UInt64"}), add(ops.Column{Name: "y_sum", Type: "Float64"})}
	case ops.CollapsingMergeTree, ops.VersionedCollapsingMergeTree:
		e.Sign = add(ops.Column{Name: "sign", Type: "Int8", Kind: ops.Default, Expression: "1"})
		if e.Kind == ops.VersionedCollapsingMergeTree {
			e.Version = add(ops.Column{Name: "ver", Type: "UInt8"})
		}
	}
	e.PartitionBy = pick(t, "partition", []string{"", "toYYYYMM(`d`)", "(`d`)"})
	e.OrderBy = pick(t, "order", []string{"`id`", "(`id`, `d`)", "(`id`, intHash32(`id`), `d`)"})
	if e.OrderBy != "`id`" && sometimes(t, "with a primary key") {
		e.PrimaryKey = pick(t, "primary key", []string{"`id`", "(`id`)"})
	}
	if sometimes(t, "sampled") {
		e.SampleBy = "`id`"
	}
	if sometimes(t, "with a TTL") {
		e.TTL = pick(t, "table TTL", tableTTLs())
	}
	if sometimes(t, "with a setting") {
		e.Settings = []ops.Setting{pick(t, "setting", tableSettings())}
	}
	return e
}
