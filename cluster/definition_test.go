package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/ops"
)

// The texts are what 26.7 and 18.16 were seen to write.
func TestTakeApart(t *testing.T) {
	d := takeApart("CREATE TABLE a.t (`x` Int8, `s (,)` String DEFAULT 'a, ) \\' b' COMMENT 'hi' CODEC(ZSTD(1)) TTL d + toIntervalMonth(1), `d` Date, " +
		"INDEX i (x, d) TYPE set(10) GRANULARITY 4, CONSTRAINT `c d` CHECK (x > 0) AND (x IN (1, 2)), PROJECTION p (SELECT x, d ORDER BY x)) " +
		"ENGINE = ReplacingMergeTree(d) PARTITION BY toYYYYMM(d) PRIMARY KEY x ORDER BY (x, d) SAMPLE BY x " +
		"TTL d + toIntervalDay(1), d + toIntervalMonth(2) TO DISK 'default' SETTINGS index_granularity = 100, storage_policy = 'it\\'s' COMMENT 'it\\'s new'")
	parts := map[partKey]string{
		{ops.PartIndex, "i"}:                   "(x, d) TYPE set(10) GRANULARITY 4",
		{ops.PartConstraint, "c d"}:            "CHECK (x > 0) AND (x IN (1, 2))",
		{ops.PartProjection, "p"}:              "(SELECT x, d ORDER BY x)",
		{ops.PartOrderBy, ""}:                  "(x, d)",
		{ops.PartSampleBy, ""}:                 "x",
		{ops.PartTTL, ""}:                      "d + toIntervalDay(1), d + toIntervalMonth(2) TO DISK 'default'",
		{ops.PartComment, ""}:                  "it's new",
		{ops.PartSetting, "index_granularity"}: "100",
		{ops.PartSetting, "storage_policy"}:    "it's",
	}
	if diff := cmp.Diff(parts, d.parts, cmp.AllowUnexported(partKey{})); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if got := d.columns["s (,)"]; got != `String DEFAULT 'a, ) \' b' COMMENT 'hi' CODEC(ZSTD(1)) TTL d + toIntervalMonth(1)` {
		t.Errorf("column: %s", got)
	}
	if got := columnTTL(d.columns["s (,)"]); got != "d + toIntervalMonth(1)" {
		t.Errorf("column TTL: %s", got)
	}
	if got := columnTTL(d.columns["x"]); got != "" {
		t.Errorf("a column without TTL has %q", got)
	}
	if got := d.clauses["ENGINE ="]; got != "ReplacingMergeTree(d)" {
		t.Errorf("engine: %s", got)
	}
}

func TestTakeApartOfViewsStopsAtTheQuery(t *testing.T) {
	d := takeApart("CREATE MATERIALIZED VIEW x.r2 REFRESH AFTER 30 MINUTE DEPENDS ON x.r1 SETTINGS refresh_retries = 3 APPEND TO x.dst (`d` Date) " +
		"DEFINER = default SQL SECURITY DEFINER AS SELECT d, sum(v) AS total FROM x.src GROUP BY d ORDER BY d SETTINGS max_threads = 1")
	for keyword, want := range map[string]string{
		"REFRESH":  "AFTER 30 MINUTE DEPENDS ON x.r1",
		"SETTINGS": "refresh_retries = 3 APPEND",
		"AS":       "SELECT d, sum(v) AS total FROM x.src GROUP BY d ORDER BY d SETTINGS max_threads = 1",
		"ORDER BY": "",
	} {
		if got := d.clauses[keyword]; got != want {
			t.Errorf("%s: %q, want %q", keyword, got, want)
		}
	}
}

func TestTakeApartOfAnOldServer(t *testing.T) {
	d := takeApart("CREATE TABLE x.t ( id UInt64,  d Date,  b UInt32 DEFAULT CAST(id + 1, 'UInt32')) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY (id, d) SETTINGS index_granularity = 8192")
	if got := d.columns["b"]; got != "UInt32 DEFAULT CAST(id + 1, 'UInt32')" {
		t.Errorf("column: %s", got)
	}
	if got := d.parts[partKey{ops.PartOrderBy, ""}]; got != "(id, d)" {
		t.Errorf("ORDER BY: %s", got)
	}
}

// Whatever a server answers, taking it apart ends and does not panic.
func FuzzTakeApart(f *testing.F) {
	f.Add("CREATE TABLE t (`a` UInt8, INDEX i a TYPE minmax) ENGINE = MergeTree ORDER BY a COMMENT 'x'")
	f.Add("(`")
	f.Add("AS (")
	f.Fuzz(func(_ *testing.T, text string) { columnTTL(takeApart(text).clauses["TTL"]) })
}

func TestViewsAreComparedWithoutTheDatabase(t *testing.T) {
	view := ops.Table{Database: "x y", Name: "v"}
	one, two := "SELECT a FROM `x y`.t WHERE a IN (SELECT b FROM `x y`.u)", "SELECT a FROM t WHERE a IN (SELECT b FROM u)"
	if !sameText(unqualified(one, view), unqualified(two, view)) {
		t.Errorf("%s\n%s", unqualified(one, view), unqualified(two, view))
	}
	if sameText(unqualified(one, view), unqualified("SELECT a FROM z.t WHERE a IN (SELECT b FROM u)", view)) {
		t.Error("a table of another database passes for one of the view's")
	}
}

func TestSecretsAreNotCompared(t *testing.T) {
	asked := "SOURCE(CLICKHOUSE(USER 'u' PASSWORD '{secret:pw}' TABLE 't'))"
	if !sameText("SOURCE(CLICKHOUSE(USER 'u' PASSWORD '[HIDDEN]' TABLE 't'))", asked) {
		t.Error("a hidden password differs")
	}
	if sameText("SOURCE(CLICKHOUSE(USER 'other' PASSWORD '[HIDDEN]' TABLE 't'))", asked) {
		t.Error("another user does not")
	}
}
