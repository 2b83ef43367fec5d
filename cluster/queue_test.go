package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/cluster/wire"
	"github.com/skein-migrate/skein/journal"
	"github.com/skein-migrate/skein/ops"
	"github.com/skein-migrate/skein/plan"
)

// ClickHouse escapes a host as it does a file name: all but letters, digits and _.
func TestEscapeHostWritesHostsAsTheQueueDoes(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1:9000":        "127%2E0%2E0%2E1:9000",
		"ch-1.example.com:9440": "ch%2D1%2Eexample%2Ecom:9440",
		"clickhouse_1:9000":     "clickhouse_1:9000",
		"nameless":              "nameless",
		"[2001:db8::1]:9000":    "2001%3Adb8%3A%3A1:9000", // the server keeps no brackets
	} {
		if have := escapeHost(host); have != want {
			t.Errorf("%s is %s, want %s", host, have, want)
		}
	}
}

func TestStatusAnswer(t *testing.T) {
	for _, test := range []struct {
		name, status, text string
		want               answer
	}{
		{"done", "0", "", answer{outcome: journal.Done}},
		{"failed", "57", "Table exists", answer{outcome: journal.Failed, code: 57, text: "Table exists"}},
		{"341 stands there for ever though the column lands", "341", "asynchronously", answer{outcome: journal.Unknown, code: 341, text: "asynchronously"}},
		{"NULL is unknown", wire.Null, "", answer{outcome: journal.Unknown, text: "no status yet"}},
		{"no number is unknown", "", "", answer{outcome: journal.Unknown, text: "no status yet"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, statusAnswer(test.status, test.text), cmp.AllowUnexported(answer{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReplicaSetsAreTheNodesOfOnePath(t *testing.T) {
	replicated := func(path string) nodeTable { return nodeTable{engine: "ReplicatedMergeTree", path: path} }
	have := replicaSets(map[string]map[string]nodeTable{
		"n4:9000": {"default.sharded": replicated("/t/2")},
		"n1:9000": {"default.sharded": replicated("/t/1"), "default.unsharded": replicated("/t/all"), "default.plain": {engine: "MergeTree"}},
		"n3:9000": {"default.sharded": replicated("/t/2")},
		"n2:9000": {"default.sharded": replicated("/t/1"), "default.unsharded": replicated("/t/all"), "default.plain": {engine: "MergeTree"}},
	})
	want := map[string]plan.TableFacts{
		"default.sharded":   {Engine: "ReplicatedMergeTree", Sets: [][]string{{"n1:9000", "n2:9000"}, {"n3:9000", "n4:9000"}}},
		"default.unsharded": {Engine: "ReplicatedMergeTree", Sets: [][]string{{"n1:9000", "n2:9000"}}},
		"default.plain":     {Engine: "MergeTree", Sets: [][]string{{"n1:9000"}, {"n2:9000"}}},
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}

func TestEntriesThatConcernSteps(t *testing.T) {
	step := func(sql string, writes ...ops.Table) plan.Step {
		return plan.Step{Statement: ops.Statement{Head: sql, Writes: writes}}
	}
	about := concerns([]plan.Step{
		step("ALTER TABLE `d`.`events_local` ADD COLUMN c UInt8", ops.Table{Database: "d", Name: "events_local"}),
		step("CREATE DATABASE `other`"),
	})
	for text, want := range map[string]bool{
		`CREATE TABLE d.events_local ON CLUSTER c (\n id UInt64)`:   true,
		"DROP TABLE d.events_local ON CLUSTER c":                    true,
		"CREATE DATABASE IF NOT EXISTS other ON CLUSTER c":          true, // names no table: its kind is all there is
		"CREATE TABLE d.transactions_local ON CLUSTER c (id UInt8)": false,
		"DROP DATABASE foreign ON CLUSTER c":                        false,
	} {
		entry := "version: 1\nquery: " + text + "\nhosts: ['n1:9000']\ninitiator: n1:9000\n"
		if have := about(queryOf(entry)); have != want {
			t.Errorf("%s: %v", text, have)
		}
	}
}

// Between a statement and the look for its entry somebody else's may come.
func TestAnEntryIsKnownByItsWords(t *testing.T) {
	sent := "CREATE TABLE `d`.`t 1` ON CLUSTER 'c' (\n    `id` UInt64,\n    `at` DateTime DEFAULT now()\n)\nENGINE = MergeTree\nPARTITION BY toYYYYMM(at)\nORDER BY id"
	for written, want := range map[string]bool{
		"CREATE TABLE d.`t 1` ON CLUSTER c (`id` UInt64,  `at` DateTime DEFAULT now()) ENGINE = MergeTree PARTITION BY toYYYYMM(at) ORDER BY id SETTINGS index_granularity = 8192": true,
		"CREATE TABLE d.`t 2` ON CLUSTER c (`id` UInt64,  `at` DateTime DEFAULT now()) ENGINE = MergeTree PARTITION BY toYYYYMM(at) ORDER BY id":                                   true, // numbers do not count
		"CREATE TABLE d.u ON CLUSTER c (`id` UInt64,  `at` DateTime DEFAULT now()) ENGINE = MergeTree PARTITION BY toYYYYMM(at) ORDER BY id":                                       false,
		"DROP TABLE d.`t 1` ON CLUSTER c": false,
	} {
		if have := isMadeOf(written, sent); have != want {
			t.Errorf("%s: %t", written, have)
		}
	}
	if !isMadeOf("CREATE VIEW d.v ON CLUSTER c  AS SELECT a FROM d.t WHERE isNotNull(a)", "CREATE VIEW d.v ON CLUSTER c AS SELECT a FROM d.t WHERE a IS NOT NULL") {
		t.Error("a condition that is written otherwise hides a statement")
	}
	if !isMadeOf("CREATE USER u ON CLUSTER c IDENTIFIED BY 'x'", "CREATE USER u ON CLUSTER c IDENTIFIED BY '{secret:pw}'") {
		t.Error("a secret hides a statement")
	}
}
